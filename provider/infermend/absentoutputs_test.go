package infermend

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferLeavesOutWhatHasNoValue(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	create := p.CreateRequest{Urn: parcelURN, Properties: texts("to", "me")}
	answer, err := made.serve(t).Create(create)
	require.NoError(t, err)
	_, has := answer.Properties.GetOk("note")
	require.False(t, has, learnt)

	answer, err = made.serve(t, answerNulls).Create(create)
	require.NoError(t, err)
	note, has := answer.Properties.GetOk("note")
	assert.True(t, has)
	assert.Equal(t, property.New(property.Null), note)
}
