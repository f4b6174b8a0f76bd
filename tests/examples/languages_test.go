package examples

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// language is one that examples are run in.
type language struct {
	name string // of the folder in examples/
	// main is the file with the program.
	main string
	// tools are what a machine must have.
	tools []string
	// host is the folder with the language host, if it is not among those that "make toolchain" provides.
	host func(t *testing.T) string
	// install makes what the example in a folder depends on available to it, with the SDK as packed here, and returns the
	// environment that it takes besides a PATH.
	install func(t *testing.T, dir, path string) []string
	// adopt makes a program of the code that "pulumi import" generates, where that takes more than a file of its own.
	adopt func(generated string) string
}

var (
	goLanguage = language{name: "go", main: "main.go", tools: []string{"go"}, install: installGo}
	typeScript = language{
		name: "typescript", main: "index.ts", tools: []string{"node", "npm"}, install: installTypeScript,
	}
	python = language{name: "python", main: "__main__.py", tools: []string{"python3"}, install: installPython}
	java   = language{
		name: "java", main: "src/main/java/login/App.java", tools: []string{"javac", "mvn"},
		host: javaHost, install: installJava, adopt: func(generated string) string {
			return strings.Replace(generated, "package generated_program;", "package login;", 1)
		},
	}
	yaml = language{name: "yaml", main: "Pulumi.yaml", adopt: func(generated string) string {
		return "name: registry-login\nruntime: yaml\n" + generated
	}}
)

// languages are those with an example of each kind. C# is not among them: see TestCSharpExample.
var languages = []language{goLanguage, typeScript, python, java, yaml}

func (l language) need(t *testing.T) {
	t.Helper()
	need(t, l.tools...)
}

// inEachLanguage runs a test in all languages.
func inEachLanguage(t *testing.T, test func(t *testing.T, l language)) {
	for _, l := range languages {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			test(t, l)
		})
	}
	t.Run("csharp", func(t *testing.T) {
		t.Skip("the example in C# is not run: that takes the .NET SDK, which is not used here")
	})
}

// installGo has Go use the caches that it uses without the test.
func installGo(t *testing.T, _, _ string) []string {
	t.Helper()
	variables := []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOTOOLCHAIN"}
	var values map[string]string
	output, err := exec.Command("go", append([]string{"env", "-json"}, variables...)...).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(output, &values))
	// Without what debuggers take, a program is linked in half the time.
	env := []string{"GOWORK=off", "GOFLAGS=-mod=readonly -ldflags=-w"}
	for name, value := range values {
		env = append(env, name+"="+value)
	}
	return env
}

// installTypeScript installs from package.json, with the SDK from its tarball.
func installTypeScript(t *testing.T, dir, _ string) []string {
	t.Helper()
	var manifest struct{ Dependencies, DevDependencies map[string]string }
	require.NoError(t, json.Unmarshal([]byte(read(t, dir+"/package.json")), &manifest))
	key, err := json.Marshal(manifest)
	require.NoError(t, err)
	sdk := packed(t, "*.tgz")
	modules := cached(t, "typescript", sdk+string(key), func(folder string) {
		write(t, folder+"/package.json", read(t, dir+"/package.json"))
		execute(t, folder, os.Environ(), "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund",
			"--no-package-lock", "--no-save", sdk)
	})
	require.NoError(t, os.Symlink(modules+"/node_modules", dir+"/node_modules"))
	return nil
}

// installPython installs from requirements.txt, with the SDK from its wheel.
func installPython(t *testing.T, dir, path string) []string {
	t.Helper()
	sdk := packed(t, "*.whl")
	requirements := read(t, dir+"/requirements.txt")
	environment := cached(t, "python", sdk+requirements, func(folder string) {
		write(t, folder+"/requirements.txt", requirements)
		execute(t, folder, os.Environ(), "python3", "-m", "venv", "venv")
		execute(t, folder, os.Environ(), folder+"/venv/bin/python", "-m", "pip", "install", "--quiet",
			"--disable-pip-version-check", "--find-links", filepath.Dir(sdk), "--requirement", "requirements.txt")
	})
	require.NoError(t, os.Symlink(environment+"/venv", dir+"/venv"))
	// The environment is activated, since old language hosts know nothing of Pulumi.yaml's options.
	return []string{
		"PYTHONDONTWRITEBYTECODE=1", "VIRTUAL_ENV=" + dir + "/venv",
		"PATH=" + dir + "/venv/bin" + string(os.PathListSeparator) + path,
	}
}

// installJava gives Maven a repository with the SDK's jar.
func installJava(t *testing.T, dir, _ string) []string {
	t.Helper()
	sdk := strings.TrimSuffix(packed(t, "*.pom"), ".pom")
	manifest := read(t, dir+"/pom.xml")
	repository := cached(t, "java", sdk+manifest, func(folder string) {
		place := filepath.Join(folder, "io", "github", "ociauthtoken", "ociauthtoken", version(t), filepath.Base(sdk))
		for _, extension := range []string{".jar", ".pom"} {
			write(t, place+extension, read(t, sdk+extension))
		}
		execute(t, dir, os.Environ(), "mvn", "--batch-mode", "--quiet", "-Dmaven.repo.local="+folder, "compile", "exec:help")
		require.NoError(t, os.RemoveAll(dir+"/target"))
	})
	write(t, dir+"/.mvn/maven.config", "-Dmaven.repo.local="+repository+"\n")
	return []string{"MAVEN_OPTS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"} // what starts fast
}

// javaHost builds Java's language host, if the machine has none.
func javaHost(t *testing.T) string {
	t.Helper()
	const name = "pulumi-language-java"
	if found, err := exec.LookPath(name); err == nil {
		return filepath.Dir(found)
	}
	module := filepath.Join(root, "tools", "java-host")
	return cached(t, "java-host", read(t, module+"/go.mod"), func(folder string) {
		execute(t, module, os.Environ(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", folder+"/"+name,
			"github.com/pulumi/pulumi-java/pkg/cmd/"+name)
	})
}

// packed is the one file with a SDK's package.
func packed(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(packages(t), pattern))
	require.NoError(t, err)
	require.Len(t, found, 1)
	return found[0]
}
