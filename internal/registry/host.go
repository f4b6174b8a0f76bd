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

// Server returns the host name of the region's registry:
// https://docs.oracle.com/en-us/iaas/Content/Registry/Concepts/registryprerequisites.htm.
func (r Region) Server() string {
	if r.containsDomain() {
		return "ocir." + r.Name
	}
	return "ocir." + r.Name + ".oci." + r.Domain
}

// ShortName returns the short host name of the same registry. It is empty if there is none, or it is not known.
func (r Region) ShortName() string {
	if !r.isCommercial() || r.Key == "" {
		return ""
	}
	return strings.ToLower(r.Key) + ".ocir.io"
}

// Hosts returns every host name of the region's registry, Server first. Images are pulled from the others too: OKE's node script takes
// <region>.ocir.io in the commercial realm, and ocir.<region>.<domain> in those of governments.
func (r Region) Hosts() []string {
	hosts := []string{r.Server()}
	switch {
	case r.isCommercial():
		hosts = append(hosts, r.Name+".ocir.io")
		if short := r.ShortName(); short != "" {
			hosts = append(hosts, short)
		}
	case !r.containsDomain() && (r.Domain == "oraclegovcloud.com" || r.Domain == "oraclegovcloud.uk"):
		hosts = append(hosts, "ocir."+r.Name+"."+r.Domain)
	}
	return hosts
}

// containsDomain reports whether the name of the region contains the domain of a realm that the SDK does not know.
func (r Region) containsDomain() bool { return strings.Contains(r.Name, ".") }

// isCommercial reports whether the region is in the commercial realm, the only one with hosts below ocir.io.
func (r Region) isCommercial() bool { return r.Domain == "oraclecloud.com" && !r.containsDomain() }
