package examples

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
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
	l.put(t, get.dir)
	return append(copies, get)
}

func TestGoExamplesAreVetted(t *testing.T) {
	t.Parallel()
	for _, p := range checked(t, goLanguage, "go", "automation-go") {
		assert.Empty(t, execute(t, p.dir, p.env, "gofmt", "-l", "-s", "."), "not formatted")
		execute(t, p.dir, p.env, "go", "vet", "./...")
	}
}

func TestTypeScriptExamplesAreStrictAndFormatted(t *testing.T) {
	t.Parallel()
	typeScript.need(t)
	formatted := []string{toolchain.NodeModules(t, "tests/examples/testdata/typescript") + "/prettier/bin/prettier.cjs", "--check"}
	for _, p := range checked(t, typeScript, "typescript", "automation-typescript", "rotation-typescript") {
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
	python.need(t)
	tools := pythonTools(t)
	for _, p := range checked(t, python, "python", "automation-python", "rotation-python") {
		ruff := []string{"--no-cache", "--config", filepath.Join(toolchain.Root, "examples", "ruff.toml"), "--exclude", "venv", "."}
		execute(t, p.dir, p.env, tools+"/ruff", append([]string{"check"}, ruff...)...)
		execute(t, p.dir, p.env, tools+"/ruff", append([]string{"format", "--check"}, ruff...)...)
		// mypy's cache is kept with the packages.
		packages, err := filepath.EvalSymlinks(filepath.Join(p.dir, "venv"))
		require.NoError(t, err)
		execute(t, p.dir, p.env, tools+"/mypy", "--strict", "--python-executable", packages+"/bin/python", "--exclude", "venv",
			"--cache-dir", filepath.Join(packages, "mypy"), ".")
	}
}

// pythonTools returns the folder with the tools that check Python. They come from PyPI, as does the one that checks C#.
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
	programs = append(programs, filepath.Join(toolchain.Root, "tests/examples/testdata/get/java/App.java"))
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

// TestCSharpExamples checks what can be checked without the .NET SDK: that the programs are valid C#, that they use names which the SDK
// has, and that the project files name the packages which the programs use.
func TestCSharpExamples(t *testing.T) {
	t.Parallel()
	python.need(t)
	for _, example := range []struct {
		program, manifest, resource string
		packages                    []string
	}{
		{"csharp/Program.cs", "csharp/RegistryLogin.csproj", "AuthToken", []string{"Pulumi", "Pulumi.OciAuthToken"}},
		{
			"rotation-csharp/Program.cs", "rotation-csharp/RotatingPullSecret.csproj", "RotatingAuthToken",
			[]string{"Pulumi", "Pulumi.Kubernetes", "Pulumi.OciAuthToken"},
		},
	} {
		file := filepath.Join(toolchain.Root, "examples", example.program)
		program := read(t, file)
		sdk := read(t, filepath.Join(toolchain.Root, "sdk/dotnet", example.resource+".cs")) +
			read(t, filepath.Join(toolchain.Root, "sdk/dotnet/GetRegistryLogin.cs"))
		for _, name := range regexp.MustCompile(`registryToken\.(\w+)`).FindAllStringSubmatch(program, -1) {
			if name[1] != "Id" { // every resource has an Id
				assert.Regexp(t, `public Output<string\??> `+name[1]+` `, sdk)
			}
		}
		ofOurs, _, _ := strings.Cut(program, "new Secret(") // a Secret is a resource of Kubernetes
		for _, name := range regexp.MustCompile(`(?m)^        (\w+) = `).FindAllStringSubmatch(ofOurs, -1) {
			assert.Regexp(t, `public (Input<(string|bool|int)>\??|InputMap<string>) `+name[1]+`\s`, sdk)
		}
		assert.Contains(t, sdk, "namespace Pulumi.OciAuthToken\n")
		// Pulumi and Pulumi.OciAuthToken each have a Config. Without its namespace, the compiler cannot tell which one is meant.
		assert.NotRegexp(t, `new Config\(`, program)
		for _, name := range example.packages {
			assert.Contains(t, program, "using "+name)
		}

		var project struct {
			SDK        string `xml:"Sdk,attr"`
			Properties []struct {
				OutputType, TargetFramework, Nullable string
				TreatWarningsAsErrors                 bool
			} `xml:"PropertyGroup"`
			Packages []struct {
				Include string `xml:",attr"`
				Version string `xml:",attr"`
			} `xml:"ItemGroup>PackageReference"`
		}
		require.NoError(t, xml.Unmarshal([]byte(read(t, filepath.Join(toolchain.Root, "examples", example.manifest))), &project))
		assert.Equal(t, "Microsoft.NET.Sdk", project.SDK)
		require.Len(t, project.Properties, 1)
		assert.Equal(t, "Exe", project.Properties[0].OutputType)
		assert.Regexp(t, `^net\d+\.0$`, project.Properties[0].TargetFramework)
		assert.Equal(t, "enable", project.Properties[0].Nullable)
		assert.True(t, project.Properties[0].TreatWarningsAsErrors)
		var packages []string
		for _, reference := range project.Packages {
			packages = append(packages, reference.Include)
		}
		assert.Equal(t, example.packages, packages)

		wrong := execute(t, ".", os.Environ(), pythonTools(t)+"/python", "testdata/python/csharp.py", file)
		assert.Empty(t, wrong, "not C#")
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
		"python/requirements.txt":                   `pulumi-ociauthtoken==(\S+)`,
		"automation-python/requirements.txt":        `pulumi-ociauthtoken==(\S+)`,
		"rotation-python/requirements.txt":          `pulumi-ociauthtoken==(\S+)`,
		"java/pom.xml":                              `<artifactId>ociauthtoken</artifactId>\s*<version>(.*)</version>`,
		"rotation-java/pom.xml":                     `<artifactId>ociauthtoken</artifactId>\s*<version>(.*)</version>`,
		"csharp/RegistryLogin.csproj":               `Include="Pulumi.OciAuthToken" Version="(.*)"`,
		"rotation-csharp/RotatingPullSecret.csproj": `Include="Pulumi.OciAuthToken" Version="(.*)"`,
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
		for _, file := range filesOf(t, entry.Name()) {
			content := read(t, filepath.Join(toolchain.Root, "examples", entry.Name(), file))
			for _, address := range regexp.MustCompile(`\w+://[^\s"<>]+`).FindAllString(content, -1) {
				// The names of XML's namespaces look like addresses.
				assert.Regexp(t, `^http://(maven\.apache\.org|www\.w3\.org)/`, address, file)
			}
		}
	}
}
