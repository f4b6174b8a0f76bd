package infermend

import (
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// Resource is a resource that infer has inferred, and what its tags say.
type Resource struct {
	infer.InferredResource
	Arguments, Outputs []Property
	// reader is the resource, if it reads its state itself.
	reader StateReader
	// listInputs says by what resources are listed.
	listInputs *schema.ObjectTypeSpec
}

// Property is an argument or an output.
type Property struct {
	Name string
	// Means is what the value means, such as "time".
	Means string
	// Secret and Replaces report whether the value is a secret, and whether a change replaces the resource.
	Secret, Replaces bool
	// Optional reports whether infer decodes a state without it, and promised whether it is required in the schema all the same.
	Optional, promised bool
	isText             bool
	canonical          func(string) string
}

// Methods are the methods of a resource. infer finds all but one by type assertion at run time, and silently ignores one with a wrong
// signature.
type Methods[I, O any] interface {
	infer.Annotated
	infer.CustomResource[I, O]
	infer.CustomCheck[I]
	infer.CustomDiff[I, O]
	infer.CustomRead[I, O]
	infer.CustomUpdate[I, O]
	infer.CustomDelete[O]
	infer.ExplicitDependencies[I, O]
}

// ResourceOf infers a resource.
func ResourceOf[R Methods[I, O], I, O any](r R) *Resource { return resourceOf(r) }

func resourceOf[R infer.CustomResource[I, O], I, O any](r R) *Resource {
	reader, _ := any(r).(StateReader)
	return &Resource{InferredResource: infer.Resource(r), Arguments: PropertiesOf[I](), Outputs: PropertiesOf[O](), reader: reader}
}

// ListedBy says in the schema by what resources of this kind are listed, for which infer has no option. There is no upstream issue for it yet.
func (r *Resource) ListedBy(inputs schema.ObjectTypeSpec) *Resource {
	r.listInputs = &inputs
	return r
}

// PropertiesOf returns the properties of a type, from its tags.
func PropertiesOf[T any]() []Property {
	var properties []Property
	for _, field := range taggedFields(reflect.TypeFor[T]()) {
		properties = append(properties, propertyOf(field))
	}
	return properties
}

// NamesIn returns the names of the properties of a type.
func NamesIn[T any]() []string {
	return namesOf(PropertiesOf[T](), func(Property) bool { return true })
}

func taggedFields(typ reflect.Type) []reflect.StructField {
	return slices.DeleteFunc(reflect.VisibleFields(typ), func(f reflect.StructField) bool { return f.Tag.Get("pulumi") == "" })
}

func propertyOf(field reflect.StructField) Property {
	has := func(options, option string) bool { return slices.Contains(strings.Split(options, ","), option) }
	name, options, _ := strings.Cut(field.Tag.Get("pulumi"), ",")
	return Property{
		Name: name, Means: field.Tag.Get("means"),
		Secret: has(field.Tag.Get("provider"), "secret"), Replaces: has(field.Tag.Get("provider"), "replaceOnChanges"),
		Optional: has(options, "optional"), promised: field.Tag.Get("schema") == "required", isText: field.Type.Kind() == reflect.String,
	}
}

// Meaning returns the names of the outputs that mean something, such as "time".
func (r *Resource) Meaning(means string) []string {
	return namesOf(r.Outputs, func(p Property) bool { return p.Means == means })
}

// namesOf returns the names of the properties that pass.
func namesOf(properties []Property, passes func(Property) bool) []string {
	var names []string
	for _, p := range properties {
		if passes(p) {
			names = append(names, p.Name)
		}
	}
	return names
}

func isSecret(p Property) bool   { return p.Secret }
func isPromised(p Property) bool { return p.promised }
