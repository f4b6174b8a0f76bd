package infermend

import "context"

// markSecretsOnRead marks the secret outputs in the answer of Read. infer does so for Create and Update only. The engine records the
// answer of Read as it is, and on import nothing else marks it.
// It can go with the first release that has https://github.com/pulumi/pulumi-go-provider/pull/583, which closes issue 582.
func markSecretsOnRead(ctx context.Context, call *Call, next func(context.Context) error) error {
	err := next(ctx)
	if call.Method == Read {
		for _, name := range namesOf(call.Resource.Outputs, isSecret) {
			if value, ok := call.Answer.State.GetOk(name); ok {
				call.Answer.State = call.Answer.State.Set(name, value.WithSecret(true))
			}
		}
	}
	return err
}
