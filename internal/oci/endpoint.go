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

// basePath is the version of the API that every path starts with.
const basePath = "20160918"

// registryBasePath is the version of the container registry's API.
const registryBasePath = "20180419"

// Endpoint is the URL of a private or local OCI Identity service.
type Endpoint struct{ template string }

// ParseEndpoint parses an endpoint: an absolute http or https URL without a query, in which each "{region}" stands for the region's
// name. It accepts plain http for loopback addresses only, because the answer to CreateAuthToken contains the token. Its errors
// quote no password, even if the text is not a URL.
func ParseEndpoint(template string) (Endpoint, error) {
	shown := safetext.URL(template)
	u, err := url.Parse(strings.ReplaceAll(template, regionPlaceholder, "region"))
	switch {
	case err != nil:
		return Endpoint{}, fmt.Errorf("%q is not a URL", shown)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return Endpoint{}, fmt.Errorf("%q is not an http or https URL with a host, such as https://identity.%s.oci.example.com",
			shown, regionPlaceholder)
	case u.User != nil, strings.ContainsAny(template, "?#"):
		return Endpoint{}, fmt.Errorf("%q has more than scheme, host, port and path", shown)
	case u.Scheme == "http" && !hosts.IsLoopback(u.Hostname()):
		return Endpoint{}, fmt.Errorf("%q would send tokens over the network unencrypted: use https "+
			"(plain http is accepted for loopback addresses only)", shown)
	}
	return Endpoint{template: strings.TrimRight(template, "/")}, nil
}

// in returns the endpoint of a region in the two parts that the SDK takes: scheme, host and port, and the path with the version of
// the API at its end.
func (e Endpoint) in(region string) (host, path string) {
	absolute := strings.ReplaceAll(e.template, regionPlaceholder, region)
	scheme, rest, _ := strings.Cut(absolute, "://")
	authority, path, _ := strings.Cut(rest, "/")
	return scheme + "://" + authority, strings.TrimPrefix(path+"/"+basePath, "/")
}

// dependsOnRegion reports whether each region has its own endpoint.
func (e Endpoint) dependsOnRegion() bool { return strings.Contains(e.template, regionPlaceholder) }

// domainPath is the beginning of every path of a domain's API.
const domainPath = "admin/v1"
