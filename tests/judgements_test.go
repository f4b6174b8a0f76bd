package tests

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

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
			t.Run(name+", for a leaked token", func(t *testing.T) {
				t.Parallel()
				fault := fault
				s := newRotatingStack(t, a, map[string]any{"previousDays": 0, "rotateWhenChanged": map[string]any{"leak": "no"}})
				s.MustUp()
				leaked := s.output("token")
				fault.Operation = "DeleteAuthToken"
				s.OCI.Inject(fault)
				s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}})
				require.Error(t, s.Stack.Up(s.program))
				assert.Equal(t, leaked, s.output("previousToken"), "it is still to be revoked")
				s.OCI.ClearFaults()
				s.MustUp()
				assert.False(t, s.works(leaked))
			})
		}
	})
}

func TestWhatADomainAnswersIsThereThoughItDoesNotSayItsOCID(t *testing.T) {
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

func TestTheAgeOfATokenIsThatByOCIsClock(t *testing.T) {
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

func TestEachTokenHasItsOwnAge(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
		s.MustUp()
		s.Clock.Advance(31 * harness.Day)
		s.MustUp()
		previous := s.output("previousTokenId")
		s.OCI.DeleteToken(s.User, previous)
		s.set(map[string]any{"description": "new"})
		s.MustUp()
		assert.Contains(t, s.Diagnostics(), "the previous token "+previous+" is gone")
		s.requireSlots(false)

		// A previous token that is new itself may only be missing from the list.
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"a": "b"}})
		s.MustUp()
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"a": "c"}})
		s.MustUp()
		previous = s.output("previousTokenId")
		s.OCI.HideFromLists(s.User, previous, 1000)
		require.NoError(t, s.Refresh())
		assert.Equal(t, previous, s.output("previousTokenId"))
	})
}

func TestATokenOfAnotherUserIsNotOurs(t *testing.T) {
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

func TestAValueWithoutIDAndTimeAdoptsNobodysToken(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, hidden := range map[string]bool{"ours is not in the list": true, "both are": false} {
			w := inprocess.NewPlugin(a.NewWorld(t))
			w.OCI.Inject(w.Spoiling(emulator.Fault{Operation: "CreateAuthToken", Omit: []string{"id", "timeCreated"}, Hold: func() {
				if len(w.Tokens()) == 1 {
					if hidden {
						w.OCI.HideFromLists(w.User, w.Tokens()[0].ID, 1000)
					}
					w.OCI.AddToken(w.User, "ci")
				}
			}}))
			created, err := w.Create(harness.TokenURN, "ci")
			require.Error(t, err, name)
			id, _ := recorded(t, created, err)
			assert.Empty(t, id, name)
			ours, theirs := w.Tokens()[0], w.Tokens()[1]
			assert.Contains(t, err.Error(), theirs.ID, name)
			assert.Equal(t, !hidden, strings.Contains(err.Error(), ours.ID), name)
			assert.NotContains(t, err.Error(), "It is one of these", name)
			assert.Contains(t, err.Error(), "lag", name)
			assert.Contains(t, err.Error(), w.ListCommand(), name)

			// The value is kept, so that a complete answer finishes the creation.
			w.OCI.ClearFaults()
			again, err := w.Create(harness.TokenURN, "ci")
			require.NoError(t, err, name)
			assert.Equal(t, ours.ID, again.Id, name)
			harness.RequireSecretToken(t, again.Properties, ours.Value)
		}
	})
}

func TestBytesAfterAnAnswerDoNotCostTheValue(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, more := range []string{"}", "\n{}", "<!-- proxy -->", "\x00", "\n\n"} {
			w := inprocess.NewPlugin(a.NewWorld(t))
			w.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Append: more})
			created, err := w.Create(harness.TokenURN, "ci")
			require.NoError(t, err, more)
			harness.RequireSecretToken(t, created.Properties, w.OnlyToken().Value)
			assert.Equal(t, 1, w.Calls("CreateAuthToken"))
		}
		// What precedes the place where an answer is cut can be read too.
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Append: `{`, Set: map[string]any{"zzz": strings.Repeat("z", 3000)}, Truncate: 2500})
		created, err := w.Create(harness.TokenURN, "ci")
		require.NoError(t, err)
		harness.RequireSecretToken(t, created.Properties, w.OnlyToken().Value)
		assert.Equal(t, 1, w.Calls("CreateAuthToken"))
	})
}

// howToMakeSure is in every message that tells a person to delete a token.
const howToMakeSure = "pulumi stack export"

func TestWhoIsToldToDeleteIsToldHowToMakeSureFirst(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.InOrder(harness.Times(100, harness.Lost))
		_, err := w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, w.DeleteCommand(w.OnlyToken().ID))
		assert.Contains(t, err.Error(), howToMakeSure)
		assert.Contains(t, err.Error(), "grep "+w.OnlyToken().ID)

		s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
		theirs := s.OCI.AddToken(s.User, "theirs")
		s.MustUp()
		require.NoError(t, s.Refresh())
		assert.Contains(t, s.Diagnostics(), s.DeleteCommand(theirs.ID))
		assert.Contains(t, s.Diagnostics(), howToMakeSure)
		s.Clock.Advance(31 * harness.Day)
		require.Error(t, s.Up())
		assert.Contains(t, s.Diagnostics(), s.DeleteCommand(theirs.ID))
		assert.Contains(t, s.Diagnostics(), howToMakeSure)
	})
}

func TestAnImportedTokenIsKnownToBeRecorded(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		imported := w.OCI.AddToken(w.User, "ci")
		_, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{Id: w.ImportID(imported.ID), Urn: harness.TokenURN + "-imported"})
		require.NoError(t, err)
		w.InOrder(harness.Times(100, harness.Lost))
		_, err = w.Create(harness.TokenURN, "ci")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), imported.ID)
	})
}

// TestAnAnswerThatArrivesTwiceIsNotLogged turns on the log of the engine and of everything in the plugin, as a person does who
// looks for a fault. net/http logs what arrives on a connection that is idle.
func TestAnAnswerThatArrivesTwiceIsNotLogged(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	w.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Twice: true})
	plugin := w.Start(nil, "sh", "-c", `exec "$0" -logtostderr -v=1`)
	require.NoError(t, plugin.Configure(map[string]any{"endpoint": w.URL}))
	for range 2 {
		created := <-plugin.BeginCreation()
		require.NoError(t, created.Err)
		_, err := plugin.Client.Delete(context.Background(), &pulumirpc.DeleteRequest{
			Id: created.Response.Id, Urn: harness.TokenURN, Properties: created.Response.Properties,
		})
		require.NoError(t, err)
	}
	harness.RequireNoValue(t, plugin.End())
}

// TestOldInputsOfEveryShapeAreRead passes the inputs and the state that 0.2.0 wrote for an AuthToken to a RotatingAuthToken that took
// it over with an alias, in each call that gets them.
func TestOldInputsOfEveryShapeAreRead(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := inprocess.NewPlugin(harness.IdentityDomain.NewWorld(t))
	urn := strings.Replace(harness.TokenURN, "AuthToken", "RotatingAuthToken", 1)
	old := w.With(map[string]any{"timeExpires": "2999-01-01T00:00:00Z"})
	created, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: harness.TokenURN, Properties: old})
	require.NoError(t, err)
	news := w.Arguments("ci")

	checked, err := w.Client.Check(ctx, &pulumirpc.CheckRequest{Urn: urn, Olds: old, News: news})
	require.NoError(t, err)
	require.Empty(t, checked.Failures)
	_, err = w.Client.Diff(ctx, &pulumirpc.DiffRequest{Id: created.Id, Urn: urn, Olds: created.Properties, OldInputs: old, News: checked.Inputs})
	require.NoError(t, err)
	read, err := w.Client.Read(ctx, &pulumirpc.ReadRequest{Id: created.Id, Urn: urn, Properties: created.Properties, Inputs: old})
	require.NoError(t, err)
	require.Equal(t, created.Id, read.Id)
	// A refresh compares what it has read with the recorded arguments.
	_, err = w.Client.Diff(ctx, &pulumirpc.DiffRequest{Id: created.Id, Urn: urn, Olds: read.Properties, OldInputs: read.Inputs, News: old})
	require.NoError(t, err)
	assert.NotContains(t, read.Inputs.Fields, "timeExpires")
	for _, state := range []*structpb.Struct{created.Properties, read.Properties} {
		for _, preview := range []bool{true, false} {
			_, err = w.Client.Update(ctx, &pulumirpc.UpdateRequest{
				Id: created.Id, Urn: urn, Olds: state, OldInputs: old, News: checked.Inputs, Preview: preview,
			})
			require.NoError(t, err)
		}
	}
	_, err = w.Client.Delete(ctx, &pulumirpc.DeleteRequest{Id: created.Id, Urn: urn, Properties: created.Properties, OldInputs: old})
	require.NoError(t, err)
	assert.Empty(t, w.Tokens())
}

// TestRefreshRunsTheProgramOfATokenThatAnAliasTookOver runs the command that found it.
func TestRefreshRunsTheProgramOfATokenThatAnAliasTookOver(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.IdentityDomain.NewWorld(t))
	program := func(kind, more string) {
		c.Write("Pulumi.yaml", `name: test
runtime: yaml
resources:
  token:
    type: ociauthtoken:`+kind+`
    properties: {userId: `+c.User+`, domainUrl: `+c.DomainURL+`, description: ci`+more+"\n")
	}
	program("AuthToken", `, timeExpires: "2999-01-01T00:00:00Z"}`)
	c.Must("up", "--yes")
	program("RotatingAuthToken", "}\n    options: {aliases: [{type: 'ociauthtoken:index:AuthToken'}]}")
	c.Must("refresh", "--yes", "--run-program")
	c.Must("up", "--yes")
	require.Len(t, c.Tokens(), 1)
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
