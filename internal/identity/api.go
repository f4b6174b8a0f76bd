package identity

import "context"

// api is what there is to be done about one user's auth tokens. Each of OCI's two APIs does it in its own way.
type api interface {
	// create returns the call that creates a token. What the answer tells of the token goes to found.
	create(wish Wish, retryToken string, found func(AuthToken) error) operation
	// list returns the user's tokens without their values. An urgent list goes before other calls where OCI throttles.
	list(ctx context.Context, from View, urgent bool) ([]AuthToken, error)
	// find has the last word on one token, which a list may lack because it lags. It returns nil if there is no such token.
	find(ctx context.Context, from View, id string) (*AuthToken, error)
	// update changes a token's description, and returns what OCI says of the token.
	update(ctx context.Context, id, description string) (AuthToken, error)
	// delete deletes a token. IsNotFound reports whether the error means that OCI does not know it, or does not show it.
	delete(ctx context.Context, id string) error

	// elsewhere returns the API of the identity domain that a user is in who is not known here, or nil if it cannot be found
	// out, and what to tell the person, as the end of a sentence.
	elsewhere(ctx context.Context) (found api, hint string)
	// account returns what OCI says of who the user is.
	account(ctx context.Context) (Account, error)

	// deleteCommand returns the command by which a person deletes a token, and listCommand the one that lists the user's.
	deleteCommand(id string) string
	listCommand() string
}

// View is where a list comes from. Regions lag behind the home region, where tokens are written.
type View int

const (
	// Near is the region that the program is configured for.
	Near View = iota
	// Written is where writes go, as far as is known: what was just written is seen there first.
	Written
	// Home is the home region, which has the last word. It is an error if it cannot be found out which region that is.
	Home
)
