package identity

import "context"

// api is what one can do with the auth tokens of one user. OCI has two APIs for it, which implement this interface.
type api interface {
	// create returns the call that creates a token. It passes what the answer says about the token to found.
	create(wish Wish, retryToken string, found func(AuthToken) error) operation
	// list returns the user's tokens without their values. If OCI throttles, an urgent list goes before other calls.
	list(ctx context.Context, from View, urgent bool) ([]AuthToken, error)
	// find has the last word on one token, which a list may lack because it lags. It returns nil if OCI shows no such token.
	find(ctx context.Context, from View, id string) (*AuthToken, error)
	// update changes a token's description, and returns what OCI says about the token.
	update(ctx context.Context, id, description string) (AuthToken, error)
	// delete deletes a token. IsNotFound reports whether the error means that OCI does not know it, or does not show it.
	delete(ctx context.Context, id string) error

	// elsewhere looks for a user whom this API does not know. It returns the API of the user's identity domain, or nil if OCI shows
	// none. Hint is advice to add to the error.
	elsewhere(ctx context.Context) (found api, hint string, err error)
	// account returns what OCI says about the user.
	account(ctx context.Context) (Account, error)

	// deleteCommand returns the command that deletes a token, and listCommand the one that lists the user's tokens.
	deleteCommand(id string) string
	listCommand() string
}

// View says which region to ask for a list. Other regions lag behind the home region, where tokens are written.
type View int

const (
	// Near is the region that the program is configured for.
	Near View = iota
	// Written is the region that writes go to, as far as it is known. It is the first to show what was just written.
	Written
	// Home is the home region, which has the last word. It is an error if the home region cannot be found out.
	Home
)
