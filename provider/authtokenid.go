package provider

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// idForms is what a person may write for the id of an auth token.
const idForms = "use users/<user's OCID>/authTokens/<token's OCID>, or <user's OCID>/<token's OCID>, or, for a user of an identity " +
	"domain other than Default, <domain's URL>/users/<user's OCID>/authTokens/<token's OCID or SCIM id>"

// scimID is what identity domains call their resources.
var scimID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// parseID reads the id of an auth token: the token's OCID, as it stands in the state, or one of the forms for an import,
// which name the user too. The user is empty if the id does not name it.
func parseID(id string) (user identity.UserRef, tokenID string, err error) {
	path, inDomain := id, strings.HasPrefix(id, "https://") || strings.HasPrefix(id, "http://")
	if inDomain {
		domainURL, rest, _ := strings.Cut(id, "/users/")
		if user.DomainURL, err = identity.ParseDomainURL(domainURL); err != nil {
			return identity.UserRef{}, "", fmt.Errorf("the id names no identity domain: %w; %s", err, idForms)
		}
		path = "users/" + rest
	}
	parts := strings.Split(path, "/")
	if len(parts) == 4 && parts[0] == "users" && parts[2] == "authTokens" {
		parts = []string{parts[1], parts[3]}
	}
	shown := outside.URL(id)
	switch {
	case len(parts) == 1:
		tokenID = parts[0]
	case len(parts) == 2 && (!inDomain || parts[0] != "users"):
		user.ID, tokenID = parts[0], parts[1]
		if err := ocid.Check(user.ID, ocid.User); err != nil {
			return identity.UserRef{}, "", fmt.Errorf("the id %q names no user: %w; %s", shown, err, idForms)
		}
	default:
		return identity.UserRef{}, "", fmt.Errorf("the id %q is not that of an auth token: %s", shown, idForms)
	}
	if inDomain && scimID.MatchString(tokenID) {
		return user, tokenID, nil
	}
	if err := ocid.Check(tokenID, ocid.AuthToken); err != nil {
		return identity.UserRef{}, "", fmt.Errorf("the id %q names no auth token: %w; %s", shown, err, idForms)
	}
	return user, tokenID, nil
}

// recordedID is the token's id in the id of a resource that is in the state. An import file may have put one of the forms
// for an import there. Everything else is what OCI has answered, and is taken as it is.
func recordedID(id string) string {
	if _, tokenID, err := parseID(id); err == nil {
		return tokenID
	}
	return id
}
