package infermend

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// explainingWrongKinds words what infer's decoder finds wrong, as the failures of this package are worded. The decoder's own failures
// name properties, and quote the keys of maps. What is right is read from the schema. There is no upstream issue for it.
func explainingWrongKinds(provider p.Provider, pkg string) p.Provider {
	spec := sync.OnceValue(func() schema.PackageSpec {
		spec, err := p.GetSchema(context.Background(), pkg, "0.0.0", provider)
		if err != nil {
			return schema.PackageSpec{} // it is the same for every call, and tests read it
		}
		return spec
	})
	explain := func(known func(schema.PackageSpec) map[string]schema.PropertySpec, given property.Map, failures []p.CheckFailure) []p.CheckFailure {
		explained := slices.Clone(failures)
		for i, found := range explained {
			if found.Property != "" {
				explained[i].Property, explained[i].Reason = "", wrongKind(spec(), known(spec()), given, found.Property)
			}
		}
		return explained
	}
	inner := provider
	provider.CheckConfig = func(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
		resp, err := inner.CheckConfig(ctx, req)
		resp.Failures = explain(configurationIn, req.Inputs, resp.Failures)
		return resp, err
	}
	provider.Configure = func(ctx context.Context, req p.ConfigureRequest) error {
		err := inner.Configure(ctx, req)
		if failures := WrongKinds(nil); errors.As(err, &failures) {
			return WrongKinds(explain(configurationIn, req.Args, failures))
		}
		return err
	}
	provider.Check = func(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
		resp, err := inner.Check(ctx, req)
		resp.Failures = explain(func(spec schema.PackageSpec) map[string]schema.PropertySpec {
			return spec.Resources[string(req.Urn.Type())].InputProperties
		}, req.Inputs, resp.Failures)
		return resp, err
	}
	provider.Invoke = func(ctx context.Context, req p.InvokeRequest) (p.InvokeResponse, error) {
		resp, err := inner.Invoke(ctx, req)
		resp.Failures = explain(func(spec schema.PackageSpec) map[string]schema.PropertySpec {
			return spec.Functions[string(req.Token)].Inputs.Properties
		}, req.Args, resp.Failures)
		return resp, err
	}
	return provider
}

// WrongKinds is the error for a configuration that cannot be decoded.
type WrongKinds []p.CheckFailure

// Error returns the reasons.
func (w WrongKinds) Error() string {
	reasons := make([]string, len(w))
	for i, failure := range w {
		reasons[i] = failure.Reason
	}
	return "the provider's configuration: " + strings.Join(reasons, "\n")
}

func configurationIn(spec schema.PackageSpec) map[string]schema.PropertySpec {
	return spec.Provider.InputProperties
}

// plainName matches names of properties. Other keys are not shown.
var plainName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z_]{0,40}$`)

// wrongKind says what is wrong with the argument that the decoder has named: it is missing, of another kind, or unknown.
func wrongKind(spec schema.PackageSpec, known map[string]schema.PropertySpec, given property.Map, named string) string {
	name := named
	if _, ok := known[name]; !ok {
		name, _, _ = strings.Cut(named, "[") // the decoder adds the key of a map or the index of a list
	}
	argument, ok := known[name]
	switch {
	case !ok && plainName.MatchString(named):
		return fmt.Sprintf("there is no property %q: use one of %s", named, listed(known))
	case !ok:
		return "there is a property that is not known: use one of " + listed(known)
	case given.Get(name).IsNull():
		return name + ": is not set, and is required"
	default:
		return fmt.Sprintf("%s: is not, or does not consist of, what it should be: %s", name, inWordsOf(spec, argument.TypeSpec))
	}
}

func listed[T any](named map[string]T) string {
	return strings.Join(slices.Sorted(maps.Keys(named)), ", ")
}

// inWordsOf describes a type of the schema.
func inWordsOf(spec schema.PackageSpec, typ schema.TypeSpec) string {
	switch {
	case typ.Items != nil:
		return "a list, in which each item is " + inWordsOf(spec, *typ.Items)
	case typ.AdditionalProperties != nil:
		return "a map, in which each value is " + inWordsOf(spec, *typ.AdditionalProperties)
	case typ.Ref != "":
		return "an object with the properties " + listed(spec.Types[strings.TrimPrefix(typ.Ref, "#/types/")].Properties)
	case typ.Type == "boolean":
		return "true or false"
	case typ.Type == "integer":
		return "a whole number"
	default:
		return "a " + typ.Type
	}
}
