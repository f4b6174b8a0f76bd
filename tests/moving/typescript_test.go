package moving

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestMoveFromPulumiOCIInTypeScript moves a program that uses the real SDK of @pulumi/oci, with a token in a component. Unlike YAML
// programs, both SDKs name the version of their provider and its download URL.
func TestMoveFromPulumiOCIInTypeScript(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "pulumi-language-nodejs")
	modules := toolchain.NodeModules(t, "tests/moving/testdata/typescript")
	m := newMove(t, map[string]int{"ci": 1, "team": 1})
	require.NoError(t, os.CopyFS(m.Dir, os.DirFS(filepath.Join("testdata", "typescript"))))
	require.NoError(t, os.Symlink(modules, filepath.Join(m.Dir, "node_modules")))
	m.source = "index.ts"
	// The types are checked once, below.
	m.Env = append(m.Env, "PULUMI_NODEJS_TRANSPILE_ONLY=true")
	m.Write("Pulumi.yaml", "name: moving\nruntime: nodejs\n")
	m.NewStack("prod")
	m.Must("config", "set", "user", m.User)
	m.importStack(m.recorded("component.json"))

	there, _ := readSteps(t, "guides/move-from-pulumi-oci.md")
	for _, step := range there {
		m.follow(step)
		if step.title == "4. Change the program" {
			// The page shows this for one token. Do the same for the other.
			m.edit(func(program string) string {
				assert.Contains(t, program, `const ci = new ociauthtoken.AuthToken("ci", {`)
				return strings.ReplaceAll(program, "oci.identity.AuthToken", "ociauthtoken.AuthToken")
			})
			toolchain.Run(t, m.Dir, nil, "node", "node_modules/typescript/bin/tsc", "--noEmit")
		}
	}
	moved := newTokens(m.state())
	require.Len(t, moved, 2)
	assert.Equal(t, "urn:pulumi:prod::moving::team:index:Team$"+newTokenType+"::core", moved[m.moving["team"].ID].URN)
	assert.Equal(t, m.moving["ci"].Value, m.SecretOutput("password"))
	assert.Equal(t, m.moving["team"].Value, m.SecretOutput("teamPassword"))
	m.requireRefreshFindsNothing()
	m.requireDestroyRevokesWhatMoved()
}
