package examples

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestJSONOfPulumiShowsSecretsOfTypeScript shows what SECURITY.md warns of. Once it fails, take the warning away: pulumi/pulumi 24478 mends it.
func TestJSONOfPulumiShowsSecretsOfTypeScript(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--json", "--debug"} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, "typescript", typeScript)
			p.newStack("dev", map[string]string{"userId": p.users[0], "description": "ci"})
			command := exec.CommandContext(t.Context(), "pulumi", "up", "--yes", "--skip-preview", "--non-interactive", flag)
			command.Dir, command.Env = p.dir, p.env
			printed, err := command.CombinedOutput()
			require.NoError(t, err)
			require.Len(t, p.tokens(), 1)
			assert.True(t, strings.Contains(string(printed), canary), "it does not any more")
		})
	}
}
