package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests run the pulumi command and the plugin as a person does. They test what only the command has: generated code, import
// files, interrupts and logs.

// cli is a project folder, a local backend, and an installed plugin.
type cli struct {
	*world
	dir string
	env []string
	// state is the folder of the backend, and stack the selected stack.
	state, stack string
	// installed is the folder of the plugin.
	installed string
}

// newCLI needs pulumi on PATH, or the one that "make toolchain" builds.
func newCLI(t *testing.T) *cli {
	t.Helper()
	return newCLIIn(newWorld(t))
}

// newCLIIn returns the command on a machine in this world.
func newCLIIn(w *world) *cli {
	w.t.Helper()
	c := newCLIWithoutStack(w)
	c.write("Pulumi.yaml", "name: test\nruntime: yaml\n")
	c.newStack("test")
	return c
}

func newCLIWithoutStack(w *world) *cli {
	t := w.t
	t.Helper()
	toolchain.Need(t, "pulumi", "pulumi-language-yaml")
	c := &cli{world: w, dir: t.TempDir(), state: t.TempDir()}
	config := w.keyFile(w.profile("DEFAULT", w.keyFile(w.creds.PrivateKeyPEM)))
	home := t.TempDir()
	c.installed = toolchain.Install(t, home)
	c.env = append([]string{
		"PATH=" + toolchain.Path(),
		"HOME=" + w.home, "TMPDIR=" + os.TempDir(), "PULUMI_HOME=" + home,
		"PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"GOGC=" + os.Getenv("GOGC"),
		"OCI_CLI_CONFIG_FILE=" + config,
	}, backend.Environment(c.state)...)
	return c
}

// newStack creates a stack whose provider uses the world's OCI, and selects it.
func (c *cli) newStack(name string) {
	c.t.Helper()
	c.stack = name
	c.env = append(c.env, "PULUMI_STACK="+name)
	require.NoError(c.t, backend.NewStack(c.state, c.dir, name, map[string]string{"ociauthtoken:endpoint": c.url}))
}

func (c *cli) write(name, content string) {
	c.t.Helper()
	require.NoError(c.t, os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o600))
}

// program writes a YAML program with one token.
func (c *cli) program(name, description string) {
	c.t.Helper()
	c.programOf(name, "ociauthtoken:AuthToken", map[string]any{"description": description}, "token")
}

// rotatingProgram writes a YAML program with one rotating token, which rotates when the reason changes.
func (c *cli) rotatingProgram(reason string) {
	c.t.Helper()
	c.programOf("token", "ociauthtoken:RotatingAuthToken", map[string]any{
		"description": "ci", "rotateWhenChanged": map[string]any{"reason": reason},
	}, "token", "previousToken")
}

// programOf writes a YAML program with one resource for the user. The program exports all outputs of the resource.
func (c *cli) programOf(name, kind string, properties map[string]any, outputs ...string) {
	c.t.Helper()
	if _, given := properties["userId"]; !given {
		properties["userId"] = c.user
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
	require.NoError(c.t, err)
	c.write("Pulumi.yaml", string(program))
}

func (c *cli) command(args ...string) *exec.Cmd {
	// env finds pulumi on the PATH that the command gets.
	command := exec.Command("env", append(append([]string{"pulumi"}, args...), "--non-interactive")...)
	command.Dir, command.Env = c.dir, c.env
	return command
}

// run runs pulumi and returns everything that it printed. No token's value may be in it.
func (c *cli) run(args ...string) (string, error) {
	c.t.Helper()
	output, err := c.command(args...).CombinedOutput()
	requireNoValue(c.t, string(output))
	return string(output), err
}

func (c *cli) must(args ...string) string {
	c.t.Helper()
	output, err := c.run(args...)
	require.NoError(c.t, err, "pulumi %s\n%s", strings.Join(args, " "), output)
	return output
}

// secretOutput returns a stack output as plaintext. It must not be printed.
func (c *cli) secretOutput(name string) string {
	c.t.Helper()
	outputs, err := backend.Outputs(c.state, c.stack)
	require.NoError(c.t, err)
	value, ok := outputs[name].(string)
	require.True(c.t, ok, "the stack has no output %s, or it is no text", name)
	return value
}

// TestStateIsWhatPulumiExports checks the assumption of the tests that read the state from the folder of the backend.
func TestStateIsWhatPulumiExports(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	c.program("token", "ci")
	c.must("up", "--yes", "--skip-preview")
	for flag, export := range map[string]func(folder, stack string) ([]byte, error){
		"--show-secrets=false": backend.Export, "--show-secrets": backend.ExportSecrets,
	} {
		printed, err := c.command("stack", "export", flag).Output()
		require.NoError(t, err)
		read, err := export(c.state, c.stack)
		require.NoError(t, err)
		var exported, recorded any
		require.NoError(t, json.Unmarshal(printed, &exported))
		require.NoError(t, json.Unmarshal(read, &recorded))
		assert.True(t, reflect.DeepEqual(exported, recorded), "the state is read otherwise than Pulumi exports it, %s", flag)
	}
	printed, err := c.command("stack", "output", "token", "--show-secrets").Output()
	require.NoError(t, err)
	assert.True(t, strings.TrimSpace(string(printed)) == c.secretOutput("token"), "an output is read otherwise than Pulumi shows it")
}

func TestCommandLineCreatesKeepsAndRevokes(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	c.program("token", "ci")
	assert.Contains(t, c.must("up", "--yes"), "[secret]")
	assert.Equal(t, c.onlyToken().Value, c.secretOutput("token"))
	assert.Contains(t, c.must("stack", "output"), "[secret]")
	c.must("preview", "--diff", "--expect-no-changes")

	c.program("token", "other")
	c.must("up", "--yes", "--diff")
	assert.Equal(t, "other", c.onlyToken().Description)
	c.must("refresh", "--yes", "--expect-no-changes")

	for _, output := range []string{
		c.must("stack", "export"), c.must("stack", "--show-ids"), c.must("preview", "--json"), c.must("stack", "history", "--json"),
	} {
		assert.NotContains(t, output, "BEGIN")
	}
	c.must("destroy", "--yes")
	assert.Empty(t, c.tokens())
}

func TestNoLogContainsAValue(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	c.env = append(c.env, "OCI_GO_SDK_DEBUG=v")
	for _, verbosity := range []string{"-v=8", "-v=11"} {
		c.program("token", "ci "+verbosity)
		for _, command := range [][]string{
			{"up", "--yes"}, {"preview", "--diff"}, {"refresh", "--yes"}, {"destroy", "--yes"},
		} {
			output, err := c.command(append(command, "--logtostderr", "--logflow", verbosity)...).CombinedOutput()
			require.NoError(t, err)
			for line := range strings.Lines(string(output)) {
				// From -v=9 on, the engine logs every property that it sends to a provider or receives from it. No
				// provider can prevent that.
				if verbosity != "-v=8" && strings.Contains(line, "arshaling property for RPC[") {
					continue
				}
				requireNoValue(t, line)
			}
		}
	}
}

func TestImportGeneratesCodeThatPreviewsClean(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{
		"long form": "users/%s/authTokens/%s", "short form": "%s/%s", "of a domain": "users/%s/authTokens/%s",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCLI(t)
			if name == "of a domain" {
				c = newCLIIn(sales.newWorld(t))
				form = c.domainURL + "/" + form
			}
			live := c.oci.AddToken(c.user, `by "hand", with punctuation: #{}`)
			printed := c.must("import", "ociauthtoken:index:AuthToken", "token", fmt.Sprintf(form, c.user, live.ID),
				"--yes", "--skip-preview", "--protect=false", "--out", "generated.yaml")
			assert.Contains(t, printed, "replace the token to get a new value")

			generated, err := os.ReadFile(filepath.Join(c.dir, "generated.yaml"))
			require.NoError(t, err)
			c.write("Pulumi.yaml", "name: test\nruntime: yaml\n"+string(generated))
			c.must("up", "--yes", "--skip-preview", "--diff", "--expect-no-changes")
			state, err := backend.Export(c.state, c.stack)
			require.NoError(t, err)
			assert.Contains(t, string(state), live.ID)
			assert.NotContains(t, string(state), `"token":`)
			assert.Equal(t, []emulator.Token{live}, c.tokens())
		})
	}
}

func TestImportOfWhatDoesNotExistIsAnErrorAndLeavesTheStateAlone(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	live := c.oci.AddToken(c.user, "by hand")
	missing := live.ID[:len(live.ID)-4] + "zzzz"
	for id, complaint := range map[string]string{
		c.user + "/" + missing: "has no auth token " + missing,
		"hello":                "is not an OCID",
	} {
		printed, err := c.run("import", "ociauthtoken:index:AuthToken", "token", id, "--yes", "--protect=false")
		require.Error(t, err, id)
		assert.Contains(t, strings.Join(strings.Fields(printed), " "), complaint, id)
		state, err := backend.Export(c.state, c.stack)
		require.NoError(t, err)
		assert.NotContains(t, string(state), "AuthToken", id)
	}
}

func TestImportFileBringsTheValue(t *testing.T) {
	t.Parallel()
	for name, outputs := range map[string]map[string]any{
		"whole":          {"userId": true, "description": true},
		"the token only": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCLI(t)
			live := c.oci.AddToken(c.user, "by hand")
			inputs := map[string]any{"userId": c.user, "description": "by hand"}
			for key := range outputs {
				outputs[key] = inputs[key]
			}
			plaintext, err := json.Marshal(live.Value)
			require.NoError(t, err)
			outputs["token"] = map[string]any{
				"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": string(plaintext),
			}
			file, err := json.Marshal(map[string]any{"resources": []any{map[string]any{
				"type": "ociauthtoken:index:AuthToken", "name": "token", "id": live.ID, "inputs": inputs, "outputs": outputs,
			}}})
			require.NoError(t, err)
			c.write("import.json", string(file))
			c.must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")

			c.program("token", "by hand")
			c.must("up", "--yes", "--skip-preview")
			assert.Equal(t, live.Value, c.secretOutput("token"))
			c.must("preview", "--diff", "--expect-no-changes")
			c.program("token", "described anew")
			c.must("up", "--yes", "--skip-preview")
			c.must("refresh", "--yes", "--skip-preview")
			assert.Equal(t, live.Value, c.secretOutput("token"))
			assert.Zero(t, c.calls("CreateAuthToken"))
			c.must("destroy", "--yes", "--skip-preview")
			assert.Empty(t, c.tokens())
		})
	}
}

func TestInterruptDuringCreationRecordsTheToken(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	c.program("token", "ci")
	printed := c.upAndInterrupt("CreateAuthToken")

	c.must("refresh", "--yes", "--skip-preview")
	c.must("up", "--yes", "--skip-preview")
	assert.Equal(t, c.onlyToken().Value, c.secretOutput("token"), "the one token there is, is the one in the state")
	assert.Equal(t, 1, c.calls("CreateAuthToken"), printed)
}

// upAndInterrupt runs "pulumi up", interrupts it while OCI's answer to a call is held, and returns what was printed.
func (c *cli) upAndInterrupt(operation string) string {
	c.t.Helper()
	arrived, release := c.gate(operation)
	up := c.command("up", "--yes", "--skip-preview")
	var printed bytes.Buffer
	up.Stdout, up.Stderr = &printed, &printed
	up.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(c.t, up.Start())
	<-arrived
	// This is what a terminal does on Ctrl-C: the signal goes to pulumi and to the plugins that it has started.
	require.NoError(c.t, syscall.Kill(-up.Process.Pid, syscall.SIGINT))
	release()
	_ = up.Wait()
	requireNoValue(c.t, printed.String())
	return printed.String()
}

func TestInterruptDuringRotationRecordsTheToken(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	c.rotatingProgram("before")
	c.must("up", "--yes", "--skip-preview")
	first := c.onlyToken()
	c.rotatingProgram("after")
	printed := c.upAndInterrupt("CreateAuthToken")

	tokens := c.tokens()
	require.Len(t, tokens, 2, printed)
	c.must("up", "--yes", "--skip-preview")
	assert.Equal(t, tokens[1].Value, c.secretOutput("token"), "the new token is the one in the state")
	assert.Equal(t, first.Value, c.secretOutput("previousToken"))
	assert.Equal(t, tokens, c.tokens(), "rotated once")
	assert.Equal(t, 2, c.calls("CreateAuthToken"), printed)
}

func TestPluginAnswersGetSchema(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	plugin := filepath.Join(toolchain.Bin(t), "pulumi-resource-ociauthtoken")
	printed, err := c.command("package", "get-schema", plugin).Output()
	require.NoError(t, err)
	var spec struct{ Name, Version string }
	require.NoError(t, json.Unmarshal(printed, &spec))
	assert.Equal(t, "ociauthtoken", spec.Name)
	assert.Equal(t, toolchain.Version(t), spec.Version)
}

// TestPackageAdd runs "pulumi package add" in a project in YAML, which needs no SDK. The language hosts that "make toolchain"
// builds are too old to generate SDKs for other languages.
func TestPackageAdd(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	plugin := filepath.Join(toolchain.Bin(t), "pulumi-resource-ociauthtoken")
	c.must("package", "add", plugin)
	project, err := os.ReadFile(filepath.Join(c.dir, "Pulumi.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(project), "ociauthtoken@"+toolchain.Version(t))
}

// TestPreviewOfAnUpdateKnowsWhatItCannotChange exports every output, and requires that no preview shows one as unknown that has no value.
// Pulumi takes what is not in an answer as unknown.
func TestPreviewOfAnUpdateKnowsWhatItCannotChange(t *testing.T) {
	t.Parallel()
	all := []string{"domainUrl", "token", "state", "inactiveState", "timeCreated", "timeExpires"}
	for kind, outputs := range map[string][]string{
		"AuthToken": all,
		"RotatingAuthToken": append(all, "rotationDays", "rotateWhenChanged", "overlap", "previousDays", "tokenId", "previousToken",
			"previousTokenId", "timeRotationDue"),
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := newCLI(t)
			preview := func(description, incident string) string {
				t.Helper()
				properties := map[string]any{"description": description}
				if incident != "" {
					properties["rotateWhenChanged"] = map[string]any{"incident": incident}
				}
				c.programOf("token", "ociauthtoken:"+kind, properties, outputs...)
				shown := c.must("preview", "--diff")
				assert.NotContains(t, shown, "[unknown]")
				return shown
			}
			c.programOf("token", "ociauthtoken:"+kind, map[string]any{"description": "old"}, outputs...)
			c.must("up", "--yes", "--skip-preview")
			preview("old", "")
			preview("new", "")
			c.must("up", "--yes", "--skip-preview")
			c.must("refresh", "--yes", "--skip-preview", "--expect-no-changes")
			preview("new", "")
			if kind == "RotatingAuthToken" {
				assert.Regexp(t, `\+ previousTokenId +: "`+c.onlyToken().ID, preview("new", "4711"))
			}
		})
	}
}

// TestAnArgumentThatBecomesASecretReplacesNothingInAProgram runs programs with an SDK. It may set resource options of its own, by the
// schema, which the programs of other tests do not have.
func TestAnArgumentThatBecomesASecretReplacesNothingInAProgram(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for _, kind := range []string{"AuthToken", "RotatingAuthToken"} {
			c := newCLIIn(a.newWorld(t))
			with := func(secret string) {
				t.Helper()
				properties := c.inputs(c.user, "ci").Mappable()
				if plain, ok := properties[secret]; ok {
					properties[secret] = map[string]any{"fn::secret": plain}
				}
				c.programOf("token", "ociauthtoken:"+kind, properties, "token")
				c.must("up", "--yes", "--skip-preview")
			}
			with("")
			value := c.secretOutput("token")
			for _, secret := range []string{"userId", "domainUrl", ""} {
				with(secret)
				require.Equal(t, value, c.secretOutput("token"), "%s with a secret %s is replaced", kind, secret)
			}
		}
	})
}
