package tests

import (
	"context"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

func TestReadsAtOnceShareAList(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorldWith(t, emulator.Config{Users: hundredUsers()[:50]}))
	s.Parallel = 16
	s.MustUp(many(s, s.OCI.Users()))
	for parallel, most := range map[int32]int{1: 100, 100: 99} {
		s.Parallel = parallel
		s.OCI.ResetJournal()
		require.NoError(t, s.Refresh())
		assert.LessOrEqual(t, s.Calls("ListAuthTokens"), most, "%d at once", parallel)
		assert.GreaterOrEqual(t, s.Calls("ListAuthTokens"), 50, "%d at once", parallel)
	}
	requireAllRecorded(t, s)
}

func TestASecondReadSeesWhatHasChanged(t *testing.T) {
	t.Parallel()
	w := inprocess.NewPlugin(harness.NewWorld(t))
	one, other := w.MustCreate(harness.TokenURN, "one"), w.MustCreate(harness.TokenURN+"2", "other")
	described := func(created *pulumirpc.CreateResponse) string {
		t.Helper()
		read, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{
			Id: created.Id, Urn: harness.TokenURN, Properties: created.Properties, Inputs: w.Arguments("one"),
		})
		require.NoError(t, err)
		return harness.Unmarshal(t, read.Properties)["description"].StringValue()
	}
	w.OCI.ResetJournal()
	assert.Equal(t, "one", described(one))
	assert.Equal(t, "other", described(other))
	w.OCI.EditToken(w.User, one.Id, func(token *emulator.Token) { token.Description = "changed" })
	assert.Equal(t, "changed", described(one))

	// The plugin's own writes are seen too.
	_, err := w.Client.Update(context.Background(), &pulumirpc.UpdateRequest{
		Id: other.Id, Urn: harness.TokenURN, Olds: other.Properties, OldInputs: w.Arguments("other"), News: w.Arguments("updated"),
	})
	require.NoError(t, err)
	assert.Equal(t, "updated", described(other))
	assert.Equal(t, 4, w.Calls("ListAuthTokens"))
}
