package registry

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// User is a user of OCI, with the properties that the user name at the registry depends on.
type User struct {
	// Name is the user's name. For a federated user it contains the identity provider: "oracleidentitycloudservice/alice".
	Name string
	// Email is the user's e-mail address, or empty.
	Email string
	// Domain is the name of the identity domain that the user is in. It is empty for the default domain.
	Domain string
}

// Usernames returns the names under which the user may have to log in, the most likely one first:
//
//	<namespace>/<user>                      users of the default domain
//	<namespace>/<identity provider>/<user>  federated users
//	<namespace>/<domain>/<user>             users of any other domain
//
// Users of another domain whose name is not their e-mail address have been seen to need either. See
// https://docs.oracle.com/en-us/iaas/Content/Registry/Tasks/registrypullingimagesusingthedockercli.htm.
func Usernames(namespace string, user User) []string {
	if user.Domain == "" {
		return []string{namespace + "/" + user.Name}
	}
	prefix := namespace + "/" + user.Domain + "/"
	names := []string{prefix + user.Name}
	if user.Email != "" && !slices.Contains(names, prefix+user.Email) {
		names = append(names, prefix+user.Email)
	}
	return names
}

// Username returns the user name with the namespace before it, given a name with or without the namespace. BearerUser has none.
func Username(namespace, said string) string {
	if said == BearerUser || strings.HasPrefix(said, namespace+"/") {
		return said
	}
	return namespace + "/" + said
}

// plainName matches user names that are shown, with the namespace before them. The program may have set either, and people put secrets
// into the wrong arguments.
var plainName = regexp.MustCompile(`^[a-z0-9_]{1,20}(/[A-Za-z][A-Za-z._-]{0,40}[0-9]{0,2}(@[A-Za-z0-9.-]{1,60})?){1,2}$`)

// shown returns what messages show of user names.
func shown(names []string) []string {
	var all []string
	for _, name := range names {
		if name != BearerUser && !plainName.MatchString(name) {
			name = fmt.Sprintf("a name of %d characters", utf8.RuneCountInString(name))
		}
		all = append(all, name)
	}
	return all
}

// checkPadding returns an error for a text with white space around it. One of white space alone passes.
func checkPadding(s string) error {
	if trimmed := strings.TrimSpace(s); trimmed != "" && trimmed != s {
		return errors.New("it has white space around it: remove it")
	}
	return nil
}

// CheckUsername returns nil if a person can log in under this name, with or without the namespace before it.
func CheckUsername(name string) error {
	if err := checkPadding(name); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(name) == "":
		return errors.New("it is empty")
	case strings.Contains(name, ":"):
		return errors.New("it holds a colon, which ends the user name in a login")
	case strings.HasPrefix(name, "/"), strings.HasSuffix(name, "/"):
		return errors.New("it begins or ends with a slash: the parts of the name are separated by slashes, " +
			"such as oracleidentitycloudservice/alice@example.com")
	}
	return nil
}

// namespacePattern matches Object Storage namespaces.
var namespacePattern = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// CheckNamespace returns nil if s can be an Object Storage namespace.
func CheckNamespace(s string) error {
	if err := checkPadding(s); err != nil {
		return err
	}
	if !namespacePattern.MatchString(s) {
		return fmt.Errorf("%q is not an Object Storage namespace, such as axaxnpcrorw5: the Console shows it under Tenancy "+
			"details, and \"oci os ns get\" prints it", safetext.Text(s))
	}
	return nil
}
