// Package hosts says which hosts and URLs of services are accepted.
package hosts

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// IsLoopback reports whether a host is this machine. Plain http is accepted for such hosts only.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}

// defaultPorts has the port of each scheme that a URL need not name.
var defaultPorts = map[string]string{"https": "443", "http": "80"}

// ParseDomainURL parses the URL of an identity domain, as the Console and "oci iam domain list" show it. It returns the URL in
// canonical form: scheme and host in lower case, and the port if it is not the default. It accepts plain http for loopback addresses only.
func ParseDomainURL(s string) (string, error) {
	shown := safetext.URL(s)
	u, err := url.Parse(s)
	switch {
	case strings.TrimSpace(s) == "":
		return "", errors.New("it is empty: " + WhereDomainURLs)
	case strings.TrimSpace(s) != s:
		return "", errors.New("it has white space around it: remove it")
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return "", fmt.Errorf("%q is not the URL of an identity domain: %s", shown, WhereDomainURLs)
	case u.User != nil, strings.Trim(u.Path, "/") != "", strings.ContainsAny(s, "?#"):
		return "", fmt.Errorf("%q has more than scheme, host and port: %s", shown, WhereDomainURLs)
	case u.Scheme == "http" && !IsLoopback(u.Hostname()):
		return "", fmt.Errorf("%q would send tokens over the network unencrypted: use https (plain http is accepted for loopback "+
			"addresses only)", shown)
	}
	host := strings.ToLower(u.Host)
	if u.Port() == "" || u.Port() == defaultPorts[u.Scheme] {
		host = strings.TrimSuffix(host, ":"+u.Port())
	}
	return u.Scheme + "://" + host, nil
}

// WhereDomainURLs tells a person where to find the URL of a domain.
const WhereDomainURLs = `copy "Domain URL" from the domain's page in the Console, or "url" from "oci iam domain list --compartment-id <OCID of the tenancy> --all"; it looks like ` +
	`https://idcs-0123456789abcdef.identity.oraclecloud.com`
