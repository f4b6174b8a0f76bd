package emulator

import (
	"net/http"
	"strings"
)

// Namespace returns the tenancy's Object Storage namespace.
func (s *Service) Namespace() string { return s.config.Namespace }

// tenancyName is the name of the tenancy.
const tenancyName = "example"

// tenancyOperation is the call about the tenancy or one of its domains that a path stands for, Object Storage's and the registry's
// among them, which are not below the identity service's version. It is empty for all other paths.
func tenancyOperation(method, path string) string {
	path = strings.TrimSuffix(path, "/")
	domain, isDomain := strings.CutPrefix(path, basePath+"/domains/")
	rest, isTenancy := strings.CutPrefix(path, basePath+"/tenancies/")
	switch {
	case method != http.MethodGet:
		return ""
	case path == "/n":
		return "GetNamespace"
	case path == registryTokenPath:
		return "GetAccessToken"
	case isTenancy && rest != "" && !strings.Contains(rest, "/"):
		return "GetTenancy"
	case isDomain && domain != "" && !strings.Contains(domain, "/"):
		return "GetDomain"
	default:
		return ""
	}
}

// getDomain returns a domain, with the fields that it has in a list.
func (s *Service) getDomain(c *call) (answer, *failure) {
	for _, summary := range s.domainSummaries() {
		if strings.HasSuffix(strings.TrimSuffix(c.URL.Path, "/"), "/"+summary["id"].(string)) {
			return answer{status: http.StatusOK, body: summary}, nil
		}
	}
	return answer{}, notFound
}

func (s *Service) getTenancy(c *call) (answer, *failure) {
	if !strings.HasSuffix(strings.TrimSuffix(c.URL.Path, "/"), "/"+s.tenancy) {
		return answer{}, notFound
	}
	return answer{status: http.StatusOK, body: map[string]any{
		"id": s.tenancy, "name": tenancyName, "description": tenancyName, "homeRegionKey": regionKeys[s.home()],
	}}, nil
}
