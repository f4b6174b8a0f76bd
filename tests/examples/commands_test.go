package examples

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// execute runs a command, and returns what it prints. No token's value may be in it.
func execute(t *testing.T, folder string, env []string, name string, arguments ...string) string {
	t.Helper()
	output, err := try(t, folder, env, name, arguments...)
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(arguments, " "), output)
	return output
}

// try is like execute, for a command that may fail.
func try(t *testing.T, folder string, env []string, name string, arguments ...string) (string, error) {
	t.Helper()
	var output bytes.Buffer
	command, cancel := newCommand(t, folder, env, name, arguments...)
	defer cancel()
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	requireNoValue(t, "what "+name+" "+strings.Join(arguments, " ")+" printed", output.String())
	return output.String(), err
}

// newCommand returns a command that is ended together with all processes that it has started.
func newCommand(t *testing.T, folder string, env []string, name string, arguments ...string) (*exec.Cmd, func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolchain.Limit)
	// env finds the command on the PATH that the command gets.
	command := exec.CommandContext(ctx, "env", append([]string{name}, arguments...)...)
	command.Dir, command.Env = folder, env
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = 10 * time.Second
	return command, cancel
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(content)
}

func write(t *testing.T, name, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
}
