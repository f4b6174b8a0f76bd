// Package token is what AuthToken, RotatingAuthToken and the functions have in common: the ids of tokens, the arguments that name a user, and
// what is said of a token.
package token

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
)

// IDForms lists the forms in which a person may write the id of an auth token.
const IDForms = "use users/<user's OCID>/authTokens/<token's OCID>, or <user's OCID>/<token's OCID>, or, for a user of an identity " +
	"domain other than Default, <domain's URL>/users/<user's OCID>/authTokens/<token's OCID or SCIM id>"

// IsSCIMID reports whether s is an id as identity domains give it.
func IsSCIMID(s string) bool { return scimID.MatchString(s) }

// scimID matches the ids that identity domains give their resources.
var scimID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// ParseID parses the id of an auth token. In the state it is the token's OCID. The forms for an import also name the user. The user
// is empty if the id does not name it.
func ParseID(id string) (user tokens.UserRef, tokenID string, err error) {
	path, inDomain := id, strings.Contains(id, "://")
	if inDomain {
		domainURL, rest, _ := strings.Cut(id, "/users/")
		if user.DomainURL, err = hosts.ParseDomainURL(domainURL); err != nil {
			return tokens.UserRef{}, "", fmt.Errorf("the id does not begin with the URL of an identity domain: %w; %s", err, IDForms)
		}
		path = "users/" + rest
	}
	parts := strings.Split(path, "/")
	if len(parts) == 4 && parts[0] == "users" && parts[2] == "authTokens" {
		parts = []string{parts[1], parts[3]}
	}
	switch {
	case len(parts) == 1:
		tokenID = parts[0]
	case len(parts) == 2 && (!inDomain || parts[0] != "users"):
		user.ID, tokenID = parts[0], parts[1]
		if err := ocid.Check(user.ID, ocid.User); err != nil {
			return tokens.UserRef{}, "", fmt.Errorf("the id does not name a user: %w; %s", err, IDForms)
		}
	default:
		return tokens.UserRef{}, "", fmt.Errorf("this is not the id of an auth token: %s", IDForms)
	}
	if inDomain && scimID.MatchString(tokenID) {
		return user, tokenID, nil
	}
	if err := ocid.Check(tokenID, ocid.AuthToken); err != nil {
		return tokens.UserRef{}, "", fmt.Errorf("the id does not name an auth token: %w; %s", err, IDForms)
	}
	return user, tokenID, nil
}
