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
)

// These tests are about three judgements: whether a token is gone, whether it is ours, and whether it is recorded. The tables are in
// docs/internals/promises.md.

// notOCI holds answers of something on the way to OCI, or of a wrong endpoint.
var notOCI = map[string]emulator.Fault{
	"a page that is not found":       {Status: 404, Body: "<html>Not Found</html>"},
	"a gateway's error":              {Status: 404, Body: `{"message": "no Route matched"}`, MediaType: "application/json"},
	"a gateway's error with a code":  {Status: 404, Body: `{"code": 404, "message": "Not Found"}`, MediaType: "application/json"},
	"OCI has no such operation":      {Status: 404, Body: `{"code": "NotFound", "message": "No."}`, MediaType: "application/json"},
	"OCI's error in a page":          {Status: 404, Code: "NotAuthorizedOrNotFound", MediaType: "text/html"},
	"a page to sign in to a network": {Status: 200, Body: "<html>Please accept the conditions</html>"},
}

func TestOnlyOCIItselfCanSayThatATokenIsGone(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, fault := range notOCI {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				fault := fault
				s := a.newStack(t)
				s.mustUp(s.oneToken(s.user, "ci"))
				value := s.value("token")
				s.clock.advance(24 * time.Hour)
				s.oci.Inject(fault)
				require.Error(t, s.refresh())
				require.Error(t, s.destroy())
				assert.Equal(t, value, s.value("token"))

				// Only the deletion is answered by something else.
				s.oci.ClearFaults()
				fault.Operation = "DeleteAuthToken"
				s.oci.Inject(fault)
				require.Error(t, s.destroy())
				assert.Equal(t, value, s.value("token"))

				s.oci.ClearFaults()
				require.NoError(t, s.destroy())
				assert.Empty(t, s.tokens())
			})
			t.Run(name+", for a leaked token", func(t *testing.T) {
				t.Parallel()
				fault := fault
				s := a.newRotatingStack(t, map[string]any{"previousDays": 0, "rotateWhenChanged": map[string]any{"leak": "no"}})
				s.mustUp()
				leaked := s.output("token")
				fault.Operation = "DeleteAuthToken"
				s.oci.Inject(fault)
				s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}})
				require.Error(t, s.testStack.up(s.program))
				assert.Equal(t, leaked, s.output("previousToken"), "it is still to be revoked")
				s.oci.ClearFaults()
				s.mustUp()
				assert.False(t, s.works(leaked))
			})
		}
	})
}

func TestWhatADomainAnswersIsThereThoughItDoesNotSayItsOCID(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	s.mustUp(s.oneToken(s.user, "ci"))
	before := s.checkpointOf("token")
	s.clock.advance(24 * time.Hour)
	s.oci.Inject(emulator.Fault{Omit: []string{"ocid"}})
	require.NoError(t, s.refresh())
	assert.Equal(t, before, s.checkpointOf("token"))
	require.NoError(t, s.destroy())
	assert.Empty(t, s.tokens())
}

func TestAListThatChangesWhileItIsReadIsReadAgain(t *testing.T) {
	t.Parallel()
	page := func(total string) emulator.Fault {
		return emulator.Fault{Operation: "ListAuthTokens", Times: 1, Body: `{"totalResults": ` + total + `, "Resources": []}`}
	}
	s := sales.newStack(t)
	s.mustUp(s.oneToken(s.user, "ci"))
	for range 60 {
		s.oci.AddToken(s.user, "theirs")
	}
	changed := func(change func()) emulator.Fault {
		return emulator.Fault{Operation: "ListAuthTokens", Times: 1, Hold: change}
	}
	before := s.checkpointOf("token")
	s.clock.advance(24 * time.Hour)
	slept := s.clock.slept
	for name, fault := range map[string]emulator.Fault{
		"the first page is missing":  page("61"),
		"the second page is missing": {Operation: "ListAuthTokens", Skip: 1, Times: 1, Body: `{"totalResults": 61, "Resources": []}`},
		"a token is created":         changed(func() { s.oci.AddToken(s.user, "theirs") }),
		"a token is deleted":         changed(func() { s.oci.DeleteToken(s.user, s.tokens()[10].ID) }),
	} {
		s.oci.Inject(fault)
		require.NoError(t, s.refresh(), name)
		assert.Equal(t, before, s.checkpointOf("token"), name)
	}
	assert.Less(t, s.clock.slept-slept, time.Minute)

	always := page("61")
	always.Times = 0
	s.oci.Inject(always)
	require.Error(t, s.refresh())
	assert.Equal(t, before, s.checkpointOf("token"))
}

func TestTheAgeOfATokenIsThatByOCIsClock(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	w := newWorldWith(t, emulator.Config{Clock: clock.Now, ClockSkew: 100 * 365 * day})
	w.clock.advance(4*time.Minute + 30*time.Second) // this machine's clock is ahead
	s := newStackIn(w)
	s.mustUp(s.oneToken(s.user, "ci"))
	before := s.checkpointOf("token")
	s.oci.SetListLag("us-phoenix-1", 8*time.Minute)
	clock.advance(7 * time.Minute)
	w.clock.advance(7 * time.Minute)
	require.NoError(t, s.refresh())
	assert.Equal(t, before, s.checkpointOf("token"))

	s.oci.DeleteToken(s.user, s.onlyToken().ID)
	clock.advance(20 * time.Minute)
	w.clock.advance(20 * time.Minute)
	require.NoError(t, s.refresh())
	assert.Nil(t, s.token("token"), "it is old now")
}

func TestEachTokenHasItsOwnAge(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newRotatingStack(t, map[string]any{"rotationDays": 30})
		s.mustUp()
		s.clock.advance(31 * day)
		s.mustUp()
		previous := s.output("previousTokenId")
		s.oci.DeleteToken(s.user, previous)
		s.set(map[string]any{"description": "new"})
		s.mustUp()
		assert.Contains(t, s.diagnostics(), "the previous token "+previous+" is gone")
		s.requireSlots(false)

		// A previous token that is new itself may only be missing from the list.
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"a": "b"}})
		s.mustUp()
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"a": "c"}})
		s.mustUp()
		previous = s.output("previousTokenId")
		s.oci.HideFromLists(s.user, previous, 1000)
		require.NoError(t, s.refresh())
		assert.Equal(t, previous, s.output("previousTokenId"))
	})
}

func TestATokenOfAnotherUserIsNotOurs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, urn := range []string{tokenURN, strings.Replace(tokenURN, "AuthToken", "RotatingAuthToken", 1)} {
		w := sales.newWire(t)
		theirs := w.oci.AddToken(w.addUser("carol"), "ci")
		_, err := w.plugin.Read(ctx, &pulumirpc.ReadRequest{Id: w.importID(theirs.ID), Urn: urn})
		require.ErrorContains(t, err, theirs.UserID, "the error says whose it is")

		// A release that imported it may have recorded it.
		state := w.with(map[string]any{"state": "", "timeCreated": "2020-01-01T00:00:00Z", "tokenId": theirs.ID})
		if urn == tokenURN {
			delete(state.Fields, "tokenId")
		}
		_, err = w.plugin.Read(ctx, &pulumirpc.ReadRequest{Id: theirs.ID, Urn: urn, Properties: state, Inputs: w.arguments("ci")})
		require.ErrorContains(t, err, theirs.UserID)
		_, err = w.plugin.Update(ctx, &pulumirpc.UpdateRequest{
			Id: theirs.ID, Urn: urn, Olds: state, OldInputs: w.arguments("ci"), News: w.arguments("new"),
		})
		require.ErrorContains(t, err, theirs.UserID)
		_, err = w.plugin.Delete(ctx, &pulumirpc.DeleteRequest{Id: theirs.ID, Urn: urn, Properties: state, OldInputs: w.arguments("ci")})
		require.ErrorContains(t, err, theirs.UserID)
		left := w.oci.Tokens(theirs.UserID)
		require.Len(t, left, 1)
		assert.Equal(t, "ci", left[0].Description)
	}

	// An answer that names another user is nobody's list.
	w := newWire(t)
	created := w.mustCreate(tokenURN, "ci")
	w.oci.Inject(emulator.Fault{Operation: "ListAuthTokens", Set: map[string]any{"userId": "ocid1.user.oc1..stranger"}})
	_, err := w.plugin.Read(ctx, &pulumirpc.ReadRequest{
		Id: created.Id, Urn: tokenURN, Properties: created.Properties, Inputs: w.arguments("ci"),
	})
	require.Error(t, err)
}

func TestAValueWithoutIDAndTimeAdoptsNobodysToken(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, hidden := range map[string]bool{"ours is not in the list": true, "both are": false} {
			w := a.newWire(t)
			w.oci.Inject(w.spoiling(emulator.Fault{Operation: "CreateAuthToken", Omit: []string{"id", "timeCreated"}, Hold: func() {
				if len(w.tokens()) == 1 {
					if hidden {
						w.oci.HideFromLists(w.user, w.tokens()[0].ID, 1000)
					}
					w.oci.AddToken(w.user, "ci")
				}
			}}))
			created, err := w.create(tokenURN, "ci")
			require.Error(t, err, name)
			id, _ := recorded(t, created, err)
			assert.Empty(t, id, name)
			ours, theirs := w.tokens()[0], w.tokens()[1]
			assert.Contains(t, err.Error(), theirs.ID, name)
			assert.Equal(t, !hidden, strings.Contains(err.Error(), ours.ID), name)
			assert.NotContains(t, err.Error(), "It is one of these", name)
			assert.Contains(t, err.Error(), "lag", name)
			assert.Contains(t, err.Error(), w.listCommand(), name)

			// The value is kept, so that a complete answer finishes the creation.
			w.oci.ClearFaults()
			again, err := w.create(tokenURN, "ci")
			require.NoError(t, err, name)
			assert.Equal(t, ours.ID, again.Id, name)
			requireSecretToken(t, again.Properties, ours.Value)
		}
	})
}

func TestBytesAfterAnAnswerDoNotCostTheValue(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for _, more := range []string{"}", "\n{}", "<!-- proxy -->", "\x00", "\n\n"} {
			w := a.newWire(t)
			w.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Append: more})
			created, err := w.create(tokenURN, "ci")
			require.NoError(t, err, more)
			requireSecretToken(t, created.Properties, w.onlyToken().Value)
			assert.Equal(t, 1, w.calls("CreateAuthToken"))
		}
		// What precedes the place where an answer is cut can be read too.
		w := a.newWire(t)
		w.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Append: `{`, Set: map[string]any{"zzz": strings.Repeat("z", 3000)}, Truncate: 2500})
		created, err := w.create(tokenURN, "ci")
		require.NoError(t, err)
		requireSecretToken(t, created.Properties, w.onlyToken().Value)
		assert.Equal(t, 1, w.calls("CreateAuthToken"))
	})
}

// howToMakeSure is in every message that tells a person to delete a token.
const howToMakeSure = "pulumi stack export"

func TestWhoIsToldToDeleteIsToldHowToMakeSureFirst(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		w.inOrder(times(100, lost))
		_, err := w.create(tokenURN, "ci")
		require.ErrorContains(t, err, w.deleteCommand(w.onlyToken().ID))
		assert.Contains(t, err.Error(), howToMakeSure)
		assert.Contains(t, err.Error(), "grep "+w.onlyToken().ID)

		s := a.newRotatingStack(t, map[string]any{"rotationDays": 30})
		theirs := s.oci.AddToken(s.user, "theirs")
		s.mustUp()
		require.NoError(t, s.refresh())
		assert.Contains(t, s.diagnostics(), s.deleteCommand(theirs.ID))
		assert.Contains(t, s.diagnostics(), howToMakeSure)
		s.clock.advance(31 * day)
		require.Error(t, s.up())
		assert.Contains(t, s.diagnostics(), s.deleteCommand(theirs.ID))
		assert.Contains(t, s.diagnostics(), howToMakeSure)
	})
}

func TestAnImportedTokenIsKnownToBeRecorded(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		imported := w.oci.AddToken(w.user, "ci")
		_, err := w.plugin.Read(context.Background(), &pulumirpc.ReadRequest{Id: w.importID(imported.ID), Urn: tokenURN + "-imported"})
		require.NoError(t, err)
		w.inOrder(times(100, lost))
		_, err = w.create(tokenURN, "ci")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), imported.ID)
	})
}

// TestAnAnswerThatArrivesTwiceIsNotLogged turns on the log of the engine and of everything in the plugin, as a person does who
// looks for a fault. net/http logs what arrives on a connection that is idle.
func TestAnAnswerThatArrivesTwiceIsNotLogged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Twice: true})
	plugin := w.start(nil, "sh", "-c", `exec "$0" -logtostderr -v=1`)
	require.NoError(t, plugin.configure(map[string]any{"endpoint": w.url}))
	for range 2 {
		created := <-plugin.beginCreation()
		require.NoError(t, created.err)
		_, err := plugin.plugin.Delete(context.Background(), &pulumirpc.DeleteRequest{
			Id: created.response.Id, Urn: tokenURN, Properties: created.response.Properties,
		})
		require.NoError(t, err)
	}
	requireNoValue(t, plugin.ended())
}

// TestOldInputsOfEveryShapeAreRead passes the inputs and the state that 0.2.0 wrote for an AuthToken to a RotatingAuthToken that took
// it over with an alias, in each call that gets them.
func TestOldInputsOfEveryShapeAreRead(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := sales.newWire(t)
	urn := strings.Replace(tokenURN, "AuthToken", "RotatingAuthToken", 1)
	old := w.with(map[string]any{"timeExpires": "2999-01-01T00:00:00Z"})
	created, err := w.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: tokenURN, Properties: old})
	require.NoError(t, err)
	news := w.arguments("ci")

	checked, err := w.plugin.Check(ctx, &pulumirpc.CheckRequest{Urn: urn, Olds: old, News: news})
	require.NoError(t, err)
	require.Empty(t, checked.Failures)
	_, err = w.plugin.Diff(ctx, &pulumirpc.DiffRequest{Id: created.Id, Urn: urn, Olds: created.Properties, OldInputs: old, News: checked.Inputs})
	require.NoError(t, err)
	read, err := w.plugin.Read(ctx, &pulumirpc.ReadRequest{Id: created.Id, Urn: urn, Properties: created.Properties, Inputs: old})
	require.NoError(t, err)
	require.Equal(t, created.Id, read.Id)
	// A refresh compares what it has read with the recorded arguments.
	_, err = w.plugin.Diff(ctx, &pulumirpc.DiffRequest{Id: created.Id, Urn: urn, Olds: read.Properties, OldInputs: read.Inputs, News: old})
	require.NoError(t, err)
	assert.NotContains(t, read.Inputs.Fields, "timeExpires")
	for _, state := range []*structpb.Struct{created.Properties, read.Properties} {
		for _, preview := range []bool{true, false} {
			_, err = w.plugin.Update(ctx, &pulumirpc.UpdateRequest{
				Id: created.Id, Urn: urn, Olds: state, OldInputs: old, News: checked.Inputs, Preview: preview,
			})
			require.NoError(t, err)
		}
	}
	_, err = w.plugin.Delete(ctx, &pulumirpc.DeleteRequest{Id: created.Id, Urn: urn, Properties: created.Properties, OldInputs: old})
	require.NoError(t, err)
	assert.Empty(t, w.tokens())
}

// TestRefreshRunsTheProgramOfATokenThatAnAliasTookOver runs the command that found it.
func TestRefreshRunsTheProgramOfATokenThatAnAliasTookOver(t *testing.T) {
	t.Parallel()
	c := newCLIIn(sales.newWorld(t))
	program := func(kind, more string) {
		c.write("Pulumi.yaml", `name: test
runtime: yaml
resources:
  token:
    type: ociauthtoken:`+kind+`
    properties: {userId: `+c.user+`, domainUrl: `+c.domainURL+`, description: ci`+more+"\n")
	}
	program("AuthToken", `, timeExpires: "2999-01-01T00:00:00Z"}`)
	c.must("up", "--yes")
	program("RotatingAuthToken", "}\n    options: {aliases: [{type: 'ociauthtoken:index:AuthToken'}]}")
	c.must("refresh", "--yes", "--run-program")
	c.must("up", "--yes")
	require.Len(t, c.tokens(), 1)
}

// TestATokenOfUnknownAgeIsKept reads a token that came from an import file, which says nothing of when it was created.
func TestATokenOfUnknownAgeIsKept(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for _, kind := range []string{"AuthToken", "RotatingAuthToken"} {
			w := a.newWire(t)
			live := w.oci.AddToken(w.user, "ci")
			w.oci.HideFromLists(w.user, live.ID, 1000)
			urn := strings.Replace(tokenURN, "AuthToken", kind, 1)
			state := w.with(map[string]any{"token": resource.MakeSecret(resource.NewProperty(live.Value))})
			refresh := func() *pulumirpc.ReadResponse {
				read, err := w.plugin.Read(context.Background(), &pulumirpc.ReadRequest{
					Id: live.ID, Urn: urn, Properties: state, Inputs: w.arguments("ci"),
				})
				require.NoError(t, err)
				require.Equal(t, live.ID, read.Id, kind)
				requireSecretToken(t, read.Properties, live.Value)
				return read
			}
			refresh()

			// Once a list has told its age, it can be gone.
			w.oci.HideFromLists(w.user, live.ID, 0)
			state = refresh().Properties
			w.oci.DeleteToken(w.user, live.ID)
			w.clock.advance(time.Hour)
			read, err := w.plugin.Read(context.Background(), &pulumirpc.ReadRequest{
				Id: live.ID, Urn: urn, Properties: state, Inputs: w.arguments("ci"),
			})
			require.NoError(t, err)
			assert.Empty(t, read.Id, kind)
		}
	})
}
