package repository

import (
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestDependenciesAreKeptUpToDate requires that Dependabot knows every folder with dependencies, and no other.
func TestDependenciesAreKeptUpToDate(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(toolchain.Root, ".github", "dependabot.yml"))
	require.NoError(t, err)
	var configuration struct {
		Updates []struct {
			Ecosystem   string `yaml:"package-ecosystem"`
			Directories []string
		}
	}
	require.NoError(t, yaml.Unmarshal(content, &configuration))
	known := []string{}
	for _, update := range configuration.Updates {
		for _, directory := range update.Directories {
			known = append(known, update.Ecosystem+" "+directory)
		}
	}

	ecosystems := map[string]string{
		"go.mod": "gomod", "package.json": "npm", "requirements.txt": "pip", "pom.xml": "maven", ".csproj": "nuget",
	}
	wanted := []string{"github-actions /"}
	for _, file := range toolchain.Files(t, ":!sdk/") {
		for name, ecosystem := range ecosystems {
			if path.Base(file) == name || (name[0] == '.' && path.Ext(file) == name) {
				wanted = append(wanted, ecosystem+" "+path.Join("/", path.Dir(file)))
			}
		}
	}
	assert.ElementsMatch(t, wanted, known, "the folders with dependencies, and those in .github/dependabot.yml")
}
