package pages

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// Every snippet on a page must compile with the SDKs in sdk/, with the strictest settings of its language.

func TestGoSnippets(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "go")
	sdk := filepath.Join(toolchain.Root, "sdk", "go", "ociauthtoken")
	work := t.TempDir()

	// The snippets have the dependencies of the SDK, and the SDK itself.
	manifest := read(t, sdk+"/go.mod")
	line, rest, _ := strings.Cut(manifest, "\n")
	module := strings.TrimPrefix(line, "module ")
	put(t, work+"/go.mod", fmt.Sprintf("module snippets\n%s\nrequire %s v0.0.0\nreplace %[2]s => %s\n", rest, module, sdk))
	put(t, work+"/go.sum", read(t, sdk+"/go.sum"))
	for name, code := range programs(t, "go") {
		put(t, filepath.Join(work, name, "main.go"), code)
		assert.Empty(t, toolchain.Run(t, filepath.Join(work, name), nil, "gofmt", "-l", "."), "%s is not formatted", name)
	}
	toolchain.Run(t, work, []string{"GOFLAGS=" + os.Getenv("GOFLAGS") + " -mod=mod", "GOWORK=off"}, "go", "vet", "./...")
}

func TestTypeScriptSnippets(t *testing.T) {
	t.Parallel()
	modules := toolchain.NodeModules(t, "tests/pages/testdata/typescript")
	work := t.TempDir()
	require.NoError(t, os.CopyFS(work+"/sdk", os.DirFS(filepath.Join(toolchain.Root, "sdk", "nodejs"))))
	require.NoError(t, os.Symlink(modules, work+"/node_modules"))
	put(t, work+"/tsconfig.json", read(t, "testdata/typescript/tsconfig.json"))
	for name, code := range programs(t, "typescript") {
		put(t, filepath.Join(work, name+".ts"), code)
	}
	toolchain.Run(t, work, nil, "node", "node_modules/typescript/bin/tsc", "--project", ".")
}

func TestPythonSnippets(t *testing.T) {
	t.Parallel()
	environment := toolchain.Python(t, "snippets-python", "testdata/python/requirements.txt")
	work := t.TempDir()
	for name, code := range programs(t, "python") {
		// Module names must not contain hyphens.
		put(t, filepath.Join(work, strings.ReplaceAll(name, "-", "_")+".py"), code)
	}
	python := environment + "/bin/python"
	toolchain.Run(t, work, nil, python, "-m", "compileall", "-q", ".")
	// mypy uses the types of the SDK, but does not report errors in its code.
	toolchain.Run(t, work, []string{"MYPYPATH=" + filepath.Join(toolchain.Root, "sdk", "python")},
		python, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir=.cache", ".")
}

func TestJavaSnippets(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "javac", "mvn")
	manifest := read(t, toolchain.Root+"/sdk/java/pom.xml")
	jars := toolchain.Cached(t, "snippets-java", manifest, func(folder string) {
		put(t, folder+"/pom.xml", manifest)
		toolchain.Run(t, folder, nil, "mvn", "--batch-mode", "--quiet",
			"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies", "-DoutputDirectory=jars")
	})
	work := t.TempDir()
	var sources []string
	require.NoError(t, filepath.WalkDir(toolchain.Root+"/sdk/java/src/main/java", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".java" {
			sources = append(sources, path)
		}
		return err
	}))
	require.NotEmpty(t, sources, "the SDK has no code")
	compile := func(classes, flags string, files ...string) {
		arguments := []string{"-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-d", classes, "-classpath", work + "/sdk" + string(os.PathListSeparator) + jars + "/jars/*"}
		arguments = append(arguments, strings.Fields(flags)...)
		toolchain.Run(t, work, nil, "javac", append(arguments, files...)...)
	}
	compile(work+"/sdk", "-nowarn -proc:none", sources...)
	// Each snippet gets a package of its own, so that the compiler starts only once.
	var snippets []string
	for name, code := range programs(t, "java") {
		const generated = "package generated_program;"
		require.Contains(t, code, generated)
		name = strings.ReplaceAll(name, "-", "_")
		snippets = append(snippets, filepath.Join(work, name, "App.java"))
		put(t, filepath.Join(work, name, "App.java"), strings.Replace(code, generated, "package "+name+";", 1))
	}
	compile(work+"/snippets", "-Xlint:all -Werror -proc:none", snippets...)
}

func TestCSharpSnippets(t *testing.T) {
	t.Parallel()
	environment := toolchain.DotNet(t)
	work := t.TempDir()
	project := read(t, "testdata/csharp/Snippets.csproj")
	put(t, work+"/Snippets.csproj", strings.ReplaceAll(project, "VERSION", toolchain.Version(t)))
	// Each snippet gets a namespace of its own, so that the compiler starts only once.
	using := regexp.MustCompile(`^(?:using .*;\n)+`)
	for name, code := range programs(t, "csharp") {
		names := using.FindString(code)
		require.NotEmpty(t, names)
		put(t, filepath.Join(work, name+".cs"), fmt.Sprintf(
			"namespace %s;\n%sstatic class Program\n{\n    static async System.Threading.Tasks.Task<int> Main()\n    {\n%s    }\n}\n",
			strings.ReplaceAll(name, "-", "_"), names, strings.TrimPrefix(code, names)))
	}
	toolchain.Run(t, work, environment, "dotnet", "build", "--nologo")
}

// programs returns the code that the pages show in a language, under generated names.
func programs(t *testing.T, language string) map[string]string {
	t.Helper()
	fence := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$")
	found := map[string]string{}
	known := map[string]bool{}
	for _, page := range pages(t) {
		for _, match := range fence.FindAllStringSubmatch(read(t, filepath.Join(toolchain.Root, page)), -1) {
			if code := match[1]; !known[code] { // Several pages may show it.
				known[code] = true
				found[fmt.Sprintf("snippet-%d", len(found)+1)] = code
			}
		}
	}
	snippets, err := filepath.Glob(filepath.Join(toolchain.Root, "tools", "docs", "snippets", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, snippets)
	require.GreaterOrEqual(t, len(found), len(snippets), "the pages show some snippets not in %s", language)
	return found
}

func put(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
}
