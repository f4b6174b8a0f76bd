// Command pulumi-yaml translates the programs in a folder from Pulumi YAML to PCL, the language that Pulumi's generators read.
// It reads the schema of the package that they use from standard input, and writes a JSON object with the programs by name.
// tools/codegen runs it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi-yaml/pkg/pulumiyaml"
	"github.com/pulumi/pulumi-yaml/pkg/pulumiyaml/codegen"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: pulumi-yaml FOLDER <schema.json")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-yaml:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	var spec schema.PackageSpec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		return err
	}
	spec.Version = "0.0.0" // A schema without a version does not bind.
	pkg, diagnostics, err := schema.BindSpec(spec, loader{}, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	programs := map[string]string{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if programs[name], err = translate(file, loader{pkg: pkg}); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(programs)
}

// translate checks a program against the schema and translates it. Warnings count as errors too, because readers copy these programs.
func translate(file string, packages schema.ReferenceLoader) (string, error) {
	source, err := os.ReadFile(file)
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
	// EjectProgram would also bind the program, which tools/codegen does for each language.
	code, complaints, err := codegen.ConvertTemplateIL(template, packages)
	if err != nil {
		return "", err
	}
	if len(complaints) > 0 {
		return "", complaints
	}
	return code, nil
}

// loader serves one package, and Pulumi's own, from memory. The translation calls no other method of a ReferenceLoader.
type loader struct {
	schema.ReferenceLoader
	pkg *schema.Package
}

// LoadPackageReferenceV2 returns the package that the descriptor names.
func (l loader) LoadPackageReferenceV2(_ context.Context, wanted *schema.PackageDescriptor) (schema.PackageReference, error) {
	for _, pkg := range []*schema.Package{l.pkg, schema.DefaultPulumiPackage} {
		if pkg != nil && pkg.Name == wanted.Name {
			return pkg.Reference(), nil
		}
	}
	return nil, fmt.Errorf("the schema of the package %s is not available", wanted.Name)
}
