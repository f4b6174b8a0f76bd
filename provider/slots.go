package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// This file looks at what is in a user's two slots: which of the tokens are the resource's, which of its tokens are gone, and
// whether strangers leave it room.

// found is what the user has of a resource's tokens.
type found struct {
	tokens            []identity.AuthToken
	current, previous *identity.AuthToken
}

// look looks for the tokens of a state. A token that the list lacks is asked for with FindToken, which has the last word.
func (*RotatingAuthToken) look(
	ctx context.Context, user *identity.User, state RotatingAuthTokenState, from identity.View,
) (found, error) {
	tokens, err := user.ListTokens(ctx, from)
	if err != nil {
		return found{}, err
	}
	f := found{tokens: tokens}
	for _, wanted := range []struct {
		id    *string
		live  bool
		token **identity.AuthToken
	}{
		{state.TokenID, state.isLive(), &f.current},
		{state.PreviousTokenID, true, &f.previous},
	} {
		if wanted.id == nil || !wanted.live {
			continue
		}
		if *wanted.token = identity.Pick(tokens, *wanted.id); *wanted.token == nil {
			if *wanted.token, err = user.FindToken(ctx, *wanted.id, state.created()); err != nil {
				return found{}, err
			}
		}
	}
	return f, nil
}

// strangers are the live tokens that are not the resource's.
func (f found) strangers(state RotatingAuthTokenState) []identity.AuthToken {
	return slices.DeleteFunc(slices.Clone(f.tokens), func(t identity.AuthToken) bool {
		return identity.Pick([]identity.AuthToken{t}, t.ID) == nil || t.ID == value(state.TokenID) || t.ID == value(state.PreviousTokenID)
	})
}

// in returns the state with what was found. A token that is not there, and not new, is gone.
func (f found) in(state RotatingAuthTokenState, user *identity.User) RotatingAuthTokenState {
	isNew := user.IsNew(state.created())
	switch {
	case !state.isLive():
	case f.current != nil:
		state = state.with(*f.current)
		state.TokenID = &f.current.ID // an import may have named it by its SCIM id
	case !isNew:
		state = state.withoutCurrent()
	}
	switch {
	case state.PreviousTokenID == nil:
	case f.previous != nil:
		state.PreviousTokenID = &f.previous.ID
		if f.previous.Description != nil && *f.previous.Description != state.Description {
			// The description is one for both: what differs is put right by the next update.
			state.Description = *f.previous.Description
		}
	case !isNew:
		state = state.withoutPrevious()
	}
	return state
}

// warnOfCrowd warns, after a creation, of a token that leaves no room for the first rotation.
func (r *RotatingAuthToken) warnOfCrowd(ctx context.Context, user *identity.User, state RotatingAuthTokenState) {
	if tokens, err := user.ListTokens(ctx, identity.Written); err == nil {
		r.warnOfStrangers(ctx, user, tokens, state)
	}
}

// warnOfStrangers warns of a token that leaves no room for a rotation.
func (r *RotatingAuthToken) warnOfStrangers(
	ctx context.Context, user *identity.User, tokens []identity.AuthToken, state RotatingAuthTokenState,
) {
	strangers := found{tokens: tokens}.strangers(state)
	rotates := state.RotationDays != nil || len(state.RotateWhenChanged) > 0
	if len(strangers) == 0 || !rotates || (state.Overlap != nil && !*state.Overlap) {
		return
	}
	p.GetLogger(ctx).Warningf("this user's other slot is taken by a token that is not this resource's:\n%s\nA rotation will find no "+
		"room. Before one is due, set overlap to false, or free the slot: %s", identity.Describe(strangers), freeing(user, strangers))
}

// noRoom is the error of a rotation that finds the other slot taken.
func noRoom(stands rotation, user *identity.User, strangers []identity.AuthToken) error {
	way := "the other slot"
	if !stands.overlap {
		way = "a slot"
	}
	remedy := fmt.Sprintf("Nothing was changed. Either free %s: %s", way, freeing(user, strangers))
	if stands.overlap {
		remedy += "\nOr set overlap to false: the current token is then revoked before the new one is created"
	}
	return fmt.Errorf("%s, and there is no room for it: a user holds at most two auth tokens, and this user has tokens that are "+
		"not this resource's:\n%s\n%s", stands.explain(), identity.Describe(strangers), remedy)
}

// freeing says how a person frees the slot of a token that is not the resource's. The token of another resource is not to be
// deleted by hand.
func freeing(user *identity.User, strangers []identity.AuthToken) string {
	var commands []string
	for _, stranger := range strangers {
		if !user.IsRecorded(stranger) {
			commands = append(commands, "\n  "+user.DeleteCommand(stranger.ID))
		}
	}
	if len(commands) == 0 {
		return "the token belongs to another resource of this provider, which has to go first"
	}
	return "delete what no one uses any more" + strings.Join(commands, "")
}
