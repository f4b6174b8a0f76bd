package tests

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
)

const (
	getRegistryLogin = "ociauthtoken:index:getRegistryLogin"
	getRegistryUser  = "ociauthtoken:index:getRegistryUser"
	getRegistryToken = "ociauthtoken:index:getRegistryToken"
)

// invoke calls a function as a program does, and returns the answer as plaintext. Each property named in secrets must be a secret in
// the answer.
func invoke(m *deploytest.ResourceMonitor, function string, arguments map[string]any, secrets ...string) (map[string]any, error) {
	result, failures, err := m.Invoke(tokens.ModuleMember(function), resource.NewPropertyMapFromMap(arguments), "", "", "")
	switch {
	case err != nil:
		return nil, err
	case len(failures) > 0:
		return nil, errors.New(failures[0].Reason)
	}
	got := map[string]any{}
	for name, property := range result {
		isSecret := property.IsSecret()
		if isSecret {
			property = property.SecretValue().Element
		}
		for _, secret := range secrets {
			if string(name) == secret && !isSecret {
				return nil, fmt.Errorf("%s is in clear on the wire", name)
			}
		}
		got[string(name)] = property.Mappable()
	}
	return got, nil
}

// logInWith returns a program that creates a token and logs in with it. It stores what the function returns in result.
func (w *world) logInWith(userID string, besides map[string]any, result *map[string]any) program {
	return func(m *deploytest.ResourceMonitor) error {
		token, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{Inputs: w.inputs(userID, "ci")})
		if err != nil {
			return err
		}
		value := token.Outputs["token"]
		if value.IsComputed() || value.IsOutput() || !value.IsSecret() {
			return nil // in a preview
		}
		all := map[string]any{"userId": userID, "password": value.SecretValue().Element.StringValue(), "waitUntilReady": true}
		if w.domainURL != "" {
			all["domainUrl"] = w.domainURL
		}
		for name, argument := range besides {
			all[name] = argument
		}
		*result, err = invoke(m, getRegistryLogin, all, "password", "auth", "dockerConfigJson")
		return err
	}
}

func TestLogInPushPullAndBeRefusedAfterDestroy(t *testing.T) {
	t.Parallel()
	s := newStackIn(newWorldWith(t, emulator.Config{Namespace: "axaxnpcrorw5"}))
	registry := ocir.Start(t, s.oci, s.url)
	var login map[string]any
	s.mustUp(s.logInWith(s.user, nil, &login))
	assert.Equal(t, s.host(), login["server"])
	assert.Equal(t, "axaxnpcrorw5", login["namespace"])
	assert.Equal(t, "axaxnpcrorw5/alice", login["username"])
	assert.True(t, s.value("token") == login["password"], "the password is returned, for what has to wait for the registry")
	requireNoValue(t, s.shown())

	machine := registry.Machine(login["dockerConfigJson"].(string))
	machine.RequireLoggedIn()
	require.NoError(t, s.destroy())
	machine.RequireRefused()
}

func TestLogInAsAUserOfAnIdentityDomain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		knownAs, want string
		logins        int
	}{
		"as OCI says":              {"", "sales/sales", 1},
		"by the e-mail address":    {"sales/carol@example.com", "sales/carol@example.com", 4},
		"under neither of the two": {"carol", "", 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sales.newStack(t)
			s.oci.SetEmail(s.user, "carol@example.com")
			s.oci.SetRegistryName(s.user, test.knownAs)
			registry := ocir.Start(t, s.oci, s.url)
			var login map[string]any
			err := s.up(s.logInWith(s.user, nil, &login))
			assert.Equal(t, test.logins, s.calls("RegistryLogin"))
			if test.want == "" {
				require.Error(t, err)
				assert.Contains(t, s.diagnostics(), "as "+s.oci.Namespace()+"/sales/sales and as "+s.oci.Namespace()+"/sales/carol@example.com")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, s.oci.Namespace()+"/"+test.want, login["username"])
			machine := registry.Machine(login["dockerConfigJson"].(string))
			machine.RequireLoggedIn()
			require.NoError(t, s.destroy())
			machine.RequireRefused()
		})
	}
}

func TestADomainThatDoesNotHaveTheUserOrNameIsAnError(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	stranger := s.oci.Users()[0].ID
	ask := func(userID string) error {
		var answer error
		s.mustUp(func(m *deploytest.ResourceMonitor) error {
			_, answer = invoke(m, getRegistryUser, map[string]any{"userId": userID, "domainUrl": s.domainURL})
			return nil
		})
		return answer
	}
	require.NotEqual(t, s.user, stranger)
	require.ErrorContains(t, ask(stranger), "does not have user "+stranger)
	s.oci.Inject(emulator.Fault{Operation: "GetDomain", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."})
	require.ErrorContains(t, ask(s.user), "Or set username")
}

func TestTheFormsOfTheUserName(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, emulator.Config{Namespace: "ns", Users: []string{"alice@example.com", "oracleidentitycloudservice/bob@example.com"}})
	registry := ocir.Start(t, w.oci, w.url)
	for i, test := range []struct{ username, wrong string }{
		{"ns/alice@example.com", "oracleidentitycloudservice/alice@example.com"},
		{"ns/oracleidentitycloudservice/bob@example.com", "bob@example.com"},
	} {
		s := newStackIn(w)
		user := w.oci.Users()[i].ID
		var login map[string]any
		s.mustUp(s.logInWith(user, nil, &login))
		assert.Equal(t, test.username, login["username"])
		registry.Machine(login["dockerConfigJson"].(string)).RequireLoggedIn()

		// Without waiting, the provider does not check the name that the program gives. The registry refuses it later.
		s.mustUp(s.logInWith(user, map[string]any{"username": test.wrong, "waitUntilReady": false}, &login))
		assert.Equal(t, "ns/"+test.wrong, login["username"])
		registry.Machine(login["dockerConfigJson"].(string)).RequireRefused()

		w.oci.ResetJournal()
		require.Error(t, s.up(s.logInWith(user, map[string]any{"username": test.wrong}, &login)))
		assert.Equal(t, 6, w.calls("RegistryLogin"), "tries are few")
	}
}

func TestANewTokenIsWaitedForAtTheRegistry(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	w := newWorldWith(t, emulator.Config{Namespace: "ns", Clock: clock.Now, RegistryDelay: 90 * time.Second})
	w.clock = clock
	s := newStackIn(w)
	registry := ocir.Start(t, s.oci, s.url)
	var login map[string]any
	s.mustUp(s.logInWith(s.user, nil, &login))
	assert.Equal(t, 4, s.calls("RegistryLogin"))
	assert.Contains(t, s.diagnostics(), "waiting for the registry "+s.host()+" to accept the token: 3 tries so far in 45s")
	registry.Machine(login["dockerConfigJson"].(string)).RequireLoggedIn()
}

// TestANewUserIsWaitedFor logs in as a user whom the provider's region does not show at first, or does not show at all yet.
func TestANewUserIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, missing := range map[string]emulator.Fault{
		"for a moment":                times(3, emulator.Fault{Operation: "GetUser", Status: 404, Code: "NotAuthorizedOrNotFound"}),
		"in all regions but the home": {Operation: "GetUser", Region: "us-ashburn-1", Status: 404, Code: "NotAuthorizedOrNotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStackIn(newWorldWith(t, emulator.Config{Regions: []string{"us-phoenix-1", "us-ashburn-1"}}))
			s.config["region"], s.config["endpoint"] = "us-ashburn-1", s.url+"/{region}"
			s.oci.Inject(missing)
			var result map[string]any
			s.mustUp(s.logInWith(s.user, nil, &result))
			assert.Equal(t, s.oci.Namespace()+"/alice", result["username"])
		})
	}
}

func TestARegistryThatKeepsRefusingIsAnErrorWithAllDetails(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	w := newWorldWith(t, emulator.Config{Namespace: "ns", Clock: clock.Now, RegistryDelay: time.Hour})
	w.clock = clock
	s := newStackIn(w)
	ocir.Start(t, s.oci, s.url)
	var login map[string]any
	require.Error(t, s.up(s.logInWith(s.user, map[string]any{"waitTimeoutSeconds": 100}, &login)))
	said := s.diagnostics()
	for _, part := range []string{
		"the registry " + s.host() + " refuses the login after 1m25s and 4 tries, as ns/alice", "401 Unauthorized",
		s.onlyToken().ID, "ACTIVE", "set username", "waitTimeoutSeconds",
	} {
		assert.Contains(t, said, part)
	}
	assert.Equal(t, 4, s.calls("RegistryLogin"))
	assert.Equal(t, s.onlyToken().Value, s.value("token"), "the token is recorded all the same")

	s.oci.EditToken(s.user, s.onlyToken().ID, func(token *emulator.Token) { token.LifecycleState = "INACTIVE" })
	require.Error(t, s.up(s.logInWith(s.user, map[string]any{"waitTimeoutSeconds": 0}, &login)))
	assert.Contains(t, s.diagnostics(), "None of the user's auth tokens works, because each is inactive or expired")
}

func TestTheNamesOfTheRegistryNeedNoPassword(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, emulator.Config{Namespace: "ns", Regions: []string{"us-phoenix-1", "eu-frankfurt-1"}})
	s := newStackIn(w)
	for name, test := range map[string]struct {
		arguments map[string]any
		want      map[string]any
		calls     []string
	}{
		"the caller's own": {
			map[string]any{},
			map[string]any{"server": s.host(), "namespace": "ns", "username": "ns/alice"},
			[]string{"GetNamespace", "GetUser"},
		},
		"all said": {
			map[string]any{"region": "FRA", "namespace": "other", "username": "ci"},
			map[string]any{"server": s.host(), "namespace": "other", "username": "other/ci"},
			nil,
		},
		"with the namespace": {
			map[string]any{"username": "ns/Development/alice"},
			map[string]any{"server": s.host(), "namespace": "ns", "username": "ns/Development/alice"},
			[]string{"GetNamespace"},
		},
	} {
		s.oci.ResetJournal()
		s.mustUp(func(m *deploytest.ResourceMonitor) error {
			got, err := invoke(m, getRegistryUser, test.arguments)
			assert.Equal(t, test.want, got, name)
			return err
		})
		var calls []string
		for _, request := range s.oci.Journal() {
			calls = append(calls, request.Operation)
		}
		assert.Equal(t, test.calls, calls, name)
	}
}

func TestBadLoginArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	refused := func(function string, arguments map[string]any, complaint string) {
		t.Helper()
		require.NoError(t, s.up(func(m *deploytest.ResourceMonitor) error {
			_, err := invoke(m, function, arguments)
			require.ErrorContains(t, err, complaint)
			requireNoValue(t, err.Error())
			return nil
		}))
	}
	for _, test := range []struct{ argument, value, complaint string }{
		{"userId", "alice", `userId: "alice" is not an OCID`},
		{"username", "a:b", "username: it holds a colon"},
		{"username", "", "username: it is empty"},
		{"namespace", "a/b", `namespace: a text of 3 characters is not an Object Storage namespace`},
		{"region", "nowhere", `region: "nowhere" is not the name or the key of a region`},
	} {
		refused(getRegistryUser, map[string]any{test.argument: test.value}, test.complaint)
		refused(getRegistryLogin, map[string]any{"password": canary, test.argument: test.value}, test.complaint)
	}
	for _, test := range []struct {
		arguments map[string]any
		complaint string
	}{
		{map[string]any{}, "password: there is none"},
		{map[string]any{}, "getRegistryUser returns the names without one"},
		{map[string]any{"password": ""}, "password: there is none"},
		{map[string]any{"password": nil}, "a token that was imported has no value"},
		{map[string]any{"password": canary + "\n"}, "password: it contains a line break"},
		{map[string]any{"password": canary, "waitTimeoutSeconds": -1}, "waitTimeoutSeconds: -1 is not from 0 to 3600"},
		{map[string]any{"password": canary, "waitTimeoutSeconds": 3601}, "waitTimeoutSeconds: 3601 is not from 0 to 3600"},
	} {
		refused(getRegistryLogin, test.arguments, test.complaint)
	}
	assert.Zero(t, s.calls("RegistryLogin"))
}

func TestLookupsThatOCIRefusesNameTheRemedy(t *testing.T) {
	t.Parallel()
	for operation, complaint := range map[string]string{
		"GetNamespace": "Or set namespace", "GetUser": "Or set username",
	} {
		s := newStack(t)
		s.oci.Inject(emulator.Fault{Operation: operation, Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."})
		s.mustUp(func(m *deploytest.ResourceMonitor) error {
			_, err := invoke(m, getRegistryUser, map[string]any{"userId": s.user})
			require.ErrorContains(t, err, complaint)
			assert.ErrorContains(t, err, "404 NotAuthorizedOrNotFound")
			return nil
		})
	}
}

// TestTheRenderedFileContainsOneLoginAndNothingElse parses Docker's configuration strictly: it is an "auths" with one host, which has
// an "auth".
func TestTheRenderedFileContainsOneLoginAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var login map[string]any
	s.mustUp(s.logInWith(s.user, map[string]any{"waitUntilReady": false}, &login))
	decoder := json.NewDecoder(strings.NewReader(login["dockerConfigJson"].(string)))
	decoder.DisallowUnknownFields()
	var file struct {
		Auths map[string]struct {
			Auth string `json:"auth"`
		} `json:"auths"`
	}
	require.NoError(t, decoder.Decode(&file))
	require.Len(t, file.Auths, 1)
	assert.True(t, login["auth"] == file.Auths[s.host()].Auth)
	assert.Zero(t, s.calls("RegistryLogin"))
}

// host returns the host and port of the local OCI, which are also those of the container registry.
func (w *world) host() string { return strings.TrimPrefix(w.url, "http://") }

func TestALeakInBase64WouldBeFound(t *testing.T) {
	t.Parallel()
	for i := range 12 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("u", i) + ":" + canaryValue()))
		assert.True(t, slices.ContainsFunc(canaries, func(canary string) bool { return strings.Contains(text, canary) }))
	}
}
