package examples

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yamlv3 "gopkg.in/yaml.v3"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests check every example, and the programs in testdata/get, with the strictest settings of its language. The versions of the
// tools are pinned in testdata/ and here.

// googleJavaFormat is the formatter of Java programs.
const googleJavaFormat = "com.google.googlejavaformat:google-java-format:1.28.0:jar:all-deps"

// checked returns copies of the examples in a language, and of the program in testdata/get.
func checked(t *testing.T, l language, names ...string) []*project {
	t.Helper()
	var copies []*project
	for _, name := range names {
		copies = append(copies, newProject(t, name, l))
	}
	get := newProject(t, l.name, l)
	l.put(t, get.dir, "get")
	return append(copies, get)
}

func TestGoExamplesAreVetted(t *testing.T) {
	t.Parallel()
	for _, p := range checked(t, goLanguage, "go", "automation-go", "push-image-go") {
		assert.Empty(t, execute(t, p.dir, p.env, "gofmt", "-l", "-s", "."), "not formatted")
		execute(t, p.dir, p.env, "go", "vet", "./...")
	}
}

func TestTypeScriptExamplesAreStrictAndFormatted(t *testing.T) {
	t.Parallel()
	typeScript.need(t)
	formatted := []string{toolchain.NodeModules(t, "tests/examples/testdata/typescript") + "/prettier/bin/prettier.cjs", "--check"}
	for _, p := range checked(t, typeScript, "typescript", "automation-typescript", "rotation-typescript", "push-image-typescript") {
		var config struct{ CompilerOptions struct{ Strict bool } }
		require.NoError(t, json.Unmarshal([]byte(read(t, p.dir+"/tsconfig.json")), &config))
		assert.True(t, config.CompilerOptions.Strict)
		execute(t, p.dir, p.env, "node", "node_modules/typescript/bin/tsc", "--noEmit")
		formatted = append(formatted, p.dir)
	}
	execute(t, ".", os.Environ(), "node", formatted...)
}

func TestPythonExamplesAreStrictAndFormatted(t *testing.T) {
	t.Parallel()
	for _, p := range checked(t, python, "python", "automation-python", "rotation-python", "push-image-python") {
		requireStrict(t, p)
	}
}

// requireStrict requires that a program in Python is formatted, and that its types are right.
func requireStrict(t *testing.T, p *project) {
	t.Helper()
	tools := pythonTools(t)
	ruff := []string{"--no-cache", "--config", filepath.Join(toolchain.Root, "examples", "ruff.toml"), "--exclude", "venv", "."}
	execute(t, p.dir, p.env, tools+"/ruff", append([]string{"check"}, ruff...)...)
	execute(t, p.dir, p.env, tools+"/ruff", append([]string{"format", "--check"}, ruff...)...)
	// mypy's cache is kept with the packages.
	packages, err := filepath.EvalSymlinks(filepath.Join(p.dir, "venv"))
	require.NoError(t, err)
	execute(t, p.dir, p.env, tools+"/mypy", "--strict", "--python-executable", packages+"/bin/python", "--exclude", "venv",
		"--cache-dir", filepath.Join(packages, "mypy"), ".")
	write(t, filepath.Join(p.dir, "pyrightconfig.json"), `{"typeCheckingMode": "strict", "exclude": ["venv"]}`)
	execute(t, p.dir, p.env, "node", toolchain.NodeModules(t, "tests/examples/testdata/typescript")+"/pyright/index.js",
		"--pythonpath", packages+"/bin/python")
}

// pythonTools returns the folder with the tools that check Python. They come from PyPI.
func pythonTools(t *testing.T) string {
	t.Helper()
	return toolchain.Python(t, "python-tools", "testdata/python/requirements.txt") + "/bin"
}

func TestJavaExamplesAreFormattedAndAllowNoWarnings(t *testing.T) {
	t.Parallel()
	java.need(t)
	formatter := toolchain.Cached(t, "google-java-format", googleJavaFormat, func(folder string) {
		execute(t, folder, os.Environ(), "mvn", "--batch-mode", "--quiet",
			"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy", "-Dartifact="+googleJavaFormat,
			"-DoutputDirectory="+folder, "-Dmdep.stripVersion=true")
	})
	var arguments []string
	for _, module := range []string{"api", "code", "file", "parser", "tree", "util"} {
		arguments = append(arguments, "--add-exports=jdk.compiler/com.sun.tools.javac."+module+"=ALL-UNNAMED")
	}
	arguments = append(arguments, "-jar", formatter+"/google-java-format-all-deps.jar", "--dry-run", "--set-exit-if-changed")
	programs, err := filepath.Glob(filepath.Join(toolchain.Root, "examples", "*", filepath.FromSlash(path.Dir(path.Dir(java.main))), "*", "*.java"))
	require.NoError(t, err)
	require.NotEmpty(t, programs)
	others, err := filepath.Glob("testdata/*/java/*.java")
	require.NoError(t, err)
	require.NotEmpty(t, others)
	programs = append(programs, others...)
	execute(t, ".", os.Environ(), "java", append(arguments, programs...)...)

	// Maven compiles the programs when they run. Warnings are errors then.
	manifests, err := filepath.Glob(filepath.Join(toolchain.Root, "examples", "*", "pom.xml"))
	require.NoError(t, err)
	require.NotEmpty(t, manifests)
	for _, name := range manifests {
		manifest := read(t, name)
		assert.Contains(t, manifest, "<arg>-Xlint:all</arg>")
		assert.Contains(t, manifest, "<failOnWarning>true</failOnWarning>")
	}
}

// TestCSharpExamplesAllowNoWarnings checks the projects' settings. Pulumi compiles the programs when they run.
func TestCSharpExamplesAllowNoWarnings(t *testing.T) {
	t.Parallel()
	projects, err := filepath.Glob(filepath.Join(toolchain.Root, "examples", "*", "*.csproj"))
	require.NoError(t, err)
	require.NotEmpty(t, projects)
	for _, name := range projects {
		project := read(t, name)
		assert.Contains(t, project, "<Nullable>enable</Nullable>")
		assert.Contains(t, project, "<TreatWarningsAsErrors>true</TreatWarningsAsErrors>")
	}
}

// TestExamplesAreOneProgram requires that the example registers the same resources in each language.
func TestExamplesAreOneProgram(t *testing.T) {
	t.Parallel()
	type definition struct {
		Name, Description string
		Config            map[string]any
	}
	parse := func(name string) definition {
		var parsed definition
		require.NoError(t, yamlv3.Unmarshal([]byte(read(t, filepath.Join(toolchain.Root, "examples", name, "Pulumi.yaml"))), &parsed))
		return parsed
	}
	for _, name := range []string{"go", "typescript", "python", "java", "csharp"} {
		assert.Equal(t, parse("yaml"), parse(name), name)
	}
	for _, name := range []string{"push-image-typescript", "push-image-python", "push-image-go", "push-image-csharp"} {
		assert.Equal(t, parse("push-image-yaml"), parse(name), name)
	}
	for _, name := range []string{"automation-go/rotation", "rotation-typescript", "rotation-python", "rotation-java", "rotation-csharp"} {
		assert.Equal(t, parse("rotation-yaml"), parse(name), name)
	}
}

// TestExamplesAreOfThisVersion checks the version of the SDK in the files in which each language names it.
func TestExamplesAreOfThisVersion(t *testing.T) {
	t.Parallel()
	for file, pattern := range map[string]string{
		"go/go.mod":                                 `sdk/go/ociauthtoken v(\S+)`,
		"automation-go/go.mod":                      `sdk/go/ociauthtoken v(\S+)`,
		"typescript/package.json":                   `"pulumi-ociauthtoken": "(.*)"`,
		"automation-typescript/package.json":        `"pulumi-ociauthtoken": "(.*)"`,
		"rotation-typescript/package.json":          `"pulumi-ociauthtoken": "(.*)"`,
		"push-image-csharp/PushImage.csproj":        `Include="OciAuthToken.PulumiPackage" Version="(.*)"`,
		"push-image-go/go.mod":                      `sdk/go/ociauthtoken v(\S+)`,
		"push-image-typescript/package.json":        `"pulumi-ociauthtoken": "(.*)"`,
		"push-image-python/requirements.txt":        `pulumi-ociauthtoken==(\S+)`,
		"python/requirements.txt":                   `pulumi-ociauthtoken==(\S+)`,
		"automation-python/requirements.txt":        `pulumi-ociauthtoken==(\S+)`,
		"rotation-python/requirements.txt":          `pulumi-ociauthtoken==(\S+)`,
		"java/pom.xml":                              `<artifactId>ociauthtoken</artifactId>\s*<version>(.*)</version>`,
		"rotation-java/pom.xml":                     `<artifactId>ociauthtoken</artifactId>\s*<version>(.*)</version>`,
		"csharp/RegistryLogin.csproj":               `Include="OciAuthToken.PulumiPackage" Version="(.*)"`,
		"rotation-csharp/RotatingPullSecret.csproj": `Include="OciAuthToken.PulumiPackage" Version="(.*)"`,
	} {
		found := regexp.MustCompile(pattern).FindStringSubmatch(read(t, filepath.Join(toolchain.Root, "examples", file)))
		require.NotNil(t, found, file)
		assert.Equal(t, toolchain.Version(t), found[1], file)
	}
}

// TestExamplesAreListedAndNameNoHosts also checks that no file contains the address of a registry, because the machine's settings decide
// which one is used.
func TestExamplesAreListedAndNameNoHosts(t *testing.T) {
	t.Parallel()
	page := read(t, filepath.Join(toolchain.Root, "examples", "README.md"))
	entries, err := os.ReadDir(filepath.Join(toolchain.Root, "examples"))
	require.NoError(t, err)
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		assert.Contains(t, page, "| ["+entry.Name()+"]("+entry.Name()+") |")
		for _, file := range filesOf(t, "examples/"+entry.Name()) {
			content := read(t, filepath.Join(toolchain.Root, "examples", entry.Name(), file))
			for _, address := range regexp.MustCompile(`\w+://[^\s"<>]+`).FindAllString(content, -1) {
				// The names of XML's namespaces look like addresses. The plugin comes from this repository.
				assert.Regexp(t, `^(http://(maven\.apache\.org|www\.w3\.org)/|github://api\.github\.com/ociauthtoken/pulumi-ociauthtoken$)`, address, file)
			}
		}
	}
}
