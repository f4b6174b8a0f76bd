package infermend

import (
	"fmt"
	"reflect"

	p "github.com/pulumi/pulumi-go-provider"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/panics"
)

// answeringPanics answers a call that panics with an error. Otherwise the plugin would end, and with it every creation in flight. It
// can go once the plugin's server does the same: https://github.com/pulumi/pulumi/issues/13135.
func answeringPanics(provider p.Provider) p.Provider { return wrappingCalls(provider, answeringPanic) }

// answeringPanic wraps one call, whose last result is an error.
func answeringPanic(name string, call reflect.Value) reflect.Value {
	signature := call.Type()
	return reflect.MakeFunc(signature, func(arguments []reflect.Value) (results []reflect.Value) {
		var err error
		defer func() {
			if err == nil {
				return
			}
			if name == "Create" || name == "Update" {
				err = fmt.Errorf("%w\nIf the call was creating a token, that token may exist without being in the state: look at the "+
					"user's tokens, in the Console or with \"oci iam auth-token list\"", err)
			}
			err = fmt.Errorf("%s: %w", name, err)
			results = nil
			for i := range signature.NumOut() {
				results = append(results, reflect.Zero(signature.Out(i)))
			}
			results[len(results)-1] = reflect.ValueOf(&err).Elem()
		}()
		defer panics.Catch(&err)
		return call.Call(arguments)
	})
}
