package auth

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// The checks of properties. Each returns nil, or an error that says what is wrong with the value and what is right.

func checkUser(s string) error    { return ocid.Check(s, ocid.User) }
func checkTenancy(s string) error { return ocid.Check(s, ocid.Tenancy) }

// checkWay checks the property auth.
func checkWay(s string) error {
	if _, known := wayNamed(s); known {
		return nil
	}
	return fmt.Errorf("%q is not a way to sign in: use one of %s", safetext.Text(s), strings.Join(Ways(), ", "))
}

// fingerprintPattern matches 16 bytes in hexadecimal with colons between them.
var fingerprintPattern = regexp.MustCompile(`^([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}$`)

func checkFingerprint(s string) error {
	if !fingerprintPattern.MatchString(s) {
		return fmt.Errorf("%q is not a fingerprint, which is 16 bytes in hexadecimal with colons between them: "+
			"copy it from the user's API keys in the Console", safetext.Text(s))
	}
	return nil
}

// regionPattern matches names such as us-phoenix-1 and keys such as PHX, future ones too. It also matches names with dots, which
// contain the domain of a realm that the SDK does not know. It does not match most other text, because regions are shown.
var regionPattern = regexp.MustCompile(`^([a-zA-Z]{3}|[a-zA-Z]+(-[a-zA-Z]+)+-[0-9]{1,2}(\.[a-zA-Z0-9-]{1,40}){0,4})$`)

func checkRegion(s string) error {
	if !regionPattern.MatchString(s) {
		return fmt.Errorf("%q is not a region: use a name such as us-phoenix-1 or a key such as PHX", safetext.Text(s))
	}
	return nil
}

func checkTokenExchangeAuth(s string) error {
	if strings.EqualFold(s, exchangeAsClient) || strings.EqualFold(s, InstancePrincipal) {
		return nil
	}
	return fmt.Errorf("%q is neither %s nor %s", safetext.Text(s), exchangeAsClient, InstancePrincipal)
}

func checkDomainURL(s string) error {
	_, err := hosts.ParseDomainURL(s)
	return err
}
