package infermend

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// readOldArguments leaves out of recorded arguments those that the resource does not have. An alias may make another resource of it, as
// it makes a RotatingAuthToken of an AuthToken that expires. There is no upstream issue for it, because infer is strict about arguments
// on purpose.
func readOldArguments(ctx context.Context, call *Call, next func(context.Context) error) error {
	call.OldInputs = Only(call.Resource.Arguments, call.OldInputs)
	if call.Method == Diff {
		// A refresh compares what Read has answered with the recorded arguments, as if these were new.
		call.Inputs = Only(call.Resource.Arguments, call.Inputs)
	}
	return next(ctx)
}

// Only returns the values of properties, without any other.
func Only(properties []Property, values property.Map) property.Map {
	for name := range values.All {
		if !slices.ContainsFunc(properties, func(p Property) bool { return p.Name == name }) {
			values = values.Delete(name)
		}
	}
	return values
}
