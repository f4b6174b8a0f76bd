package infermend

import (
	"reflect"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// WireDependencies is for the method of that name. It declares what the tags say: outputs that are secrets are secrets in every SDK, and
// only the inputs that replace the resource change its outputs. Without it infer makes every output unknown in the preview of an update
// of any argument. No upstream issue for either was found.
func WireDependencies(f infer.FieldSelector, args, state any) {
	each := func(of any, visit func(pointer any, property Property)) {
		value := reflect.ValueOf(of).Elem()
		for _, field := range taggedFields(value.Type()) {
			visit(value.FieldByIndex(field.Index).Addr().Interface(), propertyOf(field))
		}
	}
	each(state, func(output any, p Property) {
		if p.Secret {
			f.OutputField(output).AlwaysSecret()
		}
	})
	each(args, func(argument any, p Property) {
		if p.Replaces {
			f.OutputField(state).DependsOn(f.InputField(argument).Computed())
		}
	})
}
