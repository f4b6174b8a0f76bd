package provider

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// What OCI says of tokens and users lags behind what it does. These are the waits for it to catch up, each with a bound, and
// each seen by the person at the terminal.

const (
	// userWithin bounds the wait for a new user to be known.
	userWithin = time.Minute
	// activeWithin bounds the wait for a new token to become ACTIVE.
	activeWithin = 5 * time.Minute
	// freshFor is how long after its creation a token may be missing from the list and is not taken as gone.
	freshFor = 5 * time.Minute
	// freshLooks is how often it is looked for then.
	freshLooks = 5
	// pollEvery is the pause between two looks.
	pollEvery = 2 * time.Second
)

// mint creates the token. A user whom OCI does not know is given time to appear: the same program may have created the user
// moments ago, and OCI's answers lag behind its own.
func (r *AuthToken) mint(
	ctx context.Context, client *identity.Client, args AuthTokenArgs,
) (identity.AuthToken, error) {
	for began := r.clock.Now(); ; {
		token, err := client.CreateAuthToken(ctx, urnOf(ctx), args.UserID, args.Description)
		left := userWithin - r.clock.Now().Sub(began)
		if !identity.IsNotFound(err) || left <= 0 {
			return token, err
		}
		p.GetLogger(ctx).InfoStatusf("OCI does not know user %s: waiting up to %s more, in case the user is new",
			args.UserID, left.Round(time.Second))
		if r.clock.Sleep(ctx, pollEvery) != nil {
			return token, err
		}
	}
}

// awaitActive waits while the token is CREATING. Whatever happens, it returns the state as far as it is known; an error is
// an infer.ResourceInitFailedError, which lets the engine record that state.
func (r *AuthToken) awaitActive(
	ctx context.Context, client *identity.Client, id string, state AuthTokenState,
) (AuthTokenState, error) {
	unfinished := func(reason string) error {
		return infer.ResourceInitFailedError{Reasons: []string{
			fmt.Sprintf("auth token %s was created and is recorded in the state, but %s. "+
				"The next \"pulumi up\" looks at it again", id, reason),
		}}
	}
	for began := r.clock.Now(); ; {
		switch state.State {
		case identity.StateActive:
			return state, nil
		case identity.StateCreating:
		default:
			return state, unfinished(fmt.Sprintf("it is %s%s and cannot be used", state.State, inactiveReason(state)))
		}
		waited := r.clock.Now().Sub(began)
		if waited > activeWithin {
			return state, unfinished(fmt.Sprintf("it is still CREATING after %s", waited.Round(time.Second)))
		}
		p.GetLogger(ctx).InfoStatusf("waiting for auth token %s to become ACTIVE (%s)", id, waited.Round(time.Second))
		if err := r.clock.Sleep(ctx, pollEvery); err != nil {
			return state, unfinished(fmt.Sprintf("waiting for it to become ACTIVE was stopped: %v", err))
		}
		tokens, err := client.WhereWritten().ListAuthTokens(ctx, state.UserID)
		if err != nil {
			return state, unfinished(fmt.Sprintf("its state could not be found out: %v", err))
		}
		if token := pick(tokens, id); token != nil {
			state = state.as(*token)
		}
	}
}

// inactiveReason spells out the flags of an INACTIVE token.
func inactiveReason(state AuthTokenState) string {
	flags, err := strconv.ParseInt(value(state.InactiveState), 10, 64)
	if err != nil || flags == 0 {
		return ""
	}
	var names []string
	for i, name := range []string{"suspended", "disabled", "blocked", "locked"} {
		if flags&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return " (" + strings.Join(append(names, "status "+value(state.InactiveState)), ", ") + ")"
}

// isFresh tells whether the token is so young that the list may not show it yet.
func (r *AuthToken) isFresh(state AuthTokenState) bool {
	created, err := time.Parse(time.RFC3339, state.TimeCreated)
	return err == nil && r.clock.Now().Sub(created) < freshFor
}

// find looks for the token in the list, more than once if it is fresh.
func (r *AuthToken) find(
	ctx context.Context, client *identity.Client, userID, id string, state AuthTokenState,
) (identity.AuthToken, bool, error) {
	for looks := 1; ; looks++ {
		tokens, err := client.ListAuthTokens(ctx, userID)
		if err != nil {
			return identity.AuthToken{}, false, err
		}
		if token := pick(tokens, id); token != nil {
			return *token, true, nil
		}
		if looks == freshLooks || !r.isFresh(state) {
			return identity.AuthToken{}, false, nil
		}
		p.GetLogger(ctx).InfoStatusf("waiting for OCI to list auth token %s, which is new", id)
		if err := r.clock.Sleep(ctx, pollEvery); err != nil {
			return identity.AuthToken{}, false, err
		}
	}
}
