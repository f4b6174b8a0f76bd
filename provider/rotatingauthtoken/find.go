package rotatingauthtoken

import (
	"context"
	"fmt"
	"slices"
	"time"

	p "github.com/pulumi/pulumi-go-provider"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// This file looks at the tokens of a user. It finds out which of the tokens are the resource's, which of its tokens are gone, and
// whether other tokens leave room for a rotation.

// found is all tokens of a user, and which of them are the resource's. A token that does not exist is nil.
type found struct {
	tokens            []tokens.Token
	current, previous *tokens.Token
	// currentGone and previousGone report whether these tokens, which the state has, are gone.
	currentGone, previousGone bool
}

// find lists the user's tokens and finds those in the state. If the list lacks one, look decides whether it exists: User.FindToken for a
// token that was recorded.
func (*RotatingAuthToken) find(
	ctx context.Context, user *tokens.User, state State, from tokens.ReadFrom,
	look func(ctx context.Context, id string, created time.Time) (found *tokens.Token, gone bool, err error),
) (found, error) {
	listed, err := user.ListTokens(ctx, from)
	if err != nil {
		return found{}, err
	}
	f := found{tokens: listed}
	if state.TokenID != nil && state.isLive() {
		if f.current = tokens.Pick(listed, *state.TokenID); f.current == nil {
			if f.current, f.currentGone, err = look(ctx, *state.TokenID, state.Created()); err != nil {
				return found{}, err
			}
		}
	}
	if state.PreviousTokenID != nil {
		if f.previous = tokens.Pick(listed, *state.PreviousTokenID); f.previous == nil {
			f.previous, f.previousGone, err = look(ctx, *state.PreviousTokenID, state.previousCreated())
		}
	}
	return f, err
}

// others returns the live tokens that are not the resource's.
func (f found) others(state State) []tokens.Token {
	return slices.DeleteFunc(slices.Clone(f.tokens), func(t tokens.Token) bool {
		return !t.IsLive() || t.HasID(token.OrEmpty(state.TokenID)) || t.HasID(token.OrEmpty(state.PreviousTokenID)) ||
			f.current != nil && t.SameAs(*f.current) || f.previous != nil && t.SameAs(*f.previous)
	})
}

// update returns the state updated with the tokens that were found, and without those that are gone.
func (f found) update(state State) State {
	described := state.Description
	switch {
	case f.current != nil:
		state = state.updatedBy(*f.current)
		state.Description = token.Description(state.Description, *f.current)
		state.TokenID = &f.current.ID // an import may have given its SCIM id
	case f.currentGone:
		state = state.withoutCurrent()
	}
	switch {
	case f.previous != nil:
		state.PreviousTokenID = &f.previous.ID
		if !f.previous.TimeCreated.IsZero() {
			state.PreviousTimeCreated = new(tokens.RFC3339(f.previous.TimeCreated))
		}
		if f.previous.Description != nil && state.Description == described {
			// Both tokens share one description. The one that has changed is recorded, and the next update corrects that.
			state.Description = *f.previous.Description
		}
	case f.previousGone:
		state = state.withoutPrevious()
	}
	return state
}

// warnOfOthers warns about a token that leaves no room for a rotation.
func (r *RotatingAuthToken) warnOfOthers(
	ctx context.Context, user *tokens.User, found found, state State,
) {
	// A token without an OCID may be the resource's own.
	others := slices.DeleteFunc(found.others(state), func(t tokens.Token) bool { return !t.HasOCID() })
	rotates := state.RotationDays != nil || state.MaxAgeDays != nil || len(state.RotateWhenChanged) > 0
	if len(others) == 0 || !rotates || (state.Overlap != nil && !*state.Overlap) {
		return
	}
	p.GetLogger(ctx).Warningf("the user has another auth token, which does not belong to this resource:\n%s\nIt leaves no room for a "+
		"rotation. Before a rotation is due, set overlap to false, or make room: %s", user.Describe(others), howToMakeRoom(user, others))
}

// noRoom returns the error for a rotation that has no room for the new token.
func noRoom(due plan, user *tokens.User, others []tokens.Token) error {
	remedy := "Nothing was changed. To make room, " + howToMakeRoom(user, others)
	if due.overlap() {
		remedy += "\nOr set overlap to false: the current token is then revoked before the new one is created"
	}
	return fmt.Errorf("%s, and there is no room for it: a user can have at most two auth tokens, and this user has tokens that do "+
		"not belong to this resource:\n%s\n%s", due.explain(), user.Describe(others), remedy)
}

// howToMakeRoom returns how a person makes room where tokens that are not the resource's leave none. A token that another resource of this
// provider has recorded must not be deleted by hand.
func howToMakeRoom(user *tokens.User, others []tokens.Token) string {
	if how := user.HowToDelete(others); how != "" {
		return "delete a token that is no longer used." + how
	}
	return "remove the other resource of this provider that the token belongs to"
}
