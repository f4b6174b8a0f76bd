package examples

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The tools of a language may be missing on a person's machine, where its tests are skipped then, but not where CI=true.

// root is the repository.
var root = func() string {
	root, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return root
}()

// limit is how long one command may take.
const limit = 8 * time.Minute

// need skips the test if a tool is missing, or fails it where CI=true.
func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool+" is missing")
		}
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// cached returns a folder with what is fetched or built for a key. That is done once for each key, and kept in .toolchain/.
func cached(t *testing.T, name, key string, fill func(folder string)) string {
	t.Helper()
	cache := filepath.Join(root, ".toolchain", "examples")
	require.NoError(t, os.MkdirAll(cache, 0o755))
	lock, err := os.Create(filepath.Join(cache, name+".lock"))
	require.NoError(t, err)
	defer func() { _ = lock.Close() }() // which unlocks it
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))

	folder := filepath.Join(cache, fmt.Sprintf("%s-%.6x", name, sha256.Sum256([]byte(key))))
	complete := filepath.Join(folder, ".complete")
	if _, err := os.Stat(complete); err == nil {
		return folder
	}
	others, err := filepath.Glob(filepath.Join(cache, name+"-????????????"))
	require.NoError(t, err)
	for _, other := range others {
		if made, err := os.Stat(other); err == nil && time.Since(made.ModTime()) > 24*time.Hour {
			require.NoError(t, os.RemoveAll(other))
		}
	}
	// It is filled in place, since some of what it gets knows where it is.
	require.NoError(t, os.RemoveAll(folder))
	require.NoError(t, os.MkdirAll(folder, 0o755))
	began := time.Now()
	fill(folder)
	t.Logf("%s: made in %s, once", name, time.Since(began).Round(time.Second))
	write(t, complete, "")
	return folder
}

// packages is a folder with the SDKs as the registries of the languages take them.
func packages(t *testing.T) string {
	t.Helper()
	key := read(t, filepath.Join(root, "tools", "sdk", "pack.sh"))
	for _, tool := range []string{"npm", "python3", "mvn"} { // pack.sh leaves out the languages without tools
		_, err := exec.LookPath(tool)
		key += fmt.Sprintln(tool, err == nil)
	}
	require.NoError(t, filepath.WalkDir(filepath.Join(root, "sdk"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			key += path + "\n" + read(t, path)
		}
		return err
	}))
	return cached(t, "packages", key, func(folder string) {
		execute(t, root, os.Environ(), filepath.Join(root, "tools", "sdk", "pack.sh"), folder)
	})
}

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

// newCommand is a command that is ended with all that it has started.
func newCommand(t *testing.T, folder string, env []string, name string, arguments ...string) (*exec.Cmd, func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	// env finds the command on the PATH that it is to have.
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
