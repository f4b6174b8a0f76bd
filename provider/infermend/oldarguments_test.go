package infermend

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferTakesArgumentsThatTheResourceDoesNotHaveForAChange(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	// A refresh compares what a read has answered with what is recorded.
	refresh := p.DiffRequest{
		Urn: parcelURN, ID: "id", State: texts("to", "me", "weighed", "now"), OldInputs: texts("to", "me"), Inputs: texts("to", "me", "colour", "red"),
	}
	diff, err := made.serve(t).Diff(refresh)
	require.NoError(t, err)
	require.True(t, diff.HasChanges, learnt)

	diff, err = made.serve(t, readOldArguments).Diff(refresh)
	require.NoError(t, err)
	assert.False(t, diff.HasChanges)
}
