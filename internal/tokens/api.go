package tokens

import (
	"context"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

// API is what one can do with the auth tokens of one user. OCI has two APIs for it: packages iam and scim.
type API interface {
	// Create returns the call that creates a token. It passes what the answer says about the token to found.
	Create(creation Creation, retryToken string, found func(Token) error) oci.Call
	// List returns the user's tokens without their values. If OCI throttles, an urgent list goes before other calls.
	List(ctx context.Context, from ReadFrom, urgent bool) ([]Token, error)
	// Find has the last word on one token, which a list may lack because it lags. It returns nil if OCI shows no such token.
	Find(ctx context.Context, from ReadFrom, id string) (*Token, error)
	// Update changes a token's description, and returns what OCI says about the token.
	Update(ctx context.Context, id, description string) (Token, error)
	// Delete deletes a token. oci.IsNotFound reports whether the error means that OCI does not know it, or does not show it.
	Delete(ctx context.Context, id string) error
	// Elsewhere looks for a user whom this API does not know. It returns the API of the user's identity domain, or nil if OCI shows
	// none. Hint is advice to add to the error.
	Elsewhere(ctx context.Context) (found API, hint string, err error)

	// DeleteCommand returns the command that deletes a token, and ListCommand the one that lists the user's tokens.
	DeleteCommand(id string) string
	ListCommand() string
}

// Account is what OCI says about a user.
type Account struct {
	// Name is the name under which the user signs in. The name of a federated user contains the identity provider.
	Name string
	// Email is the user's e-mail address, or empty.
	Email string
	// DomainID is the OCID of the user's identity domain, or empty. IAM does not say it.
	DomainID string
}

// ReadFrom says which region to read from. Other regions lag behind the home region, where tokens are written.
type ReadFrom int

const (
	// Configured is the region that the program is configured for.
	Configured ReadFrom = iota
	// Writer is the region that writes go to, as far as it is known. It is the first to show what was just written.
	Writer
	// Home is the home region, which has the last word. It is an error if the home region cannot be found out.
	Home
)
