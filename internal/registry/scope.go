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

// resourceScope matches one part of a scope: https://distribution.github.io/distribution/spec/auth/scope/. The name of a repository begins
// with the namespace, and has neither the registry's host name before it nor a tag behind it.
var resourceScope = regexp.MustCompile(`^(repository(\([a-z]+\))?:[a-zA-Z0-9_-]+/[a-zA-Z0-9._/*-]+|registry:[a-z]+):(\*|[a-z]+)(,(\*|[a-z]+))*$`)

// ParseScope returns the scope with one space between its parts. Its error says what is wrong with a scope that a registry cannot read.
func ParseScope(scope string) (string, error) {
	const remedy = "write repository:<namespace>/<name>:pull,push, without a host name or a tag, with spaces between several of them, or leave " +
		"scope out for everything that the policies allow"
	parts := strings.Fields(scope)
	if len(parts) == 0 {
		return "", errors.New("it is empty: " + remedy)
	}
	for _, part := range parts {
		if !resourceScope.MatchString(part) {
			return "", fmt.Errorf("%q is not the scope of a registry: %s", safetext.Text(part), remedy)
		}
	}
	return strings.Join(parts, " "), nil
}
