package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// orphanSkew is how far this machine's clock may be off OCI's: requests signed with more than that are refused.
const orphanSkew = 5 * time.Minute

// explainCreate adds to a failed creation what the person needs in order to go on: which tokens stand in the way, or which
// may be left behind.
func (r *AuthToken) explainCreate(
	ctx context.Context, client *identity.Client, args AuthTokenArgs, began time.Time, failure error,
) error {
	limit, ambiguous := identity.IsLimitExceeded(failure), identity.IsAmbiguous(failure)
	if !limit && !ambiguous {
		return failure
	}
	// The operation may have been cancelled, or be out of time; this last look is worth a moment all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	tokens, err := client.WhereWritten().ListAuthTokens(ctx, args.UserID)
	if err != nil {
		return fmt.Errorf("%w. Which tokens the user has could not be found out (%w): look with "+
			"\"oci iam auth-token list --user-id %s\"", failure, err, args.UserID)
	}
	if limit && !ambiguous {
		return fmt.Errorf("%w. The user's tokens are:\n%s", failure, listed(tokens))
	}
	var orphans []identity.AuthToken
	for _, token := range tokens {
		if token.Description == args.Description && token.TimeCreated.After(began.Add(-orphanSkew)) {
			orphans = append(orphans, token)
		}
	}
	if len(orphans) == 0 {
		return fmt.Errorf("%w. It is not certain that no token was created, but none with this description is listed "+
			"that is new", failure)
	}
	var commands strings.Builder
	for _, token := range orphans {
		fmt.Fprintf(&commands, "\n  oci iam auth-token delete --user-id %s --auth-token-id %s", args.UserID, token.ID)
	}
	return fmt.Errorf("%w. A token may have been created whose value nobody knows. It would be one of these:\n%s\n"+
		"If no one else has made it, delete it:%s", failure, listed(orphans), commands.String())
}

// lastLook bounds the look at the user's tokens after a creation has failed.
const lastLook = 30 * time.Second

// explainMissing is the error for the import of a token that the user does not have.
func (*AuthToken) explainMissing(ctx context.Context, client *identity.Client, userID, id string) error {
	tokens, err := client.ListAuthTokens(ctx, userID)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return fmt.Errorf("user %s has no auth token %s, nor any other", userID, id)
	}
	return fmt.Errorf("user %s has no auth token %s, but these:\n%s", userID, id, listed(tokens))
}

// listed shows tokens one to a line, without their values.
func listed(tokens []identity.AuthToken) string {
	lines := make([]string, len(tokens))
	for i, token := range tokens {
		lines[i] = fmt.Sprintf("  %s, created %s, %s, description %q",
			token.ID, rfc3339(token.TimeCreated), token.State, token.Description)
	}
	return strings.Join(lines, "\n")
}
