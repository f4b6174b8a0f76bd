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
	output, err := exec.CommandContext(t.Context(), "git", "-C", toolchain.Root, "ls-files", "--cached", "--ignored", "--exclude-standard").Output()
	require.NoError(t, err)
	assert.Empty(t, string(output))
}
