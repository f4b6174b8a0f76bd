package translator

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// Loader serves the provider's schema, and Pulumi's own package, out of memory: no plugin is started or fetched.
type Loader struct {
	pkg *schema.Package
}

var _ schema.ReferenceLoader = (*Loader)(nil)

// NewLoader reads the provider's schema.
func NewLoader(schemaFile string) (*Loader, error) {
	text, err := os.ReadFile(schemaFile) //nolint:gosec // The file is the caller's choice.
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", schemaFile, err)
	}
	// Only the major version shows in programs, and a schema without any version does not bind.
	spec.Version = "0.0.0"
	pkg, diagnostics, err := schema.BindSpec(spec, &Loader{}, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	return &Loader{pkg: pkg}, nil
}

// LoadPackage loads a package by its name.
func (l *Loader) LoadPackage(name string, _ *semver.Version) (*schema.Package, error) {
	switch {
	case l.pkg != nil && name == l.pkg.Name:
		return l.pkg, nil
	case name == schema.DefaultPulumiPackage.Name:
		return schema.DefaultPulumiPackage, nil
	default:
		return nil, fmt.Errorf("the schema of the package %s is not here", name)
	}
}

// LoadPackageV2 loads a package by its name.
func (l *Loader) LoadPackageV2(_ context.Context, wanted *schema.PackageDescriptor) (*schema.Package, error) {
	return l.LoadPackage(wanted.Name, wanted.Version)
}

// LoadPackageReference loads a package by its name.
func (l *Loader) LoadPackageReference(name string, version *semver.Version) (schema.PackageReference, error) {
	pkg, err := l.LoadPackage(name, version)
	if err != nil {
		return nil, err
	}
	return pkg.Reference(), nil
}

// LoadPackageReferenceV2 loads a package by its name.
func (l *Loader) LoadPackageReferenceV2(
	_ context.Context, wanted *schema.PackageDescriptor,
) (schema.PackageReference, error) {
	return l.LoadPackageReference(wanted.Name, wanted.Version)
}
