package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// parseSchema parses a schema and sets its version.
func parseSchema(text []byte, version string) (schema.PackageSpec, error) {
	var spec schema.PackageSpec
	if _, err := semver.Parse(version); err != nil {
		return spec, fmt.Errorf("the version %q is not of the form 1.2.3: %w", version, err)
	}
	err := json.Unmarshal(text, &spec)
	spec.Version = version
	return spec, err
}

// bind turns a schema into the form that Pulumi's generators need. They change it, so each of them needs its own.
func bind(spec schema.PackageSpec) (*schema.Package, error) {
	pkg, diagnostics, err := schema.BindSpec(spec, loader{}, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	return pkg, nil
}

// loader serves the schemas of some packages, and of Pulumi's own, from memory: no plugin is started or downloaded.
type loader map[string]*schema.Package

var _ schema.ReferenceLoader = loader{}

// LoadPackage returns the package with this name.
func (l loader) LoadPackage(name string, _ *semver.Version) (*schema.Package, error) {
	if name == schema.DefaultPulumiPackage.Name {
		return schema.DefaultPulumiPackage, nil
	}
	if pkg, ok := l[name]; ok {
		return pkg, nil
	}
	return nil, fmt.Errorf("the schema of the package %s is not available", name)
}

// LoadPackageV2 returns the package with this name.
func (l loader) LoadPackageV2(_ context.Context, wanted *schema.PackageDescriptor) (*schema.Package, error) {
	return l.LoadPackage(wanted.Name, wanted.Version)
}

// LoadPackageReference returns the package with this name.
func (l loader) LoadPackageReference(name string, version *semver.Version) (schema.PackageReference, error) {
	pkg, err := l.LoadPackage(name, version)
	if err != nil {
		return nil, err
	}
	return pkg.Reference(), nil
}

// LoadPackageReferenceV2 returns the package with this name.
func (l loader) LoadPackageReferenceV2(
	_ context.Context, wanted *schema.PackageDescriptor,
) (schema.PackageReference, error) {
	return l.LoadPackageReference(wanted.Name, wanted.Version)
}
