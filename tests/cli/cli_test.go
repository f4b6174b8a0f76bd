// Package cli contains the tests that run the pulumi command and the plugin as a person does. They test what only the commands have:
// generated code, import files, interrupts, logs, upgrades, the archives of a release.
package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/authtoken"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/rotatingauthtoken"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
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

// TestPreviewOfAnUpdateShowsWhatStaysTheSame exports every output, and requires that no preview shows one as unknown that has no value, save
// what a rotation may give one. Pulumi takes what is not in an answer as unknown.
func TestPreviewOfAnUpdateShowsWhatStaysTheSame(t *testing.T) {
	t.Parallel()
	ofNewToken := append(token.OfNewToken(), "tokenId", "timeRotationDue")
	for kind, outputs := range map[string][]string{
		"AuthToken": infermend.NamesIn[authtoken.State](), "RotatingAuthToken": infermend.NamesIn[rotatingauthtoken.State](),
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
				for _, line := range regexp.MustCompile(`(\w+) *: \[unknown\]`).FindAllStringSubmatch(shown, -1) {
					assert.True(t, incident != "" && slices.Contains(ofNewToken, line[1]), "%s is unknown", line[1])
				}
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
