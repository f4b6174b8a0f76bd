package registry_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
)

// logIn returns a program that calls getRegistryToken, and stores what it returns in result.
func logIn(arguments map[string]any, result *map[string]any) inprocess.Program {
	return func(m *deploytest.ResourceMonitor) (err error) {
		*result, err = inprocess.Invoke(m, inprocess.GetRegistryToken, arguments, "password", "auth", "dockerConfigJson")
		return err
	}
}

// newRegistryStack returns a stack whose machine and OCI have one clock.
func newRegistryStack(t *testing.T, config emulator.Config) *inprocess.Stack {
	t.Helper()
	clock := harness.NewClock()
	config.Namespace, config.Clock, config.ClockSkew = "ns", clock.Now, 24*time.Hour // requests are signed by the machine's time
	w := harness.NewWorldWith(t, config)
	w.Clock = clock
	return inprocess.NewStack(w)
}

func TestARegistryTokenIsALoginForAnHour(t *testing.T) {
	t.Parallel()
	s := newRegistryStack(t, emulator.Config{})
	registry := ocir.Start(t, s.OCI, s.URL)
	var first, second, previewed map[string]any
	s.MustUp(logIn(nil, &first))
	assert.Equal(t, map[string]any{
		"server": host(s.World), "namespace": "ns", "username": "BEARER_TOKEN", "password": first["password"], "auth": first["auth"],
		"dockerConfigJson": `{"auths":{"` + host(s.World) + `":{"auth":"` + first["auth"].(string) + `"}}}`,
		"timeExpires":      s.Clock.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	}, first)
	machine := registry.Machine(first["dockerConfigJson"].(string))
	machine.RequireLoggedIn()
	assert.Empty(t, s.Tokens(), "there is no auth token")

	s.Clock.Advance(time.Hour)
	machine.RequireRefused()
	s.MustUp(logIn(nil, &second))
	assert.NotEqual(t, first["password"], second["password"])
	registry.Machine(second["dockerConfigJson"].(string)).RequireLoggedIn()

	// None is kept: a preview gets its own, and so does each call.
	s.OCI.ResetJournal()
	require.NoError(t, s.Preview(logIn(nil, &previewed)))
	assert.NotEqual(t, second["password"], previewed["password"])
	assert.Equal(t, 1, s.Calls("GetAccessToken"))
	assert.Zero(t, s.Writes())
}

// TestAnAccessTokenFromElsewhereLogsIn passes a password that was got in another way, such as with OCI's CLI, to getRegistryLogin.
func TestAnAccessTokenFromElsewhereLogsIn(t *testing.T) {
	t.Parallel()
	s := newRegistryStack(t, emulator.Config{})
	registry := ocir.Start(t, s.OCI, s.URL)
	var got, login map[string]any
	s.MustUp(logIn(nil, &got))
	arguments := map[string]any{"username": "BEARER_TOKEN", "password": got["password"], "waitUntilReady": true}
	s.MustUp(func(m *deploytest.ResourceMonitor) (err error) {
		login, err = inprocess.Invoke(m, inprocess.GetRegistryLogin, arguments, "password", "auth", "dockerConfigJson")
		return err
	})
	assert.Equal(t, "BEARER_TOKEN", login["username"])
	registry.Machine(login["dockerConfigJson"].(string)).RequireLoggedIn()

	s.Clock.Advance(time.Hour)
	told := told(s, inprocess.GetRegistryLogin, arguments)
	assert.Contains(t, told, "as BEARER_TOKEN: it answers 401 Unauthorized. An access token is valid for an hour: get another one")
	assert.NotContains(t, told, "userId")
}

func TestARegistryTokenIsForItsScope(t *testing.T) {
	t.Parallel()
	s := newRegistryStack(t, emulator.Config{})
	registry := ocir.Start(t, s.OCI, s.URL)
	var login map[string]any
	s.MustUp(logIn(map[string]any{"scope": "repository:ns/other:pull,push"}, &login))
	registry.Machine(login["dockerConfigJson"].(string)).RequireRefused()
}

// TestAPushWithoutAPolicyIsRefused has a caller who may sign, and nothing else.
func TestAPushWithoutAPolicyIsRefused(t *testing.T) {
	t.Parallel()
	s := newRegistryStack(t, emulator.Config{})
	registry := ocir.Start(t, s.OCI, s.URL)
	s.OCI.LimitRepositories(s.User)
	var login map[string]any
	s.MustUp(logIn(nil, &login))
	registry.Machine(login["dockerConfigJson"].(string)).RequireRefused()
}

func TestWhatTheRegistryAnswersInsteadOfAToken(t *testing.T) {
	t.Parallel()
	const noJSON = "OCI answered 200 OK"
	for name, test := range map[string]struct {
		fault emulator.Fault
		tells []string
		calls int
	}{
		"no token":        {emulator.Fault{Omit: []string{"token", "access_token"}}, []string{noJSON, "there is no token in it"}, 8},
		"only one name":   {emulator.Fault{Omit: []string{"token"}}, nil, 1},
		"the other name":  {emulator.Fault{Omit: []string{"access_token", "scope"}}, nil, 1},
		"a page":          {emulator.Fault{Body: "<html>" + harness.Canary, MediaType: "text/html"}, []string{noJSON, "it is text/html, not JSON"}, 8},
		"a past hour":     {emulator.Fault{Set: map[string]any{"expires_in": 0}}, []string{"has expired already: expires_in is 0"}, 8},
		"a fault":         {emulator.Fault{Status: 503, Times: 2}, nil, 3},
		"too many":        {emulator.Fault{Status: 429, Code: "TooManyRequests", Times: 3}, nil, 4},
		"a redirect":      {emulator.Fault{Status: 302, Header: map[string]string{"Location": "https://example.com/"}}, []string{"Redirects are not followed"}, 1},
		"who is this?":    {emulator.Fault{Status: 401, Code: "NotAuthenticated", Message: "No."}, []string{"The request was signed by", "subscribed to the region"}, 1},
		"no such service": {emulator.Fault{Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."}, []string{"subscribed to the region"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRegistryStack(t, emulator.Config{})
			test.fault.Operation = "GetAccessToken"
			s.OCI.Inject(test.fault)
			var login map[string]any
			err := s.Up(logIn(nil, &login))
			assert.Equal(t, test.calls, s.Calls("GetAccessToken"))
			if test.tells == nil {
				require.NoError(t, err)
				assert.NotEmpty(t, login["password"])
				return
			}
			require.Error(t, err)
			said := s.Diagnostics()
			for _, part := range append(test.tells, "could not get an access token of the registry "+host(s.World)) {
				assert.Contains(t, said, part)
			}
			harness.RequireNoValue(t, said)
		})
	}
}

func TestBadArgumentsOfARegistryTokenAreNamed(t *testing.T) {
	t.Parallel()
	s := newRegistryStack(t, emulator.Config{})
	for wrong, arguments := range map[string]map[string]any{
		"region: ":                         {"region": "nowhere"},
		"scope: it is empty":               {"scope": ""},
		"scope: a text of 13 characters":   {"scope": "ns/app:latest"},
		`scope: "secret" is not the scope`: {"scope": "secret"},
		"namespace: ":                      {"namespace": "a/b"},
		"username":                         {"username": "alice"},
	} {
		assert.Contains(t, told(s, inprocess.GetRegistryToken, arguments), wrong)
	}
	assert.Zero(t, s.Calls("GetAccessToken"))
	var login map[string]any
	s.MustUp(logIn(map[string]any{"region": nil, "scope": nil, "namespace": nil}, &login))
	assert.Equal(t, "ns", login["namespace"])
}

func TestARegistryTokenBeforeTheConfigurationIsKnown(t *testing.T) {
	t.Parallel()
	s := newRegistryStack(t, emulator.Config{})
	require.NoError(t, s.Preview(func(m *deploytest.ResourceMonitor) error {
		provider, err := m.RegisterResource("pulumi:providers:ociauthtoken", "later", true, deploytest.ResourceOptions{
			Inputs: resource.PropertyMap{"region": resource.MakeComputed(resource.NewProperty(""))},
		})
		if err != nil {
			return err
		}
		result, failures, err := m.Invoke(inprocess.GetRegistryToken, nil, string(provider.URN)+"::"+string(provider.ID), "", "")
		assert.Empty(t, failures)
		assert.Empty(t, result, "Pulumi does not ask the provider")
		return err
	}))
	assert.Empty(t, s.OCI.Journal())
}

func TestCancelEndsAWaitForAnAccessToken(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	world := harness.NewWorldWith(t, emulator.Config{Sleep: func(ctx context.Context, _ time.Duration) error {
		close(arrived)
		<-ctx.Done()
		return ctx.Err()
	}})
	plugin := inprocess.Configured(world, map[string]any{"endpoint": world.URL})
	world.OCI.Inject(emulator.Fault{Operation: "GetAccessToken", Delay: emulator.Duration(time.Hour)})
	ended := make(chan error, 1)
	go func() {
		_, err := plugin.Invoke(context.Background(), &pulumirpc.InvokeRequest{Tok: inprocess.GetRegistryToken})
		ended <- err
	}()
	<-arrived
	_, err := plugin.Cancel(context.Background(), &emptypb.Empty{})
	require.NoError(t, err)
	require.ErrorContains(t, <-ended, "could not get an access token of the registry 127.0.0.1")
}

func TestTheRegistryOfARegionIsAskedForItsToken(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	login, _ := namesBehindProxy(c, inprocess.GetRegistryToken, nil, map[string]any{"region": "PHX"})
	assert.Equal(t, "ocir.us-phoenix-1.oci.oraclecloud.com", login["server"])
	assert.Equal(t, c.OCI.Namespace(), login["namespace"])
	for _, host := range []string{"ocir.us-phoenix-1.oci.oraclecloud.com", "us-phoenix-1.ocir.io"} {
		assert.Contains(t, login["dockerConfigJson"], `"`+host+`":`)
	}
	assert.Contains(t, c.Connected, "ocir.us-phoenix-1.oci.oraclecloud.com:443")
	for _, request := range c.OCI.Journal() {
		if request.Operation == "GetAccessToken" {
			assert.Equal(t, c.User, request.CallerID)
			assert.True(t, strings.HasPrefix(request.UserAgent, "pulumi-ociauthtoken/"))
		}
	}
	assert.Equal(t, 1, c.Calls("GetAccessToken"))
}
