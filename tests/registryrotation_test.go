package tests

import (
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
)

// TestTheRegistryAcceptsTheLastLoginUntilTheNextRotation checks that a machine which logged in before a rotation keeps working until
// the next one.
func TestTheRegistryAcceptsTheLastLoginUntilTheNextRotation(t *testing.T) {
	forEachAPI(t, takesTheLastLogin)
}

func takesTheLastLogin(t *testing.T, a api) {
	s := a.newRotatingStack(t, nil)
	registry := ocir.Start(t, s.oci, s.url)
	rotate := func(to string) ocir.Machine {
		t.Helper()
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"to": to}})
		var login map[string]any
		require.NoError(t, s.testStack.up(func(m *deploytest.ResourceMonitor) error {
			if err := s.program(m); err != nil {
				return err
			}
			arguments := map[string]any{"userId": s.user, "password": text(s.previewed, "token"), "waitUntilReady": true}
			if s.domainURL != "" {
				arguments["domainUrl"] = s.domainURL
			}
			var err error
			login, err = invoke(m, getRegistryLogin, arguments, "auth", "dockerConfigJson")
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
	require.NoError(t, s.destroy())
	for _, machine := range []ocir.Machine{first, second, third} {
		machine.RequireRefused()
	}
	assert.Empty(t, s.tokens())
}
