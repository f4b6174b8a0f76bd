// Package toolchain provides the programs that tests run: the current plugin and emulator, and the compilers, formatters and clients of
// other languages.
package toolchain

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/blang/semver"
	"github.com/stretchr/testify/require"
)

// Root is the folder of the repository.
var Root = func() string {
	folder, err := os.Getwd() // a test runs in the folder of its package
	if err != nil {
		panic(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "VERSION")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			panic("the repository was not found: no folder above has a file VERSION")
		}
		folder = parent
	}
}()

// Version returns the version in VERSION.
func Version(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(ReadFile(t, "VERSION"))
}

// ReadFile returns the content of a file of the repository.
func ReadFile(t *testing.T, name string) string {
	t.Helper()
	return read(t, filepath.Join(Root, name))
}

// Files returns the paths of the files in the repository that match, and that git does not ignore.
func Files(t *testing.T, patterns ...string) []string {
	t.Helper()
	arguments := []string{"-C", Root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}
	output, err := exec.CommandContext(t.Context(), "git", append(arguments, patterns...)...).Output() //nolint:gosec // Tests say what to list.
	require.NoError(t, err)
	var names []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(output), "\x00"), "\x00") {
		if _, err := os.Stat(filepath.Join(Root, name)); err == nil { // not deleted
			names = append(names, name)
		}
	}
	require.NotEmpty(t, names, "no file matches %q", patterns)
	return names
}

// Long skips a test in the quick part of the tests.
func Long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("this is not part of the quick tests")
	}
}

// Bin builds the plugin and the emulator from the current code, and returns the folder with them. Tests that use it are not part of
// the quick tests.
func Bin(t *testing.T) string {
	t.Helper()
	Long(t)
	folder, err := build()
	require.NoError(t, err)
	return folder
}

var build = sync.OnceValues(func() (string, error) {
	folder := filepath.Join(Root, "bin")
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // Everybody may run what is built.
		return "", err
	}
	lock, err := lockFile(filepath.Join(folder, ".lock")) // Other packages' tests build it, too.
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	command := exec.Command("make", "--no-print-directory", "build")
	command.Dir = Root
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make build: %w\n%s", err, output)
	}
	return folder, nil
})

// Install makes the plugin, built from the current code, one that "pulumi plugin install" has put into a PULUMI_HOME. It returns the
// plugin's folder there. Unlike a plugin on PATH, pulumi asks it for its schema only once.
func Install(t *testing.T, home string) string {
	t.Helper()
	return InstallPlugin(t, home, "ociauthtoken", Version(t), filepath.Join(Bin(t), "pulumi-resource-ociauthtoken"))
}

// InstallPlugin does the same with the plugin of any provider.
func InstallPlugin(t *testing.T, home, provider, version, program string) string {
	t.Helper()
	folder := filepath.Join(home, "plugins", "resource-"+provider+"-v"+version)
	require.NoError(t, os.MkdirAll(folder, 0o750))
	require.NoError(t, os.Symlink(program, filepath.Join(folder, "pulumi-resource-"+provider)))
	return folder
}

// Path returns the PATH of this process. The programs that tools/toolchain.sh has built come first, unless they are on it already:
// tools/oldest.sh puts an older Pulumi before them.
func Path() string { return path }

var path = func() string {
	built, given := filepath.Join(Root, ".toolchain", "bin"), os.Getenv("PATH")
	if slices.Contains(filepath.SplitList(given), built) {
		return given
	}
	return built + string(os.PathListSeparator) + given
}()

// Need skips a test if a tool is missing, or fails it if CI=true. Without .NET it is skipped even there. Tests that need a tool are not
// part of the quick tests.
func Need(t *testing.T, tools ...string) {
	t.Helper()
	Long(t)
	for _, tool := range tools {
		if lookUp(tool) != "" {
			continue
		}
		if tool == "dotnet" {
			t.Skip("dotnet is missing: there is no .NET SDK")
		}
		Missing(t, tool+" is missing")
	}
}

// NeedPulumi skips a test if the pulumi command is older than what it tests.
func NeedPulumi(t *testing.T, version string) {
	t.Helper()
	Need(t, "pulumi")
	found, err := semver.ParseTolerant(strings.TrimSpace(Run(t, Root, nil, "pulumi", "version")))
	require.NoError(t, err)
	if found.LT(semver.MustParse(version)) {
		t.Skipf("Pulumi %s does not have this: it came with %s", found, version)
	}
}

// lookUp returns the path of a tool, or "".
func lookUp(tool string) string {
	for _, folder := range filepath.SplitList(path) {
		file := filepath.Join(folder, tool)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return ""
}

// Missing skips a test on a person's machine, and fails it if CI=true.
func Missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Cached returns a folder in .toolchain/cache that fill has filled, once for each name and key. The folder is complete if it contains a
// file .complete. It is filled in its final place, because some tools in it know their own path.
func Cached(t *testing.T, name, key string, fill func(folder string)) string {
	t.Helper()
	cache := filepath.Join(Root, ".toolchain", "cache")
	require.NoError(t, os.MkdirAll(cache, 0o755)) //nolint:gosec // Everybody may read what was downloaded.
	lock, err := lockFile(filepath.Join(cache, name+".lock"))
	require.NoError(t, err)
	defer func() { _ = lock.Close() }()

	folder := filepath.Join(cache, fmt.Sprintf("%s-%.6x", name, sha256.Sum256([]byte(key))))
	complete := filepath.Join(folder, ".complete")
	if _, err := os.Stat(complete); err == nil {
		return folder
	}
	removeOld(t, filepath.Join(cache, name+"-????????????"))
	require.NoError(t, os.RemoveAll(folder))
	require.NoError(t, os.MkdirAll(folder, 0o755)) //nolint:gosec // Everybody may read what was downloaded.
	began := time.Now()
	fill(folder)
	t.Logf("made %s in %s, once", name, time.Since(began).Round(time.Second))
	require.NoError(t, os.WriteFile(complete, nil, 0o600))
	return folder
}

// removeOld removes the folders that are more than a day old.
func removeOld(t *testing.T, pattern string) {
	t.Helper()
	folders, err := filepath.Glob(pattern)
	require.NoError(t, err)
	for _, folder := range folders {
		if made, err := os.Stat(folder); err == nil && time.Since(made.ModTime()) > 24*time.Hour {
			require.NoError(t, os.RemoveAll(folder))
		}
	}
}

// lockFile locks a file until it is closed.
func lockFile(name string) (*os.File, error) {
	file, err := os.Create(name) //nolint:gosec // The name is ours.
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// Limit is how long one command may take. It ends one that hangs, also on a machine that is slow and busy.
const Limit = 20 * time.Minute

// Run runs a command in a folder, with additional environment variables, and returns what it prints. A relative name with a
// slash is relative to the folder.
func Run(t *testing.T, folder string, environment []string, name string, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	switch {
	case !strings.Contains(name, "/"):
		require.NotEmpty(t, lookUp(name), "%s is missing", name)
		name = lookUp(name)
	case !filepath.IsAbs(name):
		name = filepath.Join(folder, name)
	}
	command := exec.CommandContext(ctx, name, arguments...) //nolint:gosec // Tests say what to run.
	command.Dir = folder
	command.Env = append(append(os.Environ(), "PATH="+path), environment...)
	command.WaitDelay = 10 * time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	require.NoError(t, command.Run(), "%s\n%s", command, &output)
	return output.String()
}
