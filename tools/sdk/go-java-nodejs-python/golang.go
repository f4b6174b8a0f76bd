package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"path"
	"regexp"
	"slices"
	"strings"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tools/sdk/generator"
)

// The dependencies of the Go SDK. To change them, run "go get" and "go mod tidy" in sdk/go/ociauthtoken and copy go.mod
// and go.sum to here.
var (
	//go:embed sdk.go.mod
	goMod []byte
	//go:embed sdk.go.sum
	goSum []byte
)

func generateGo(source generator.Source) (generator.Files, error) {
	spec := source.Spec()
	var options golang.GoPackageInfo
	if err := json.Unmarshal(spec.Language["go"], &options); err != nil {
		return nil, fmt.Errorf("the schema's options for Go: %w", err)
	}
	if !strings.HasPrefix(string(goMod), "module "+options.ImportBasePath+"\n") {
		return nil, errors.New("sdk.go.mod is not for the module " + options.ImportBasePath)
	}
	root := path.Base(options.ImportBasePath)

	spec.Description = fmt.Sprintf("Package %s is the Go SDK of %s, a Pulumi package.\n\n%s",
		root, spec.DisplayName, strings.TrimSpace(spec.Description))
	pkg, err := generator.Bind(spec)
	if err != nil {
		return nil, err
	}
	files, err := golang.GeneratePackage("pulumi-language-go", pkg, nil)
	if err != nil {
		return nil, err
	}

	for name, text := range files {
		if path.Ext(name) == ".go" {
			if files[name], err = renderGoDoc(text); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	readme, err := source.Readme("Go", fmt.Sprintf("```sh\ngo get %s\n```", options.ImportBasePath))
	if err != nil {
		return nil, err
	}
	files[root+"/README.md"] = readme
	files[root+"/LICENSE"] = source.License
	files[root+"/go.mod"] = goMod
	files[root+"/go.sum"] = goSum
	return files, nil
}

var goDoc = generator.Markup{
	Paragraph: "%s", Heading: "# %s",
	Item:       "  - %s",
	CodeLine:   "\t%s",
	InlineCode: "`%s`", Strong: "%s", Link: "%s (%s)",
}

var (
	goComment     = regexp.MustCompile(`(?m)^([\t ]*//.*\n)+`)
	commentPrefix = regexp.MustCompile(`(?m)^[\t ]*// ?`)
	goExample     = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
)

// renderGoDoc turns the Markdown in comments into what Go takes for documentation.
func renderGoDoc(code []byte) ([]byte, error) {
	return format.Source(goComment.ReplaceAllFunc(code, func(comment []byte) []byte {
		if bytes.HasPrefix(comment, []byte("// Code generated")) {
			return comment
		}
		text := commentPrefix.ReplaceAll(bytes.TrimSuffix(comment, []byte("\n")), nil)
		text = goExample.ReplaceAllFunc(text, restoreExample)
		text = shellExample.ReplaceAllFunc(text, restoreShell)
		var out bytes.Buffer
		for _, line := range goDoc.Render(strings.Split(string(text), "\n")) {
			if !strings.HasPrefix(line, "\t") {
				line = " " + line
			}
			out.WriteString("//" + line + "\n")
		}
		return out.Bytes()
	}))
}

// restoreExample mends the code of an example, which Pulumi's generator has formatted as if it were prose.
func restoreExample(example []byte) []byte {
	code, err := format.Source(goExample.FindSubmatch(example)[1])
	if err != nil {
		return example
	}
	return slices.Concat([]byte("```go\n"), code, []byte("```"))
}

// shellExample is a block of shell commands in a comment.
var shellExample = regexp.MustCompile("(?s)```sh\n.*?```")

// restoreShell mends the lines after an opening brace, which Pulumi's generator has indented and set apart.
func restoreShell(example []byte) []byte {
	lines := bytes.Split(example, []byte("\n"))
	indented := func(i int) bool { return i >= 0 && i < len(lines) && bytes.HasPrefix(lines[i], []byte("\t")) }
	var restored [][]byte
	for i, line := range lines {
		if len(line) == 0 && (indented(i-1) || indented(i+1)) {
			continue
		}
		restored = append(restored, bytes.TrimPrefix(line, []byte("\t")))
	}
	return bytes.Join(restored, []byte("\n"))
}
