package infermend

import (
	"context"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Crate is a resource that declares nothing to infer but the tags of its state.
type Crate struct{}

func (*Crate) Annotate(a infer.Annotator) { a.SetToken("index", "Parcel") }

func (*Crate) Create(context.Context, infer.CreateRequest[ParcelArgs]) (infer.CreateResponse[ParcelState], error) {
	return infer.CreateResponse[ParcelState]{}, nil
}

func (*Crate) Update(_ context.Context, req infer.UpdateRequest[ParcelArgs, ParcelState]) (infer.UpdateResponse[ParcelState], error) {
	req.State.ParcelArgs = req.Inputs
	return infer.UpdateResponse[ParcelState]{Output: req.State}, nil
}

// WiredCrate also declares what the tags say.
type WiredCrate struct{ Crate }

func (*WiredCrate) WireDependencies(f infer.FieldSelector, args *ParcelArgs, state *ParcelState) {
	WireDependencies(f, args, state)
}

func TestInferMakesEveryOutputUnknownAndNoneASecret(t *testing.T) {
	t.Parallel()
	update := p.UpdateRequest{
		Urn: parcelURN, ID: "id", State: texts("to", "me", "code", "old", "weighed", "now"), OldInputs: texts("to", "me"),
		Inputs: texts("to", "them"), DryRun: true,
	}
	build := func(r infer.InferredResource) p.Provider {
		built, err := infer.NewProviderBuilder().WithResources(r).Build()
		require.NoError(t, err)
		return built
	}
	answer, err := serve(t, build(infer.Resource(&Crate{}))).Update(update)
	require.NoError(t, err)
	require.True(t, answer.Properties.Get("weighed").IsComputed(), learnt)
	require.False(t, answer.Properties.Get("code").Secret(), learnt)

	answer, err = serve(t, build(infer.Resource(&WiredCrate{}))).Update(update)
	require.NoError(t, err)
	assert.Equal(t, "now", answer.Properties.Get("weighed").AsString())
	assert.Equal(t, "old", answer.Properties.Get("code").AsString())
	assert.True(t, answer.Properties.Get("code").Secret())
	assert.False(t, answer.Properties.Get("weighed").Secret())
}
