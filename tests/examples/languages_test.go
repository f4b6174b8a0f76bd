package examples

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// language is a language in which examples are run.
type language struct {
	name string // the name of the folder in examples/
	// main is the file with the program.
	main string
	// tools lists the commands that the machine must have.
	tools []string
	// install installs the dependencies of the example in a folder, with the SDK that was packed here. It returns the environment
	// that the example needs besides PATH.
	install func(t *testing.T, dir, path string) []string
	// adopt turns the code that "pulumi import" generates into a program, if the file alone is not one.
	adopt func(generated string) string
}

var (
	goLanguage = language{name: "go", main: "main.go", tools: []string{"go"}, install: installGo}
	typeScript = language{
		name: "typescript", main: "index.ts", tools: []string{"node", "npm"}, install: installTypeScript,
	}
	python = language{name: "python", main: "__main__.py", tools: []string{"python3"}, install: installPython}
	java   = language{
		name: "java", main: "src/main/java/login/App.java", tools: []string{"javac", "mvn", "pulumi-language-java"},
		install: installJava, adopt: func(generated string) string {
			return strings.Replace(generated, "package generated_program;", "package login;", 1)
		},
	}
	cSharp = language{
		name: "csharp", main: "Program.cs", tools: []string{"dotnet", "pulumi-language-dotnet"},
		install: installCSharp, adopt: func(generated string) string {
			return regexp.MustCompile(`(?m) +$`).ReplaceAllString(generated, "") // installCSharp makes these errors
		},
	}
	yaml = language{name: "yaml", main: "Pulumi.yaml", adopt: func(generated string) string {
		return "name: registry-login\nruntime: yaml\n" + generated
	}}
)

// languages holds the languages with an example of each kind.
var languages = []language{goLanguage, typeScript, python, java, cSharp, yaml}

func (l language) need(t *testing.T) {
	t.Helper()
	toolchain.Need(t, l.tools...)
}

// inEachLanguage runs a test in all languages.
func inEachLanguage(t *testing.T, test func(t *testing.T, l language)) {
	for _, l := range languages {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			test(t, l)
		})
	}
}

// installGo makes Go use its usual caches.
func installGo(t *testing.T, _, _ string) []string {
	t.Helper()
	variables := []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOTOOLCHAIN"}
	var values map[string]string
	output, err := exec.Command("go", append([]string{"env", "-json"}, variables...)...).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(output, &values))
	// Without debug information, a program is linked in half the time. With -trimpath, every copy of an example can use the packages
	// that were compiled for another copy, or by the Makefile.
	env := []string{"GOWORK=off", "GOFLAGS=-mod=readonly -trimpath -gcflags=all=-dwarf=false -ldflags=-w"}
	for name, value := range values {
		env = append(env, name+"="+value)
	}
	return env
}

// installTypeScript gives the example the modules that package.json lists, with the SDK from its tarball.
func installTypeScript(t *testing.T, dir, _ string) []string {
	t.Helper()
	_, program, _ := strings.Cut(dir, "/repository/")
	require.NoError(t, os.Symlink(toolchain.NodeModules(t, program), dir+"/node_modules"))
	// TestTypeScriptExamplesAreStrictAndFormatted checks the types.
	return []string{"PULUMI_NODEJS_TRANSPILE_ONLY=true"}
}

// installPython installs from requirements.txt, with the SDK from its wheel.
func installPython(t *testing.T, dir, path string) []string {
	t.Helper()
	environment := toolchain.Python(t, "examples-python", dir+"/requirements.txt", toolchain.Package(t, "*.whl"))
	require.NoError(t, os.Symlink(environment, dir+"/venv"))
	// The environment is activated, because old language hosts do not support the options in Pulumi.yaml.
	return []string{
		"VIRTUAL_ENV=" + dir + "/venv", "PATH=" + dir + "/venv/bin" + string(os.PathListSeparator) + path,
	}
}

// installJava gives Maven a repository with the SDK's jar.
func installJava(t *testing.T, dir, _ string) []string {
	t.Helper()
	sdk := strings.TrimSuffix(toolchain.Package(t, "*.pom"), ".pom")
	manifest := read(t, dir+"/pom.xml")
	repository := toolchain.Cached(t, "examples-java", sdk+manifest, func(folder string) {
		place := filepath.Join(folder, "io", "github", "ociauthtoken", "ociauthtoken", toolchain.Version(t), filepath.Base(sdk))
		for _, extension := range []string{".jar", ".pom"} {
			write(t, place+extension, read(t, sdk+extension))
		}
		execute(t, dir, os.Environ(), "mvn", "--batch-mode", "--quiet", "-Dmaven.repo.local="+folder, "compile", "exec:help")
		require.NoError(t, os.RemoveAll(dir+"/target"))
	})
	write(t, dir+"/.mvn/maven.config", "-Dmaven.repo.local="+repository+"\n")
	return []string{"MAVEN_OPTS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"} // these start fast
}

// installCSharp makes NuGet find the SDK's package. Warnings are errors, and these include what is not formatted.
func installCSharp(t *testing.T, dir, _ string) []string {
	t.Helper()
	write(t, dir+"/.editorconfig", "root = true\n[*.cs]\ndotnet_diagnostic.IDE0055.severity = warning\n")
	return append(toolchain.DotNet(t), "EnforceCodeStyleInBuild=true")
}
