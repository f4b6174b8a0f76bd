package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestReadmesFirstProgramEndsInALogin runs README's first program, and the commands below it, in an empty folder, on a machine
// without the plugin. Instead of docker it runs a client that reads and writes Docker's configuration file with Docker's own code.
func TestReadmesFirstProgramEndsInALogin(t *testing.T) {
	t.Parallel()
	_, use, found := strings.Cut(toolchain.ReadFile(t, "README.md"), "\n## Use\n")
	require.True(t, found)
	fence := regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	blocks := fence.FindAllStringSubmatch(use, 2)
	require.Len(t, blocks, 2)
	require.Equal(t, []string{"yaml", "sh"}, []string{blocks[0][1], blocks[1][1]})
	program, commands := blocks[0][2], blocks[1][2]

	c := harness.NewCLIWithoutStack(harness.NewWorld(t))
	home := t.TempDir()
	downloads := toolchain.ServeRelease(t)
	c.Env = append(append(c.Env, "PULUMI_HOME="+home), downloads.Environment...)
	registry := ocir.Start(t, c.OCI, c.URL)
	tools := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(tools, "docker"), fmt.Appendf(nil, "#!/bin/sh\nexec %q auth \"$@\"\n",
		registry.Crane()), 0o700))
	docker := t.TempDir()
	c.Write("Pulumi.yaml", program)
	// The stack is configured for the local OCI. Everything else is as in README.
	commands = strings.Replace(commands, "stack init dev\n", "stack init dev\npulumi config set ociauthtoken:endpoint "+c.URL+"\n", 1)
	commands = strings.ReplaceAll(commands, "ocid1.user.oc1..aaaa...", c.User)

	script := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	script.Dir = c.Dir
	script.Env = append(c.Env, "PULUMI_SKIP_CONFIRMATIONS=true", "DOCKER_CONFIG="+docker)
	for i, variable := range script.Env {
		if path, ok := strings.CutPrefix(variable, "PATH="); ok {
			script.Env[i] = "PATH=" + tools + ":" + path
		}
	}
	printed, err := script.CombinedOutput()
	harness.RequireNoValue(t, string(printed))
	require.NoError(t, err, string(printed))
	downloads.RequireInstalled(home)
	machine := registry.MachineAt(docker)
	machine.RequireLoggedIn()

	c.Must("stack", "select", "dev")
	assert.Contains(t, c.Must("destroy", "--yes", "--skip-preview"), "2 deleted")
	machine.RequireRefused()
}

// TestReadmesCommandForYAML runs the command that README shows for programs in YAML, in the folder of one without an entry for packages.
func TestReadmesCommandForYAML(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile("(?m)^\\| YAML \\| `(.*)` \\|$").FindStringSubmatch(toolchain.ReadFile(t, "README.md"))
	require.NotNil(t, command)
	c := harness.NewCLI(harness.NewWorld(t))
	home := t.TempDir()
	downloads := toolchain.ServeRelease(t)
	c.Env = append(append(c.Env, "PULUMI_HOME="+home), downloads.Environment...)
	c.Program("token", "ci")
	script := exec.CommandContext(t.Context(), "sh", "-euc", command[1])
	script.Dir, script.Env = c.Dir, c.Env
	printed, err := script.CombinedOutput()
	require.NoError(t, err, string(printed))
	downloads.RequireInstalled(home)
	requireSaysWhereThePluginIs(t, c.Dir+"/Pulumi.yaml", c.ReadFile(filepath.Join(c.Dir, "Pulumi.yaml")))
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, c.OnlyToken().Value, c.SecretOutput("token"))
	downloads.RequireInstalled(home)
}

// TestReadmesCommandWithoutAProgram requires that the stack keeps the token that README's command creates, and revokes it.
func TestReadmesCommandWithoutAProgram(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile("(?m)^pulumi do .*$").FindString(toolchain.ReadFile(t, "README.md"))
	require.NotEmpty(t, command)
	c := harness.NewCLI(harness.NewWorld(t))
	script := exec.CommandContext(t.Context(), "sh", "-euc", strings.ReplaceAll(command, "ocid1.user.oc1..aaaa...", c.User)+" --yes")
	script.Dir, script.Env = c.Dir, c.Env
	printed, err := script.CombinedOutput()
	harness.RequireNoValue(t, string(printed))
	require.NoError(t, err, string(printed))
	state, err := backend.ExportSecrets(c.State, c.Stack)
	require.NoError(t, err)
	value := c.OnlyToken().Value
	assert.True(t, strings.Contains(string(state), value[len(value)-7:]), "the value is lost") // JSON escapes what is before.
	c.Must("destroy", "--yes", "--skip-preview")
	assert.Empty(t, c.Tokens())
}

// TestYAMLProgramsSayWhereThePluginIs looks at all programs in YAML that people copy.
func TestYAMLProgramsSayWhereThePluginIs(t *testing.T) {
	t.Parallel()
	fence := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	found := 0
	for _, name := range toolchain.Files(t, "*.md", "examples/*/Pulumi.yaml", ":!tools/docs") { // The pages are made from tools/docs.
		text := toolchain.ReadFile(t, name)
		programs := []string{text}
		if strings.HasSuffix(name, ".md") {
			programs = nil
			for _, match := range fence.FindAllStringSubmatch(text, -1) {
				programs = append(programs, match[1])
			}
		}
		for _, program := range programs {
			if strings.Contains(program, "runtime: yaml\n") && strings.Contains(program, " ociauthtoken:") {
				requireSaysWhereThePluginIs(t, name, program)
				found++
			}
		}
	}
	assert.Greater(t, found, 10)
}

func requireSaysWhereThePluginIs(t *testing.T, name, program string) {
	t.Helper()
	var parsed struct{ Packages map[string]map[string]string }
	require.NoError(t, yaml.Unmarshal([]byte(program), &parsed), name)
	assert.Equal(t, map[string]string{
		"source": "ociauthtoken", "version": toolchain.Version(t), "pluginDownloadURL": toolchain.DownloadURL,
	}, parsed.Packages["ociauthtoken"], name)
}
