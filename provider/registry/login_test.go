package registry_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
)

// logInWith returns a program that creates a token and logs in with it. It stores what the function returns in result.
func logInWith(w *harness.World, userID string, besides map[string]any, result *map[string]any) inprocess.Program {
	return func(m *deploytest.ResourceMonitor) error {
		token, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{Inputs: w.Inputs(userID, "ci")})
		if err != nil {
			return err
		}
		value := token.Outputs["token"]
		if value.IsComputed() || value.IsOutput() || !value.IsSecret() {
			return nil // in a preview
		}
		all := map[string]any{"userId": userID, "password": value.SecretValue().Element.StringValue(), "waitUntilReady": true}
		if w.DomainURL != "" {
			all["domainUrl"] = w.DomainURL
		}
		for name, argument := range besides {
			all[name] = argument
		}
		*result, err = inprocess.Invoke(m, inprocess.GetRegistryLogin, all, "password", "auth", "dockerConfigJson")
		return err
	}
}

func TestLogInPushPullAndBeRefusedAfterDestroy(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorldWith(t, emulator.Config{Namespace: "axaxnpcrorw5"}))
	registry := ocir.Start(t, s.OCI, s.URL)
	var login map[string]any
	s.MustUp(logInWith(s.World, s.User, nil, &login))
	assert.Equal(t, host(s.World), login["server"])
	assert.Equal(t, "axaxnpcrorw5", login["namespace"])
	assert.Equal(t, "axaxnpcrorw5/alice", login["username"])
	assert.True(t, s.Value("token") == login["password"], "the password is returned, for what has to wait for the registry")
	harness.RequireNoValue(t, s.Shown())

	machine := registry.Machine(login["dockerConfigJson"].(string))
	machine.RequireLoggedIn()
	require.NoError(t, s.Destroy())
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
			s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
			s.OCI.SetEmail(s.User, "carol@example.com")
			s.OCI.SetRegistryName(s.User, test.knownAs)
			registry := ocir.Start(t, s.OCI, s.URL)
			var login map[string]any
			err := s.Up(logInWith(s.World, s.User, nil, &login))
			assert.Equal(t, test.logins, s.Calls("RegistryLogin"))
			if test.want == "" {
				require.Error(t, err)
				assert.Contains(t, s.Diagnostics(), "as "+s.OCI.Namespace()+"/sales/sales and as "+s.OCI.Namespace()+"/sales/carol@example.com")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, s.OCI.Namespace()+"/"+test.want, login["username"])
			machine := registry.Machine(login["dockerConfigJson"].(string))
			machine.RequireLoggedIn()
			require.NoError(t, s.Destroy())
			machine.RequireRefused()
		})
	}
}

func TestANewTokenIsWaitedForAtTheRegistry(t *testing.T) {
	t.Parallel()
	clock := harness.NewClock()
	w := harness.NewWorldWith(t, emulator.Config{Namespace: "ns", Clock: clock.Now, RegistryDelay: 90 * time.Second})
	w.Clock = clock
	s := inprocess.NewStack(w)
	registry := ocir.Start(t, s.OCI, s.URL)
	var login map[string]any
	s.MustUp(logInWith(s.World, s.User, nil, &login))
	assert.Equal(t, 4, s.Calls("RegistryLogin"))
	assert.Contains(t, s.Diagnostics(), "waiting for the registry "+host(s.World)+" to accept the token: 3 tries so far in 45s")
	registry.Machine(login["dockerConfigJson"].(string)).RequireLoggedIn()
}

// TestANewUserIsWaitedFor logs in as a user whom the provider's region does not show at first, or does not show at all yet.
func TestANewUserIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, missing := range map[string]emulator.Fault{
		"for a moment":                harness.Times(3, emulator.Fault{Operation: "GetUser", Status: 404, Code: "NotAuthorizedOrNotFound"}),
		"in all regions but the home": {Operation: "GetUser", Region: "us-ashburn-1", Status: 404, Code: "NotAuthorizedOrNotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := inprocess.NewStack(harness.NewWorldWith(t, emulator.Config{Regions: []string{"us-phoenix-1", "us-ashburn-1"}}))
			s.Config["region"], s.Config["endpoint"] = "us-ashburn-1", s.URL+"/{region}"
			s.OCI.Inject(missing)
			var result map[string]any
			s.MustUp(logInWith(s.World, s.User, nil, &result))
			assert.Equal(t, s.OCI.Namespace()+"/alice", result["username"])
		})
	}
}

func TestARegistryThatKeepsRefusingIsAnErrorWithAllDetails(t *testing.T) {
	t.Parallel()
	clock := harness.NewClock()
	w := harness.NewWorldWith(t, emulator.Config{Namespace: "ns", Clock: clock.Now, RegistryDelay: time.Hour})
	w.Clock = clock
	s := inprocess.NewStack(w)
	ocir.Start(t, s.OCI, s.URL)
	var login map[string]any
	require.Error(t, s.Up(logInWith(s.World, s.User, map[string]any{"waitTimeoutSeconds": 100}, &login)))
	said := s.Diagnostics()
	for _, part := range []string{
		"the registry " + host(s.World) + " refuses the login after 1m25s and 4 tries, as ns/alice", "401 Unauthorized",
		s.OnlyToken().ID, "ACTIVE", "set username", "waitTimeoutSeconds",
	} {
		assert.Contains(t, said, part)
	}
	assert.Equal(t, 4, s.Calls("RegistryLogin"))
	assert.Equal(t, s.OnlyToken().Value, s.Value("token"), "the token is recorded all the same")

	s.OCI.EditToken(s.User, s.OnlyToken().ID, func(token *emulator.Token) { token.LifecycleState = "INACTIVE" })
	require.Error(t, s.Up(logInWith(s.World, s.User, map[string]any{"waitTimeoutSeconds": 0}, &login)))
	assert.Contains(t, s.Diagnostics(), "None of the user's auth tokens works, because each is inactive or expired")
}

func TestBadLoginArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	refused := func(function string, arguments map[string]any, complaint string) {
		t.Helper()
		require.NoError(t, s.Up(func(m *deploytest.ResourceMonitor) error {
			_, err := inprocess.Invoke(m, function, arguments)
			require.ErrorContains(t, err, complaint)
			harness.RequireNoValue(t, err.Error())
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
		refused(inprocess.GetRegistryUser, map[string]any{test.argument: test.value}, test.complaint)
		refused(inprocess.GetRegistryLogin, map[string]any{"password": harness.Canary, test.argument: test.value}, test.complaint)
	}
	for _, test := range []struct {
		arguments map[string]any
		complaint string
	}{
		{map[string]any{}, "password: there is none"},
		{map[string]any{}, "getRegistryUser returns the names without one"},
		{map[string]any{"password": ""}, "password: there is none"},
		{map[string]any{"password": nil}, "a token that was imported has no value"},
		{map[string]any{"password": harness.Canary + "\n"}, "password: it contains a line break"},
		{map[string]any{"password": harness.Canary, "waitTimeoutSeconds": -1}, "waitTimeoutSeconds: -1 is not from 0 to 3600"},
		{map[string]any{"password": harness.Canary, "waitTimeoutSeconds": 3601}, "waitTimeoutSeconds: 3601 is not from 0 to 3600"},
		{map[string]any{"password": harness.Canary, "waitTimeoutSeconds": 1.5}, "waitTimeoutSeconds: is not a whole number"},
	} {
		refused(inprocess.GetRegistryLogin, test.arguments, test.complaint)
	}
	assert.Zero(t, s.Calls("RegistryLogin"))
}

func TestLookupsThatOCIRefusesNameTheRemedy(t *testing.T) {
	t.Parallel()
	for operation, complaint := range map[string]string{
		"GetNamespace": "Or set namespace", "GetUser": "Or set username",
	} {
		s := inprocess.NewStack(harness.NewWorld(t))
		s.OCI.Inject(emulator.Fault{Operation: operation, Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."})
		s.MustUp(func(m *deploytest.ResourceMonitor) error {
			_, err := inprocess.Invoke(m, inprocess.GetRegistryUser, map[string]any{"userId": s.User})
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
	s := inprocess.NewStack(harness.NewWorld(t))
	var login map[string]any
	s.MustUp(logInWith(s.World, s.User, map[string]any{"waitUntilReady": false}, &login))
	decoder := json.NewDecoder(strings.NewReader(login["dockerConfigJson"].(string)))
	decoder.DisallowUnknownFields()
	var file struct {
		Auths map[string]struct {
			Auth string `json:"auth"`
		} `json:"auths"`
	}
	require.NoError(t, decoder.Decode(&file))
	require.Len(t, file.Auths, 1)
	assert.True(t, login["auth"] == file.Auths[host(s.World)].Auth)
	assert.Zero(t, s.Calls("RegistryLogin"))
}

// host returns the host and port of the local OCI, which are also those of the container registry.
func host(w *harness.World) string { return strings.TrimPrefix(w.URL, "http://") }

func TestALeakInBase64WouldBeFound(t *testing.T) {
	t.Parallel()
	for i := range 12 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("u", i) + ":" + harness.CanaryValue()))
		assert.True(t, slices.ContainsFunc(harness.Canaries, func(canary string) bool { return strings.Contains(text, canary) }))
	}
}
