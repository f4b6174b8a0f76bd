package infermend

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferRefusesStateThatIsNotComplete(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	state, inputs := texts("code", "code"), texts("to", "me", "route", "by sea", "note", "fragile")
	update := p.UpdateRequest{Urn: parcelURN, ID: "id", State: state, OldInputs: inputs, Inputs: inputs}
	remove := p.DeleteRequest{Urn: parcelURN, ID: "id", Properties: state, OldInputs: inputs}
	_, err := made.serve(t).Update(update)
	require.Error(t, err, learnt)
	require.Error(t, made.serve(t).Delete(remove), learnt)

	server := made.serve(t, completeState)
	want := ParcelState{ParcelArgs: ParcelArgs{To: "me", Route: new("by sea")}, Code: new("code")}
	_, err = server.Update(update)
	require.NoError(t, err)
	assert.Equal(t, want, made.seen.state)
	require.NoError(t, server.Delete(remove))
	assert.Equal(t, want, made.seen.state)
	_, err = server.Read(p.ReadRequest{Urn: parcelURN, ID: "id", Properties: state, Inputs: inputs})
	require.NoError(t, err)
	assert.Equal(t, want, made.seen.state)

	_, err = server.Read(p.ReadRequest{Urn: parcelURN, ID: "id"})
	require.NoError(t, err)
	assert.Empty(t, made.seen.state, "an import stays an import")
}
