package infermend

import (
	"context"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// answerUnknown makes the outputs unknown that the preview of a Create or an Update names in its answer, unless the program sets them. infer
// makes an output unknown only where an input has changed: https://github.com/pulumi/pulumi-go-provider/pull/105. No upstream issue for
// outputs that change by themselves was found.
func answerUnknown(ctx context.Context, call *Call, next func(context.Context) error) error {
	err := next(ctx)
	if call.DryRun && err == nil {
		secrets := namesOf(call.Resource.Outputs, isSecret)
		for _, name := range call.Answer.Unknown {
			if call.Method == Create && !call.Inputs.Get(name).IsNull() {
				continue
			}
			unknown := property.New(property.Computed).WithSecret(slices.Contains(secrets, name))
			call.Answer.State = call.Answer.State.Set(name, unknown)
		}
	}
	return err
}
