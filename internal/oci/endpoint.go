package oci

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// regionPlaceholder stands for the region's name in an endpoint, as in the SDK's own endpoint templates.
const regionPlaceholder = "{region}"

// What the paths of the APIs begin with: the version, or the folder of an identity domain's API.
const (
	identityPath = "/20160918"
	registryPath = "/20180419"
	domainPath   = "/admin/v1"
)

// Endpoint is the URL of a private or local OCI Identity service, in which each "{region}" stands for the region's name. Empty means the
// public endpoint.
type Endpoint string

// ParseEndpoint parses an endpoint: an absolute http or https URL without a query. It accepts plain http for loopback addresses only,
// because the answer to CreateAuthToken contains the token. Its errors quote no password, even if the text is not a URL.
func ParseEndpoint(template string) (Endpoint, error) {
	shown := safetext.URL(template)
	u, err := url.Parse(strings.ReplaceAll(template, regionPlaceholder, "region"))
	switch {
	case err != nil:
		return "", fmt.Errorf("%q is not a URL", shown)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return "", fmt.Errorf("%q is not an http or https URL with a host, such as https://identity.%s.oci.example.com",
			shown, regionPlaceholder)
	case u.User != nil, strings.ContainsAny(template, "?#"):
		return "", fmt.Errorf("%q has more than scheme, host, port and path", shown)
	case u.Scheme == "http" && !hosts.IsLoopback(u.Hostname()):
		return "", fmt.Errorf("%q would send tokens over the network unencrypted: use https "+
			"(plain http is accepted for loopback addresses only)", shown)
	}
	return Endpoint(strings.TrimRight(template, "/")), nil
}

// in returns the URL in a region.
func (e Endpoint) in(region string) string {
	return strings.ReplaceAll(string(e), regionPlaceholder, region)
}
