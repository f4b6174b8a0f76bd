package infermend

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferTakesOutputsForIgnoredInputs(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	update := p.UpdateRequest{
		Urn: parcelURN, ID: "id", State: texts("to", "as OCI has it", "weighed", "now"), OldInputs: texts("to", "as it was"),
		// The engine has put the old input in place.
		Inputs: texts("to", "as it was"), IgnoreChanges: []string{"to", "weighed"},
	}
	_, err := made.serve(t).Update(update)
	require.Error(t, err, learnt)

	server := made.serve(t, ignoreChanges)
	_, err = server.Update(update)
	require.NoError(t, err)
	assert.Equal(t, "as it was", made.seen.inputs.To)
	_, err = server.Diff(p.DiffRequest{
		Urn: parcelURN, ID: "id", State: update.State, OldInputs: update.OldInputs, Inputs: update.Inputs,
		IgnoreChanges: update.IgnoreChanges,
	})
	require.NoError(t, err)
}
