package toolchain

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// Release returns a folder with the files of a release of the current code, for this machine's platform. "make dist" builds them for
// every platform.
func Release(t *testing.T) string {
	t.Helper()
	Need(t, "git", "goreleaser", "cyclonedx-gomod")
	commit := CommitOfWorkingTree(t)
	key := commit + runtime.Version() + Run(t, Root, nil, "go", "env", "GOFLAGS") // The plugin records the compiler and its flags.
	return Cached(t, "release", key, func(folder string) {
		built := buildRelease(t, commit)
		files, err := filepath.Glob(filepath.Join(built, "*.*")) // Not the folders with the binaries.
		require.NoError(t, err)
		for _, file := range files {
			require.NoError(t, os.WriteFile(filepath.Join(folder, filepath.Base(file)), []byte(read(t, file)), 0o600))
		}
	})
}

// BuildRelease builds such a release in a new folder.
func BuildRelease(t *testing.T) string {
	t.Helper()
	return buildRelease(t, CommitOfWorkingTree(t))
}

// Clone returns a clone of the repository, without a working tree.
func Clone(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "source")
	Run(t, Root, nil, "git", "clone", "--quiet", "--shared", "--no-checkout", ".", folder)
	return folder
}

// CommitOfWorkingTree returns a commit with the current files of the repository. It is on no branch.
func CommitOfWorkingTree(t *testing.T) string {
	t.Helper()
	environment := []string{"GIT_INDEX_FILE=" + filepath.Join(t.TempDir(), "index")}
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		environment = append(environment, "GIT_"+who+"_NAME=test", "GIT_"+who+"_EMAIL=test@localhost",
			"GIT_"+who+"_DATE=2026-01-02T03:04:05Z")
	}
	git := func(arguments ...string) string {
		return strings.TrimSpace(Run(t, Root, environment, "git", arguments...))
	}
	git("add", "--all")
	return git("commit-tree", git("write-tree"), "-m", "test")
}

// buildRelease makes goreleaser build a commit in a separate folder, for this machine's platform, and returns the folder with the
// release.
func buildRelease(t *testing.T, commit string) string {
	t.Helper()
	source := Clone(t)
	Run(t, source, nil, "git", "checkout", "--quiet", commit)

	configuration := ReleaseConfiguration(t)
	build := configuration["builds"].([]any)[0].(map[string]any)
	build["goos"], build["goarch"] = []string{runtime.GOOS}, []string{runtime.GOARCH}
	content, err := yaml.Marshal(configuration)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "goreleaser.yaml")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	Run(t, source, []string{"VERSION=" + Version(t)}, "goreleaser", "release", "--config", file, "--snapshot", "--skip=announce,publish")
	return filepath.Join(source, "dist")
}

// ReleaseConfiguration returns what .goreleaser.yaml says.
func ReleaseConfiguration(t *testing.T) map[string]any {
	t.Helper()
	var configuration map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(read(t, filepath.Join(Root, ".goreleaser.yaml"))), &configuration))
	return configuration
}

// DownloadURL is where releases are, as programs and SDKs name it.
const DownloadURL = "github://api.github.com/ociauthtoken/pulumi-ociauthtoken"

// Downloads is a server that stands for the place at GitHub from which pulumi downloads the plugin.
type Downloads struct {
	// Environment makes pulumi ask this server for every plugin.
	Environment []string

	t       *testing.T
	release string
	mu      sync.Mutex
	asked   []string
}

// ServeRelease starts a server that offers Release. It ends with the test.
func ServeRelease(t *testing.T) *Downloads {
	t.Helper()
	d := &Downloads{t: t, release: Release(t)}
	files := http.StripPrefix("/release/", http.FileServer(http.Dir(d.release)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		d.asked = append(d.asked, r.URL.Path)
		d.mu.Unlock()
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	d.Environment = []string{
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=false",
		"PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES=^" + regexp.QuoteMeta(DownloadURL) + "$=" + server.URL + "/release,^=" + server.URL + "/elsewhere",
	}
	return d
}

// RequireInstalled requires that the plugin in a PULUMI_HOME is that of the release, and that nothing else was downloaded.
func (d *Downloads) RequireInstalled(home string) {
	d.t.Helper()
	const plugin = "pulumi-resource-ociauthtoken"
	archive := plugin + "-v" + Version(d.t) + "-" + runtime.GOOS + "-" + runtime.GOARCH + ".tar.gz"
	d.mu.Lock()
	defer d.mu.Unlock()
	// The pinned language host for Go takes pulumi-cloud-sdk, which Pulumi's own SDK requires, for a provider. It goes on without it.
	asked := slices.DeleteFunc(slices.Clone(d.asked), func(path string) bool {
		return strings.HasPrefix(path, "/elsewhere/pulumi-resource-cloud-sdk-")
	})
	require.Equal(d.t, []string{"/release/" + archive}, asked, "what pulumi asked for")
	folder := d.t.TempDir()
	Run(d.t, folder, nil, "tar", "--extract", "--file", filepath.Join(d.release, archive))
	for _, name := range []string{plugin, "LICENSE", "README.md"} {
		installed := read(d.t, filepath.Join(home, "plugins", "resource-ociauthtoken-v"+Version(d.t), name))
		require.True(d.t, slices.Equal([]byte(read(d.t, filepath.Join(folder, name))), []byte(installed)), "%s is not that of the release", name)
	}
}
