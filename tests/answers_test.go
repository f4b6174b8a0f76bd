package tests

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// These tests send the provider answers that lack something, come from another service, or are malicious. The provider must not
// trust them blindly, and must keep what is usable in them.

// recorded decodes the result of a creation, including its token.
func recorded(t *testing.T, created *pulumirpc.CreateResponse, err error) (id string, outputs resource.PropertyMap) {
	t.Helper()
	if err == nil {
		return created.Id, unmarshalled(t, created.Properties)
	}
	for _, detail := range status.Convert(err).Details() {
		if failed, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok {
			return failed.Id, unmarshalled(t, failed.Properties)
		}
	}
	return "", nil
}

func TestACreationKeepsWhatIsUsableInAnOddAnswer(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		stranger := "ocid1.user.oc1..stranger"
		for name, fault := range map[string]emulator.Fault{
			"no userId":                {Omit: []string{"userId"}},
			"another user's":           {Set: map[string]any{"userId": stranger}},
			"no lifecycleState":        {Omit: []string{"lifecycleState"}},
			"lifecycleState a number":  {Set: map[string]any{"lifecycleState": 7}},
			"no timeCreated":           {Omit: []string{"timeCreated"}},
			"times that are none":      {Set: map[string]any{"timeCreated": "yesterday", "timeExpires": []int{1}}},
			"no description":           {Omit: []string{"description"}},
			"description null":         {Set: map[string]any{"description": nil}},
			"inactiveStatus a text":    {Set: map[string]any{"inactiveStatus": "none"}},
			"everything else missing":  {Omit: []string{"userId", "lifecycleState", "timeCreated", "description", "compartmentId"}},
			"media type of a page":     {MediaType: "text/html; charset=utf-8"},
			"no media type":            {MediaType: " "},
			"fields that nobody knows": {Set: map[string]any{"surprise": map[string]any{"a": []any{1, nil}}}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := a.newWire(t)
				fault.Operation = "CreateAuthToken"
				w.oci.Inject(w.spoiling(fault))
				created, err := w.create(tokenURN, "ci")
				require.NoError(t, err)
				live := w.onlyToken()
				assert.Equal(t, live.ID, created.Id)
				requireSecretToken(t, created.Properties, live.Value)
				outputs := unmarshalled(t, created.Properties)
				assert.Equal(t, w.user, outputs["userId"].StringValue())
				assert.Equal(t, "ci", outputs["description"].StringValue())
				assert.Equal(t, 1, w.calls("CreateAuthToken"))

				// Nothing in it is a reason to replace the token, or to change anything.
				diff, err := w.plugin.Diff(context.Background(), &pulumirpc.DiffRequest{
					Id: created.Id, Urn: tokenURN, Olds: created.Properties, OldInputs: w.arguments("ci"), News: w.arguments("ci"),
				})
				require.NoError(t, err)
				assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, diff.Changes)
			})
		}
	})
}

func TestACreationAsksAgainForWhatTheAnswerLacks(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, fault := range map[string]emulator.Fault{
			"null": {Body: "null"}, "a list": {Body: "[]"}, "a number": {Body: "17"}, "empty": {Body: " "},
			"a page": {Body: "<html>Welcome to our hotel</html>", MediaType: "text/html"},
			"no id":  {Omit: []string{"id"}}, "an empty id": {Set: map[string]any{"id": ""}},
			"no token": {Omit: []string{"token"}}, "an empty token": {Set: map[string]any{"token": ""}},
			"token null": {Set: map[string]any{"token": nil}}, "token a number": {Set: map[string]any{"token": 5}},
			"endless": {Endless: true},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := a.newWire(t)
				fault.Operation, fault.Times = "CreateAuthToken", 1
				w.oci.Inject(w.spoiling(fault))
				created, err := w.create(tokenURN, "ci")
				require.NoError(t, err)
				requireSecretToken(t, created.Properties, w.onlyToken().Value)
				assert.Len(t, w.retryTokens(), 1)
			})
		}
	})
}

func TestACreationThatNeverGetsACompleteAnswerLosesNothing(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		withoutID := a.newWire(t)
		withoutID.oci.Inject(withoutID.spoiling(emulator.Fault{Operation: "CreateAuthToken", Omit: []string{"id"}}))
		created, err := withoutID.create(tokenURN, "ci")
		require.NoError(t, err, "the list has the id, and there is no doubt which one it is")
		assert.Equal(t, withoutID.onlyToken().ID, created.Id)
		requireSecretToken(t, created.Properties, withoutID.onlyToken().Value)

		withoutValue := a.newWire(t)
		withoutValue.oci.Inject(
			emulator.Fault{Operation: "CreateAuthToken", Set: map[string]any{"token": ""}},
			emulator.Fault{Operation: "ListAuthTokens", Status: 404, Code: "NotAuthorizedOrNotFound"},
		)
		_, err = withoutValue.create(tokenURN, "ci")
		require.ErrorContains(t, err, withoutValue.deleteCommand(withoutValue.onlyToken().ID), "its id was in the answer, if nothing else was")
	})
}

func TestAMalformedListDoesNotMeanThatTheTokenIsGone(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
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
				s := a.newStack(t)
				s.mustUp(s.oneToken(s.user, "ci"))
				before := s.checkpointOf("token")
				s.clock.advance(time.Hour)
				fault.Operation = "ListAuthTokens"
				s.oci.Inject(s.spoiling(fault))
				require.Error(t, s.refresh())
				assert.Contains(t, s.diagnostics(), "stays in the state")
				assert.Equal(t, before, s.checkpointOf("token"))
			})
		}
	})
}

func TestTheTokenIsFoundInAListWithOddItems(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, fault := range map[string]emulator.Fault{
			"without a user":    {Omit: []string{"userId", "timeCreated", "lifecycleState", "description"}},
			"of no known types": {Set: map[string]any{"userId": 5, "timeCreated": false, "lifecycleState": []int{}, "description": 1, "inactiveStatus": "x"}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := a.newStack(t)
				s.mustUp(s.oneToken(s.user, "ci"))
				before := s.checkpointOf("token")
				fault.Operation = "ListAuthTokens"
				s.oci.Inject(s.spoiling(fault))
				require.NoError(t, s.refresh())
				assert.Equal(t, before, s.checkpointOf("token"))
				require.NoError(t, s.preview(s.oneToken(s.user, "ci")))
				assert.Empty(t, s.changes())
			})
		}
	})
}

func TestCharactersThatCannotBePrintedCostNoToken(t *testing.T) {
	t.Parallel()
	odd := map[string]string{"opc-request-id": "A\xff\xfe/" + strings.Repeat("9", 5000)}
	w := newWire(t)
	w.oci.SetCreatingLists(1000)
	w.oci.Inject(
		emulator.Fault{Operation: "ListAuthTokens", Status: 400, Code: "Invalid\x00\u202e\u0007", Message: strings.Repeat("m\x1b[31m", 5000), Header: odd},
		emulator.Fault{Header: odd},
	)
	created, err := w.create(tokenURN, "ci")
	id, outputs := recorded(t, created, err)
	live := w.onlyToken()
	assert.Equal(t, live.ID, id)
	assert.Equal(t, live.Value, outputs["token"].SecretValue().Element.StringValue())
	require.Error(t, err)
	for _, detail := range status.Convert(err).Details() {
		for _, reason := range detail.(*pulumirpc.ErrorResourceInitFailed).Reasons {
			assert.True(t, utf8.ValidString(reason))
			assert.NotContains(t, reason, "\x1b")
			assert.NotContains(t, reason, "\x00")
			assert.NotContains(t, reason, "\u202e")
			assert.Less(t, len(reason), 5000)
		}
	}
}

func TestAnAnswerThatIsNotHTTPIsNotQuoted(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.config["endpoint"] = saying(t, `{"id": "ocid1.credential.oc1..x", "token": "`+canary+`"}`+"\r\n\r\n")
	require.Error(t, s.up(s.oneToken(s.user, "ci")), "operate searches all that is said for the canary")
	s.config["endpoint"] = saying(t, "HTTP/1.1 200 OK\r\n"+canary+"\x01: "+canary+"\r\n\r\n")
	require.Error(t, s.up(s.oneToken(s.user, "ci")))
}

// saying returns the endpoint of a server that gives the same answer to every request.
func saying(t *testing.T, words string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Read(make([]byte, 1))
			_, _ = connection.Write([]byte(words))
			_ = connection.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	w, elsewhere := newWire(t), newWorld(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		w.oci.ClearFaults()
		w.oci.Inject(emulator.Fault{Status: status, Header: map[string]string{"Location": elsewhere.url + "/20160918/"}})
		_, err := w.create(tokenURN, "ci")
		require.ErrorContains(t, err, "Redirects are not followed")
	}
	assert.Empty(t, elsewhere.oci.Journal(), "no signed request went there")
	assert.Equal(t, 5, w.calls("CreateAuthToken"))
}

func TestRetryAfterHasALimitAndNeverCausesABusyLoop(t *testing.T) {
	t.Parallel()
	for header, longest := range map[string]time.Duration{
		"0": 10 * time.Second, "-1": 10 * time.Second, "soon": 10 * time.Second, "": 10 * time.Second,
		"86400": 11 * time.Minute, "99999999999999999999": 10 * time.Second,
	} {
		s := newStack(t)
		s.oci.Inject(emulator.Fault{
			Operation: "CreateAuthToken", Status: 429, Code: "TooManyRequests", Message: "Too many.",
			Header: map[string]string{"Retry-After": header}, Times: 2,
		})
		s.mustUp(s.oneToken(s.user, "ci"))
		assert.GreaterOrEqual(t, s.clock.slept, 500*time.Millisecond, header)
		assert.LessOrEqual(t, s.clock.slept, longest, header)
		if header == "86400" {
			assert.Contains(t, s.diagnostics(), "trying again in 5m0s")
			assert.Equal(t, 10*time.Minute, s.clock.slept, "what was said is what was waited")
		}
	}
}

func TestRefreshAsksTheHomeRegionBeforeATokenLeavesTheState(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	s.mustUp(s.oneToken(s.user, "ci"))
	value := s.value("token")
	s.clock.advance(24 * time.Hour)
	s.oci.SetListLag("us-ashburn-1", time.Hour) // the service's clock stands at the creation
	require.NoError(t, s.refresh())
	assert.Equal(t, value, s.value("token"), "the configured region lags, and the home region has it")

	s.oci.Inject(emulator.Fault{Operation: "ListRegionSubscriptions", Status: 404, Code: "NotAuthorizedOrNotFound"})
	require.Error(t, s.refresh())
	assert.Contains(t, s.diagnostics(), "home region")
	assert.Contains(t, s.diagnostics(), "stays in the state")
	assert.Equal(t, value, s.value("token"))

	s.oci.ClearFaults()
	s.oci.DeleteToken(s.user, s.onlyToken().ID)
	require.NoError(t, s.refresh())
	assert.Nil(t, s.token("token"))
}

func TestRefreshDoesNotForgetACreationThatNeverFinished(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(*testStack){
		"still creating": func(*testStack) {},
		"inactive": func(s *testStack) {
			s.onCreated(func(token *emulator.Token) { token.LifecycleState = "INACTIVE" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.oci.SetCreatingLists(1 << 30)
			arrange(s)
			require.Error(t, s.up(s.oneToken(s.user, "ci")))
			require.NoError(t, s.refresh())
			assert.NotEmpty(t, s.token("token").InitErrors)
			require.NoError(t, s.preview(s.oneToken(s.user, "ci")))
			assert.NotEmpty(t, s.changes(), "the next up looks at it again")

			s.oci.EditToken(s.user, s.onlyToken().ID, func(token *emulator.Token) { token.LifecycleState = "ACTIVE" })
			require.NoError(t, s.refresh())
			assert.Empty(t, s.token("token").InitErrors, "it is finished")
			assert.Equal(t, s.onlyToken().Value, s.value("token"))
		})
	}
}

func TestDestroyGivesANewTokenTimeToAppear(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		missing := emulator.Fault{Operation: "DeleteAuthToken", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No.", Times: 2}
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		s.oci.HideFromLists(s.user, s.onlyToken().ID, 2)
		s.oci.Inject(missing)
		require.NoError(t, s.destroy())
		assert.Empty(t, s.tokens(), "it is revoked once it is known")

		never := a.newStack(t)
		never.mustUp(never.oneToken(never.user, "ci"))
		live := never.onlyToken()
		never.oci.HideFromLists(never.user, live.ID, 1000)
		missing.Times = 0
		never.oci.Inject(missing)
		missing.Operation = "GetAuthToken" // the call of an identity domain
		never.oci.Inject(missing)
		require.NoError(t, never.destroy())
		assert.Contains(t, never.diagnostics(), never.deleteCommand(live.ID))
	})
}

func TestStateWithOnlyATokenCanBeRefreshedFirst(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		live := w.oci.AddToken(w.user, "by hand")
		read, err := w.plugin.Read(context.Background(), &pulumirpc.ReadRequest{
			Id: live.ID, Urn: tokenURN, Inputs: w.arguments("by hand"),
			Properties: properties(t, map[string]any{"token": resource.MakeSecret(resource.NewProperty(live.Value))}),
		})
		require.NoError(t, err)
		assert.Equal(t, live.ID, read.Id)
		requireSecretToken(t, read.Properties, live.Value)
	})
}

func TestIgnoreChangesThatNamesAnOutputDoesNotBlockTheStack(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	created := w.mustCreate(tokenURN, "ci")
	for _, name := range []string{"token", "state", "timeCreated", "timeExpires", "nothing", "*"} {
		diff, err := w.plugin.Diff(context.Background(), &pulumirpc.DiffRequest{
			Id: created.Id, Urn: tokenURN, Olds: created.Properties, OldInputs: w.arguments("ci"), News: w.arguments("ci"),
			IgnoreChanges: []string{name},
		})
		require.NoError(t, err, name)
		assert.Empty(t, diff.Diffs, name)
		updated, err := w.plugin.Update(context.Background(), &pulumirpc.UpdateRequest{
			Id: created.Id, Urn: tokenURN, Olds: created.Properties, OldInputs: w.arguments("ci"), News: w.arguments("new"),
			IgnoreChanges: []string{name},
		})
		require.NoError(t, err, name)
		requireSecretToken(t, updated.Properties, w.onlyToken().Value)
	}
	diff, err := w.plugin.Diff(context.Background(), &pulumirpc.DiffRequest{
		Id: created.Id, Urn: tokenURN, Olds: created.Properties, OldInputs: w.arguments("ci"), News: w.arguments("new"),
		IgnoreChanges: []string{"description"},
	})
	require.NoError(t, err)
	assert.Empty(t, diff.Diffs, "an input is ignored as ever")
}
