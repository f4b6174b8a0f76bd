package harness

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// API is one of the two APIs that serve auth tokens. The promises hold for both, and the same tests check both.
type API struct {
	name   string
	Domain string // the name of the identity domain, or "" for IAM
}

// IAM serves the users of the domain Default, and IdentityDomain serves those of a domain named sales.
var (
	IAM            = API{name: "IAM"}
	IdentityDomain = API{name: "identity domain", Domain: "sales"}
)

// ForEachAPI runs a test with each API.
func ForEachAPI(t *testing.T, run func(t *testing.T, a API)) {
	t.Parallel()
	for _, a := range []API{IAM, IdentityDomain} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			run(t, a)
		})
	}
}

// NewWorld starts a local OCI whose user is served by the API. The caller is an administrator.
func (a API) NewWorld(t *testing.T) *World {
	t.Helper()
	return a.NewWorldWith(t, emulator.Config{})
}

// NewWorldWith does the same with a configuration.
func (a API) NewWorldWith(t *testing.T, config emulator.Config) *World {
	t.Helper()
	if a.Domain == "" {
		return NewWorldWith(t, config)
	}
	config.Domains = []string{a.Domain}
	w := NewWorldWith(t, config)
	w.DomainURL, w.User = w.OCI.Domains()[0].URL, w.OCI.Users()[1].ID
	return w
}

// NewWorldOnOneClock starts a local OCI that shares the provider's clock, which a test advances by years. Requests are signed with the
// machine's own clock, so their dates are wrong. The first region is the home region.
func (a API) NewWorldOnOneClock(t *testing.T, regions ...string) *World {
	t.Helper()
	clock := NewClock()
	w := a.NewWorldWith(t, emulator.Config{Clock: clock.Now, ClockSkew: 100 * 365 * Day, Regions: regions})
	w.Clock = clock
	return w
}

// DeleteCommand returns the command that messages show for deleting a token of the user.
func (w *World) DeleteCommand(id string) string {
	if w.DomainURL == "" {
		return "oci iam auth-token delete --user-id " + w.User + " --auth-token-id " + id
	}
	return "oci identity-domains auth-token delete --endpoint " + w.DomainURL + " --auth-token-id " + id
}

// ListCommand returns the command that messages show for listing the tokens of the user.
func (w *World) ListCommand() string {
	if w.DomainURL == "" {
		return "oci iam auth-token list --user-id " + w.User
	}
	return fmt.Sprintf(`oci identity-domains auth-tokens list --endpoint %s --filter 'user.ocid eq "%s"'`, w.DomainURL, w.User)
}

// Code returns the code of an error in the form that the API uses.
func (w *World) Code(code string) string {
	if w.DomainURL == "" {
		return code
	}
	return "error.common.common." + strings.ToLower(code[:1]) + code[1:]
}

// Where returns the name that errors give to the place that was called.
func (w *World) Where() string {
	if w.DomainURL == "" {
		return "in us-phoenix-1 at " + w.URL
	}
	return "in the identity domain " + w.DomainURL
}

// ImportID returns the id for importing a token of the user.
func (w *World) ImportID(id string) string {
	if w.DomainURL == "" {
		return w.User + "/" + id
	}
	return w.DomainURL + "/users/" + w.User + "/authTokens/" + id
}

// Active returns the state of a token that can be used, in the form that the API uses.
func (w *World) Active() string {
	if w.DomainURL == "" {
		return "ACTIVE"
	}
	return ""
}

// NoTokens returns an empty list.
func (w *World) NoTokens() string {
	if w.DomainURL == "" {
		return "[]"
	}
	return `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": [], "startIndex": 1, "itemsPerPage": 50}`
}

// domainFields holds the names that an identity domain gives to the fields of IAM's tokens.
var domainFields = map[string][]string{
	"id": {"id", "ocid"}, "userId": {"user"}, "lifecycleState": {"status"}, "timeCreated": {"meta"}, "timeExpires": {"expiresOn"},
	"compartmentId": {"compartmentOcid", "tenancyOcid", "domainOcid"},
}

// Spoiling returns a fault that leaves out or overwrites fields of an answer, under the names that the API uses.
func (w *World) Spoiling(fault emulator.Fault) emulator.Fault {
	if w.DomainURL == "" {
		return fault
	}
	names := func(name string) []string {
		if other, ok := domainFields[name]; ok {
			return other
		}
		return []string{name}
	}
	spoiling := fault
	spoiling.Omit, spoiling.Set = nil, nil
	for _, name := range fault.Omit {
		spoiling.Omit = append(spoiling.Omit, names(name)...)
	}
	if fault.Set != nil {
		spoiling.Set = map[string]any{}
	}
	for name, value := range fault.Set {
		for _, other := range names(name) {
			switch text, isText := value.(string); {
			case name == "userId" && isText:
				spoiling.Set[other] = map[string]any{"ocid": text}
			case name == "timeCreated" && isText:
				spoiling.Set[other] = map[string]any{"created": text}
			default:
				spoiling.Set[other] = value
			}
		}
	}
	return spoiling
}

// RequireNoOtherAPI requires that all requests about tokens went to one API.
func (w *World) RequireNoOtherAPI() {
	w.T.Helper()
	for _, request := range w.OCI.Journal() {
		inDomain := strings.HasPrefix(request.Path, "/admin/v1/")
		require.Equal(w.T, w.DomainURL != "", inDomain, request.Path)
	}
}

// FormsOfURL returns other forms of the URL of an identity domain. The host of each reaches the domain.
func FormsOfURL(domainURL string) []string {
	host := strings.TrimPrefix(domainURL, "http://")
	return []string{domainURL, domainURL + "/", "HTTP://" + host, "Http://" + host + "//"}
}
