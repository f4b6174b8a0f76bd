package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Every example that a page shows must compile against the SDKs in sdk/, in the strictest way that a language has. The tools
// of a language may be missing on a person's machine, but not where CI=true.

func TestGoExamples(t *testing.T) {
	t.Parallel()
	need(t, "go")
	sdk := abs(t, root+"/sdk/go/ociauthtoken")
	work := t.TempDir()

	// The examples have the dependencies of the SDK, and the SDK.
	manifest := read(t, sdk+"/go.mod")
	line, rest, _ := strings.Cut(manifest, "\n")
	module := strings.TrimPrefix(line, "module ")
	put(t, work+"/go.mod", fmt.Sprintf("module examples\n%s\nrequire %s v0.0.0\nreplace %[2]s => %s\n", rest, module, sdk))
	put(t, work+"/go.sum", read(t, sdk+"/go.sum"))
	for name, code := range programs(t, "go") {
		put(t, filepath.Join(work, name, "main.go"), code)
		if formatted := execute(t, filepath.Join(work, name), nil, "gofmt", "-l", "."); formatted != "" {
			t.Errorf("%s is not formatted", name)
		}
	}
	execute(t, work, []string{"GOFLAGS=-mod=mod", "GOWORK=off"}, "go", "vet", "./...")
}

func TestTypeScriptExamples(t *testing.T) {
	t.Parallel()
	need(t, "node", "npm")
	modules := cached(t, "typescript", "testdata/typescript/package.json", func(folder, manifest string) {
		put(t, folder+"/package.json", manifest)
		execute(t, folder, nil, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
	})
	work := t.TempDir()
	if err := os.CopyFS(work+"/sdk", os.DirFS(root+"/sdk/nodejs")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules+"/node_modules", work+"/node_modules"); err != nil {
		t.Fatal(err)
	}
	put(t, work+"/tsconfig.json", read(t, "testdata/typescript/tsconfig.json"))
	for name, code := range programs(t, "typescript") {
		put(t, filepath.Join(work, name+".ts"), code)
	}
	execute(t, work, nil, "node", "node_modules/typescript/bin/tsc", "--project", ".")
}

func TestPythonExamples(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	environment := cached(t, "python", "testdata/python/requirements.txt", func(folder, manifest string) {
		put(t, folder+"/requirements.txt", manifest)
		execute(t, folder, nil, "python3", "-m", "venv", "venv")
		execute(t, folder, nil, "venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
			"--requirement", "requirements.txt")
	})
	work := t.TempDir()
	for name, code := range programs(t, "python") {
		// Names of modules have no hyphens.
		put(t, filepath.Join(work, strings.ReplaceAll(name, "-", "_")+".py"), code)
	}
	python := environment + "/venv/bin/python"
	execute(t, work, nil, python, "-m", "compileall", "-q", ".")
	// Of the SDK, mypy takes the types and leaves out what it would say of its code.
	execute(t, work, []string{"MYPYPATH=" + abs(t, root+"/sdk/python")},
		python, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir=.cache", ".")
}

func TestJavaExamples(t *testing.T) {
	t.Parallel()
	need(t, "javac", "mvn")
	jars := cached(t, "java", root+"/sdk/java/pom.xml", func(folder, manifest string) {
		put(t, folder+"/pom.xml", manifest)
		execute(t, folder, nil, "mvn", "--batch-mode", "--quiet",
			"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies", "-DoutputDirectory=jars")
	})
	work := t.TempDir()
	sources, err := filepath.Glob(abs(t, root+"/sdk/java/src/main/java") + "/io/github/ociauthtoken/*.java")
	if err != nil || len(sources) == 0 {
		t.Fatal("the SDK has no code", err)
	}
	compile := func(classes, flags string, files ...string) {
		arguments := []string{"-d", classes, "-classpath", work + "/sdk" + string(os.PathListSeparator) + jars + "/jars/*"}
		arguments = append(arguments, strings.Fields(flags)...)
		execute(t, work, nil, "javac", append(arguments, files...)...)
	}
	compile(work+"/sdk", "-nowarn -proc:none", sources...)
	for name, code := range programs(t, "java") {
		put(t, filepath.Join(work, name, "App.java"), code)
		compile(work+"/"+name, "-Xlint:all -Werror -proc:none", filepath.Join(work, name, "App.java"))
	}
}

func TestCSharpExamples(t *testing.T) {
	t.Skipf("%d examples in C# are bound against the schema, and not compiled: this needs the .NET SDK, which is not used here",
		len(programs(t, "csharp")))
}

// programs are the examples in a language that the pages show, by their names.
func programs(t *testing.T, language string) map[string]string {
	t.Helper()
	fence := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$")
	found := map[string]string{}
	names := map[string]string{}
	for _, page := range pages(t) {
		for _, match := range fence.FindAllStringSubmatch(read(t, filepath.Join(root, page)), -1) {
			code := match[1]
			if names[code] != "" {
				continue // Another page shows it, too.
			}
			names[code] = fmt.Sprintf("example-%d", len(found)+1)
			found[names[code]] = code
		}
	}
	examples, err := filepath.Glob(root + "/provider/examples/*.yaml")
	if err != nil || len(examples) == 0 || len(found) < len(examples) {
		t.Fatalf("the pages show %d of %d examples in %s", len(found), len(examples), language)
	}
	return found
}

// need skips the test if a tool is missing, or fails it where CI=true.
func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing", tool)
			}
			t.Skipf("%s is missing", tool)
		}
	}
}

// cached returns a folder with what a manifest asks for, which is fetched once for each content of the manifest.
func cached(t *testing.T, name, manifestFile string, fetch func(folder, manifest string)) string {
	t.Helper()
	manifest := read(t, manifestFile)
	cache := abs(t, root+"/.toolchain/docs")
	folder := filepath.Join(cache, fmt.Sprintf("%s-%.6x", name, sha256.Sum256([]byte(manifest))))
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	// The folder gets its name when it is complete.
	unfinished, err := os.MkdirTemp(cache, "new-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(unfinished) }()
	fetch(unfinished, manifest)
	if err := os.Rename(unfinished, folder); err != nil {
		if _, other := os.Stat(folder); other != nil { // Else, another process was faster.
			t.Fatal(err)
		}
	}
	return folder
}

// execute runs a command in a folder, and returns what it prints.
func execute(t *testing.T, folder string, environment []string, name string, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	if strings.HasPrefix(name, "venv/") {
		name = filepath.Join(folder, name)
	}
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), environment...)
	command.WaitDelay = 10 * time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output.String())
	}
	return output.String()
}

func abs(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
