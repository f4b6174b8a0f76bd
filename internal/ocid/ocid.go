// Package ocid checks Oracle Cloud Identifiers that a person has typed. Those that OCI has answered are not checked.
//
// Their form is ocid1.<type>.<realm>.[region][.future use].<unique id>: see
// https://docs.oracle.com/iaas/Content/General/Concepts/identifiers.htm. Tenancies from OCI's first years have an older form,
// with colons: ocidv1:user:oc1:phx:1460406592660:aaaaaaaa.
package ocid

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// Type is the second part of an OCID, which is the type of the resource.
type Type string

// The types that this provider deals with. OCI calls an auth token a credential.
const (
	User      Type = "user"
	Tenancy   Type = "tenancy"
	AuthToken Type = "credential"
)

var whereToFind = map[Type]string{ //nolint:gosec // there is no credential here, only where to find an identifier
	User: `copy the user's OCID from the Console, or from "oci iam user list --name <user's name> --query 'data[0].id' --raw-output"; ` +
		`it starts with "ocid1.user."`,
	Tenancy:   `copy the tenancy's OCID from the Console, under Tenancy details; it starts with "ocid1.tenancy."`,
	AuthToken: `"oci iam auth-token list --user-id <user's OCID>" shows those of a user; they start with "ocid1.credential."`,
}

// otherUsers lists what people have instead of a user's OCID, and the command that prints the OCID.
var otherUsers = []struct {
	form        *regexp.Regexp
	is, command string
}{
	{ // OCI_CS_USER_OCID
		regexp.MustCompile(`^ocid1\.saml2idp\.[^/]+/.`),
		"the name of a federated user in Cloud Shell",
		`oci iam user list --all --query "data[?ends_with(name, '/<name>')].id | [0]" --raw-output`,
	},
	{
		regexp.MustCompile(`^[0-9a-f]{32}$`),
		"the id of a user within an identity domain",
		`oci identity-domains user get --endpoint <domainUrl> --user-id <id> --query data.ocid --raw-output`,
	},
}

// otherTypes lists types that people confuse with these.
var otherTypes = []Type{
	"apikey", "compartment", "domain", "dynamicgroup", "group", "identityprovider", "instance", "policy", "saml2idp", "vcn",
}

// pattern matches OCIDs. It allows no character that has a meaning in a URL. OCI's own tools accept any other first part too, but a
// token or a password may look like that.
var pattern = regexp.MustCompile(`^ocid[0-9a-z]*[.:]([0-9a-zA-Z_-]*[.:]){3,}[0-9a-zA-Z_-]+$`)

// within matches an OCID with other characters around it, such as quotes, angle brackets or the rest of a URL.
var within = regexp.MustCompile(`\b` + strings.Trim(pattern.String(), "^$"))

// Check returns nil if s may be an OCID of the wanted type. Otherwise its error says what s is instead and where to find the
// right one. It is worded to follow the name of a property, as in "userId: ...", and quotes no more of s than may be shown.
func Check(s string, want Type) error {
	remedy := whereToFind[want]
	switch {
	case strings.TrimSpace(s) == "":
		return fmt.Errorf("it is empty: %s", remedy)
	case strings.TrimSpace(s) != s:
		return errors.New("it has white space around it: remove it")
	case !pattern.MatchString(s):
		for _, other := range otherUsers {
			if want == User && other.form.MatchString(s) {
				return fmt.Errorf("%q is %s, not the user's OCID, which this command prints: %s", safetext.Text(s), other.is, other.command)
			}
		}
		if within.MatchString(s) {
			return fmt.Errorf("%q is not an OCID, but contains one: give that without quotes or other characters around it", safetext.Text(s))
		}
		return fmt.Errorf("%q is not an OCID: %s", safetext.Text(s), remedy)
	}
	if is := typeOf(s); is != want && isKnown(is) {
		return fmt.Errorf("%q is the OCID of %s, not of %s: %s", safetext.Text(s), withArticle(is), withArticle(want), remedy)
	}
	return nil
}

// typeOf returns the type that an OCID names.
func typeOf(s string) Type {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == ':' })
	return Type(parts[1])
}

// isKnown reports whether this package knows a type. An unknown type may be valid too.
func isKnown(t Type) bool {
	_, ok := whereToFind[t]
	return ok || slices.Contains(otherTypes, t)
}

func withArticle(t Type) string {
	if strings.ContainsRune("aeio", rune(t[0])) {
		return "an " + string(t)
	}
	return "a " + string(t)
}
