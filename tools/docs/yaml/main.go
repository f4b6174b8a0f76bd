// Command yaml translates examples from Pulumi YAML into PCL.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi-yaml/pkg/pulumiyaml"
	"github.com/pulumi/pulumi-yaml/pkg/pulumiyaml/codegen"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tools/docs/translator"
)

func main() {
	schemaFile := flag.String("schema", "schema.json", "the provider's schema, a `file`")
	examples := flag.String("examples", "provider/examples", "the `folder` of the examples")
	flag.Parse()
	translator.Exit(run(*schemaFile, *examples))
}

func run(schemaFile, folder string) error {
	loader, err := translator.NewLoader(schemaFile)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	examples := translator.Examples{}
	for _, file := range files {
		code, err := translate(file, loader)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		examples[strings.TrimSuffix(filepath.Base(file), ".yaml")] = map[string]string{translator.PCL: code}
	}
	return examples.Write()
}

func translate(file string, loader *translator.Loader) (string, error) {
	source, err := os.ReadFile(file) //nolint:gosec // The file is the caller's choice.
	if err != nil {
		return "", err
	}
	template, problems, err := pulumiyaml.LoadYAMLBytes(filepath.Base(file), source)
	if err != nil {
		return "", err
	}
	if len(problems) > 0 {
		return "", problems
	}
	// The program is checked against the schema here. EjectProgram goes on to bind it, which the other translators do, each
	// for itself.
	code, complaints, err := codegen.ConvertTemplateIL(template, loader)
	if err != nil {
		return "", err
	}
	if len(complaints) > 0 {
		return "", complaints
	}
	return code, nil
}
