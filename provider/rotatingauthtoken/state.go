package rotatingauthtoken

import (
	"maps"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// This file says what the state is, and how it changes. It makes no calls.

// adopted returns the state with the id of its current token. If the state has none yet, because it was an AuthToken's or comes from an
// import file, that is the resource's id. The token is then taken over, and the first rotateWhenChanged is no change.
func (s State) adopted(id string, inputs Args) State {
	if s.UserID == "" || s.TokenID != nil {
		return s
	}
	s.TokenID = &id
	if s.RotateWhenChanged == nil {
		s.RotateWhenChanged = inputs.RotateWhenChanged
	}
	return s
}

// isLive reports whether there is a current token.
func (s State) isLive() bool { return s.State != tokens.StateDeleted }

// works reports whether the current token could be used when it was last seen, and has not expired.
func (s State) works(now time.Time) bool {
	expires := token.Time(token.OrEmpty(s.TimeExpires))
	return s.isLive() && s.IsUsable() && (expires.IsZero() || now.Before(expires))
}

// previousCreated returns when the previous token was created. If the state does not say, it is older than the current one.
func (s State) previousCreated() time.Time {
	if s.PreviousTimeCreated == nil {
		return s.Created()
	}
	return token.Time(*s.PreviousTimeCreated)
}

// withNewToken returns the state with a new current token.
func (s State) withNewToken(t tokens.Token) State {
	s.Token, s.TokenID, s.Outputs, s.TimeExpires = new(string(t.Value)), new(t.ID), token.Outputs{}, nil
	return s.updatedBy(t)
}

// updatedBy returns the state updated with what OCI says about the current token, save the description. Both tokens share it, so it changes
// only once it has been changed on both.
func (s State) updatedBy(t tokens.Token) State {
	s.Outputs, s.TimeExpires = token.UpdateOutputs(s.Outputs, t), token.Expiry(s.TimeExpires, t)
	return s
}

// withoutCurrent returns the state after the current token is gone.
func (s State) withoutCurrent() State {
	s.Token, s.Outputs, s.TimeExpires = nil, token.Outputs{State: tokens.StateDeleted, TimeCreated: s.TimeCreated}, nil
	return s
}

// withoutPrevious returns the state after the previous token is gone.
func (s State) withoutPrevious() State {
	s.PreviousToken, s.PreviousTokenID, s.PreviousTimeCreated = nil, nil, nil
	return s
}

// currentAsPrevious returns the state in which the current token is the previous one too.
func (s State) currentAsPrevious() State {
	s.PreviousToken, s.PreviousTokenID, s.PreviousTimeCreated = s.Token, s.TokenID, nil
	if s.TimeCreated != "" {
		s.PreviousTimeCreated = new(s.TimeCreated)
	}
	return s
}

// withDueDate returns the state with the time when the next rotation is due.
func (s State) withDueDate() State {
	s.TimeRotationDue = nil
	if due := (plan{state: s, inputs: s.Args}).due(); !due.IsZero() && s.isLive() {
		s.TimeRotationDue = new(tokens.RFC3339(due))
	}
	s.RotateWhenChanged = maps.Clone(s.RotateWhenChanged)
	return s
}

// finished returns the error for a current token that cannot be used, or nil. See the function of that name.
func (s State) finished(unawaited error) error {
	return token.Finished(token.OrEmpty(s.TokenID), s.Outputs, unawaited)
}
