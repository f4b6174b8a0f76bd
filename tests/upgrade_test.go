package tests

import (
	"flag"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// upgradeFrom names what TestUpgradeFromEveryRelease begins with, besides the releases.
var upgradeFrom = flag.String("upgrade.from", "", "a commit whose plugin is upgraded too, such as HEAD~10")

// TestUpgradeFromEveryRelease builds the plugin of each release from its tag, lets it mint a token, and goes on with the plugin
// as it is now. A clone without tags has only the recorded states, which TestStateOfEveryReleaseCanBeRead goes on with.
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
			c := newCLI(t)
			now := c.env[0]
			c.env[0] = "PATH=" + pluginOf(t, release) + ":" + strings.TrimPrefix(now, "PATH=")
			c.program("token", "minted before")
			c.must("up", "--yes")
			minted := c.onlyToken()

			c.env[0] = now
			c.must("preview", "--diff", "--expect-no-changes")
			c.must("refresh", "--yes", "--expect-no-changes")
			c.program("token", "described after")
			c.must("up", "--yes")
			assert.Equal(t, minted.Value, c.secretOutput("token"))
			assert.Equal(t, "described after", c.onlyToken().Description)
			assert.Equal(t, 1, c.calls("CreateAuthToken"))
			c.must("destroy", "--yes")
			assert.Empty(t, c.tokens())
		})
	}
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
