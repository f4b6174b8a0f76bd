package cli

import (
	"flag"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// upgradeFrom names a commit that TestUpgradeFromEveryRelease starts from, in addition to the releases.
var upgradeFrom = flag.String("upgrade.from", "", "a commit whose plugin is upgraded too, such as HEAD~10")

// TestUpgradeFromEveryRelease builds the plugin of each release from its tag, creates and rotates tokens with it, and continues with the
// current plugin. A clone without tags has only the recorded states, which TestStateOfEveryReleaseCanBeRead uses.
func TestUpgradeFromEveryRelease(t *testing.T) {
	t.Parallel()
	listed, err := exec.Command("git", "tag", "--list", "v*.*.*").Output()
	if err != nil {
		t.Log("not a clone: there are no releases to build")
	}
	releases := strings.Fields(string(listed))
	if *upgradeFrom != "" {
		releases = append(releases, *upgradeFrom)
	}
	if len(releases) == 0 {
		t.Log("the clone has no tag of a release, so the recorded states are all that is upgraded")
	}
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			plugin := pluginOf(t, release)
			t.Run("AuthToken", func(t *testing.T) {
				t.Parallel()
				upgradeAuthToken(t, plugin)
			})
			if hasRotatingAuthToken(t, release) {
				t.Run("RotatingAuthToken", func(t *testing.T) {
					t.Parallel()
					upgradeRotatingAuthToken(t, plugin)
				})
			}
		})
	}
}

func upgradeAuthToken(t *testing.T, plugin string) {
	c := harness.NewCLI(harness.NewWorld(t))
	upgrade := downgraded(c, plugin)
	c.Program("token", "created before")
	c.Must("up", "--yes", "--skip-preview")
	old := c.OnlyToken()

	upgrade()
	c.Must("preview", "--diff", "--expect-no-changes")
	c.Must("refresh", "--yes", "--skip-preview", "--expect-no-changes")
	c.Program("token", "described after")
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, old.Value, c.SecretOutput("token"))
	assert.Equal(t, "described after", c.OnlyToken().Description)
	assert.Equal(t, 1, c.Calls("CreateAuthToken"))
	c.Must("destroy", "--yes", "--skip-preview")
	assert.Empty(t, c.Tokens())
}

func upgradeRotatingAuthToken(t *testing.T, plugin string) {
	c := harness.NewCLI(harness.NewWorld(t))
	upgrade := downgraded(c, plugin)
	for _, reason := range []string{"first", "second"} {
		c.RotatingProgram(reason)
		c.Must("up", "--yes", "--skip-preview")
	}
	before := c.Tokens()
	require.Len(t, before, 2)

	upgrade()
	c.Must("preview", "--diff", "--expect-no-changes")
	c.Must("refresh", "--yes", "--skip-preview", "--expect-no-changes")
	assert.Equal(t, before, c.Tokens())
	c.RotatingProgram("third")
	c.Must("up", "--yes", "--skip-preview")
	after := c.Tokens()
	require.Len(t, after, 2)
	assert.Equal(t, before[1].Value, after[0].Value, "the token that was current goes on working")
	assert.Equal(t, after[0].Value, c.SecretOutput("previousToken"))
	assert.Equal(t, after[1].Value, c.SecretOutput("token"))
	assert.Equal(t, 3, c.Calls("CreateAuthToken"))
	c.Must("destroy", "--yes", "--skip-preview")
	assert.Empty(t, c.Tokens())
}

// downgraded makes the command run the plugin in a folder, until upgrade is called.
func downgraded(c *harness.CLI, plugin string) (upgrade func()) {
	now := c.Env[0]
	c.Env[0] = "PATH=" + plugin + ":" + strings.TrimPrefix(now, "PATH=")
	return func() { c.Env[0] = now }
}

// hasRotatingAuthToken reports whether a commit has that resource. 0.1.0 does not have it.
func hasRotatingAuthToken(t *testing.T, commit string) bool {
	t.Helper()
	schema := exec.Command("git", "show", commit+":schema.json")
	schema.Dir = toolchain.Root
	shown, err := schema.Output()
	require.NoError(t, err)
	return strings.Contains(string(shown), `"`+harness.RotatingAuthTokenType+`"`)
}

// pluginOf builds the plugin of a commit, and returns its folder.
func pluginOf(t *testing.T, commit string) string {
	t.Helper()
	source, bin := t.TempDir(), t.TempDir()
	archive := filepath.Join(bin, "source.tar")
	toolchain.Run(t, toolchain.Root, nil, "git", "archive", "--output", archive, commit)
	toolchain.Run(t, source, nil, "tar", "-x", "-f", archive)
	toolchain.Run(t, source, nil, "go", "build", "-o", bin, "./cmd/pulumi-resource-ociauthtoken")
	return bin
}
