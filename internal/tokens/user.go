package tokens

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

// activeWithin bounds the wait for a new token to become ACTIVE.
const activeWithin = 5 * time.Minute

// User is a user of OCI, and gives access to the user's auth tokens.
type User struct {
	// WhenFull is advice for a creation that fails because the user has as many tokens as OCI allows. If it is empty, the advice is to
	// delete one.
	WhenFull string

	client *Client
	ref    UserRef
	api    API
	calls  oci.Caller
}

// CreateToken creates a token, and returns it with its value. If it is called with the same creation before HandOver, after a failure or
// at the same time, it goes on with that creation.
//
// If ctx ends while a request may have created a token, CreateToken goes on for a while. An error of the type *OrphanError means that
// there may be a token whose value nobody knows. After any other error, there is no token.
func (u *User) CreateToken(ctx context.Context, creation Creation) (Token, error) {
	cr := u.client.creations.begun(u.ref, creation)
	if err := cr.take(ctx); err != nil {
		return Token{}, err
	}
	defer cr.release()
	defer u.written()
	token, err := creator{u, cr}.answer(ctx)
	if err != nil && cr.stage == unsent {
		u.client.creations.forget(u.ref, creation)
	}
	if err == nil && token.TimeCreated.IsZero() {
		// How old a token is decides whether a list that lacks it lags behind.
		offset, _ := u.calls.Ahead()
		token.TimeCreated = u.calls.Clock.Now().Add(offset)
	}
	return token, err
}

// HandOver notes that the token of a creation is recorded. If the same creation is asked for then, it creates another token.
func (u *User) HandOver(creation Creation) { u.client.creations.forget(u.ref, creation) }

// AwaitActive waits while a new token is CREATING, and returns its latest state. Tokens of an identity domain have no such state, so it
// does not wait for them. Its error says why the wait has ended early. It then returns the token as it was last seen.
func (u *User) AwaitActive(ctx context.Context, token Token) (Token, error) {
	began, listed := u.calls.Clock.Now(), false
	err := oci.Poll(ctx, u.calls.Clock, func(look int) (time.Duration, error) {
		if look > 1 {
			all, err := u.ListTokens(ctx, Writer)
			if err != nil {
				return 0, fmt.Errorf("its state is not known: %w", err)
			}
			if found := Pick(all, token.ID); found != nil {
				token, listed = token.updatedBy(*found), true
			}
		}
		waited := u.calls.Clock.Now().Sub(began)
		switch {
		case token.State == "" && listed, token.State != StateCreating && token.State != "", u.ref.DomainURL != "":
			return 0, nil // If OCI lists the token without a state, there is nothing to wait for.
		case waited > activeWithin:
			return 0, fmt.Errorf("it is still %s after %s", cmp.Or(token.State, "in an unknown state"), waited.Round(time.Second))
		}
		u.calls.InfoStatus(fmt.Sprintf("waiting for auth token %s to become ACTIVE (%s)", token.ID, waited.Round(time.Second)))
		return oci.PollEvery, nil
	})
	return token, err
}

// Locate adds to the error of a call that has not found the user in which identity domain the user is, or how to name it.
func (u *User) Locate(ctx context.Context, err error) error {
	if !oci.IsNotFound(err) {
		return err
	}
	_, hint, _ := u.api.Elsewhere(ctx)
	return oci.WithHint(err, hint)
}

// ListTokens returns the user's tokens without their values. There are at most two. Concurrent calls for the configured region share a
// list, unless this client has written to the user since it began.
func (u *User) ListTokens(ctx context.Context, from ReadFrom) ([]Token, error) {
	if from != Configured {
		return u.api.List(ctx, from, false)
	}
	listed, err := u.client.lists.Do(ctx, u.ref.String(), func(ctx context.Context) ([]Token, error) { return u.api.List(ctx, Configured, false) })
	return slices.Clone(listed), err
}

// written notes that this client has written to the user, which a list that is under way may not show.
func (u *User) written() { u.client.lists.Forget(u.ref.String()) }

// UpdateToken changes a token's description, and returns what OCI says about the token. Nothing else of a token can be changed.
func (u *User) UpdateToken(ctx context.Context, id, description string) (Token, error) {
	defer u.written()
	return u.api.Update(ctx, id, description)
}

// Describe returns a line for each token, without its value, and without descriptions that are secret.
func (u *User) Describe(tokens []Token) string { return u.client.recorded.describe(tokens) }
