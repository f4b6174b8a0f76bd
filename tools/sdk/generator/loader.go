package generator

import (
	"context"
	"fmt"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// Loader is for generators that want to load the schemas of other packages: ours refers to none.
type Loader struct{}

var _ schema.ReferenceLoader = Loader{}

// LoadPackage fails.
func (Loader) LoadPackage(name string, _ *semver.Version) (*schema.Package, error) {
	return nil, refuse(name)
}

// LoadPackageV2 fails.
func (Loader) LoadPackageV2(_ context.Context, other *schema.PackageDescriptor) (*schema.Package, error) {
	return nil, refuse(other.Name)
}

// LoadPackageReference fails.
func (Loader) LoadPackageReference(name string, _ *semver.Version) (schema.PackageReference, error) {
	return nil, refuse(name)
}

// LoadPackageReferenceV2 fails.
func (Loader) LoadPackageReferenceV2(
	_ context.Context, other *schema.PackageDescriptor,
) (schema.PackageReference, error) {
	return nil, refuse(other.Name)
}

func refuse(name string) error {
	return fmt.Errorf("the schema refers to the package %s, which cannot be loaded here", name)
}
