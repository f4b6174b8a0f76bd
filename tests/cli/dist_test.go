package cli

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

const pluginName = "pulumi-resource-ociauthtoken"

// TestRelease builds the files of a release for this machine's platform. "make dist" builds them for every platform.
func TestRelease(t *testing.T) {
	t.Parallel()
	dist := toolchain.Release(t)
	platform := runtime.GOOS + "-" + runtime.GOARCH
	name := pluginName + "-v" + toolchain.Version(t) + "-" + platform
	archive := filepath.Join(dist, name+".tar.gz")
	sbom := filepath.Join(dist, name+".sbom.json")

	t.Run("archive", func(t *testing.T) {
		t.Parallel()
		var names []string
		for _, header := range headersIn(t, archive) {
			names = append(names, header.Name)
			assert.Zero(t, header.Uid, header.Name)
			assert.Zero(t, header.Gid, header.Name)
		}
		assert.ElementsMatch(t, []string{pluginName, "LICENSE", "README.md"}, names)
	})
	t.Run("checksums", func(t *testing.T) {
		t.Parallel()
		list := pluginName + "-v" + toolchain.Version(t) + "-checksums.txt"
		checksums, err := os.ReadFile(filepath.Join(dist, list))
		require.NoError(t, err)
		for _, file := range []string{archive, sbom} {
			assert.Contains(t, string(checksums), sha256Of(t, file)+"  "+filepath.Base(file))
		}
		toolchain.Run(t, dist, nil, "sha256sum", "--check", "--ignore-missing", "--strict", list)
	})
	t.Run("SBOM", func(t *testing.T) {
		t.Parallel()
		content, err := os.ReadFile(sbom)
		require.NoError(t, err)
		var bom struct {
			BOMFormat  string
			Components []struct{ Name string }
		}
		require.NoError(t, json.Unmarshal(content, &bom))
		assert.Equal(t, "CycloneDX", bom.BOMFormat)
		var names []string
		for _, component := range bom.Components {
			names = append(names, component.Name)
		}
		assert.Contains(t, names, "github.com/oracle/oci-go-sdk/v65")
	})
	t.Run("is the same from another folder", func(t *testing.T) {
		t.Parallel()
		again := toolchain.BuildRelease(t)
		for _, file := range []string{archive, sbom} {
			assert.Equal(t, sha256Of(t, file), sha256Of(t, filepath.Join(again, filepath.Base(file))), filepath.Base(file))
		}
	})
	t.Run("is installed from the file", func(t *testing.T) {
		t.Parallel()
		requireInstalls(t, "--file", archive)
	})
	t.Run("is installed from a server", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.FileServer(http.Dir(dist)))
		t.Cleanup(server.Close)
		requireInstalls(t, "--server", server.URL)
	})
}

// TestPackageForNuGet checks what NuGet shows of the package, and what debuggers and Pulumi read in it.
func TestPackageForNuGet(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "dotnet")
	reader, err := zip.OpenReader(toolchain.Package(t, "*.nupkg"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = reader.Close() })
	files := map[string]string{}
	for _, entry := range reader.File {
		content, err := fs.ReadFile(reader, entry.Name)
		require.NoError(t, err)
		files[entry.Name] = string(content)
	}
	var manifest struct {
		ID          string `xml:"metadata>id"`
		Version     string `xml:"metadata>version"`
		Description string `xml:"metadata>description"`
		License     string `xml:"metadata>license"`
		ProjectURL  string `xml:"metadata>projectUrl"`
		Icon        string `xml:"metadata>icon"`
		Readme      string `xml:"metadata>readme"`
		Tags        string `xml:"metadata>tags"`
		Repository  struct {
			URL    string `xml:"url,attr"`
			Commit string `xml:"commit,attr"`
		} `xml:"metadata>repository"`
	}
	const name = "OciAuthToken.PulumiPackage"
	require.NoError(t, xml.Unmarshal([]byte(files[name+".nuspec"]), &manifest))
	assert.Equal(t, name, manifest.ID)
	assert.NotRegexp(t, `(?i)^pulumi\.`, manifest.ID, "NuGet keeps these names for Pulumi")
	assert.Equal(t, toolchain.Version(t), manifest.Version)
	assert.NotEmpty(t, manifest.Description)
	assert.NotEmpty(t, manifest.Tags)
	assert.Equal(t, "Apache-2.0", manifest.License)
	assert.Equal(t, manifest.ProjectURL, manifest.Repository.URL)
	assert.Regexp(t, `^[0-9a-f]{40}$`, manifest.Repository.Commit)
	for _, file := range []string{
		manifest.Icon, manifest.Readme, "LICENSE", "content/pulumi-plugin.json",
		"lib/net6.0/" + name + ".dll", "lib/net6.0/" + name + ".pdb", "lib/net6.0/" + name + ".xml",
	} {
		assert.NotEmpty(t, files[file], file)
	}
}

// TestReleaseIsForEveryPlatform checks the list of platforms that a release is built for. The workflows build all of them.
func TestReleaseIsForEveryPlatform(t *testing.T) {
	t.Parallel()
	builds := toolchain.ReleaseConfiguration(t)["builds"].([]any)
	require.Len(t, builds, 1)
	assert.ElementsMatch(t, []any{"linux", "darwin", "windows"}, builds[0].(map[string]any)["goos"])
	assert.ElementsMatch(t, []any{"amd64", "arm64"}, builds[0].(map[string]any)["goarch"])
}

func headersIn(t *testing.T, archive string) []*tar.Header {
	t.Helper()
	file, err := os.Open(archive)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	var headers []*tar.Header
	for entries := tar.NewReader(unzipped); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return headers
		}
		require.NoError(t, err)
		headers = append(headers, header)
	}
}

func sha256Of(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// requireInstalls requires that "pulumi plugin install" installs the plugin from a source, and that it works.
func requireInstalls(t *testing.T, source ...string) {
	t.Helper()
	c := harness.NewCLI(harness.NewWorld(t))
	require.NoError(t, os.RemoveAll(c.Installed))
	c.Program("token", "ci")
	c.Must(append([]string{"plugin", "install", "resource", "ociauthtoken", toolchain.Version(t)}, source...)...)
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, c.OnlyToken().Value, c.SecretOutput("token"))
	assert.Contains(t, c.Must("plugin", "ls"), toolchain.Version(t))
}
