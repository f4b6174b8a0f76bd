package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// This file looks at a user's two slots. It finds out which of the tokens are the resource's, which of its tokens are gone, and
// whether other tokens leave room for a rotation. The code calls those other tokens strangers.

// found is all tokens of a user, and which of them are the resource's. A token that does not exist is nil.
type found struct {
	tokens            []identity.AuthToken
	current, previous *identity.AuthToken
}

// look lists the user's tokens and finds those in the state. If the list lacks one, FindToken decides whether it exists.
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

// strangers returns the live tokens that are not the resource's.
func (f found) strangers(state RotatingAuthTokenState) []identity.AuthToken {
	return slices.DeleteFunc(slices.Clone(f.tokens), func(t identity.AuthToken) bool {
		return !t.IsLive() || t.Is(value(state.TokenID)) || t.Is(value(state.PreviousTokenID))
	})
}

// in returns the state updated with the tokens that were found. A token that was not found is gone, unless it is new.
func (f found) in(state RotatingAuthTokenState, user *identity.User) RotatingAuthTokenState {
	isNew := user.IsNew(state.created())
	switch {
	case !state.isLive():
	case f.current != nil:
		state = state.with(*f.current)
		state.TokenID = &f.current.ID // an import may have given its SCIM id
	case !isNew:
		state = state.withoutCurrent()
	}
	switch {
	case state.PreviousTokenID == nil:
	case f.previous != nil:
		state.PreviousTokenID = &f.previous.ID
		if f.previous.Description != nil && *f.previous.Description != state.Description {
			// Both tokens share one description. If they differ, the next update corrects that.
			state.Description = *f.previous.Description
		}
	case !isNew:
		state = state.withoutPrevious()
	}
	return state
}

// warnOfCrowd warns, after a creation, about a token that leaves no room for the first rotation.
func (r *RotatingAuthToken) warnOfCrowd(ctx context.Context, user *identity.User, state RotatingAuthTokenState) {
	if tokens, err := user.ListTokens(ctx, identity.Written); err == nil {
		r.warnOfStrangers(ctx, user, tokens, state)
	}
}

// warnOfStrangers warns about a token that leaves no room for a rotation.
func (r *RotatingAuthToken) warnOfStrangers(
	ctx context.Context, user *identity.User, tokens []identity.AuthToken, state RotatingAuthTokenState,
) {
	strangers := found{tokens: tokens}.strangers(state)
	rotates := state.RotationDays != nil || len(state.RotateWhenChanged) > 0
	if len(strangers) == 0 || !rotates || (state.Overlap != nil && !*state.Overlap) {
		return
	}
	p.GetLogger(ctx).Warningf("the user has another auth token, which does not belong to this resource:\n%s\nIt leaves no room for a "+
		"rotation. Before a rotation is due, set overlap to false, or make room: %s", user.Describe(strangers), freeing(user, strangers))
}

// noRoom returns the error for a rotation that has no room for the new token.
func noRoom(stands rotation, user *identity.User, strangers []identity.AuthToken) error {
	remedy := "Nothing was changed. To make room, " + freeing(user, strangers)
	if stands.overlap {
		remedy += "\nOr set overlap to false: the current token is then revoked before the new one is created"
	}
	return fmt.Errorf("%s, and there is no room for it: a user can have at most two auth tokens, and this user has tokens that do "+
		"not belong to this resource:\n%s\n%s", stands.explain(), user.Describe(strangers), remedy)
}

// freeing returns how a person makes room where tokens that are not the resource's leave none. A token that another resource of this
// provider has recorded must not be deleted by hand.
func freeing(user *identity.User, strangers []identity.AuthToken) string {
	var commands []string
	for _, stranger := range strangers {
		if !user.IsRecorded(stranger) {
			commands = append(commands, "\n  "+user.DeleteCommand(stranger.ID))
		}
	}
	if len(commands) == 0 {
		return "remove the other resource of this provider that the token belongs to"
	}
	return "delete a token that is no longer used:" + strings.Join(commands, "")
}
