package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// OCI takes time to show new tokens and users. These constants limit the waits for that. The listener is told about each wait.
const (
	// activeWithin bounds the wait for a new token to become ACTIVE.
	activeWithin = 5 * time.Minute
)

// User is a user of OCI, and gives access to the user's auth tokens.
type User struct {
	ref      UserRef
	api      api
	calls    caller
	ledger   *ledger
	recorded *recorded
	lists    *lists
}

// CreateToken creates the token of a wish, and returns it with its value. If it is called again with the same wish before HandOver,
// after a failure or at the same time, it goes on with the same creation.
//
// If ctx ends while a request may have created a token, CreateToken goes on for a while. An error of the type *Unsettled means that
// there may be a token whose value nobody knows. After any other error, there is no token.
func (u *User) CreateToken(ctx context.Context, wish Wish) (AuthToken, error) {
	cr := u.ledger.creation(u.ref, wish)
	if err := cr.take(ctx); err != nil {
		return AuthToken{}, err
	}
	defer cr.release()
	defer u.lists.writing(u.ref)()
	token, err := turn{cr, u.api, u.calls, u.recorded, u.ledger.lastRevoked(u.ref)}.answer(ctx)
	if err != nil && !cr.doubtful {
		u.ledger.forget(u.ref, wish)
	}
	if err == nil && token.TimeCreated.IsZero() {
		// How old a token is decides whether a list that lacks it lags behind.
		offset, _ := u.calls.time.ahead()
		token.TimeCreated = u.calls.clock.Now().Add(offset)
	}
	return token, err
}

// HandOver notes that the token of a wish is recorded. The same wish then creates another token.
func (u *User) HandOver(wish Wish) { u.ledger.forget(u.ref, wish) }

// AwaitActive waits while a new token is CREATING, and returns its latest state. Tokens of an identity domain have no such state, so it
// does not wait for them. Its error says why the wait has ended early. It then returns the token as it was last seen.
func (u *User) AwaitActive(ctx context.Context, token AuthToken) (AuthToken, error) {
	for began := u.calls.clock.Now(); ; {
		if (token.State != StateCreating && token.State != "") || u.ref.DomainURL != "" {
			return token, nil
		}
		waited := u.calls.clock.Now().Sub(began)
		if waited > activeWithin {
			return token, fmt.Errorf("it is still %s after %s", stateOf(token), waited.Round(time.Second))
		}
		u.calls.listener.InfoStatus(fmt.Sprintf("waiting for auth token %s to become ACTIVE (%s)", token.ID, waited.Round(time.Second)))
		if err := u.calls.clock.Sleep(ctx, pollEvery); err != nil {
			return token, fmt.Errorf("waiting for it to become ACTIVE was stopped: %w", err)
		}
		tokens, err := u.ListTokens(ctx, Written)
		if err != nil {
			return token, fmt.Errorf("its state is not known: %w", err)
		}
		if listed := Pick(tokens, token.ID); listed != nil {
			token = token.updatedBy(*listed)
			if token.State == "" {
				// OCI lists the token without a state, so there is nothing to wait for.
				return token, nil
			}
		}
	}
}

// stateOf returns a token's lifecycle state for messages.
func stateOf(token AuthToken) string {
	if token.State == "" {
		return "in an unknown state"
	}
	return outside.Sentence(token.State)
}

// Account returns what OCI says about the user. It waits a moment for OCI to show a new one, unless it finds the user in an identity domain.
func (u *User) Account(ctx context.Context) (account Account, err error) {
	var domain api
	asked := false
	waiting := fmt.Sprintf("OCI does not know user %s yet: waiting a moment, in case the user is new", u.ref.ID)
	stopped := u.calls.poll(ctx, newLooks, waiting, func() (bool, error) {
		if account, err = u.api.account(ctx); !IsNotFound(err) {
			return true, nil
		}
		if !asked {
			domain, _, _ = u.api.elsewhere(ctx)
			asked = true
		}
		return domain != nil, nil
	})
	if stopped != nil {
		return account, fmt.Errorf("%w: %w", stopped, err)
	}
	return account, err
}

// Locate adds to the error of a call that has not found the user in which identity domain the user is, or how to name it.
func (u *User) Locate(ctx context.Context, err error) error {
	var failure *callError
	if !errors.As(err, &failure) || failure.verdict != notFound {
		return err
	}
	located := *failure
	_, located.hint, _ = u.api.elsewhere(ctx)
	return &located
}

// ListTokens returns the user's tokens without their values. There are at most two. Concurrent calls for the configured region share a
// list.
func (u *User) ListTokens(ctx context.Context, from View) ([]AuthToken, error) {
	if from == Near {
		return u.listNear(ctx, "")
	}
	return u.api.list(ctx, from, false)
}

// listNear returns the tokens from the configured region, for a read of one of them, or of all if the id is empty.
func (u *User) listNear(ctx context.Context, id string) ([]AuthToken, error) {
	return u.lists.read(ctx, u.ref, id, func(ctx context.Context) ([]AuthToken, error) { return u.api.list(ctx, Near, false) })
}

// UpdateToken changes a token's description, and returns what OCI says about the token. Nothing else of a token can be changed.
func (u *User) UpdateToken(ctx context.Context, id, description string) (AuthToken, error) {
	defer u.lists.writing(u.ref)()
	return u.api.update(ctx, id, description)
}

// Describe returns a line for each token, without its value, and without descriptions that are secret.
func (u *User) Describe(tokens []AuthToken) string { return u.recorded.describe(tokens) }
