package infermend

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferNamesThePropertyWhoseValueTheEngineThenPrints(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	check := p.CheckRequest{Urn: parcelURN, Inputs: texts("to", "me").Set("note", property.New(true))}
	answer, err := made.serve(t).Check(check)
	require.NoError(t, err)
	require.Equal(t, "note", answer.Failures[0].Property, learnt)

	answer, err = serve(t, explainingWrongKinds(made.bare, "test")).Check(check)
	require.NoError(t, err)
	assert.Equal(t, []p.CheckFailure{{Reason: "note: is not a string"}}, answer.Failures)
}
