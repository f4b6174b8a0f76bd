package infermend

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
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
		known := func(spec schema.PackageSpec) map[string]schema.PropertySpec {
			if inputs := spec.Functions[string(req.Token)].Inputs; inputs != nil {
				return inputs.Properties
			}
			return nil
		}
		for name, value := range req.Args.AllStable {
			// The decoder cuts fractions off.
			if value.IsNumber() && !isWhole(value) && known(spec())[name].Type == "integer" {
				return p.InvokeResponse{Failures: explain(known, req.Args, []p.CheckFailure{{Property: name}})}, nil
			}
		}
		resp, err := inner.Invoke(ctx, req)
		resp.Failures = explain(known, req.Args, resp.Failures)
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
	case !ok:
		return notKnown(named, known)
	case given.Get(name).IsNull():
		return name + ": is not set, and is required"
	}
	if wrong := wrongPart(spec, argument.TypeSpec, name, given.Get(name)); wrong != "" {
		return wrong
	}
	return fmt.Sprintf("%s: is not, or does not consist of, what it should be: %s", name, inWordsOf(spec, argument.TypeSpec))
}

// wrongPart says which part of a value is not what the schema says, and returns "" if it finds none. It looks into lists and objects, but
// not into maps, whose keys are not shown.
func wrongPart(spec schema.PackageSpec, typ schema.TypeSpec, path string, value property.Value) string {
	switch {
	case typ.Items != nil && value.IsArray():
		for i, item := range value.AsArray().All {
			if wrong := wrongPart(spec, *typ.Items, fmt.Sprintf("%s[%d]", path, i), item); wrong != "" {
				return wrong
			}
		}
		return ""
	case typ.Ref != "" && value.IsMap():
		object := spec.Types[strings.TrimPrefix(typ.Ref, "#/types/")]
		for name := range value.AsMap().AllStable {
			if _, ok := object.Properties[name]; !ok {
				return path + ": " + notKnown(name, object.Properties)
			}
		}
		for _, name := range object.Required {
			if value.AsMap().Get(name).IsNull() {
				return path + "." + name + ": is not set, and is required"
			}
		}
		for _, name := range slices.Sorted(maps.Keys(object.Properties)) {
			if wrong := wrongPart(spec, object.Properties[name].TypeSpec, path+"."+name, value.AsMap().Get(name)); wrong != "" {
				return wrong
			}
		}
		return ""
	case value.IsNull() || value.IsComputed() || typ.AdditionalProperties != nil && value.IsMap(),
		typ.Type == "string" && value.IsString(), typ.Type == "boolean" && value.IsBool(),
		typ.Type == "number" && value.IsNumber(), typ.Type == "integer" && value.IsNumber() && isWhole(value):
		return ""
	default:
		return fmt.Sprintf("%s: is not %s", path, inWordsOf(spec, typ))
	}
}

func isWhole(number property.Value) bool { return math.Trunc(number.AsNumber()) == number.AsNumber() }

// notKnown says that there is no property with a name, and shows the name if it may be shown.
func notKnown(name string, known map[string]schema.PropertySpec) string {
	if plainName.MatchString(name) {
		return fmt.Sprintf("there is no property %q: use one of %s", name, listed(known))
	}
	return "there is a property that is not known: use one of " + listed(known)
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
