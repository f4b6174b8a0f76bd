package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestStateIsWhatPulumiExports checks the assumption of the tests that read the state from the folder of the backend.
func TestStateIsWhatPulumiExports(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	c.Program("token", "ci")
	c.Must("up", "--yes", "--skip-preview")
	for flag, export := range map[string]func(folder, stack string) ([]byte, error){
		"--show-secrets=false": backend.Export, "--show-secrets": backend.ExportSecrets,
	} {
		printed, err := c.Command("stack", "export", flag).Output()
		require.NoError(t, err)
		read, err := export(c.State, c.Stack)
		require.NoError(t, err)
		var exported, recorded any
		require.NoError(t, json.Unmarshal(printed, &exported))
		require.NoError(t, json.Unmarshal(read, &recorded))
		assert.True(t, reflect.DeepEqual(exported, recorded), "the state is read otherwise than Pulumi exports it, %s", flag)
	}
	printed, err := c.Command("stack", "output", "token", "--show-secrets").Output()
	require.NoError(t, err)
	assert.True(t, strings.TrimSpace(string(printed)) == c.SecretOutput("token"), "an output is read otherwise than Pulumi shows it")
}

func TestCommandLineCreatesKeepsAndRevokes(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	c.Program("token", "ci")
	assert.Contains(t, c.Must("up", "--yes"), "[secret]")
	assert.Equal(t, c.OnlyToken().Value, c.SecretOutput("token"))
	assert.Contains(t, c.Must("stack", "output"), "[secret]")
	c.Must("preview", "--diff", "--expect-no-changes")

	c.Program("token", "other")
	c.Must("up", "--yes", "--diff")
	assert.Equal(t, "other", c.OnlyToken().Description)
	c.Must("refresh", "--yes", "--expect-no-changes")

	for _, output := range []string{
		c.Must("stack", "export"), c.Must("stack", "--show-ids"), c.Must("preview", "--json"), c.Must("stack", "history", "--json"),
	} {
		assert.NotContains(t, output, "BEGIN")
	}
	c.Must("destroy", "--yes")
	assert.Empty(t, c.Tokens())
}

func TestNoLogContainsAValue(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	c.Env = append(c.Env, "OCI_GO_SDK_DEBUG=v")
	for _, verbosity := range []string{"-v=8", "-v=11"} {
		c.Program("token", "ci "+verbosity)
		for _, command := range [][]string{
			{"up", "--yes"}, {"preview", "--diff"}, {"refresh", "--yes"}, {"destroy", "--yes"},
		} {
			output, err := c.Command(append(command, "--logtostderr", "--logflow", verbosity)...).CombinedOutput()
			require.NoError(t, err)
			for line := range strings.Lines(string(output)) {
				// From -v=9 on, the engine logs every property that it sends to a provider or receives from it. No
				// provider can prevent that.
				if verbosity != "-v=8" && strings.Contains(line, "arshaling property for RPC[") {
					continue
				}
				harness.RequireNoValue(t, line)
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
			c := harness.NewCLI(harness.NewWorld(t))
			if name == "of a domain" {
				c = harness.NewCLI(harness.IdentityDomain.NewWorld(t))
				form = c.DomainURL + "/" + form
			}
			live := c.OCI.AddToken(c.User, `by "hand", with punctuation: #{}`)
			printed := c.Must("import", "ociauthtoken:index:AuthToken", "token", fmt.Sprintf(form, c.User, live.ID),
				"--yes", "--skip-preview", "--protect=false", "--out", "generated.yaml")
			assert.Contains(t, printed, "replace the token to get a new value")

			generated, err := os.ReadFile(filepath.Join(c.Dir, "generated.yaml"))
			require.NoError(t, err)
			c.Write("Pulumi.yaml", "name: test\nruntime: yaml\n"+string(generated))
			c.Must("up", "--yes", "--skip-preview", "--diff", "--expect-no-changes")
			state, err := backend.Export(c.State, c.Stack)
			require.NoError(t, err)
			assert.Contains(t, string(state), live.ID)
			assert.NotContains(t, string(state), `"token":`)
			assert.Equal(t, []emulator.Token{live}, c.Tokens())
		})
	}
}

func TestImportOfWhatDoesNotExistIsAnErrorAndLeavesTheStateAlone(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	live := c.OCI.AddToken(c.User, "by hand")
	missing := live.ID[:len(live.ID)-4] + "zzzz"
	for id, complaint := range map[string]string{
		c.User + "/" + missing: "has no auth token " + missing,
		"hello":                "is not an OCID",
	} {
		printed, err := c.Run("import", "ociauthtoken:index:AuthToken", "token", id, "--yes", "--protect=false")
		require.Error(t, err, id)
		assert.Contains(t, strings.Join(strings.Fields(printed), " "), complaint, id)
		state, err := backend.Export(c.State, c.Stack)
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
			c := harness.NewCLI(harness.NewWorld(t))
			live := c.OCI.AddToken(c.User, "by hand")
			inputs := map[string]any{"userId": c.User, "description": "by hand"}
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
			c.Write("import.json", string(file))
			c.Must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")

			c.Program("token", "by hand")
			c.Must("up", "--yes", "--skip-preview")
			assert.Equal(t, live.Value, c.SecretOutput("token"))
			c.Must("preview", "--diff", "--expect-no-changes")
			c.Program("token", "described anew")
			c.Must("up", "--yes", "--skip-preview")
			c.Must("refresh", "--yes", "--skip-preview")
			assert.Equal(t, live.Value, c.SecretOutput("token"))
			assert.Zero(t, c.Calls("CreateAuthToken"))
			c.Must("destroy", "--yes", "--skip-preview")
			assert.Empty(t, c.Tokens())
		})
	}
}

func TestInterruptDuringCreationRecordsTheToken(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	c.Program("token", "ci")
	printed := upAndInterrupt(c, "CreateAuthToken")

	c.Must("refresh", "--yes", "--skip-preview")
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, c.OnlyToken().Value, c.SecretOutput("token"), "the one token there is, is the one in the state")
	assert.Equal(t, 1, c.Calls("CreateAuthToken"), printed)
}

// upAndInterrupt runs "pulumi up", interrupts it while OCI's answer to a call is held, and returns what was printed.
func upAndInterrupt(c *harness.CLI, operation string) string {
	c.T.Helper()
	arrived, release := c.Gate(operation)
	up := c.Command("up", "--yes", "--skip-preview")
	var printed bytes.Buffer
	up.Stdout, up.Stderr = &printed, &printed
	up.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(c.T, up.Start())
	<-arrived
	// This is what a terminal does on Ctrl-C: the signal goes to pulumi and to the plugins that it has started.
	require.NoError(c.T, syscall.Kill(-up.Process.Pid, syscall.SIGINT))
	release()
	_ = up.Wait()
	harness.RequireNoValue(c.T, printed.String())
	return printed.String()
}

func TestInterruptDuringRotationRecordsTheToken(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	c.RotatingProgram("before")
	c.Must("up", "--yes", "--skip-preview")
	first := c.OnlyToken()
	c.RotatingProgram("after")
	printed := upAndInterrupt(c, "CreateAuthToken")

	tokens := c.Tokens()
	require.Len(t, tokens, 2, printed)
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, tokens[1].Value, c.SecretOutput("token"), "the new token is the one in the state")
	assert.Equal(t, first.Value, c.SecretOutput("previousToken"))
	assert.Equal(t, tokens, c.Tokens(), "rotated once")
	assert.Equal(t, 2, c.Calls("CreateAuthToken"), printed)
}

func TestPluginAnswersGetSchema(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	plugin := filepath.Join(toolchain.Bin(t), "pulumi-resource-ociauthtoken")
	printed, err := c.Command("package", "get-schema", plugin).Output()
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
	c := harness.NewCLI(harness.NewWorld(t))
	plugin := filepath.Join(toolchain.Bin(t), "pulumi-resource-ociauthtoken")
	c.Must("package", "add", plugin)
	project, err := os.ReadFile(filepath.Join(c.Dir, "Pulumi.yaml"))
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
			c := harness.NewCLI(harness.NewWorld(t))
			preview := func(description, incident string) string {
				t.Helper()
				properties := map[string]any{"description": description}
				if incident != "" {
					properties["rotateWhenChanged"] = map[string]any{"incident": incident}
				}
				c.ProgramOf("token", "ociauthtoken:"+kind, properties, outputs...)
				shown := c.Must("preview", "--diff")
				assert.NotContains(t, shown, "[unknown]")
				return shown
			}
			c.ProgramOf("token", "ociauthtoken:"+kind, map[string]any{"description": "old"}, outputs...)
			c.Must("up", "--yes", "--skip-preview")
			preview("old", "")
			preview("new", "")
			c.Must("up", "--yes", "--skip-preview")
			c.Must("refresh", "--yes", "--skip-preview", "--expect-no-changes")
			preview("new", "")
			if kind == "RotatingAuthToken" {
				assert.Regexp(t, `\+ previousTokenId +: "`+c.OnlyToken().ID, preview("new", "4711"))
			}
		})
	}
}

// TestAnArgumentThatBecomesASecretReplacesNothingInAProgram runs programs with an SDK. It may set resource options of its own, by the
// schema, which the programs of other tests do not have.
func TestAnArgumentThatBecomesASecretReplacesNothingInAProgram(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, kind := range []string{"AuthToken", "RotatingAuthToken"} {
			c := harness.NewCLI(a.NewWorld(t))
			with := func(secret string) {
				t.Helper()
				properties := c.Inputs(c.User, "ci").Mappable()
				if plain, ok := properties[secret]; ok {
					properties[secret] = map[string]any{"fn::secret": plain}
				}
				c.ProgramOf("token", "ociauthtoken:"+kind, properties, "token")
				c.Must("up", "--yes", "--skip-preview")
			}
			with("")
			value := c.SecretOutput("token")
			for _, secret := range []string{"userId", "domainUrl", ""} {
				with(secret)
				require.Equal(t, value, c.SecretOutput("token"), "%s with a secret %s is replaced", kind, secret)
			}
		}
	})
}
