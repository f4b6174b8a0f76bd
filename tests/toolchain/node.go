package toolchain

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manifests lists the TypeScript programs that use NodeModules, relative to the repository.
var manifests = []string{
	"examples/automation-typescript", "examples/rotation-typescript", "examples/typescript", "tests/examples/testdata/typescript",
	"tests/pages/testdata/typescript", "tests/testdata/moving/typescript",
}

// NodeModules returns a folder node_modules with the dependencies of all TypeScript programs, the SDK's package among them. npm
// installs them together, as workspaces, because most of its time goes into Pulumi's own package.
func NodeModules(t *testing.T) string {
	t.Helper()
	Need(t, "node", "npm")
	sdk := Package(t, "*.tgz")
	key := sdk
	for _, program := range manifests {
		key += read(t, filepath.Join(Root, program, "package.json"))
	}
	return filepath.Join(Cached(t, "node", key, func(folder string) {
		var workspaces []string
		for _, program := range manifests {
			workspace := strings.ReplaceAll(program, "/", "-")
			workspaces = append(workspaces, workspace)
			manifest := map[string]any{}
			require.NoError(t, json.Unmarshal([]byte(read(t, filepath.Join(Root, program, "package.json"))), &manifest))
			manifest["name"] = workspace // two have the same name
			if dependencies, ok := manifest["dependencies"].(map[string]any); ok && dependencies["pulumi-ociauthtoken"] != nil {
				assert.Equal(t, Version(t), dependencies["pulumi-ociauthtoken"], program)
				dependencies["pulumi-ociauthtoken"] = "file:" + sdk
			}
			writeManifest(t, filepath.Join(folder, workspace), manifest)
		}
		writeManifest(t, folder, map[string]any{"private": true, "workspaces": workspaces})
		Run(t, folder, nil, "npm", "install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock")
		for _, workspace := range workspaces {
			assert.NoDirExists(t, filepath.Join(folder, workspace, "node_modules", "@pulumi"), "programs use the same version of Pulumi")
		}
	}), "node_modules")
}

func writeManifest(t *testing.T, folder string, manifest map[string]any) {
	t.Helper()
	content, err := json.MarshalIndent(manifest, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(folder, 0o755)) //nolint:gosec // Everybody may read what was downloaded.
	require.NoError(t, os.WriteFile(filepath.Join(folder, "package.json"), content, 0o600))
}
