package infermend

import (
	"reflect"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// droppingNulls takes the entries of maps and lists that are null for absent, at every depth. Programs in YAML never send them, nor
// does JavaScript's undefined, but Python's None and JavaScript's null arrive as they are. infer's decoder panics on those below the
// top level. No upstream issue for it was found.
func droppingNulls(provider p.Provider) p.Provider {
	return wrappingCalls(provider, func(_ string, call reflect.Value) reflect.Value {
		return reflect.MakeFunc(call.Type(), func(arguments []reflect.Value) []reflect.Value {
			if last := len(arguments) - 1; last > 0 {
				request := reflect.New(arguments[last].Type()).Elem()
				request.Set(arguments[last])
				for i := range request.NumField() {
					if properties, ok := request.Field(i).Interface().(property.Map); ok {
						request.Field(i).Set(reflect.ValueOf(withoutNulls(properties)))
					}
				}
				arguments[last] = request
			}
			return call.Call(arguments)
		})
	})
}

// wrappingCalls wraps every call of a provider that there is, whatever it is.
func wrappingCalls(provider p.Provider, wrap func(name string, call reflect.Value) reflect.Value) p.Provider {
	calls := reflect.ValueOf(&provider).Elem()
	for i := range calls.NumField() {
		if call := calls.Field(i); !call.IsNil() {
			call.Set(wrap(calls.Type().Field(i).Name, reflect.ValueOf(call.Interface())))
		}
	}
	return provider
}

// withoutNulls returns properties without those that are null.
func withoutNulls(properties property.Map) property.Map {
	kept := map[string]property.Value{}
	for name, value := range properties.All {
		if !value.IsNull() {
			kept[name] = withoutNullEntries(value)
		}
	}
	return property.NewMap(kept)
}

// withoutNullEntries returns a value without the nulls in its maps and lists.
func withoutNullEntries(value property.Value) property.Value {
	switch {
	case value.IsMap():
		return property.WithGoValue(value, withoutNulls(value.AsMap()))
	case value.IsArray():
		kept := []property.Value{}
		for _, entry := range value.AsArray().All {
			if !entry.IsNull() {
				kept = append(kept, withoutNullEntries(entry))
			}
		}
		return property.WithGoValue(value, property.NewArray(kept))
	default:
		return value
	}
}
