package tests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// nodeModules returns a node_modules folder with @pulumi/oci and with this provider's SDK as it is now.
func nodeModules(t *testing.T) string {
	t.Helper()
	toolchain.Need(t, "node", "npm", "pulumi-language-nodejs")
	program := filepath.Join("testdata", "moving", "typescript")
	sdk := filepath.Join(toolchain.Root, "sdk", "nodejs")
	manifest, err := os.ReadFile(filepath.Join(program, "package.json"))
	require.NoError(t, err)
	key := string(manifest)
	sources, err := filepath.Glob(filepath.Join(sdk, "*"))
	require.NoError(t, err)
	for _, source := range sources {
		if content, err := os.ReadFile(source); err == nil {
			key += string(content)
		}
	}
	return toolchain.Cached(t, "moving-typescript", key, func(folder string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "package.json"), manifest, 0o600))
		toolchain.Run(t, folder, nil, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
		// The SDK is compiled below this folder, because it finds @pulumi/pulumi there.
		source := filepath.Join(folder, "sdk")
		require.NoError(t, os.CopyFS(source, os.DirFS(sdk)))
		toolchain.Run(t, source, nil, "npx", "--no-install", "tsc", "--outDir", "../node_modules/pulumi-ociauthtoken")
		require.NoError(t, os.Rename(filepath.Join(source, "package.json"),
			filepath.Join(folder, "node_modules", "pulumi-ociauthtoken", "package.json")))
		require.NoError(t, os.RemoveAll(source))
	})
}

// TestMoveFromPulumiOCIInTypeScript moves a program that uses the real SDK of @pulumi/oci, with a token in a component. Unlike YAML
// programs, both SDKs name the version of their provider and its download URL.
func TestMoveFromPulumiOCIInTypeScript(t *testing.T) {
	t.Parallel()
	modules := nodeModules(t)
	m := newMove(t, map[string]int{"ci": 1, "team": 1})
	require.NoError(t, os.CopyFS(m.dir, os.DirFS(filepath.Join("testdata", "moving", "typescript"))))
	require.NoError(t, os.Symlink(filepath.Join(modules, "node_modules"), filepath.Join(m.dir, "node_modules")))
	m.source = "index.ts"
	// The types are checked once, below.
	m.env = append(m.env, "PULUMI_NODEJS_TRANSPILE_ONLY=true")
	m.write("Pulumi.yaml", "name: moving\nruntime: nodejs\n")
	m.newStack("prod")
	m.must("config", "set", "user", m.user)
	m.importStack(m.recorded("component.json"))

	there, _ := readSteps(t, "move-from-pulumi-oci.md")
	for _, step := range there {
		m.follow(step)
		if step.title == "4. Change the program" {
			// The page shows this for one token. Do the same for the other.
			m.edit(func(program string) string {
				assert.Contains(t, program, `const ci = new ociauthtoken.AuthToken("ci", {`)
				return strings.ReplaceAll(program, "oci.identity.AuthToken", "ociauthtoken.AuthToken")
			})
			toolchain.Run(t, m.dir, nil, "node", "node_modules/typescript/bin/tsc", "--noEmit")
		}
	}
	moved := m.tokensIn(m.state(), newTokenType)
	require.Len(t, moved, 2)
	assert.Equal(t, "urn:pulumi:prod::moving::team:index:Team$"+newTokenType+"::core", moved[m.moving["team"].ID].URN)
	assert.Equal(t, m.moving["ci"].Value, m.secretOutput("password"))
	assert.Equal(t, m.moving["team"].Value, m.secretOutput("teamPassword"))
	m.requireRefreshFindsNothing()
	m.requireDestroyRevokesWhatMoved()
}
