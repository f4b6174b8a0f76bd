package registry

import "strings"

// Region is the region of a registry.
type Region struct {
	// Name is the region's name, such as "us-phoenix-1".
	Name string
	// Domain is the second-level domain of the region's realm, such as "oraclecloud.com".
	Domain string
	// Key is the region's key, such as "PHX". It is empty if it is not known.
	Key string
}

// commercialDomain is the second-level domain of the commercial realm, the only one that has hosts below ocir.io.
const commercialDomain = "oraclecloud.com"

// Hosts returns the host name of the region's registry, and its short name, which is empty if there is none or it is not
// known: https://docs.oracle.com/en-us/iaas/Content/Registry/Concepts/registryprerequisites.htm.
func (r Region) Hosts() (server, alias string) {
	if strings.Contains(r.Name, ".") {
		// A region of a realm that the SDK does not know. Its name contains the domain.
		return "ocir." + r.Name, ""
	}
	if r.Domain == commercialDomain && r.Key != "" {
		alias = strings.ToLower(r.Key) + ".ocir.io"
	}
	return "ocir." + r.Name + ".oci." + r.Domain, alias
}
