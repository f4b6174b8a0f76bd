package tests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// api is one of the two APIs that serve auth tokens: IAM's, and that of an identity domain. The promises hold for both, and the
// same tests check both.
type api struct {
	name   string
	domain string
}

// forEachAPI runs a test with each API.
func forEachAPI(t *testing.T, run func(t *testing.T, a api)) {
	t.Parallel()
	for _, a := range []api{{name: "IAM"}, {name: "identity domain", domain: "sales"}} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			run(t, a)
		})
	}
}

// newWorld starts a local OCI whose user is served by the API. The caller is an administrator.
func (a api) newWorld(t *testing.T) *world {
	t.Helper()
	if a.domain == "" {
		return newWorld(t)
	}
	w := newWorldWith(t, emulator.Config{Domains: []string{a.domain}})
	w.domainURL, w.user = w.oci.Domains()[0].URL, w.oci.Users()[1].ID
	return w
}

func (a api) newStack(t *testing.T) *testStack {
	t.Helper()
	return newStackIn(a.newWorld(t))
}

func (a api) newWire(t *testing.T) *wire {
	t.Helper()
	w := a.newWorld(t)
	return &wire{world: w, plugin: w.configured(map[string]any{"endpoint": w.url})}
}

// addUser creates another user, in the same domain as the first one.
func (w *world) addUser(name string) string {
	w.t.Helper()
	if w.domainURL == "" {
		return w.oci.AddUser(name).ID
	}
	return w.oci.AddUserIn(w.oci.Domains()[0].Name, name).ID
}

// deleteCommand returns the command that messages show for deleting a token of the user.
func (w *world) deleteCommand(id string) string {
	if w.domainURL == "" {
		return "oci iam auth-token delete --user-id " + w.user + " --auth-token-id " + id
	}
	return "oci identity-domains auth-token delete --endpoint " + w.domainURL + " --auth-token-id " + id
}

// listCommand returns the command that messages show for listing the tokens of the user.
func (w *world) listCommand() string {
	if w.domainURL == "" {
		return "oci iam auth-token list --user-id " + w.user
	}
	return fmt.Sprintf(`oci identity-domains auth-tokens list --endpoint %s --filter 'user.ocid eq "%s"'`, w.domainURL, w.user)
}

// code returns the code of an error in the form that the API uses.
func (w *world) code(code string) string {
	if w.domainURL == "" {
		return code
	}
	return "error.common.common." + strings.ToLower(code[:1]) + code[1:]
}

// where returns the name that errors give to the place that was called.
func (w *world) where() string {
	if w.domainURL == "" {
		return "in us-phoenix-1 at " + w.url
	}
	return "in the identity domain " + w.domainURL
}

// importID returns the id for importing a token of the user.
func (w *world) importID(id string) string {
	if w.domainURL == "" {
		return w.user + "/" + id
	}
	return w.domainURL + "/users/" + w.user + "/authTokens/" + id
}

// active returns the state of a token that can be used, in the form that the API uses.
func (w *world) active() string {
	if w.domainURL == "" {
		return "ACTIVE"
	}
	return ""
}

// noTokens returns an empty list.
func (w *world) noTokens() string {
	if w.domainURL == "" {
		return "[]"
	}
	return `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": [], "startIndex": 1, "itemsPerPage": 50}`
}

// domainFields holds the names that an identity domain gives to the fields of IAM's tokens.
var domainFields = map[string][]string{
	"id": {"id", "ocid"}, "userId": {"user"}, "lifecycleState": {"status"}, "timeCreated": {"meta"}, "timeExpires": {"expiresOn"},
	"compartmentId": {"compartmentOcid", "tenancyOcid", "domainOcid"},
}

// spoiling returns a fault that leaves out or overwrites fields, under the names that the API uses.
func (w *world) spoiling(fault emulator.Fault) emulator.Fault {
	if w.domainURL == "" {
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

// requireNoOtherAPI requires that all requests about tokens went to one API.
func (w *world) requireNoOtherAPI() {
	w.t.Helper()
	for _, request := range w.oci.Journal() {
		inDomain := strings.HasPrefix(request.Path, "/admin/v1/")
		require.Equal(w.t, w.domainURL != "", inDomain, request.Path)
	}
}
