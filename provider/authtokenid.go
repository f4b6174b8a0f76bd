package provider

import (
	"fmt"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
)

// idForms is what a person may write for the id of an auth token.
const idForms = "use users/<user's OCID>/authTokens/<token's OCID>, or <user's OCID>/<token's OCID>"

// parseID reads the id of an auth token: the token's OCID, as it stands in the state, or one of the forms for an import,
// which name the user too. The user is empty if the id does not name it.
func parseID(id string) (userID, tokenID string, err error) {
	parts := strings.Split(id, "/")
	if len(parts) == 4 && parts[0] == "users" && parts[2] == "authTokens" {
		parts = []string{parts[1], parts[3]}
	}
	switch len(parts) {
	case 1:
		tokenID = parts[0]
	case 2:
		userID, tokenID = parts[0], parts[1]
		if err := ocid.Check(userID, ocid.User); err != nil {
			return "", "", fmt.Errorf("the id %q names no user: %w; %s", id, err, idForms)
		}
	default:
		return "", "", fmt.Errorf("the id %q is not that of an auth token: %s", id, idForms)
	}
	if err := ocid.Check(tokenID, ocid.AuthToken); err != nil {
		return "", "", fmt.Errorf("the id %q names no auth token: %w; %s", id, err, idForms)
	}
	return userID, tokenID, nil
}

// recordedID is the token's OCID in the id of a resource that is in the state. An import file may have put one of the forms
// for an import there. Everything else is what OCI has answered, and is taken as it is.
func recordedID(id string) string {
	if _, tokenID, err := parseID(id); err == nil {
		return tokenID
	}
	return id
}
