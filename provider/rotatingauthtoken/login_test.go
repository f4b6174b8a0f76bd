package rotatingauthtoken_test

import (
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
)

// TestTheRegistryAcceptsTheLastLoginUntilTheNextRotation checks that a machine which logged in before a rotation keeps working until
// the next one.
func TestTheRegistryAcceptsTheLastLoginUntilTheNextRotation(t *testing.T) {
	harness.ForEachAPI(t, takesTheLastLogin)
}

func takesTheLastLogin(t *testing.T, a harness.API) {
	s := newRotatingStack(t, a, nil)
	registry := ocir.Start(t, s.OCI, s.URL)
	rotate := func(to string) ocir.Machine {
		t.Helper()
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"to": to}})
		var login map[string]any
		require.NoError(t, s.Stack.Up(func(m *deploytest.ResourceMonitor) error {
			if err := s.program(m); err != nil {
				return err
			}
			arguments := map[string]any{"userId": s.User, "password": harness.Text(s.previewed, "token"), "waitUntilReady": true}
			if s.DomainURL != "" {
				arguments["domainUrl"] = s.DomainURL
			}
			var err error
			login, err = inprocess.Invoke(m, inprocess.GetRegistryLogin, arguments, "auth", "dockerConfigJson")
			return err
		}))
		return registry.Machine(login["dockerConfigJson"].(string))
	}

	first := rotate("1")
	first.RequireLoggedIn()
	second := rotate("2")
	first.RequireLoggedIn()
	second.RequireLoggedIn()
	third := rotate("3")
	first.RequireRefused()
	second.RequireLoggedIn()
	third.RequireLoggedIn()
	require.NoError(t, s.Destroy())
	for _, machine := range []ocir.Machine{first, second, third} {
		machine.RequireRefused()
	}
	assert.Empty(t, s.Tokens())
}
