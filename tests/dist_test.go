package tests

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// archive is what "make dist" has built for a platform, by the name that Pulumi looks for.
func archive(t *testing.T, platform string) string {
	t.Helper()
	path := filepath.Join("..", "dist", "pulumi-resource-ociauthtoken-v"+toolchain.Version(t)+"-"+platform+".tar.gz")
	require.FileExists(t, path, `run "make dist" first`)
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	return path
}

func TestArchivesForEveryPlatform(t *testing.T) {
	t.Parallel()
	checksums, err := os.ReadFile(filepath.Join("../dist", "pulumi-resource-ociauthtoken-v"+toolchain.Version(t)+"-checksums.txt"))
	require.NoError(t, err, `run "make dist" first`)
	for _, platform := range []string{
		"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64", "windows-arm64",
	} {
		path := archive(t, platform)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		sum := sha256.Sum256(content)
		assert.Contains(t, string(checksums), hex.EncodeToString(sum[:])+"  "+filepath.Base(path))
		binary := "pulumi-resource-ociauthtoken"
		if strings.HasPrefix(platform, "windows") {
			binary += ".exe"
		}
		assert.ElementsMatch(t, []string{binary, "LICENSE", "README.md"}, namesIn(t, path))
	}
}

func namesIn(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	var names []string
	for entries := tar.NewReader(unzipped); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		require.NoError(t, err)
		names = append(names, entry.Name)
	}
}

func TestPluginIsInstalledFromItsArchive(t *testing.T) {
	t.Parallel()
	path := archive(t, runtime.GOOS+"-"+runtime.GOARCH)
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(path))))
	t.Cleanup(server.Close)

	for name, source := range map[string][]string{
		"file":   {"--file", path},
		"server": {"--server", server.URL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCLI(t)
			// No plugin on PATH: it must be the one that is installed.
			for i, variable := range c.env {
				if path, ok := strings.CutPrefix(variable, "PATH="); ok {
					folders := strings.Split(path, ":")
					c.env[i] = "PATH=" + strings.Join(slices.DeleteFunc(folders, func(folder string) bool {
						_, err := os.Stat(filepath.Join(folder, "pulumi-resource-ociauthtoken"))
						return err == nil
					}), ":")
				}
			}
			c.program("token", "ci")
			c.must(append([]string{"plugin", "install", "resource", "ociauthtoken", toolchain.Version(t)}, source...)...)
			c.must("up", "--yes")
			assert.Equal(t, c.onlyToken().Value, c.secretOutput("token"))
			assert.Contains(t, c.must("plugin", "ls"), toolchain.Version(t))
			c.must("destroy", "--yes")
		})
	}
}
