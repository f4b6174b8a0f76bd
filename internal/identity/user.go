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
	// newFor is how long after its creation a token may be missing from the list without being considered gone. Five minutes are for
	// the list to catch up, and five because this machine's clock may be ahead of OCI's.
	newFor = 10 * time.Minute
	// newLooks is how often a new token is looked for.
	newLooks = 5
	// pollEvery is the pause between two lists.
	pollEvery = 2 * time.Second
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
	token, err := turn{cr, u.api, u.calls, u.recorded}.answer(ctx)
	if err != nil && !cr.doubtful {
		u.ledger.forget(u.ref, wish)
	}
	if err == nil && token.TimeCreated.IsZero() {
		// How old a token is decides whether a list that lacks it lags behind.
		token.TimeCreated = u.calls.clock.Now()
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

// Account returns what OCI says about the user.
func (u *User) Account(ctx context.Context) (Account, error) { return u.api.account(ctx) }

// Locate adds to the error of a call that has not found the user in which identity domain the user is, or how to name it.
func (u *User) Locate(ctx context.Context, err error) error {
	var failure *callError
	if !errors.As(err, &failure) || failure.verdict != notFound {
		return err
	}
	located := *failure
	_, located.hint = u.api.elsewhere(ctx)
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

// FindToken returns a token, or nil if it does not exist. If a list lacks the token, FindToken asks where OCI knows best, and more
// than once if the token is new. Created is when the token was created, or zero.
func (u *User) FindToken(ctx context.Context, id string, created time.Time) (*AuthToken, error) {
	tokens, err := u.listNear(ctx, id)
	if err != nil {
		return nil, err
	}
	if token := Pick(tokens, id); token != nil {
		return token, nil
	}
	for looks := 1; ; looks++ {
		token, err := u.api.find(ctx, Home, id)
		if token != nil || err != nil || looks == newLooks || !u.IsNew(created) {
			return token, err
		}
		u.calls.listener.InfoStatus(fmt.Sprintf("waiting for OCI to list auth token %s, which is new", id))
		if err := u.calls.clock.Sleep(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

// IsNew reports whether a token that was created at the given time is so new that a list may not show it yet.
func (u *User) IsNew(created time.Time) bool {
	return !created.IsZero() && u.calls.clock.Now().Sub(created) < newFor
}

// UpdateToken changes a token's description, and returns what OCI says about the token. Nothing else of a token can be changed.
func (u *User) UpdateToken(ctx context.Context, id, description string) (AuthToken, error) {
	defer u.lists.writing(u.ref)()
	return u.api.update(ctx, id, description)
}

// DeleteToken revokes a token. After a 404, the token counts as deleted if OCI, asked for it, does not have it either. A new token gets
// time to appear. If the deletion cannot be confirmed, the listener is warned that a live token may remain. Created is when the token
// was created, or zero.
func (u *User) DeleteToken(ctx context.Context, id string, created time.Time) error {
	defer u.lists.writing(u.ref)()
	for looks := 1; ; looks++ {
		failure := u.api.delete(ctx, id)
		if failure == nil {
			u.ledger.forgetToken(id)
			return nil
		}
		if !IsNotFound(failure) {
			return failure
		}
		token, err := u.api.find(ctx, Written, id)
		switch {
		case IsNotFound(err):
			// OCI moves users from IAM to identity domains, and their tokens with them.
			if found, _ := u.api.elsewhere(ctx); found != nil {
				if failure := found.delete(ctx, id); !IsNotFound(failure) {
					return failure
				}
				return nil
			}
			u.calls.listener.Warning(fmt.Sprintf("OCI shows neither token %s nor its user %s to the caller. Most likely both are "+
				"gone, so the token counts as deleted. If the caller has lost the permission to see them, the token "+
				"is still live: revoke it with \"%s\".", id, u.ref.ID, u.DeleteCommand(id)))
			return nil
		case err != nil:
			return fmt.Errorf("%w. Whether the token is gone is not known: %w", failure, err)
		case token != nil && (looks == newLooks || !u.IsNew(created)):
			return failure
		case !u.IsNew(created):
			return nil
		case looks == newLooks:
			u.calls.listener.Warning(fmt.Sprintf("OCI neither deletes nor lists token %s of user %s, which was created moments ago. "+
				"Most likely it is gone, so it counts as deleted. If OCI only does not show it yet, it is "+
				"still live: revoke it with \"%s\".", id, u.ref.ID, u.DeleteCommand(id)))
			return nil
		}
		u.calls.listener.InfoStatus(fmt.Sprintf("waiting for OCI to show auth token %s, which is new, before it can be deleted", id))
		if err := u.calls.clock.Sleep(ctx, pollEvery); err != nil {
			return fmt.Errorf("%w; stopped checking whether it is gone: %w", failure, err)
		}
	}
}

// IsRecorded reports whether a token is known to be in the state.
func (u *User) IsRecorded(token AuthToken) bool { return u.recorded.has(u.ref.ID, token) }

// Describe returns a line for each token, without its value, and without descriptions that are secret.
func (u *User) Describe(tokens []AuthToken) string { return u.recorded.describe(tokens) }

// DeleteCommand returns the command that deletes a token.
func (u *User) DeleteCommand(id string) string { return u.api.deleteCommand(id) }

// ListCommand returns the command that lists the user's tokens.
func (u *User) ListCommand() string { return u.api.listCommand() }
