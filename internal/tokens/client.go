// Package tokens deals with the auth tokens of OCI's users: it lists, changes and deletes them, and leads the creation of a token from the
// request to the moment when somebody else has recorded its value.
//
// Three judgements have a file each: gone.go judges whether a token is gone, ours.go whether it is ours, and recorded.go whether it is
// recorded, so that nobody must be told to delete it. docs/internals/promises.md has their tables.
package tokens

import (
	"fmt"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

// Client gives access to the users of OCI and their auth tokens. It is safe for concurrent use.
type Client struct {
	calls     *oci.Client
	open      func(oci.Caller, UserRef) (API, error)
	creations creations
	recorded  *recorded
	lists     oci.Shared[[]Token]
}

// New returns a client. It makes no call. Open returns the API for the tokens of a user.
func New(calls *oci.Client, open func(oci.Caller, UserRef) (API, error)) *Client {
	return &Client{calls: calls, open: open, recorded: newRecorded()}
}

// User returns a user of OCI. The listener receives messages about everything that the user's calls wait for, and about what a
// person has to do.
func (c *Client) User(user UserRef, listener oci.Listener) (*User, error) {
	calls := oci.Caller{Client: c.calls, Listener: listener}
	api, err := c.open(calls, user)
	if err != nil {
		return nil, fmt.Errorf("domainUrl: %w", err)
	}
	return &User{client: c, ref: user, api: api, calls: calls}, nil
}

// Recorded notes that a user's tokens are in the state, so that no message tells a person to delete them.
func (c *Client) Recorded(userID string, ids ...string) { c.recorded.note(userID, ids...) }

// Hide notes that a description is a secret, so that no message shows it.
func (c *Client) Hide(description string) { c.recorded.hide(description) }
