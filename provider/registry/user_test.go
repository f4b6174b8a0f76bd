package registry_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
)

func TestTheNamesOfTheRegistryNeedNoPassword(t *testing.T) {
	t.Parallel()
	w := harness.NewWorldWith(t, emulator.Config{Namespace: "ns", Regions: []string{"us-phoenix-1", "eu-frankfurt-1"}})
	s := inprocess.NewStack(w)
	for name, test := range map[string]struct {
		arguments map[string]any
		want      map[string]any
		calls     []string
	}{
		"the caller's own": {
			map[string]any{},
			map[string]any{"server": host(s.World), "namespace": "ns", "username": "ns/alice"},
			[]string{"GetNamespace", "GetUser"},
		},
		"all said": {
			map[string]any{"region": "FRA", "namespace": "other", "username": "ci"},
			map[string]any{"server": host(s.World), "namespace": "other", "username": "other/ci"},
			nil,
		},
		"with the namespace": {
			map[string]any{"username": "ns/Development/alice"},
			map[string]any{"server": host(s.World), "namespace": "ns", "username": "ns/Development/alice"},
			[]string{"GetNamespace"},
		},
		"whoever signs": {
			map[string]any{"username": "BEARER_TOKEN"},
			map[string]any{"server": host(s.World), "namespace": "ns", "username": "BEARER_TOKEN"},
			[]string{"GetNamespace"},
		},
	} {
		s.OCI.ResetJournal()
		s.MustUp(func(m *deploytest.ResourceMonitor) error {
			got, err := inprocess.Invoke(m, inprocess.GetRegistryUser, test.arguments)
			assert.Equal(t, test.want, got, name)
			return err
		})
		var calls []string
		for _, request := range s.OCI.Journal() {
			calls = append(calls, request.Operation)
		}
		assert.Equal(t, test.calls, calls, name)
	}
}

func TestTheFormsOfTheUserName(t *testing.T) {
	t.Parallel()
	w := harness.NewWorldWith(t, emulator.Config{Namespace: "ns", Users: []string{"alice@example.com", "oracleidentitycloudservice/bob@example.com"}})
	registry := ocir.Start(t, w.OCI, w.URL)
	for i, test := range []struct{ username, wrong string }{
		{"ns/alice@example.com", "oracleidentitycloudservice/alice@example.com"},
		{"ns/oracleidentitycloudservice/bob@example.com", "bob@example.com"},
	} {
		s := inprocess.NewStack(w)
		user := w.OCI.Users()[i].ID
		var login map[string]any
		s.MustUp(logInWith(s.World, user, nil, &login))
		assert.Equal(t, test.username, login["username"])
		registry.Machine(login["dockerConfigJson"].(string)).RequireLoggedIn()

		// Without waiting, the provider does not check the name that the program gives. The registry refuses it later.
		s.MustUp(logInWith(s.World, user, map[string]any{"username": test.wrong, "waitUntilReady": false}, &login))
		assert.Equal(t, "ns/"+test.wrong, login["username"])
		registry.Machine(login["dockerConfigJson"].(string)).RequireRefused()

		w.OCI.ResetJournal()
		require.Error(t, s.Up(logInWith(s.World, user, map[string]any{"username": test.wrong}, &login)))
		assert.Equal(t, 6, w.Calls("RegistryLogin"), "tries are few")
	}
}

func TestADomainThatDoesNotHaveTheUserOrNameIsAnError(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	stranger := s.OCI.Users()[0].ID
	ask := func(userID string) error {
		var answer error
		s.MustUp(func(m *deploytest.ResourceMonitor) error {
			_, answer = inprocess.Invoke(m, inprocess.GetRegistryUser, map[string]any{"userId": userID, "domainUrl": s.DomainURL})
			return nil
		})
		return answer
	}
	require.NotEqual(t, s.User, stranger)
	require.ErrorContains(t, ask(stranger), "does not have user "+stranger)
	s.OCI.Inject(emulator.Fault{Operation: "GetDomain", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."})
	require.ErrorContains(t, ask(s.User), "Or set username")
}

func TestTheErrorNamesTheDomainThatTheUserIsIn(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	for function, arguments := range map[string]map[string]any{
		"ociauthtoken:index:getAuthTokens": {},
		inprocess.GetRegistryUser:          {},
		inprocess.GetRegistryLogin:         {"password": harness.Canary},
	} {
		arguments["userId"] = s.User
		told := told(s, function, arguments)
		assert.Contains(t, told, `The user is in the identity domain "sales": set domainUrl to `+s.DomainURL, function)
	}
}

func TestAUserWhoseDomainIsNotKnownStillHasAName(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	s.OCI.Inject(emulator.Fault{Operation: "ListUsers", Omit: []string{"domainOcid"}})
	s.MustUp(func(m *deploytest.ResourceMonitor) error {
		names, err := inprocess.Invoke(m, inprocess.GetRegistryUser, map[string]any{"userId": s.User, "domainUrl": s.DomainURL})
		assert.Equal(t, s.OCI.Namespace()+"/sales", names["username"])
		return err
	})
	assert.Contains(t, s.Diagnostics(), "the user name for the registry is without the domain's name")
}

func TestTheHostsOfTheRegistry(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	arguments := map[string]any{"username": "alice", "namespace": "ns"}
	names, said := namesBehindProxy(c, inprocess.GetRegistryUser, nil, arguments)
	assert.Equal(t, "ocir.us-phoenix-1.oci.oraclecloud.com", names["server"])
	assert.Equal(t, "phx.ocir.io", names["alias"])
	assert.Empty(t, said)

	const schema = `OCI_REGION_METADATA={"realmKey":"oc99","realmDomainComponent":"new-realm.com","regionKey":"NHJ","regionIdentifier":"us-new-1"}`
	for _, region := range []string{"NHJ", "nhj", "us-new-1"} {
		names, _ = namesBehindProxy(c, inprocess.GetRegistryUser, map[string]any{"region": region}, arguments, schema)
		assert.Equal(t, "ocir.us-new-1.oci.new-realm.com", names["server"], region)
		names, _ = namesBehindProxy(c, inprocess.GetRegistryUser, nil, map[string]any{"username": "alice", "namespace": "ns", "region": region}, schema)
		assert.Equal(t, "ocir.us-new-1.oci.new-realm.com", names["server"], region)
	}
	names, _ = namesBehindProxy(c, inprocess.GetRegistryUser, nil, arguments, "OCI_domain_name_override=new-realm.com")
	assert.Equal(t, "ocir.us-phoenix-1.oci.new-realm.com", names["server"])

	arguments["password"] = harness.Canary
	names, _ = namesBehindProxy(c, inprocess.GetRegistryLogin, nil, arguments)
	for _, host := range []string{"ocir.us-phoenix-1.oci.oraclecloud.com", "us-phoenix-1.ocir.io", "phx.ocir.io"} {
		assert.Contains(t, names["dockerConfigJson"], `"`+host+`":`)
	}

	c.OCI.Inject(emulator.Fault{Operation: "ListRegionSubscriptions", Status: 400, Code: "InvalidParameter", Message: "No."})
	names, said = namesBehindProxy(c, inprocess.GetRegistryLogin, nil, arguments)
	assert.NotContains(t, names, "alias")
	assert.Contains(t, names["dockerConfigJson"], `"us-phoenix-1.ocir.io":`)
	assert.NotContains(t, names["dockerConfigJson"], "phx")
	assert.Contains(t, strings.ReplaceAll(said, "\n", " "), "the key of region us-phoenix-1 is not known, so the short name of the registry is left out: could not find out the regions")
}
