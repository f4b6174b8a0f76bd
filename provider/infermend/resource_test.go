package infermend

import (
	"testing"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPropertiesAreReadFromTheTags(t *testing.T) {
	t.Parallel()
	r := resourceOf(&Parcel{})
	assert.Equal(t, []string{"code"}, namesOf(r.Outputs, isSecret))
	assert.Equal(t, []string{"to", "weighed"}, namesOf(r.Outputs, func(p Property) bool { return !p.Optional && p.isText }))
	assert.Equal(t, []string{"route"}, namesOf(r.Arguments, func(p Property) bool { return p.Replaces }))
}

func TestInferHasNoOptionForLists(t *testing.T) {
	t.Parallel()
	inputs := func(r infer.InferredResource) *schema.ObjectTypeSpec {
		return schemaOf(t, infer.NewProviderBuilder().WithResources(r)).Resources["test:index:Parcel"].ListInputs
	}
	require.Nil(t, inputs(infer.Resource(&Parcel{})), learnt)
	by := schema.ObjectTypeSpec{Type: "object", Required: []string{"to"}}
	assert.Equal(t, &by, inputs(resourceOf(&Parcel{}).ListedBy(by)))
}
