package examples

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests look at the packages as registries take them. TestBenchQuickly installs the one for npm in an empty folder. The examples use
// those for the other registries.

// installing returns what README's table says about a language.
func installing(t *testing.T, language string) string {
	t.Helper()
	row := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(language) + ` \| (.*) \|$`).FindStringSubmatch(
		read(t, filepath.Join(toolchain.Root, "README.md")))
	require.NotNil(t, row, language)
	return row[1]
}

func TestReadmesTableNamesThePackages(t *testing.T) {
	t.Parallel()
	find := func(pattern, text string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(text)
		require.NotNil(t, found, pattern)
		return found[1]
	}
	t.Run("npm", func(t *testing.T) {
		t.Parallel()
		toolchain.Need(t, "npm")
		manifest := fileIn(t, toolchain.Package(t, "*.tgz"), "package/package.json")
		assert.Equal(t, "`npm install "+find(`"name": "(.*?)"`, manifest)+"`", installing(t, "TypeScript, JavaScript"))
	})
	t.Run("PyPI", func(t *testing.T) {
		t.Parallel()
		toolchain.Need(t, "python3")
		name := find(`(?m)^Name: (.*)$`, fileIn(t, toolchain.Package(t, "*.whl"), "pulumi_ociauthtoken-"+toolchain.Version(t)+".dist-info/METADATA"))
		assert.Equal(t, "`pip install "+name+"`", installing(t, "Python"))
	})
	t.Run("NuGet", func(t *testing.T) {
		t.Parallel()
		toolchain.Need(t, "dotnet")
		file := toolchain.Package(t, "*.nupkg")
		name := strings.TrimSuffix(filepath.Base(file), "."+toolchain.Version(t)+".nupkg")
		assert.Equal(t, "`dotnet add package "+find(`<id>(.*)</id>`, fileIn(t, file, name+".nuspec"))+"`", installing(t, ".NET"))
	})
	t.Run("Maven", func(t *testing.T) {
		t.Parallel()
		toolchain.Need(t, "mvn")
		pom := read(t, toolchain.Package(t, "*.pom"))
		assert.Equal(t, "`"+find(`<groupId>(.*)</groupId>`, pom)+":"+find(`<artifactId>(.*)</artifactId>`, pom)+"` from Maven Central",
			installing(t, "Java"))
		// Maven Central requires these, beside signatures.
		for _, element := range []string{"name", "description", "url", "licenses", "developers", "scm"} {
			assert.Contains(t, pom, "<"+element+">")
		}
		for _, pattern := range []string{"*[0-9].jar", "*-sources.jar", "*-javadoc.jar"} {
			toolchain.Package(t, pattern)
		}
	})
}

// TestSourcesForPyPIMakeTheWheel builds a wheel from the source distribution.
func TestSourcesForPyPIMakeTheWheel(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "python3", "uv")
	out, wheel := t.TempDir(), toolchain.Package(t, "*.whl")
	// The wheel may be from another day, and names the version of the tool that made it.
	made := regexp.MustCompile(`Generator: (\w+) \((.*)\)`).FindStringSubmatch(
		fileIn(t, wheel, "pulumi_ociauthtoken-"+toolchain.Version(t)+".dist-info/WHEEL"))
	require.NotNil(t, made)
	write(t, filepath.Join(out, "constraints"), made[1]+"=="+made[2]+"\n")
	toolchain.Run(t, out, []string{"SOURCE_DATE_EPOCH=315619200", "UV_SYSTEM_CERTS=true"}, // as tools/pack.sh
		"uv", "build", "--quiet", "--wheel", "--build-constraints", "constraints", "--out-dir", out, toolchain.Package(t, "*_ociauthtoken-*.tar.gz"))
	assert.True(t, read(t, wheel) == read(t, filepath.Join(out, filepath.Base(wheel))), "it is another wheel than the one that is published")
}

// TestGoModuleIsFetched runs README's command in an empty module. A server on loopback stands for the module proxy. It has the module as
// Go makes it from the tag of a release.
func TestGoModuleIsFetched(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "go", "git")
	command := strings.Trim(installing(t, "Go"), "`")
	name, found := strings.CutPrefix(command, "go get ")
	require.True(t, found, command)
	version := module.Version{Path: name, Version: "v" + toolchain.Version(t)}
	folder, found := strings.CutPrefix(name, "github.com/ociauthtoken/pulumi-ociauthtoken/")
	require.True(t, found, name)
	var archive bytes.Buffer
	require.NoError(t, modzip.CreateFromVCS(&archive, version, toolchain.Clone(t), toolchain.CommitOfWorkingTree(t), folder))
	files := map[string]string{
		"list":                    version.Version + "\n",
		version.Version + ".info": `{"Version": "` + version.Version + `", "Time": "2026-01-02T03:04:05Z"}`,
		version.Version + ".mod":  read(t, filepath.Join(toolchain.Root, folder, "go.mod")),
		version.Version + ".zip":  archive.String(),
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, ok := files[path.Base(r.URL.Path)]
		if !ok || path.Dir(r.URL.Path) != "/"+name+"/@v" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, content)
	}))
	t.Cleanup(proxy.Close)

	// The dependencies come from the modules that this machine has.
	value := func(variable string) string {
		output, err := exec.CommandContext(t.Context(), "go", "env", variable).Output()
		require.NoError(t, err)
		return strings.TrimSpace(string(output))
	}
	environment := []string{
		"GOWORK=off", "GOFLAGS=-modcacherw -trimpath -gcflags=all=-dwarf=false", "GOMODCACHE=" + t.TempDir(), "GONOSUMDB=" + name,
		"GOPROXY=" + strings.Join([]string{proxy.URL, "file://" + value("GOMODCACHE") + "/cache/download", value("GOPROXY")}, ","),
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.go"), read(t, filepath.Join(toolchain.Root, "examples", "go", "main.go")))
	for _, step := range []string{"go mod init example", command, "go mod tidy", "go vet ."} {
		arguments := strings.Fields(step)
		toolchain.Run(t, dir, environment, arguments[0], arguments[1:]...)
	}
	assert.Contains(t, read(t, filepath.Join(dir, "go.mod")), version.String()[:len(name)]+" "+version.Version)
}

// TestReadmesCommandsInstallThePackages runs README's commands in an empty project. Servers on loopback, or a folder for NuGet, stand for
// the registries: they have the package that was built here, and clients get the others elsewhere. A program then creates a token with what
// was installed: in TypeScript that of README, otherwise the example.
func TestReadmesCommandsInstallThePackages(t *testing.T) {
	t.Parallel()
	install := func(p *project, command string, environment ...string) {
		p.t.Helper()
		execute(p.t, p.dir, append(append(os.Environ(), "PATH="+toolchain.Path()), environment...), "bash", "-euc", command)
		p.newStack("dev", map[string]string{"userId": p.users[0], "description": "ci"})
		p.pulumi("up", "--yes", "--skip-preview")
	}
	t.Run("npm", func(t *testing.T) {
		t.Parallel()
		p := newProject(t, "typescript", typeScript)
		elsewhere := strings.TrimSpace(toolchain.Run(t, p.dir, nil, "npm", "config", "get", "registry"))
		tarball := toolchain.Package(t, "*.tgz")
		var manifest map[string]any
		require.NoError(t, json.Unmarshal([]byte(fileIn(t, tarball, "package/package.json")), &manifest))
		name := "/" + manifest["name"].(string)
		var registry *httptest.Server
		registry = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case name:
				manifest["dist"] = map[string]any{"tarball": registry.URL + name + "/-" + name + ".tgz"}
				version := manifest["version"].(string)
				_ = json.NewEncoder(w).Encode(map[string]any{
					"name": manifest["name"], "dist-tags": map[string]any{"latest": version}, "versions": map[string]any{version: manifest},
				})
			case name + "/-" + name + ".tgz":
				http.ServeFile(w, r, tarball)
			default:
				http.Redirect(w, r, strings.TrimSuffix(elsewhere, "/")+r.URL.EscapedPath(), http.StatusTemporaryRedirect)
			}
		}))
		t.Cleanup(registry.Close)
		for _, file := range []string{"package.json", "tsconfig.json", "node_modules"} {
			require.NoError(t, os.Remove(filepath.Join(p.dir, file)))
		}
		program := regexp.MustCompile("(?s)```typescript\n(.*?)```").FindStringSubmatch(read(t, filepath.Join(toolchain.Root, "README.md")))
		require.NotNil(t, program)
		write(t, filepath.Join(p.dir, "index.ts"), program[1])
		install(p, strings.Trim(installing(t, "TypeScript, JavaScript"), "`"), "npm_config_registry="+registry.URL)
		assert.True(t, p.onlyToken(p.users[0]).Value == p.secret("password"), "it is not the value of the token")
	})
	t.Run("pip", func(t *testing.T) {
		t.Parallel()
		p := newProject(t, "python", python)
		wheel := toolchain.Package(t, "*.whl")
		registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/simple/pulumi-ociauthtoken/":
				_, _ = io.WriteString(w, `<a href="/`+filepath.Base(wheel)+`">`+filepath.Base(wheel)+`</a>`)
			case "/" + filepath.Base(wheel):
				http.ServeFile(w, r, wheel)
			default:
				http.NotFound(w, r)
			}
		}))
		t.Cleanup(registry.Close)
		require.NoError(t, os.Remove(filepath.Join(p.dir, "venv")))
		install(p, "python3 -m venv venv; . venv/bin/activate; "+strings.Trim(installing(t, "Python"), "`"), "PIP_EXTRA_INDEX_URL="+registry.URL+"/simple/")
		p.requireHandedOn(p.onlyToken(p.users[0]))
	})
	t.Run("dotnet", func(t *testing.T) {
		t.Parallel()
		p := newProject(t, "csharp", cSharp)
		file := filepath.Join(p.dir, "RegistryLogin.csproj")
		without := regexp.MustCompile(`.*Include="OciAuthToken.PulumiPackage".*\n`).ReplaceAllString(read(t, file), "")
		require.NotEqual(t, without, read(t, file))
		write(t, file, without)
		sources := `<add key="built" value="` + filepath.Dir(toolchain.Package(t, "*.nupkg")) + `"/>`
		if elsewhere := os.Getenv("RestoreSources"); elsewhere != "" {
			sources = `<clear/><add key="elsewhere" value="` + elsewhere + `"/>` + sources
		}
		write(t, filepath.Join(p.dir, "nuget.config"), "<configuration><packageSources>"+sources+"</packageSources></configuration>\n")
		install(p, strings.Trim(installing(t, ".NET"), "`"), p.env...)
		p.requireHandedOn(p.onlyToken(p.users[0]))
	})
}

// fileIn returns a file in a package, which is a zip or a compressed tar.
func fileIn(t *testing.T, archive, name string) string {
	t.Helper()
	if filepath.Ext(archive) != ".tgz" {
		reader, err := zip.OpenReader(archive)
		require.NoError(t, err)
		defer func() { _ = reader.Close() }()
		content, err := fs.ReadFile(reader, name)
		require.NoError(t, err)
		return string(content)
	}
	file, err := os.Open(archive)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	for entries := tar.NewReader(unzipped); ; {
		header, err := entries.Next()
		require.False(t, errors.Is(err, io.EOF), "%s has no %s", archive, name)
		require.NoError(t, err)
		if header.Name == name {
			content, err := io.ReadAll(entries)
			require.NoError(t, err)
			return string(content)
		}
	}
}
