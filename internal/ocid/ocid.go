// Package ocid checks Oracle Cloud Identifiers before they are used.
//
// Their form is ocid1.<type>.<realm>.[region][.future use].<unique id>: see
// https://docs.oracle.com/iaas/Content/General/Concepts/identifiers.htm.
package ocid

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// Type is the second part of an OCID: what kind of thing it names.
type Type string

// The types that this provider deals with. OCI calls an auth token a credential.
const (
	User      Type = "user"
	Tenancy   Type = "tenancy"
	AuthToken Type = "credential"
)

var whereToFind = map[Type]string{ //nolint:gosec // there is no credential here, only where to find an identifier
	User:      `copy the user's OCID from the Console or from "oci iam user list"; it starts with "ocid1.user."`,
	Tenancy:   `copy the tenancy's OCID from the Console, under Tenancy details; it starts with "ocid1.tenancy."`,
	AuthToken: `"oci iam auth-token list --user-id <user's OCID>" shows those of a user; they start with "ocid1.credential."`,
}

// pattern lets nothing pass that means something in a URL: oci-go-sdk puts identifiers into paths as they are.
var pattern = regexp.MustCompile(`^ocid1\.([a-z0-9]+)\.[a-z0-9-]+\.[a-z0-9-]*(\.[a-zA-Z0-9-]+)?\.[a-zA-Z0-9_-]+$`)

// Check returns nil if s is an OCID of the wanted type. Otherwise its error says what s is instead and where to find the
// right one, and reads on from the name of a property: "userId: ...". It quotes no more of s than may be shown.
func Check(s string, want Type) error {
	remedy := whereToFind[want]
	if s == "" {
		return fmt.Errorf("it is empty: %s", remedy)
	}
	if strings.TrimSpace(s) != s {
		return fmt.Errorf("%q has white space around it: remove it", outside.Text(s))
	}
	match := pattern.FindStringSubmatch(s)
	if match == nil {
		return fmt.Errorf("%q is not an OCID: %s", outside.Text(s), remedy)
	}
	if match[1] != string(want) {
		return fmt.Errorf("%q is the OCID of a %s, not of a %s: %s", outside.Text(s), outside.Text(match[1]), want, remedy)
	}
	return nil
}
