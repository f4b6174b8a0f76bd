package authtoken_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

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

// These tests are about two questions: is a token gone, and is it ours? The tables of the answers are in docs/internals/promises.md.

func TestOnlyOCIItselfCanSayThatATokenIsGone(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, fault := range harness.NotFromOCI {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				fault := fault
				s := inprocess.NewStack(a.NewWorld(t))
				s.MustUp(s.OneToken(s.User, "ci"))
				value := s.Value("token")
				s.Clock.Advance(24 * time.Hour)
				s.OCI.Inject(fault)
				require.Error(t, s.Refresh())
				require.Error(t, s.Destroy())
				assert.Equal(t, value, s.Value("token"))

				// Only the deletion is answered by something else.
				s.OCI.ClearFaults()
				fault.Operation = "DeleteAuthToken"
				s.OCI.Inject(fault)
				require.Error(t, s.Destroy())
				assert.Equal(t, value, s.Value("token"))

				s.OCI.ClearFaults()
				require.NoError(t, s.Destroy())
				assert.Empty(t, s.Tokens())
			})
		}
	})
}

func TestNotFoundOnReadKeepsTheOnlyCopyOfTheValue(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		value := s.Value("token")
		s.OCI.Deny(s.User)

		refusal := "404 NotAuthorizedOrNotFound"
		if a.Domain != "" {
			refusal = "401 error.common.common.accessDenied"
		}
		require.Error(t, s.Refresh())
		said := s.Diagnostics()
		for _, part := range []string{refusal, "stays in the state", "pulumi state delete", "opc-request-id"} {
			assert.Contains(t, said, part)
		}
		assert.Equal(t, value, s.Value("token"))
	})
}

func TestAMalformedListDoesNotMeanThatTheTokenIsGone(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, fault := range map[string]emulator.Fault{
			"null": {Body: "null"}, "an object": {Body: `{"items": []}`}, "a text": {Body: `"[]"`}, "empty": {Body: " "},
			"a list of texts": {Body: `["a", "b"]`}, "a list of nulls": {Body: "[null]"}, "without ids": {Omit: []string{"id"}},
			"a page":          {Body: "[]", MediaType: "text/html"},
			"another status":  {Status: 400, Body: `{"code": "NotAuthorizedOrNotFound", "statusCode": 404, "status": "404"}`},
			"a redirect":      {Status: 302, Header: map[string]string{"Location": "http://127.0.0.1:1/"}},
			"cut in a number": {Truncate: 5},
			"endless":         {Endless: true},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := inprocess.NewStack(a.NewWorld(t))
				s.MustUp(s.OneToken(s.User, "ci"))
				before := s.CheckpointOf("token")
				s.Clock.Advance(time.Hour)
				fault.Operation = "ListAuthTokens"
				s.OCI.Inject(s.Spoiling(fault))
				require.Error(t, s.Refresh())
				assert.Contains(t, s.Diagnostics(), "stays in the state")
				assert.Equal(t, before, s.CheckpointOf("token"))
			})
		}
	})
}

func TestTheTokenIsFoundInAListWithOddItems(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, fault := range map[string]emulator.Fault{
			"without a user":    {Omit: []string{"userId", "timeCreated", "lifecycleState", "description"}},
			"of no known types": {Set: map[string]any{"userId": 5, "timeCreated": false, "lifecycleState": []int{}, "description": 1, "inactiveStatus": "x"}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := inprocess.NewStack(a.NewWorld(t))
				s.MustUp(s.OneToken(s.User, "ci"))
				before := s.CheckpointOf("token")
				fault.Operation = "ListAuthTokens"
				s.OCI.Inject(s.Spoiling(fault))
				require.NoError(t, s.Refresh())
				assert.Equal(t, before, s.CheckpointOf("token"))
				require.NoError(t, s.Preview(s.OneToken(s.User, "ci")))
				assert.Empty(t, s.Changes())
			})
		}
	})
}

func TestAListThatChangesWhileItIsReadIsReadAgain(t *testing.T) {
	t.Parallel()
	page := func(total string) emulator.Fault {
		return emulator.Fault{Operation: "ListAuthTokens", Times: 1, Body: `{"totalResults": ` + total + `, "Resources": []}`}
	}
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	s.MustUp(s.OneToken(s.User, "ci"))
	for range 60 {
		s.OCI.AddToken(s.User, "theirs")
	}
	changed := func(change func()) emulator.Fault {
		return emulator.Fault{Operation: "ListAuthTokens", Times: 1, Hold: change}
	}
	before := s.CheckpointOf("token")
	s.Clock.Advance(24 * time.Hour)
	slept := s.Clock.Slept
	for name, fault := range map[string]emulator.Fault{
		"the first page is missing":  page("61"),
		"the second page is missing": {Operation: "ListAuthTokens", Skip: 1, Times: 1, Body: `{"totalResults": 61, "Resources": []}`},
		"a token is created":         changed(func() { s.OCI.AddToken(s.User, "theirs") }),
		"a token is deleted":         changed(func() { s.OCI.DeleteToken(s.User, s.Tokens()[10].ID) }),
	} {
		s.OCI.Inject(fault)
		require.NoError(t, s.Refresh(), name)
		assert.Equal(t, before, s.CheckpointOf("token"), name)
	}
	assert.Less(t, s.Clock.Slept-slept, time.Minute)

	always := page("61")
	always.Times = 0
	s.OCI.Inject(always)
	require.Error(t, s.Refresh())
	assert.Equal(t, before, s.CheckpointOf("token"))
}

func TestATokenIsKeptIfTheDomainDoesNotSayItsOCID(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	s.MustUp(s.OneToken(s.User, "ci"))
	before := s.CheckpointOf("token")
	s.Clock.Advance(24 * time.Hour)
	s.OCI.Inject(emulator.Fault{Omit: []string{"ocid"}})
	require.NoError(t, s.Refresh())
	assert.Equal(t, before, s.CheckpointOf("token"))
	require.NoError(t, s.Destroy())
	assert.Empty(t, s.Tokens())
}

func TestATokenMissingFromADomainsListIsReadByItsID(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	s.MustUp(s.OneToken(s.User, "ci"))
	before := s.CheckpointOf("token")
	s.OCI.HideFromLists(s.User, s.OnlyToken().ID, 1000)
	s.Clock.Advance(24 * time.Hour)
	require.NoError(t, s.Refresh())
	assert.Equal(t, before, s.CheckpointOf("token"))
	s.OCI.DeleteToken(s.User, s.OnlyToken().ID)
	require.NoError(t, s.Refresh())
	assert.Nil(t, s.Token("token"))
}

func TestEveryPageOfADomainsListIsRead(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	s.MustUp(s.OneToken(s.User, "ci"))
	for i := range 120 {
		s.OCI.AddToken(s.User, fmt.Sprint(i))
	}
	last := s.Tokens()[120]
	s.MustUp(func(m *deploytest.ResourceMonitor) error {
		_, _, err := m.ReadResource(harness.AuthTokenType, "last", resource.ID(s.ImportID(last.ID)), "", resource.PropertyMap{}, "", "", "", nil, "", "")
		return errors.Join(err, s.OneToken(s.User, "ci")(m))
	})
	assert.Equal(t, "119", s.Token("last").Outputs["description"].StringValue())
	assert.Equal(t, 3, s.Calls("ListAuthTokens"))

	s.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Skip: 1, Body: strings.Replace(s.NoTokens(), `"totalResults": 0`, `"totalResults": 121`, 1)})
	s.Parallel = 1 // the engine has a data race when two resources fail at once (pkg/engine/update.go, OnResourceStepPost)
	require.Error(t, s.Refresh(), "a list with a page that is missing is no list")
}

func TestRefreshAsksTheHomeRegionBeforeATokenLeavesTheState(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	s.MustUp(s.OneToken(s.User, "ci"))
	value := s.Value("token")
	s.Clock.Advance(24 * time.Hour)
	s.OCI.SetListLag("us-ashburn-1", time.Hour) // the service's clock stands at the creation
	require.NoError(t, s.Refresh())
	assert.Equal(t, value, s.Value("token"), "the configured region lags, and the home region has it")

	s.OCI.Inject(emulator.Fault{Operation: "ListRegionSubscriptions", Status: 404, Code: "NotAuthorizedOrNotFound"})
	require.Error(t, s.Refresh())
	assert.Contains(t, s.Diagnostics(), "home region")
	assert.Contains(t, s.Diagnostics(), "stays in the state")
	assert.Equal(t, value, s.Value("token"))

	s.OCI.ClearFaults()
	s.OCI.DeleteToken(s.User, s.OnlyToken().ID)
	require.NoError(t, s.Refresh())
	assert.Nil(t, s.Token("token"))
}

func TestNewTokenIsGivenTimeToAppear(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.MustUp(s.OneToken(s.User, "ci"))
	id := s.OnlyToken().ID

	s.OCI.HideFromLists(s.User, id, 3)
	require.NoError(t, s.Refresh())
	assert.NotNil(t, s.Token("token"))
	assert.Empty(t, s.Changes())
	assert.Contains(t, s.Diagnostics(), "waiting for OCI to list auth token")

	s.OCI.HideFromLists(s.User, id, 1000)
	require.NoError(t, s.Refresh())
	require.NotNil(t, s.Token("token"), "created moments ago, so it stays in the state")
	assert.Contains(t, s.Diagnostics(), "It stays in the state, because it was created at")
	assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
}

func TestNewTokenIsKeptIfThisMachinesClockIsAhead(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.MustUp(s.OneToken(s.User, "ci"))
	s.Clock.Advance(6 * time.Minute) // one minute later, by a clock that is five minutes ahead
	s.OCI.HideFromLists(s.User, s.OnlyToken().ID, 1000)
	require.NoError(t, s.Refresh())
	assert.NotNil(t, s.Token("token"))
}

func TestTheAgeOfATokenIsMeasuredByOCIsClock(t *testing.T) {
	t.Parallel()
	clock := harness.NewClock()
	w := harness.NewWorldWith(t, emulator.Config{Clock: clock.Now, ClockSkew: 100 * 365 * harness.Day})
	w.Clock.Advance(4*time.Minute + 30*time.Second) // this machine's clock is ahead
	s := inprocess.NewStack(w)
	s.MustUp(s.OneToken(s.User, "ci"))
	before := s.CheckpointOf("token")
	s.OCI.SetListLag("us-phoenix-1", 8*time.Minute)
	clock.Advance(7 * time.Minute)
	w.Clock.Advance(7 * time.Minute)
	require.NoError(t, s.Refresh())
	assert.Equal(t, before, s.CheckpointOf("token"))

	s.OCI.DeleteToken(s.User, s.OnlyToken().ID)
	clock.Advance(20 * time.Minute)
	w.Clock.Advance(20 * time.Minute)
	require.NoError(t, s.Refresh())
	assert.Nil(t, s.Token("token"), "it is old now")
}

// TestATokenOfUnknownAgeIsKept reads a token that came from an import file, which says nothing of when it was created.
func TestATokenOfUnknownAgeIsKept(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, kind := range []string{"AuthToken", "RotatingAuthToken"} {
			w := inprocess.NewPlugin(a.NewWorld(t))
			live := w.OCI.AddToken(w.User, "ci")
			w.OCI.HideFromLists(w.User, live.ID, 1000)
			urn := strings.Replace(harness.TokenURN, "AuthToken", kind, 1)
			state := w.With(map[string]any{"token": resource.MakeSecret(resource.NewProperty(live.Value))})
			refresh := func() *pulumirpc.ReadResponse {
				read, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{
					Id: live.ID, Urn: urn, Properties: state, Inputs: w.Arguments("ci"),
				})
				require.NoError(t, err)
				require.Equal(t, live.ID, read.Id, kind)
				harness.RequireSecretToken(t, read.Properties, live.Value)
				return read
			}
			refresh()

			// Once a list has told its age, it can be gone.
			w.OCI.HideFromLists(w.User, live.ID, 0)
			state = refresh().Properties
			w.OCI.DeleteToken(w.User, live.ID)
			w.Clock.Advance(time.Hour)
			read, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{
				Id: live.ID, Urn: urn, Properties: state, Inputs: w.Arguments("ci"),
			})
			require.NoError(t, err)
			assert.Empty(t, read.Id, kind)
		}
	})
}

func TestDestroyGivesANewTokenTimeToAppear(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		missing := emulator.Fault{Operation: "DeleteAuthToken", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No.", Times: 2}
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		s.OCI.HideFromLists(s.User, s.OnlyToken().ID, 2)
		s.OCI.Inject(missing)
		require.NoError(t, s.Destroy())
		assert.Empty(t, s.Tokens(), "it is revoked once it is known")

		never := inprocess.NewStack(a.NewWorld(t))
		never.MustUp(never.OneToken(never.User, "ci"))
		live := never.OnlyToken()
		never.OCI.HideFromLists(never.User, live.ID, 1000)
		missing.Times = 0
		never.OCI.Inject(missing)
		missing.Operation = "GetAuthToken" // the call of an identity domain
		never.OCI.Inject(missing)
		require.NoError(t, never.Destroy())
		assert.Contains(t, never.Diagnostics(), never.DeleteCommand(live.ID))
	})
}

func TestDestroyOfATokenThatIsGoneSucceedsOnceOCIConfirmsIt(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		s.OCI.DeleteToken(s.User, s.OnlyToken().ID)
		s.OCI.ResetJournal()
		s.Clock.Advance(time.Hour)

		require.NoError(t, s.Destroy())
		assert.Equal(t, 1, s.Calls("ListAuthTokens"))
		assert.NotContains(t, s.Diagnostics(), "warning:")
	})
}

func TestDestroyWarnsIfNothingConfirmsThatTheTokenIsGone(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.MustUp(s.OneToken(s.User, "ci"))
	id := s.OnlyToken().ID
	s.OCI.Deny(s.User)

	require.NoError(t, s.Destroy())
	said := s.Diagnostics()
	assert.Contains(t, said, "warning:")
	assert.Contains(t, said, "still live")
	assert.Contains(t, said, s.DeleteCommand(id))
}

func TestATokenOfAnotherUserIsNeitherChangedNorRevoked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, urn := range []string{harness.TokenURN, strings.Replace(harness.TokenURN, "AuthToken", "RotatingAuthToken", 1)} {
		w := inprocess.NewPlugin(harness.IdentityDomain.NewWorld(t))
		theirs := w.OCI.AddToken(w.AddUser("carol"), "ci")
		_, err := w.Client.Read(ctx, &pulumirpc.ReadRequest{Id: w.ImportID(theirs.ID), Urn: urn})
		require.ErrorContains(t, err, theirs.UserID, "the error says whose it is")

		// A release that imported it may have recorded it.
		state := w.With(map[string]any{"state": "", "timeCreated": "2020-01-01T00:00:00Z", "tokenId": theirs.ID})
		if urn == harness.TokenURN {
			delete(state.Fields, "tokenId")
		}
		_, err = w.Client.Read(ctx, &pulumirpc.ReadRequest{Id: theirs.ID, Urn: urn, Properties: state, Inputs: w.Arguments("ci")})
		require.ErrorContains(t, err, theirs.UserID)
		_, err = w.Client.Update(ctx, &pulumirpc.UpdateRequest{
			Id: theirs.ID, Urn: urn, Olds: state, OldInputs: w.Arguments("ci"), News: w.Arguments("new"),
		})
		require.ErrorContains(t, err, theirs.UserID)
		_, err = w.Client.Delete(ctx, &pulumirpc.DeleteRequest{Id: theirs.ID, Urn: urn, Properties: state, OldInputs: w.Arguments("ci")})
		require.ErrorContains(t, err, theirs.UserID)
		left := w.OCI.Tokens(theirs.UserID)
		require.Len(t, left, 1)
		assert.Equal(t, "ci", left[0].Description)
	}

	// An answer that names another user is nobody's list.
	w := inprocess.NewPlugin(harness.NewWorld(t))
	created := w.MustCreate(harness.TokenURN, "ci")
	w.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Set: map[string]any{"userId": "ocid1.user.oc1..stranger"}})
	_, err := w.Client.Read(ctx, &pulumirpc.ReadRequest{
		Id: created.Id, Urn: harness.TokenURN, Properties: created.Properties, Inputs: w.Arguments("ci"),
	})
	require.Error(t, err)
}
