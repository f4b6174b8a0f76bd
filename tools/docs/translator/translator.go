// Package translator is what the translators of examples have in common. Each is a program in a module of its own, as
// Pulumi's generators need different versions of the packages they share; what passes between them is JSON.
//
// An example is a program in Pulumi YAML. The translator in ../yaml turns it into PCL, Pulumi's language between languages,
// and the others turn that into what people write.
package translator

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
)

// PCL is the language that all others are translated from.
const PCL = "pcl"

// Examples are, by its name, each example in some languages, by the name that Markdown has for it.
type Examples map[string]map[string]string

// A Binder makes sense of a program in PCL. How it is called changes between versions of Pulumi.
type Binder func([]*syntax.File, *Loader) (*pcl.Program, hcl.Diagnostics, error)

// A Language is one that PCL is translated into.
type Language struct {
	// Name is what Markdown calls the language.
	Name string
	// Generate is Pulumi's generator: it returns the files of a program.
	Generate func(*pcl.Program) (map[string][]byte, hcl.Diagnostics, error)
}

// Main is the main function of a program that reads Examples in PCL from its input, and writes them in other languages.
func Main(bind Binder, languages ...Language) {
	schemaFile := flag.String("schema", "schema.json", "the provider's schema, a `file`")
	flag.Parse()
	Exit(run(*schemaFile, bind, languages))
}

// Exit ends the program if there is an error.
func Exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "translating examples:", err)
		os.Exit(1)
	}
}

func run(schemaFile string, bind Binder, languages []Language) error {
	loader, err := NewLoader(schemaFile)
	if err != nil {
		return err
	}
	var sources Examples
	if err := json.NewDecoder(os.Stdin).Decode(&sources); err != nil {
		return err
	}
	translated := Examples{}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		translated[name] = map[string]string{}
		for _, language := range languages {
			code, err := translate(sources[name][PCL], bind, loader, language)
			if err != nil {
				return fmt.Errorf("%s to %s: %w", name, language.Name, err)
			}
			translated[name][language.Name] = code
		}
	}
	return translated.Write()
}

// translate binds the program for each language anew, for generators change what they are given.
func translate(source string, bind Binder, loader *Loader, language Language) (string, error) {
	parser := syntax.NewParser()
	if err := parser.ParseFile(strings.NewReader(source), "program.pp"); err != nil {
		return "", err
	}
	if len(parser.Diagnostics) > 0 {
		return "", parser.Diagnostics
	}
	program, diagnostics, err := bind(parser.Files, loader)
	if err := errors.Join(err, complaints(diagnostics)); err != nil {
		return "", err
	}
	files, diagnostics, err := language.Generate(program)
	if err := errors.Join(err, complaints(diagnostics)); err != nil {
		return "", err
	}
	if len(files) != 1 {
		return "", fmt.Errorf("the program has %d files, and an example has to be one", len(files))
	}
	for _, code := range files {
		return string(code), nil
	}
	return "", nil
}

// complaints takes warnings as errors, too: an example has to be above suspicion.
func complaints(diagnostics hcl.Diagnostics) error {
	if len(diagnostics) == 0 {
		return nil
	}
	return diagnostics
}

// Write writes examples to the output.
func (e Examples) Write() error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(e)
}
