// Command pulumi-resource-noop is the least that a provider made with infer can be: what it costs is what Pulumi costs.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// version is set by the linker, without a leading v.
var version = "0.0.0-dev"

// Noop is a resource that exists nowhere. What it does not define, infer does for it: Read answers the state it is given,
// and Delete does nothing.
type Noop struct{}

// NoopArgs are the inputs.
type NoopArgs struct {
	Text string `pulumi:"text"`
}

// NoopState is the inputs and one output, a secret, so that the engine encrypts as much as it does for a token.
type NoopState struct {
	NoopArgs
	Echo string `provider:"secret" pulumi:"echo"`
}

// Create answers at once.
//
//nolint:unparam // infer prescribes the error
func (Noop) Create(_ context.Context, req infer.CreateRequest[NoopArgs]) (infer.CreateResponse[NoopState], error) {
	return infer.CreateResponse[NoopState]{ID: req.Name, Output: NoopState{NoopArgs: req.Inputs, Echo: req.Inputs.Text}}, nil
}

// Update answers at once.
//
//nolint:unparam // infer prescribes the error
func (Noop) Update(
	_ context.Context, req infer.UpdateRequest[NoopArgs, NoopState],
) (infer.UpdateResponse[NoopState], error) {
	return infer.UpdateResponse[NoopState]{Output: NoopState{NoopArgs: req.Inputs, Echo: req.Inputs.Text}}, nil
}

func main() {
	plugin, err := infer.NewProviderBuilder().WithResources(infer.Resource(Noop{})).Build()
	if err == nil {
		err = plugin.Run(context.Background(), "noop", version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-noop:", err)
		os.Exit(1)
	}
}
