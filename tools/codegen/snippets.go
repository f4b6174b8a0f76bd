package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi-dotnet/pulumi-language-dotnet/v3/codegen"
	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// yaml is the language that snippets are written in.
const yaml = "yaml"

// languages lists the languages in which a snippet is shown, in the order of the Registry, by the names that Markdown uses. All but
// YAML are generated.
var languages = []struct {
	name     string
	generate func(*pcl.Program) (map[string][]byte, hcl.Diagnostics, error)
}{
	{"typescript", nodejs.GenerateProgram},
	{"python", python.GenerateProgram},
	{"go", golang.GenerateProgram},
	{"csharp", dotnet.GenerateProgram},
	{"java", java.GenerateProgram},
	{yaml, nil},
}

// snippet is a short program by language.
type snippet map[string]string

// fences returns the code in every language.
func (s snippet) fences() string {
	var blocks []string
	for _, language := range languages {
		blocks = append(blocks, s.fence(language.name))
	}
	return strings.Join(blocks, "\n")
}

// chooser returns the code in every language. The reader chooses one of them.
func (s snippet) chooser() string {
	var names []string
	var choices strings.Builder
	for _, language := range languages {
		names = append(names, language.name)
		fmt.Fprintf(&choices, "{{%% choosable language %s %%}}\n\n%s\n\n{{%% /choosable %%}}\n",
			language.name, s.fence(language.name))
	}
	return fmt.Sprintf("{{< chooser language %q >}}\n%s{{< /chooser >}}", strings.Join(names, ","), choices.String())
}

func (s snippet) fence(language string) string {
	return "```" + language + "\n" + s[language] + "\n```"
}

// translateSnippets returns the programs in tools/docs/snippets in every language, by name. They are checked against the schema.
func translateSnippets(root repository, schemaText []byte) (map[string]snippet, error) {
	programs, err := snippetsInPCL(root, schemaText)
	if err != nil {
		return nil, err
	}
	// Programs show only the major version, and a schema without a version does not bind.
	spec, err := parseSchema(schemaText, "0.0.0")
	if err != nil {
		return nil, err
	}
	pkg, err := bind(spec)
	if err != nil {
		return nil, err
	}
	version, err := root.version()
	if err != nil {
		return nil, err
	}
	// In YAML, a program has to say where the plugin is: github.com/pulumi/pulumi/issues/13504.
	const runtime = "runtime: yaml\n"
	packages := fmt.Sprintf("packages:\n  %s:\n    source: %[1]s\n    version: %s\n    pluginDownloadURL: %s\n",
		spec.Name, version, spec.PluginDownloadURL)
	snippets := map[string]snippet{}
	for name, program := range programs {
		translated, err := translate(program, loader{pkg.Name: pkg})
		if err != nil {
			return nil, fmt.Errorf("tools/docs/snippets/%s.yaml: %w", name, err)
		}
		source, err := os.ReadFile(root.path("tools", "docs", "snippets", name+".yaml"))
		if err != nil {
			return nil, err
		}
		translated[yaml] = tidy(yaml, strings.Replace(string(source), runtime, runtime+packages, 1))
		snippets[name] = translated
	}
	return snippets, nil
}

// snippetsInPCL returns the snippets in PCL, the language that Pulumi translates from and to, by name. The package that reads
// YAML does not compile with the version of Pulumi that this module has, so it is in a program of its own.
func snippetsInPCL(root repository, schemaText []byte) (map[string]string, error) {
	snippets, err := filepath.Abs(root.path("tools", "docs", "snippets"))
	if err != nil {
		return nil, err
	}
	command := exec.Command("go", "run", "-trimpath", ".", snippets)
	command.Dir = root.path("tools", "pulumi-yaml")
	command.Stdin, command.Stderr = bytes.NewReader(schemaText), os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, err
	}
	var programs map[string]string
	return programs, json.Unmarshal(output, &programs)
}

// translate translates a program in PCL to every language but YAML.
func translate(text string, packages schema.ReferenceLoader) (snippet, error) {
	translated := snippet{}
	for _, language := range languages {
		if language.generate == nil {
			continue
		}
		// Generators change the program, so each needs its own.
		bound, err := bindProgram(text, packages)
		if err != nil {
			return nil, err
		}
		files, diagnostics, err := language.generate(bound)
		if err := errors.Join(err, complaints(diagnostics)); err != nil {
			return nil, fmt.Errorf("%s: %w", language.name, err)
		}
		if len(files) != 1 {
			return nil, fmt.Errorf("%s: the program has %d files, but a snippet has one", language.name, len(files))
		}
		for _, code := range files {
			translated[language.name] = tidy(language.name, string(code))
		}
	}
	return translated, nil
}

func bindProgram(text string, packages schema.ReferenceLoader) (*pcl.Program, error) {
	parser := syntax.NewParser()
	if err := parser.ParseFile(strings.NewReader(text), "program.pp"); err != nil {
		return nil, err
	}
	if err := complaints(parser.Diagnostics); err != nil {
		return nil, err
	}
	program, diagnostics, err := pcl.BindProgram(parser.Files, packages)
	return program, errors.Join(err, complaints(diagnostics))
}

// complaints returns warnings as errors too, because readers copy snippets.
func complaints(diagnostics hcl.Diagnostics) error {
	if len(diagnostics) == 0 {
		return nil
	}
	return diagnostics
}

var (
	trailingSpace = regexp.MustCompile(`(?m)[ \t]+$`)
	javaItem      = regexp.MustCompile(`\.(\w+)\(\)\[(\d+)\]`)
	javaImport    = regexp.MustCompile(`(?m)^import (?:\w+\.)*(\w+);\n`)
)

// tidy removes trailing space and, for Java, the imports that Pulumi's generator adds and the program does not use.
func tidy(language, code string) string {
	code = trailingSpace.ReplaceAllString(strings.TrimSpace(code), "")
	if language != "java" {
		return code
	}
	// The generator forgets basePackage for functions. There is no upstream issue for it yet.
	code = strings.ReplaceAll(code, "import com.pulumi.ociauthtoken.", "import io.github.ociauthtoken.")
	// It indexes lists as if they were arrays.
	code = javaItem.ReplaceAllString(code, ".$1().get($2)")
	body := javaImport.ReplaceAllString(code, "")
	return javaImport.ReplaceAllStringFunc(code, func(line string) string {
		class := javaImport.FindStringSubmatch(line)[1]
		if regexp.MustCompile(`\b` + class + `\b`).MatchString(body) {
			return line
		}
		return ""
	})
}
