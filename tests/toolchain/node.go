package toolchain

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nodePrograms lists the programs that use NodeModules, relative to the repository.
var nodePrograms = []string{
	"examples/automation-typescript", "examples/push-image-typescript", "examples/rotation-typescript", "examples/typescript",
	"tests/contract/typescript",
	"tests/examples/testdata/typescript", "tests/examples/testdata/uses/typescript", "tests/examples/testdata/where/typescript",
	"tests/moving/testdata/typescript", "tests/pages/testdata/typescript",
}

// NodeModules returns a folder node_modules with the packages that a program's package.json lists, and no others. The SDK's package is
// the one that was packed here. All programs are installed together, because they share most packages.
func NodeModules(t *testing.T, program string) string {
	t.Helper()
	Need(t, "node", "npm", "pnpm")
	require.True(t, slices.Contains(nodePrograms, program))
	sdk := Package(t, "*.tgz")
	key := sdk
	for _, program := range nodePrograms {
		key += read(t, filepath.Join(Root, program, "package.json"))
	}
	workspace := Cached(t, "node", key, func(folder string) {
		for _, program := range nodePrograms {
			manifest := map[string]any{}
			require.NoError(t, json.Unmarshal([]byte(read(t, filepath.Join(Root, program, "package.json"))), &manifest))
			if dependencies, ok := manifest["dependencies"].(map[string]any); ok && dependencies["pulumi-ociauthtoken"] != nil {
				assert.Equal(t, Version(t), dependencies["pulumi-ociauthtoken"], program)
				dependencies["pulumi-ociauthtoken"] = "file:" + sdk
			}
			content, err := json.Marshal(manifest)
			require.NoError(t, err)
			put(t, filepath.Join(folder, program, "package.json"), string(content))
		}
		put(t, filepath.Join(folder, "pnpm-workspace.yaml"), "packages:\n  - "+strings.Join(nodePrograms, "\n  - ")+"\n")
		Run(t, folder, nil, "pnpm", "install", "--ignore-scripts", "--prefer-offline", "--no-lockfile")
	})
	return filepath.Join(workspace, program, "node_modules")
}

func put(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755)) //nolint:gosec // Everybody may read what was downloaded.
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
}
