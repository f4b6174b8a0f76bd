package authtoken_test

import (
	"context"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/display"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// abroad returns a stack that is configured for Ashburn, in a tenancy whose home region is Phoenix.
func abroad(t *testing.T, lag time.Duration) *inprocess.Stack {
	t.Helper()
	s := inprocess.NewStack(harness.NewWorldWith(t, emulator.Config{
		Regions: []string{"us-phoenix-1", "us-ashburn-1"}, ReplicationLag: lag,
	}))
	s.Env["OCI_REGION"] = "us-ashburn-1"
	s.Config["endpoint"] = s.URL + "/{region}"
	return s
}

func TestWritesGoToTheHomeRegionAndReadsStay(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	s.MustUp(s.OneToken(s.User, "ci"))
	assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
	assert.Equal(t, []string{"us-ashburn-1", "us-phoenix-1"}, s.RegionsOf("CreateAuthToken"))
	assert.Contains(t, s.Diagnostics(), "calling us-phoenix-1")

	s.OCI.ResetJournal()
	require.NoError(t, s.Refresh())
	assert.Equal(t, []string{"us-ashburn-1"}, s.RegionsOf("ListAuthTokens"))
	s.MustUp(s.OneToken(s.User, "new"))
	assert.Equal(t, "new", s.OnlyToken().Description)
	require.NoError(t, s.Destroy())
	assert.Empty(t, s.Tokens())
}

func TestHomeRegionIsLearnedOnce(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	plugin := inprocess.NewPluginWith(s.World, map[string]any{"endpoint": s.URL + "/{region}"})
	created := plugin.MustCreate(harness.TokenURN+"1", "ci")
	plugin.MustCreate(harness.TokenURN+"2", "ci")
	assert.Len(t, s.RegionsOf("ListRegionSubscriptions"), 1)
	assert.Equal(t, []string{"us-ashburn-1", "us-phoenix-1", "us-phoenix-1"}, s.RegionsOf("CreateAuthToken"))

	// A refresh reads in the configured region, even if the home region is known.
	_, err := plugin.Client.Read(context.Background(), &pulumirpc.ReadRequest{
		Id: created.Id, Urn: harness.TokenURN + "1", Properties: created.Properties, Inputs: plugin.Arguments("ci"),
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"us-ashburn-1"}, s.RegionsOf("ListAuthTokens"))
}

func TestWhatWasJustWrittenIsReadWhereItWasWritten(t *testing.T) {
	t.Parallel()
	s := abroad(t, time.Hour)
	s.OCI.SetCreatingLists(2)
	s.MustUp(s.OneToken(s.User, "ci"))
	assert.Equal(t, []string{"us-phoenix-1", "us-phoenix-1", "us-phoenix-1"}, s.RegionsOf("ListAuthTokens"))
	assert.Equal(t, "ACTIVE", s.Token("token").Outputs["state"].StringValue())

	// The configured region lags behind for an hour. A new token must be kept all the same, with its value.
	require.NoError(t, s.Refresh())
	assert.Equal(t, s.OnlyToken().Value, s.Value("token"))

	// A 404 for a deletion is checked in the region of the deletion.
	s.OCI.DeleteToken(s.User, s.OnlyToken().ID)
	s.OCI.ResetJournal()
	s.Clock.Advance(time.Hour)
	require.NoError(t, s.Destroy())
	assert.Equal(t, []string{"us-phoenix-1"}, s.RegionsOf("ListAuthTokens"))
}

func TestHomeRegionIsTakenFromTheMessageWhereSubscriptionsMayNotBeRead(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	s.OCI.Inject(emulator.Fault{Operation: "ListRegionSubscriptions", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."})
	s.MustUp(s.OneToken(s.User, "ci"))
	assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
	assert.Equal(t, display.ResourceChanges{"create": 1}, s.Changes())
}

func TestHomeRegionThatCannotBeReachedIsReported(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	s.Config["endpoint"] = s.URL + "/us-ashburn-1" // one region's endpoint, and no {region} in it
	require.Error(t, s.Up(s.OneToken(s.User, "ci")))
	for _, part := range []string{"403 NotAllowed", "home region PHX", "put {region} in it"} {
		assert.Contains(t, s.Diagnostics(), part)
	}
	assert.Equal(t, 1, s.Calls("CreateAuthToken"))

	unknown := abroad(t, 0)
	unknown.OCI.Inject(
		emulator.Fault{Operation: "ListRegionSubscriptions", Status: 500, Code: "InternalServerError", Message: "No."},
		emulator.Fault{Operation: "CreateAuthToken", Status: 403, Code: "NotAllowed", Message: "Please go to your home region XYZ to do so."},
	)
	require.Error(t, unknown.Up(unknown.OneToken(unknown.User, "ci")))
	assert.Contains(t, unknown.Diagnostics(), "set the provider's region to the home region")
}
