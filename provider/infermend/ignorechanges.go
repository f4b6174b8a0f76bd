package infermend

import "context"

// ignoreChanges implements the resource option ignoreChanges. It replaces the new input with the old one, as the engine does. infer
// replaces it with the old output, even if the option names an output that is not an input, and then refuses that.
// It can go with the first release that has https://github.com/pulumi/pulumi-go-provider/pull/575.
func ignoreChanges(ctx context.Context, call *Call, next func(context.Context) error) error {
	for _, name := range call.IgnoreChanges {
		if value, ok := call.OldInputs.GetOk(name); ok {
			call.Inputs = call.Inputs.Set(name, value)
		}
	}
	call.IgnoreChanges = nil
	return next(ctx)
}
