package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestNewChecksTheCredentials runs "pulumi new" on a terminal, on a machine that can sign in and on one that cannot.
func TestNewChecksTheCredentials(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "script")
	toolchain.NeedPulumi(t, "3.274.0")
	template := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(template, "Pulumi.yaml"), []byte(`name: ${PROJECT}
runtime: yaml
template:
  description: A token
resources:
  token:
    type: ociauthtoken:AuthToken
    properties:
      userId: ocid1.user.oc1..aaaa
      description: ci
`), 0o600))
	for name, test := range map[string]struct {
		config      string
		tells, nots []string
	}{
		"it can sign in": {"", nil, []string{"credentials", "configuration docs"}},
		"it cannot": {"OCI_CLI_CONFIG_FILE=" + filepath.Join(template, "none"), []string{
			"Could not validate your", "https://www.pulumi.com/registry/packages/ociauthtoken/installation-configuration/", "OCI_CLI_CONFIG_FILE",
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := harness.NewCLIWithoutStack(harness.NewWorld(t))
			command := exec.CommandContext(t.Context(), "script", "--quiet", "--return", "--command",
				"pulumi new "+template+" --name made --description made --stack dev --yes --force --color never", os.DevNull)
			command.Dir, command.Env = c.Dir, append(c.Env, "TERM=xterm", test.config)
			printed, err := command.CombinedOutput()
			harness.RequireNoValue(t, string(printed))
			require.NoError(t, err, string(printed))
			for _, part := range test.tells {
				assert.Contains(t, string(printed), part)
			}
			for _, part := range test.nots {
				assert.NotContains(t, string(printed), part)
			}
		})
	}
}
