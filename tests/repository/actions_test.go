package repository

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestActionsArePinnedByCommit requires that workflows name the commit of each action, which nobody can move, and its version, which
// Dependabot raises with it.
func TestActionsArePinnedByCommit(t *testing.T) {
	t.Parallel()
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.*)$`)
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	commits := map[string]string{}
	for _, name := range toolchain.Files(t, ".github/workflows/*.yml") {
		for _, match := range uses.FindAllStringSubmatch(toolchain.ReadFile(t, name), -1) {
			if strings.HasPrefix(match[1], "./") {
				continue // a workflow of this repository
			}
			if !assert.Regexp(t, pinned, match[1], name) {
				continue
			}
			action, commit, _ := strings.Cut(match[1], "@")
			if commits[action] == "" {
				commits[action] = commit
			}
			assert.Equal(t, commits[action], commit, "%s has one commit of %s", name, action)
		}
	}
	require.Greater(t, len(commits), 5)
}
