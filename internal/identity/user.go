package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// What OCI says of tokens and users lags behind what it does. These are the waits for it to catch up, each with a bound, and
// each told to the listener.
const (
	// activeWithin bounds the wait for a new token to become ACTIVE.
	activeWithin = 5 * time.Minute
	// newFor is how long after its creation a token may be missing from the list and is not taken as gone: five minutes for
	// the list to catch up, and five that this machine's clock may be ahead of OCI's.
	newFor = 10 * time.Minute
	// newLooks is how often it is looked for then.
	newLooks = 5
	// pollEvery is the pause between two looks.
	pollEvery = 2 * time.Second
)

// User is one user of OCI, as far as its auth tokens go.
type User struct {
	ref      UserRef
	api      api
	calls    caller
	ledger   *ledger
	recorded *recorded
	lists    *lists
}

// CreateToken goes on until OCI has shown the token that is wished for, and returns it with its value. Whoever wishes the same
// again before HandOver, after a failure or at the same time, goes on where it stands.
//
// A creation is not abandoned in the middle: when ctx ends while its fate is open, it goes on for a while. An error of the
// type *Unsettled means that its fate is still open. After any other error, there is no token.
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

// HandOver says that the token of a wish is recorded: who wishes the same again wants another one.
func (u *User) HandOver(wish Wish) { u.ledger.forget(u.ref, wish) }

// AwaitActive waits while a new token is CREATING, and returns it as it is then. In an identity domain there is no such state,
// and nothing to wait for. Its error says why the wait has ended early:
// the token is as it was seen last.
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
			return token, fmt.Errorf("its state could not be found out: %w", err)
		}
		if listed := Pick(tokens, token.ID); listed != nil {
			token = token.updatedBy(*listed)
			if token.State == "" {
				// OCI lists it and says no more. There is nothing to wait for.
				return token, nil
			}
		}
	}
}

// stateOf returns a token's lifecycle state, fit to be shown.
func stateOf(token AuthToken) string {
	if token.State == "" {
		return "in a state that OCI does not say"
	}
	return outside.Sentence(token.State)
}

// Account returns what OCI says of who the user is.
func (u *User) Account(ctx context.Context) (Account, error) { return u.api.account(ctx) }

// ListTokens returns the user's tokens, at most two, without their values. Whoever looks at the configured region shares a list
// that is under way.
func (u *User) ListTokens(ctx context.Context, from View) ([]AuthToken, error) {
	if from == Near {
		return u.listNear(ctx, "")
	}
	return u.api.list(ctx, from, false)
}

// listNear returns the tokens as the configured region has them, for a read of one of them or a look at all.
func (u *User) listNear(ctx context.Context, id string) ([]AuthToken, error) {
	return u.lists.read(ctx, u.ref, id, func(ctx context.Context) ([]AuthToken, error) { return u.api.list(ctx, Near, false) })
}

// FindToken looks for a token, and returns nil if there is no such token. A list that lacks it is not trusted: it is asked for
// where it is known best, and more than once if it is new. Created is when the token was made, or zero.
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

// IsNew reports whether a token that was made then is so young that a list may not show it yet.
func (u *User) IsNew(created time.Time) bool {
	return !created.IsZero() && u.calls.clock.Now().Sub(created) < newFor
}

// UpdateToken changes a token's description, the one thing about it that can be changed, and returns what OCI says of it.
func (u *User) UpdateToken(ctx context.Context, id, description string) (AuthToken, error) {
	defer u.lists.writing(u.ref)()
	return u.api.update(ctx, id, description)
}

// DeleteToken revokes a token. An answer of 404 counts as deleted once OCI, asked for the token, does not have it either. A new
// token is given time to appear. Where it cannot be confirmed, the listener is warned that a live token may remain. Created is
// when the token was made, or zero.
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
				"gone, and the token is taken as deleted; but if the caller has lost the permission to see them, the token "+
				"is still live: revoke it with \"%s\".", id, u.ref.ID, u.DeleteCommand(id)))
			return nil
		case err != nil:
			return fmt.Errorf("%w; and whether it is gone could not be found out: %w", failure, err)
		case token != nil && (looks == newLooks || !u.IsNew(created)):
			return failure
		case !u.IsNew(created):
			return nil
		case looks == newLooks:
			u.calls.listener.Warning(fmt.Sprintf("OCI neither deletes nor lists token %s of user %s, which was created moments ago. "+
				"Most likely it is gone, and it is taken as deleted; but if OCI has only not caught up with its creation, it is "+
				"still live: revoke it with \"%s\".", id, u.ref.ID, u.DeleteCommand(id)))
			return nil
		}
		u.calls.listener.InfoStatus(fmt.Sprintf("waiting for OCI to know auth token %s, which is new, in order to delete it", id))
		if err := u.calls.clock.Sleep(ctx, pollEvery); err != nil {
			return fmt.Errorf("%w; stopped looking whether it is gone: %w", failure, err)
		}
	}
}

// IsRecorded reports whether a token is known to be in the state.
func (u *User) IsRecorded(token AuthToken) bool { return u.recorded.has(u.ref.ID, token) }

// DeleteCommand returns the command by which a person deletes a token.
func (u *User) DeleteCommand(id string) string { return u.api.deleteCommand(id) }

// ListCommand returns the command by which a person lists the user's tokens.
func (u *User) ListCommand() string { return u.api.listCommand() }
