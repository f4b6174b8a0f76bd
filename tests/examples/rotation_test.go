package examples

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestRotationExample rotates twice. After each rotation the password in the cluster's secret works, and so does the one before
// it. The one before that does not.
func TestRotationExample(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	for _, example := range []struct {
		name     string
		language language
		version  string // the version of the plugin that the program asks for
	}{
		{"rotation-yaml", yaml, "4.34.2"},
		{"automation-go/rotation", goLanguage, "4.23.0"},
		{"rotation-typescript", typeScript, "4.34.2"},
		{"rotation-python", python, "4.34.2"},
		{"rotation-java", java, "4.34.2"},
		{"rotation-csharp", cSharp, "4.34.0"},
	} {
		t.Run(example.language.name, func(t *testing.T) {
			t.Parallel()
			name, folder, _ := strings.Cut(example.name, "/")
			p := newProject(t, name, example.language)
			p.dir = filepath.Join(p.dir, folder)
			version := example.version
			switch example.language.name {
			case goLanguage.name:
				p.buildOnce("program", "go", "build", "-o", "program", ".")
			case cSharp.name:
				p.buildOnce("program/RotatingPullSecret.dll", "dotnet", "build", "--nologo", "--output", "program")
				// A package asks for the version of the plugin that it names here, which is its own in Pulumi's packages.
				version = strings.TrimSpace(read(t, p.variable("NUGET_PACKAGES")+"/pulumi.kubernetes/"+version+"/content/version.txt"))
			}
			p.installStandIn("kubernetes", version)
			user := p.users[0]
			p.newStack("dev", map[string]string{"userId": user})

			var passwords []string
			for i, rotation := range []string{"first", "second", "third"} {
				p.pulumi("up", "--yes", "--skip-preview", "--diff", "--config", "rotation="+rotation)
				passwords = append(passwords, p.pullPassword())
				for j, password := range passwords {
					assert.Equal(t, j >= i-1, p.oci.Authenticate(user, password), "after %d rotations: password %d works", i, j+1)
				}
				assert.Equal(t, i+1, p.calls("CreateAuthToken"))
			}
			assert.True(t, p.secret("token") == passwords[2], "the output is not the token in the cluster")
			assert.True(t, p.secret("previousToken") == passwords[1], "the output is not the token that was in the cluster")
			if example.language.name == yaml.name {
				p.requireNoChanges()
			}
			requireNoValueBelow(t, p.state)
		})
	}
}

// buildOnce builds a program, which Pulumi would build for every command.
func (p *project) buildOnce(program string, command ...string) {
	p.t.Helper()
	execute(p.t, p.dir, p.env, command[0], command[1:]...)
	definition := filepath.Join(p.dir, "Pulumi.yaml")
	runtime := regexp.MustCompile(`(?m)^runtime: (\w+)$`)
	require.Regexp(p.t, runtime, read(p.t, definition))
	write(p.t, definition, runtime.ReplaceAllString(read(p.t, definition), "runtime: {name: $1, options: {binary: "+program+"}}"))
}

// variable returns an environment variable of the project's commands.
func (p *project) variable(name string) string {
	p.t.Helper()
	for _, variable := range slices.Backward(p.env) {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	p.t.Fatalf("%s is not set", name)
	return ""
}

// pullPassword returns the password with which the cluster pulls images, as plaintext. It must not be printed.
func (p *project) pullPassword() string {
	p.t.Helper()
	var config struct {
		Auths map[string]struct{ Auth []byte }
	}
	require.NoError(p.t, json.Unmarshal([]byte(p.pullSecret()), &config))
	login := string(config.Auths[strings.TrimPrefix(p.url, "http://")].Auth)
	name, password, _ := strings.Cut(login, ":")
	assert.Equal(p.t, p.names[0], name)
	return password
}
