package infermend

import (
	"context"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// CheckArguments is for the method Check. It decodes the arguments, and lets check refuse and change them.
//
// The name of the argument is in the reason of a failure, and no property is named: the engine prints the value of the property that a
// failure names, even if it is a secret. No upstream issue for that was found.
func CheckArguments[I any](
	ctx context.Context, req infer.CheckRequest, check func(args *I, refuse func(name string, err error)),
) (infer.CheckResponse[I], error) {
	args, failures, err := infer.DefaultCheck[I](ctx, req.NewInputs)
	if err != nil {
		return infer.CheckResponse[I]{}, err
	}
	check(&args, func(name string, err error) {
		failures = append(failures, p.CheckFailure{Reason: name + ": " + err.Error()})
	})
	return infer.CheckResponse[I]{Inputs: args, Failures: failures}, nil
}
