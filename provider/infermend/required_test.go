package infermend

import (
	"context"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Stamp is a function. It can say what to do if its input is missing.
type Stamp struct{}

type StampArgs struct {
	Value *string `pulumi:"value,optional" schema:"required"`
}

type StampResult struct{}

func (*Stamp) Annotate(a infer.Annotator) { a.SetToken("index", "stamp") }

func (*Stamp) Invoke(context.Context, infer.FunctionRequest[StampArgs]) (infer.FunctionResponse[StampResult], error) {
	return infer.FunctionResponse[StampResult]{}, nil
}

func schemaOf(t *testing.T, builder *infer.ProviderBuilder) schema.PackageSpec {
	t.Helper()
	built, err := builder.Build()
	require.NoError(t, err)
	spec, err := p.GetSchema(t.Context(), "test", "1.0.0", built)
	require.NoError(t, err)
	return spec
}

func TestInferHasOneTagForStateAndSchema(t *testing.T) {
	t.Parallel()
	parcel := func(r infer.InferredResource) schema.ResourceSpec {
		return schemaOf(t, infer.NewProviderBuilder().WithResources(r)).Resources["test:index:Parcel"]
	}
	require.NotContains(t, parcel(infer.Resource(&Parcel{})).Required, "stamped", learnt)
	assert.Contains(t, parcel(resourceOf(&Parcel{})).Required, "stamped")

	stamp := func(f infer.InferredFunction) *schema.ObjectTypeSpec {
		return schemaOf(t, infer.NewProviderBuilder().WithFunctions(f)).Functions["test:index:stamp"].Inputs
	}
	require.Empty(t, stamp(infer.Function(&Stamp{})).Required, learnt)
	assert.Equal(t, []string{"value"}, stamp(FunctionOf(&Stamp{})).Required)
}
