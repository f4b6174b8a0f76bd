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
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// What OCI says of tokens and users lags behind what it does. These are the waits for it to catch up, each with a bound, and
// each seen by the person at the terminal.

const (
	// activeWithin bounds the wait for a new token to become ACTIVE.
	activeWithin = 5 * time.Minute
	// freshFor is how long after its creation a token may be missing from the list and is not taken as gone: five minutes for
	// the list to catch up, and five that this machine's clock may be ahead of OCI's.
	freshFor = 10 * time.Minute
	// freshLooks is how often it is looked for then.
	freshLooks = 5
	// pollEvery is the pause between two looks.
	pollEvery = 2 * time.Second
)

// awaitActive waits while the token is CREATING. Whatever happens, it returns the state as far as it is known; an error is
// an infer.ResourceInitFailedError, which lets the engine record that state.
func (r *AuthToken) awaitActive(
	ctx context.Context, client *identity.Client, id string, state AuthTokenState,
) (AuthTokenState, error) {
	for began := r.clock.Now(); ; {
		if state.State != identity.StateCreating && state.State != "" {
			return state, healthy(id, state)
		}
		waited := r.clock.Now().Sub(began)
		if waited > activeWithin {
			return state, unfinished(id, fmt.Sprintf("it is still %s after %s", stateOf(state), waited.Round(time.Second)))
		}
		p.GetLogger(ctx).InfoStatusf("waiting for auth token %s to become ACTIVE (%s)", id, waited.Round(time.Second))
		if err := r.clock.Sleep(ctx, pollEvery); err != nil {
			return state, unfinished(id, fmt.Sprintf("waiting for it to become ACTIVE was stopped: %v", err))
		}
		tokens, err := client.ListWritten(ctx, state.UserID)
		if err != nil {
			return state, unfinished(id, fmt.Sprintf("its state could not be found out: %v", err))
		}
		if token := identity.Pick(tokens, id); token != nil {
			state = state.as(*token)
			if token.State == "" && state.State == "" {
				// OCI lists it and says no more. There is nothing to wait for.
				return state, nil
			}
		}
	}
}

// healthy is nil for a token that can be used, or of whose state OCI says nothing. Otherwise it is the error that lets the
// engine record the state, and look at the token again with the next "pulumi up".
func healthy(id string, state AuthTokenState) error {
	switch state.State {
	case identity.StateActive, "":
		return nil
	default:
		return unfinished(id, fmt.Sprintf("it is %s%s and cannot be used", stateOf(state), inactiveReason(state)))
	}
}

// unfinished is the error of a token that exists and is recorded, but cannot be used.
func unfinished(id, reason string) error {
	return infer.ResourceInitFailedError{Reasons: []string{
		fmt.Sprintf("auth token %s was created and is recorded in the state, but %s. "+
			"The next \"pulumi up\" looks at it again", id, reason),
	}}
}

// stateOf is the token's lifecycle state, fit to be shown.
func stateOf(state AuthTokenState) string {
	if state.State == "" {
		return "in a state that OCI does not say"
	}
	return outside.Sentence(state.State)
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

// isFresh reports whether the token is so young that a list may not show it yet.
func (r *AuthToken) isFresh(state AuthTokenState) bool {
	created, err := time.Parse(time.RFC3339, state.TimeCreated)
	return err == nil && r.clock.Now().Sub(created) < freshFor
}

// find looks for the token in the lists, and returns nil if it is not there. Other regions lag behind the home region, so
// that one has the last word, and it is asked more than once for a token that is fresh.
func (r *AuthToken) find(
	ctx context.Context, client *identity.Client, userID, id string, state AuthTokenState,
) (*identity.AuthToken, error) {
	tokens, err := client.ListAuthTokens(ctx, userID)
	if err != nil {
		return nil, err
	}
	if token := identity.Pick(tokens, id); token != nil {
		return token, nil
	}
	for looks := 1; ; looks++ {
		tokens, err := client.ListHome(ctx, userID)
		if err != nil {
			return nil, err
		}
		if token := identity.Pick(tokens, id); token != nil {
			return token, nil
		}
		if looks == freshLooks || !r.isFresh(state) {
			return nil, nil
		}
		p.GetLogger(ctx).InfoStatusf("waiting for OCI to list auth token %s, which is new", id)
		if err := r.clock.Sleep(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}
