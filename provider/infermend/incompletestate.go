package infermend

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// completeState accepts state that a person has written. The "outputs" in a file for "pulumi import --file" need to contain only what
// nobody else knows. Arguments that are required or replace the resource are taken from the inputs: a complete state always has them as
// they were given, and an update that failed half-way may have left any other argument out, or as it was. Outputs that infer requires are
// left empty until the next refresh. There is no upstream issue for it, because infer is strict about state on purpose, except in Read.
func completeState(ctx context.Context, call *Call, next func(context.Context) error) error {
	if call.Method == Check || call.Method == Create || call.isImport() {
		return next(ctx)
	}
	for _, name := range namesOf(call.Resource.Arguments, func(p Property) bool { return !p.Optional || p.Replaces }) {
		value, given := call.OldInputs.GetOk(name)
		if _, ok := call.State.GetOk(name); given && !ok {
			call.State = call.State.Set(name, value)
		}
	}
	for _, name := range namesOf(call.Resource.Outputs, func(p Property) bool { return !p.Optional && p.isText }) {
		if _, ok := call.State.GetOk(name); !ok {
			call.State = call.State.Set(name, property.New(""))
		}
	}
	return next(ctx)
}
