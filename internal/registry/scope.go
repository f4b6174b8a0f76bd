package registry

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// BearerUser is the user name of a login with an access token, whoever it was given to.
const BearerUser = "BEARER_TOKEN"

// resourceScope matches one part of a scope: https://distribution.github.io/distribution/spec/auth/scope/.
var resourceScope = regexp.MustCompile(`^[a-z]+(\([a-z]+\))?:[a-zA-Z0-9][a-zA-Z0-9._/:*-]*:(\*|[a-z]+)(,(\*|[a-z]+))*$`)

// CheckScope returns nil if a registry can read the scope.
func CheckScope(scope string) error {
	const remedy = "write repository:<namespace>/<name>:pull,push, with spaces between several of them, or leave scope out for everything " +
		"that the policies allow"
	parts := strings.Fields(scope)
	if len(parts) == 0 {
		return errors.New("it is empty: " + remedy)
	}
	for _, part := range parts {
		if !resourceScope.MatchString(part) {
			return fmt.Errorf("%q is not the scope of a registry: %s", safetext.Text(part), remedy)
		}
	}
	return nil
}
