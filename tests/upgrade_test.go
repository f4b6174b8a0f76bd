package tests

import (
	"flag"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	c := newCLI(t)
	upgrade := c.downgraded(plugin)
	c.program("token", "created before")
	c.must("up", "--yes", "--skip-preview")
	old := c.onlyToken()

	upgrade()
	c.must("preview", "--diff", "--expect-no-changes")
	c.must("refresh", "--yes", "--skip-preview", "--expect-no-changes")
	c.program("token", "described after")
	c.must("up", "--yes", "--skip-preview")
	assert.Equal(t, old.Value, c.secretOutput("token"))
	assert.Equal(t, "described after", c.onlyToken().Description)
	assert.Equal(t, 1, c.calls("CreateAuthToken"))
	c.must("destroy", "--yes", "--skip-preview")
	assert.Empty(t, c.tokens())
}

func upgradeRotatingAuthToken(t *testing.T, plugin string) {
	c := newCLI(t)
	upgrade := c.downgraded(plugin)
	for _, reason := range []string{"first", "second"} {
		c.rotatingProgram(reason)
		c.must("up", "--yes", "--skip-preview")
	}
	before := c.tokens()
	require.Len(t, before, 2)

	upgrade()
	c.must("preview", "--diff", "--expect-no-changes")
	c.must("refresh", "--yes", "--skip-preview", "--expect-no-changes")
	assert.Equal(t, before, c.tokens())
	c.rotatingProgram("third")
	c.must("up", "--yes", "--skip-preview")
	after := c.tokens()
	require.Len(t, after, 2)
	assert.Equal(t, before[1].Value, after[0].Value, "the token that was current goes on working")
	assert.Equal(t, after[0].Value, c.secretOutput("previousToken"))
	assert.Equal(t, after[1].Value, c.secretOutput("token"))
	assert.Equal(t, 3, c.calls("CreateAuthToken"))
	c.must("destroy", "--yes", "--skip-preview")
	assert.Empty(t, c.tokens())
}

// downgraded makes the command run the plugin in a folder, until upgrade is called.
func (c *cli) downgraded(plugin string) (upgrade func()) {
	now := c.env[0]
	c.env[0] = "PATH=" + plugin + ":" + strings.TrimPrefix(now, "PATH=")
	return func() { c.env[0] = now }
}

// hasRotatingAuthToken reports whether a commit has that resource. 0.1.0 does not have it.
func hasRotatingAuthToken(t *testing.T, commit string) bool {
	t.Helper()
	schema := exec.Command("git", "show", commit+":schema.json")
	schema.Dir = toolchain.Root
	shown, err := schema.Output()
	require.NoError(t, err)
	return strings.Contains(string(shown), `"`+rotatingType+`"`)
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
