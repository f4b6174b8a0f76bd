package harness

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// CLI is the pulumi command as a person runs it: a project folder, a local backend, and an installed plugin.
type CLI struct {
	*World
	Dir string   // the project folder
	Env []string // the environment of the command
	// State is the folder of the backend, and Stack the selected stack.
	State, Stack string
	// Installed is the folder of the plugin.
	Installed string
}

// NewCLI returns the command on a machine in this world, with an empty project and stack. It needs pulumi on PATH, or the one that
// "make toolchain" builds.
func NewCLI(w *World) *CLI {
	w.T.Helper()
	c := NewCLIWithoutStack(w)
	c.Write("Pulumi.yaml", "name: test\nruntime: yaml\n")
	c.NewStack("test")
	return c
}

// NewCLIWithoutStack does the same with an empty folder in place of the project.
func NewCLIWithoutStack(w *World) *CLI {
	t := w.T
	t.Helper()
	toolchain.Need(t, "pulumi", "pulumi-language-yaml")
	c := &CLI{World: w, Dir: t.TempDir(), State: t.TempDir()}
	config := w.KeyFile(w.Profile("DEFAULT", w.KeyFile(w.Credentials.PrivateKeyPEM)))
	home := t.TempDir()
	c.Installed = toolchain.Install(t, home)
	c.Env = append([]string{
		"PATH=" + toolchain.Path(),
		"HOME=" + w.Home, "TMPDIR=" + os.TempDir(), "PULUMI_HOME=" + home,
		"PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"GOGC=" + os.Getenv("GOGC"),
		"OCI_CLI_CONFIG_FILE=" + config,
	}, backend.Environment(c.State)...)
	return c
}

// NewStack creates a stack whose provider uses the world's OCI, and selects it.
func (c *CLI) NewStack(name string) {
	c.T.Helper()
	c.Stack = name
	c.Env = append(c.Env, "PULUMI_STACK="+name)
	require.NoError(c.T, backend.NewStack(c.State, c.Dir, name, map[string]string{"ociauthtoken:endpoint": c.URL}))
}

// Write writes a file of the project.
func (c *CLI) Write(name, content string) {
	c.T.Helper()
	require.NoError(c.T, os.WriteFile(filepath.Join(c.Dir, name), []byte(content), 0o600))
}

// Program writes a YAML program with one token.
func (c *CLI) Program(name, description string) {
	c.T.Helper()
	c.ProgramOf(name, "ociauthtoken:AuthToken", map[string]any{"description": description}, "token")
}

// RotatingProgram writes a YAML program with one rotating token, which rotates when the reason changes.
func (c *CLI) RotatingProgram(reason string) {
	c.T.Helper()
	c.ProgramOf("token", "ociauthtoken:RotatingAuthToken", map[string]any{
		"description": "ci", "rotateWhenChanged": map[string]any{"reason": reason},
	}, "token", "previousToken")
}

// ProgramOf writes a YAML program with one resource for the user. The program exports all outputs of the resource.
func (c *CLI) ProgramOf(name, kind string, properties map[string]any, outputs ...string) {
	c.T.Helper()
	if _, given := properties["userId"]; !given {
		properties["userId"] = c.User
	}
	shown := map[string]any{}
	for _, output := range outputs {
		shown[output] = "${" + name + "." + output + "}"
	}
	program, err := yaml.Marshal(map[string]any{
		"name": "test", "runtime": "yaml",
		"resources": map[string]any{name: map[string]any{"type": kind, "properties": properties}},
		"outputs":   shown,
	})
	require.NoError(c.T, err)
	c.Write("Pulumi.yaml", string(program))
}

// Command returns a pulumi command that is ready to be run.
func (c *CLI) Command(args ...string) *exec.Cmd {
	// env finds pulumi on the PATH that the command gets.
	command := exec.Command("env", append(append([]string{"pulumi"}, args...), "--non-interactive")...)
	command.Dir, command.Env = c.Dir, c.Env
	return command
}

// Run runs pulumi and returns everything that it printed. No token's value may be in it.
func (c *CLI) Run(args ...string) (string, error) {
	c.T.Helper()
	output, err := c.Command(args...).CombinedOutput()
	RequireNoValue(c.T, string(output))
	return string(output), err
}

// Must is like Run, for a command that must succeed.
func (c *CLI) Must(args ...string) string {
	c.T.Helper()
	output, err := c.Run(args...)
	require.NoError(c.T, err, "pulumi %s\n%s", strings.Join(args, " "), output)
	return output
}

// SecretOutput returns a stack output as plaintext. It must not be printed.
func (c *CLI) SecretOutput(name string) string {
	c.T.Helper()
	outputs, err := backend.Outputs(c.State, c.Stack)
	require.NoError(c.T, err)
	value, ok := outputs[name].(string)
	require.True(c.T, ok, "the stack has no output %s, or it is no text", name)
	return value
}

// ImportFile returns a file for "pulumi import --file" that contains values.
func ImportFile(t *testing.T, kind, id string, inputs, outputs map[string]any) string {
	t.Helper()
	for _, name := range []string{"token", "previousToken"} {
		if value, ok := outputs[name].(string); ok {
			plaintext, err := json.Marshal(value)
			require.NoError(t, err)
			outputs[name] = map[string]any{
				"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": string(plaintext),
			}
		}
	}
	file, err := json.Marshal(map[string]any{"resources": []any{map[string]any{
		"type": kind, "name": "token", "id": id, "inputs": inputs, "outputs": outputs,
	}}})
	require.NoError(t, err)
	return string(file)
}
