package tests

import (
	"context"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

func TestARefreshListsEachUserOnce(t *testing.T) {
	t.Parallel()
	s := newStackIn(newWorldWith(t, emulator.Config{Users: hundredUsers()[:50]}))
	s.parallel = 16
	s.mustUp(s.many(s.oci.Users()))
	for _, parallel := range []int32{1, 2, 16, 100} {
		s.parallel = parallel
		s.oci.ResetJournal()
		require.NoError(t, s.refresh())
		assert.Equal(t, 50, s.calls("ListAuthTokens"), "%d at once", parallel)
	}
	requireAllRecorded(t, s)
}

func TestASecondReadSeesWhatHasChanged(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	one, other := w.mustCreate(tokenURN, "one"), w.mustCreate(tokenURN+"2", "other")
	described := func(created *pulumirpc.CreateResponse) string {
		t.Helper()
		read, err := w.plugin.Read(context.Background(), &pulumirpc.ReadRequest{
			Id: created.Id, Urn: tokenURN, Properties: created.Properties, Inputs: w.arguments("one"),
		})
		require.NoError(t, err)
		return unmarshalled(t, read.Properties)["description"].StringValue()
	}
	w.oci.ResetJournal()
	assert.Equal(t, "one", described(one))
	assert.Equal(t, "other", described(other))
	assert.Equal(t, 1, w.calls("ListAuthTokens"))
	w.oci.EditToken(w.user, one.Id, func(token *emulator.Token) { token.Description = "changed" })
	assert.Equal(t, "changed", described(one))

	// The plugin's own writes are seen too.
	_, err := w.plugin.Update(context.Background(), &pulumirpc.UpdateRequest{
		Id: other.Id, Urn: tokenURN, Olds: other.Properties, OldInputs: w.arguments("other"), News: w.arguments("updated"),
	})
	require.NoError(t, err)
	assert.Equal(t, "updated", described(other))
	assert.Equal(t, 3, w.calls("ListAuthTokens"))
}
