package provider

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// idForms lists the forms in which a person may write the id of an auth token.
const idForms = "use users/<user's OCID>/authTokens/<token's OCID>, or <user's OCID>/<token's OCID>, or, for a user of an identity " +
	"domain other than Default, <domain's URL>/users/<user's OCID>/authTokens/<token's OCID or SCIM id>"

// scimID matches the ids that identity domains give their resources.
var scimID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// parseID parses the id of an auth token. In the state it is the token's OCID. The forms for an import also name the user. The user
// is empty if the id does not name it.
func parseID(id string) (user identity.UserRef, tokenID string, err error) {
	path, inDomain := id, strings.HasPrefix(id, "https://") || strings.HasPrefix(id, "http://")
	if inDomain {
		domainURL, rest, _ := strings.Cut(id, "/users/")
		if user.DomainURL, err = identity.ParseDomainURL(domainURL); err != nil {
			return identity.UserRef{}, "", fmt.Errorf("the id does not begin with the URL of an identity domain: %w; %s", err, idForms)
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
			return identity.UserRef{}, "", fmt.Errorf("the id %q does not name a user: %w; %s", shown, err, idForms)
		}
	default:
		return identity.UserRef{}, "", fmt.Errorf("%q is not the id of an auth token: %s", shown, idForms)
	}
	if inDomain && scimID.MatchString(tokenID) {
		return user, tokenID, nil
	}
	if err := ocid.Check(tokenID, ocid.AuthToken); err != nil {
		return identity.UserRef{}, "", fmt.Errorf("the id %q does not name an auth token: %w; %s", shown, err, idForms)
	}
	return user, tokenID, nil
}

// recordedID returns the token's id, given the id of a resource in the state. An import file may have put one of the forms for an
// import there. Any other id is what OCI has answered, and is returned unchanged.
func recordedID(id string) string {
	if _, tokenID, err := parseID(id); err == nil {
		return tokenID
	}
	return id
}
