package infermend

import (
	"testing"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferMakesTheEngineReplaceForAnyDifference(t *testing.T) {
	t.Parallel()
	route := func(r infer.InferredResource) schema.PropertySpec {
		return schemaOf(t, infer.NewProviderBuilder().WithResources(r)).Resources["test:index:Parcel"].InputProperties["route"]
	}
	require.True(t, route(infer.Resource(&Parcel{})).ReplaceOnChanges, learnt)
	assert.False(t, route(resourceOf(&Parcel{})).ReplaceOnChanges)
	assert.True(t, route(resourceOf(&Parcel{})).WillReplaceOnChanges)
}
