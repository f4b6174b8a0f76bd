package examples

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// installStandIn installs the stand-in for the plugin of another provider. See testdata/standin.
func (p *project) installStandIn(name, version string) {
	p.t.Helper()
	toolchain.InstallPlugin(p.t, p.home, name, version, standIn(p.t))
}

// standIn returns the path of the stand-in for other providers.
func standIn(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(toolchain.Root, "tests", "examples", "testdata", "standin")
	key := read(t, filepath.Join(toolchain.Root, "go.mod"))
	for _, file := range []string{"main.go", "image.go", "table.go"} {
		key += read(t, filepath.Join(folder, file))
	}
	return filepath.Join(toolchain.Cached(t, "standin", key, func(to string) {
		toolchain.Run(t, folder, nil, "go", "build", "-o", to, ".")
	}), "standin")
}

func TestDockerLoginExample(t *testing.T) {
	t.Parallel()
	p := newProject(t, "docker-login-yaml", yaml)
	p.installStandIn("command", "1.0.0")
	registry := ocir.Start(t, p.oci, p.url)
	// Instead of docker there is a client that reads and writes Docker's configuration file with Docker's own code.
	tools, docker := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(tools, "docker"), fmt.Appendf(nil, "#!/bin/sh\nexec %q auth \"$@\"\n", registry.Crane()), 0o700))
	p.env[0] = strings.Replace(p.env[0], "PATH=", "PATH="+tools+":", 1)
	p.env = append(p.env, "DOCKER_CONFIG="+docker)

	p.newStack("dev", map[string]string{"userId": p.users[0]})
	p.pulumi("up", "--yes", "--skip-preview")
	machine := registry.MachineAt(docker)
	machine.RequireLoggedIn()
	p.requireNoChanges()
	loggedIn := registry.Machine(read(t, filepath.Join(docker, "config.json")))
	p.pulumi("destroy", "--yes", "--skip-preview")
	assert.NotContains(t, read(t, filepath.Join(docker, "config.json")), `"auth":`, "it is logged out")
	machine.RequireRefused()
	loggedIn.RequireRefused()
	assert.Empty(t, p.tokens())
	requireNoValueBelow(t, p.state)
}

func TestPullSecretExample(t *testing.T) {
	t.Parallel()
	p := newProject(t, "pull-secret-yaml", yaml)
	p.installStandIn("kubernetes", "1.0.0")
	registry := ocir.Start(t, p.oci, p.url)
	p.newStack("dev", map[string]string{"userId": p.users[0]})
	p.pulumi("up", "--yes", "--skip-preview")
	p.requireNoChanges()
	requireNoValueBelow(t, p.state)

	machine := registry.Machine(p.pullSecret())
	machine.RequireLoggedIn()
	p.pulumi("destroy", "--yes", "--skip-preview")
	machine.RequireRefused()
	assert.Empty(t, p.tokens())
}

// pullSecret returns the secret that the cluster gets, as plaintext. It must not be printed.
func (p *project) pullSecret() string {
	p.t.Helper()
	output, err := backend.ExportSecrets(p.state, p.stack)
	require.NoError(p.t, err)
	var exported struct {
		Deployment struct {
			Resources []struct {
				Type    string
				Outputs struct {
					Type       string
					StringData json.RawMessage
				}
			}
		}
	}
	require.NoError(p.t, json.Unmarshal(output, &exported))
	for _, resource := range exported.Deployment.Resources {
		if resource.Type != "kubernetes:core/v1:Secret" {
			continue
		}
		assert.Equal(p.t, "kubernetes.io/dockerconfigjson", resource.Outputs.Type)
		return plaintext(p.t, resource.Outputs.StringData)[".dockerconfigjson"]
	}
	p.t.Fatal("there is no Kubernetes secret")
	return ""
}

// plaintext reads a map from the state. The map or its values are secrets there.
func plaintext(t *testing.T, text json.RawMessage) map[string]string {
	t.Helper()
	var secret struct{ Plaintext string }
	if json.Unmarshal(text, &secret) == nil && secret.Plaintext != "" {
		text = json.RawMessage(secret.Plaintext)
	}
	var values map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &values))
	plain := map[string]string{}
	for name, value := range values {
		if json.Unmarshal(value, &secret) == nil && secret.Plaintext != "" {
			value = json.RawMessage(secret.Plaintext)
		}
		var inClear string
		require.NoError(t, json.Unmarshal(value, &inClear))
		plain[name] = inClear
	}
	return plain
}
