package provider

import (
	"context"
	"fmt"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// explainMissing is the error for the import of a token that the user does not have.
func (*AuthToken) explainMissing(ctx context.Context, client *identity.Client, userID, id string) error {
	tokens, err := client.ListAuthTokens(ctx, userID)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return fmt.Errorf("user %s has no auth token %s, nor any other", userID, id)
	}
	return fmt.Errorf("user %s has no auth token %s, but these:\n%s", userID, id, identity.Describe(tokens))
}
