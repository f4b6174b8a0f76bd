package auth

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// The checks of properties. Each returns nil, or an error that says what is wrong with the value and what is right.

func checkUser(s string) error    { return ocid.Check(s, ocid.User) }
func checkTenancy(s string) error { return ocid.Check(s, ocid.Tenancy) }

// checkKind checks the property auth.
func checkKind(s string) error {
	if kindNamed(s) != "" {
		return nil
	}
	return fmt.Errorf("%q is not a way to sign in: use one of %s", outside.Text(s), strings.Join(kinds, ", "))
}

// fingerprintPattern matches 16 bytes in hexadecimal with colons between them.
var fingerprintPattern = regexp.MustCompile(`^([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}$`)

func checkFingerprint(s string) error {
	if !fingerprintPattern.MatchString(s) {
		return fmt.Errorf("%q is not a fingerprint, which is 16 bytes in hexadecimal with colons between them: "+
			"copy it from the user's API keys in the Console", outside.Text(s))
	}
	return nil
}

// regionPattern matches names such as us-phoenix-1 and keys such as PHX, future ones too. It also matches names with dots, which
// contain the domain of a realm that the SDK does not know. It does not match most other text, because regions are shown.
var regionPattern = regexp.MustCompile(`^([a-zA-Z]{3}|[a-zA-Z]+(-[a-zA-Z]+)+-[0-9]{1,2}(\.[a-zA-Z0-9-]{1,40}){0,4})$`)

func checkRegion(s string) error {
	if !regionPattern.MatchString(s) {
		return fmt.Errorf("%q is not a region: use a name such as us-phoenix-1 or a key such as PHX", outside.Text(s))
	}
	return nil
}

func checkTokenExchangeAuth(s string) error {
	if strings.EqualFold(s, exchangeAsClient) || strings.EqualFold(s, exchangeAsInstance) {
		return nil
	}
	return fmt.Errorf("%q is neither %s nor %s", outside.Text(s), exchangeAsClient, exchangeAsInstance)
}

func checkDomainURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http",
		u.User != nil, strings.Trim(u.Path, "/") != "", u.RawQuery != "", u.Fragment != "":
		return errors.New("is not the URL of an identity domain, such as https://idcs-....identity.oraclecloud.com, without path and query")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("would send secrets over the network unencrypted: use https")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}
