package infermend

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// answerNulls puts what is optional and has no value into each answer, as null, as the providers of Terraform's resources do. infer
// leaves it out, and Pulumi's SDKs take what is not in the state, or not in the preview of an update, as unknown in every preview:
// whatever depends on it would seem to change. What is required in the schema stays absent, such as the value of an imported token: it
// has a value that the state does not know. There is no upstream issue for it yet.
func answerNulls(ctx context.Context, call *Call, next func(context.Context) error) error {
	err := next(ctx)
	for _, name := range namesOf(call.Resource.Outputs, func(p Property) bool { return p.Optional && !p.promised }) {
		if _, ok := call.Answer.State.GetOk(name); !ok && call.Answer.State.Len() > 0 {
			call.Answer.State = call.Answer.State.Set(name, property.Value{})
		}
	}
	return err
}
