package cli

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// demo returns the command examples/demo.sh in its own process group, as a terminal starts it, and with its own temporary folder.
func demo(t *testing.T) (command *exec.Cmd, temporary string) {
	t.Helper()
	c := harness.NewCLIWithoutStack(harness.NewWorld(t))
	temporary = t.TempDir()
	command = exec.Command(filepath.Join(toolchain.Root, "examples", "demo.sh"))
	command.Env = append(c.Env, "TMPDIR="+temporary)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return command, temporary
}

func requireEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left, "the demo cleans up behind itself")
}

func TestDemoShowsTheWholeStory(t *testing.T) {
	t.Parallel()
	command, temporary := demo(t)
	output, err := command.CombinedOutput()
	text := string(output)
	require.NoError(t, err, text)
	for _, part := range []string{
		"token       : [secret]", "dockerConfig: [secret]", `~ description: "docker login from CI"`, "1 imported", "3 deleted",
		"still lists for the user: []",
	} {
		assert.Contains(t, text, part)
	}
	assert.NotContains(t, strings.ToLower(text), "error")
	requireEmpty(t, temporary)
}

func TestDemoCleansUpOnInterrupt(t *testing.T) {
	t.Parallel()
	command, temporary := demo(t)
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	var rest bytes.Buffer
	command.Stderr = &rest
	require.NoError(t, command.Start())
	lines := bufio.NewScanner(output)
	interrupted := false
	for lines.Scan() {
		if !interrupted && strings.Contains(lines.Text(), "Create a token") {
			require.NoError(t, syscall.Kill(-command.Process.Pid, syscall.SIGINT))
			interrupted = true
		}
	}
	require.True(t, interrupted)
	require.Error(t, command.Wait())
	requireEmpty(t, temporary)
	// No process of the group is left running, so the signal reaches none.
	require.ErrorIs(t, syscall.Kill(-command.Process.Pid, 0), syscall.ESRCH)
}
