package examples

import (
	"encoding/json"
	"path/filepath"
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
	} {
		t.Run(example.language.name, func(t *testing.T) {
			t.Parallel()
			name, folder, _ := strings.Cut(example.name, "/")
			p := newProject(t, name, example.language)
			p.dir = filepath.Join(p.dir, folder)
			p.installStandIn("kubernetes", example.version)
			if example.language.name == goLanguage.name {
				p.buildOnce()
			}
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

// buildOnce builds a program in Go, which Pulumi would build for every command.
func (p *project) buildOnce() {
	p.t.Helper()
	execute(p.t, p.dir, p.env, "go", "build", "-o", "program", ".")
	definition := filepath.Join(p.dir, "Pulumi.yaml")
	const runtime = "\nruntime: go\n"
	require.Contains(p.t, read(p.t, definition), runtime)
	write(p.t, definition, strings.Replace(read(p.t, definition), runtime, "\nruntime: {name: go, options: {binary: program}}\n", 1))
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
