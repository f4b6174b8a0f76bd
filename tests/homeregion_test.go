package tests

import (
	"context"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/display"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// abroad returns a stack that is configured for Ashburn, in a tenancy whose home region is Phoenix.
func abroad(t *testing.T, lag time.Duration) *testStack {
	t.Helper()
	s := newStackIn(newWorldWith(t, emulator.Config{
		Regions: []string{"us-phoenix-1", "us-ashburn-1"}, ReplicationLag: lag,
	}))
	s.env["OCI_REGION"] = "us-ashburn-1"
	s.config["endpoint"] = s.url + "/{region}"
	return s
}

// regionsOf returns the regions in which an operation was called, in order.
func (w *world) regionsOf(operation string) []string {
	var regions []string
	for _, request := range w.oci.Journal() {
		if request.Operation == operation {
			regions = append(regions, request.Region)
		}
	}
	return regions
}

func TestWritesGoToTheHomeRegionAndReadsStay(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	s.mustUp(s.oneToken(s.user, "ci"))
	assert.Equal(t, s.onlyToken().Value, s.value("token"))
	assert.Equal(t, []string{"us-ashburn-1", "us-phoenix-1"}, s.regionsOf("CreateAuthToken"))
	assert.Contains(t, s.diagnostics(), "calling us-phoenix-1")

	s.oci.ResetJournal()
	require.NoError(t, s.refresh())
	assert.Equal(t, []string{"us-ashburn-1"}, s.regionsOf("ListAuthTokens"))
	s.mustUp(s.oneToken(s.user, "new"))
	assert.Equal(t, "new", s.onlyToken().Description)
	require.NoError(t, s.destroy())
	assert.Empty(t, s.tokens())
}

func TestHomeRegionIsLearnedOnce(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	plugin := &wire{world: s.world, plugin: s.configured(map[string]any{"endpoint": s.url + "/{region}"})}
	created := plugin.mustCreate(tokenURN+"1", "ci")
	plugin.mustCreate(tokenURN+"2", "ci")
	assert.Len(t, s.regionsOf("ListRegionSubscriptions"), 1)
	assert.Equal(t, []string{"us-ashburn-1", "us-phoenix-1", "us-phoenix-1"}, s.regionsOf("CreateAuthToken"))

	// A refresh reads in the configured region, even if the home region is known.
	_, err := plugin.plugin.Read(context.Background(), &pulumirpc.ReadRequest{
		Id: created.Id, Urn: tokenURN + "1", Properties: created.Properties, Inputs: plugin.arguments("ci"),
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"us-ashburn-1"}, s.regionsOf("ListAuthTokens"))
}

func TestWhatWasJustWrittenIsReadWhereItWasWritten(t *testing.T) {
	t.Parallel()
	s := abroad(t, time.Hour)
	s.oci.SetCreatingLists(2)
	s.mustUp(s.oneToken(s.user, "ci"))
	assert.Equal(t, []string{"us-phoenix-1", "us-phoenix-1", "us-phoenix-1"}, s.regionsOf("ListAuthTokens"))
	assert.Equal(t, "ACTIVE", s.token("token").Outputs["state"].StringValue())

	// The configured region lags behind for an hour. A new token must be kept all the same, with its value.
	require.NoError(t, s.refresh())
	assert.Equal(t, s.onlyToken().Value, s.value("token"))

	// A 404 for a deletion is checked in the region of the deletion.
	s.oci.DeleteToken(s.user, s.onlyToken().ID)
	s.oci.ResetJournal()
	s.clock.advance(time.Hour)
	require.NoError(t, s.destroy())
	assert.Equal(t, []string{"us-phoenix-1"}, s.regionsOf("ListAuthTokens"))
}

func TestHomeRegionIsTakenFromTheMessageWhereSubscriptionsMayNotBeRead(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	s.oci.Inject(emulator.Fault{Operation: "ListRegionSubscriptions", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."})
	s.mustUp(s.oneToken(s.user, "ci"))
	assert.Equal(t, s.onlyToken().Value, s.value("token"))
	assert.Equal(t, display.ResourceChanges{"create": 1}, s.changes())
}

func TestHomeRegionThatCannotBeReachedIsReported(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	s.config["endpoint"] = s.url + "/us-ashburn-1" // one region's endpoint, and no {region} in it
	require.Error(t, s.up(s.oneToken(s.user, "ci")))
	for _, part := range []string{"403 NotAllowed", "home region PHX", "put {region} in it"} {
		assert.Contains(t, s.diagnostics(), part)
	}
	assert.Equal(t, 1, s.calls("CreateAuthToken"))

	unknown := abroad(t, 0)
	unknown.oci.Inject(
		emulator.Fault{Operation: "ListRegionSubscriptions", Status: 500, Code: "InternalServerError", Message: "No."},
		emulator.Fault{Operation: "CreateAuthToken", Status: 403, Code: "NotAllowed", Message: "Please go to your home region XYZ to do so."},
	)
	require.Error(t, unknown.up(unknown.oneToken(unknown.user, "ci")))
	assert.Contains(t, unknown.diagnostics(), "set the provider's region to the home region")
}
