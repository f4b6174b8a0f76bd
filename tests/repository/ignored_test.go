package repository

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

func TestNothingIgnoredIsCheckedIn(t *testing.T) {
	t.Parallel()
	// What a person's own settings make git ignore is no concern of the repository.
	output, err := exec.CommandContext(t.Context(), "git", "-C", toolchain.Root, "-c", "core.excludesFile=",
		"ls-files", "--cached", "--ignored", "--exclude-standard").Output()
	require.NoError(t, err)
	assert.Empty(t, string(output))
}
