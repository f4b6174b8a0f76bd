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
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// These tests send the provider answers that lack something, come from another service, or are malicious. The provider must not
// trust them blindly, and must keep what is usable in them.

// recorded decodes the result of a creation, including its token.
func recorded(t *testing.T, created *pulumirpc.CreateResponse, err error) (id string, outputs resource.PropertyMap) {
	t.Helper()
	if err == nil {
		return created.Id, harness.Unmarshal(t, created.Properties)
	}
	for _, detail := range status.Convert(err).Details() {
		if failed, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok {
			return failed.Id, harness.Unmarshal(t, failed.Properties)
		}
	}
	return "", nil
}

func TestACreationKeepsWhatIsUsableInAnOddAnswer(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
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
				w := inprocess.NewPlugin(a.NewWorld(t))
				fault.Operation = "CreateAuthToken"
				w.OCI.Inject(w.Spoiling(fault))
				created, err := w.Create(harness.TokenURN, "ci")
				require.NoError(t, err)
				live := w.OnlyToken()
				assert.Equal(t, live.ID, created.Id)
				harness.RequireSecretToken(t, created.Properties, live.Value)
				outputs := harness.Unmarshal(t, created.Properties)
				assert.Equal(t, w.User, outputs["userId"].StringValue())
				assert.Equal(t, "ci", outputs["description"].StringValue())
				assert.Equal(t, 1, w.Calls("CreateAuthToken"))

				// Nothing in it is a reason to replace the token, or to change anything.
				diff, err := w.Client.Diff(context.Background(), &pulumirpc.DiffRequest{
					Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, OldInputs: w.Arguments("ci"), News: w.Arguments("ci"),
				})
				require.NoError(t, err)
				assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, diff.Changes)
			})
		}
	})
}

func TestACreationAsksAgainForWhatTheAnswerLacks(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
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
				w := inprocess.NewPlugin(a.NewWorld(t))
				fault.Operation, fault.Times = "CreateAuthToken", 1
				w.OCI.Inject(w.Spoiling(fault))
				created, err := w.Create(harness.TokenURN, "ci")
				require.NoError(t, err)
				harness.RequireSecretToken(t, created.Properties, w.OnlyToken().Value)
				assert.Len(t, w.RetryTokens(), 1)
			})
		}
	})
}

func TestACreationThatNeverGetsACompleteAnswerLosesNothing(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		withoutID := inprocess.NewPlugin(a.NewWorld(t))
		withoutID.OCI.Inject(withoutID.Spoiling(emulator.Fault{Operation: "CreateAuthToken", Omit: []string{"id"}}))
		created, err := withoutID.Create(harness.TokenURN, "ci")
		require.NoError(t, err, "the list has the id, and there is no doubt which one it is")
		assert.Equal(t, withoutID.OnlyToken().ID, created.Id)
		harness.RequireSecretToken(t, created.Properties, withoutID.OnlyToken().Value)

		withoutValue := inprocess.NewPlugin(a.NewWorld(t))
		withoutValue.OCI.Inject(
			emulator.Fault{Operation: "CreateAuthToken", Set: map[string]any{"token": ""}},
			emulator.Fault{Operation: "ListAuthTokens", Status: 404, Code: "NotAuthorizedOrNotFound"},
		)
		_, err = withoutValue.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, withoutValue.DeleteCommand(withoutValue.OnlyToken().ID), "its id was in the answer, if nothing else was")
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

func TestCharactersThatCannotBePrintedCostNoToken(t *testing.T) {
	t.Parallel()
	odd := map[string]string{"opc-request-id": "A\xff\xfe/" + strings.Repeat("9", 5000)}
	w := inprocess.NewPlugin(harness.NewWorld(t))
	w.OCI.SetCreatingLists(1000)
	w.OCI.Inject(
		emulator.Fault{Operation: "ListAuthTokens", Status: 400, Code: "Invalid\x00\u202e\u0007", Message: strings.Repeat("m\x1b[31m", 5000), Header: odd},
		emulator.Fault{Header: odd},
	)
	created, err := w.Create(harness.TokenURN, "ci")
	id, outputs := recorded(t, created, err)
	live := w.OnlyToken()
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
	s := inprocess.NewStack(harness.NewWorld(t))
	s.Config["endpoint"] = saying(t, `{"id": "ocid1.credential.oc1..x", "token": "`+harness.Canary+`"}`+"\r\n\r\n")
	require.Error(t, s.Up(s.OneToken(s.User, "ci")), "operate searches all that is said for the canary")
	s.Config["endpoint"] = saying(t, "HTTP/1.1 200 OK\r\n"+harness.Canary+"\x01: "+harness.Canary+"\r\n\r\n")
	require.Error(t, s.Up(s.OneToken(s.User, "ci")))
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
	w, elsewhere := inprocess.NewPlugin(harness.NewWorld(t)), harness.NewWorld(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		w.OCI.ClearFaults()
		w.OCI.Inject(emulator.Fault{Status: status, Header: map[string]string{"Location": elsewhere.URL + "/20160918/"}})
		_, err := w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, "Redirects are not followed")
	}
	assert.Empty(t, elsewhere.OCI.Journal(), "no signed request went there")
	assert.Equal(t, 5, w.Calls("CreateAuthToken"))
}

func TestRetryAfterHasALimitAndNeverCausesABusyLoop(t *testing.T) {
	t.Parallel()
	for header, longest := range map[string]time.Duration{
		"0": 10 * time.Second, "-1": 10 * time.Second, "soon": 10 * time.Second, "": 10 * time.Second,
		"86400": 11 * time.Minute, "99999999999999999999": 10 * time.Second,
	} {
		s := inprocess.NewStack(harness.NewWorld(t))
		s.OCI.Inject(emulator.Fault{
			Operation: "CreateAuthToken", Status: 429, Code: "TooManyRequests", Message: "Too many.",
			Header: map[string]string{"Retry-After": header}, Times: 2,
		})
		s.MustUp(s.OneToken(s.User, "ci"))
		assert.GreaterOrEqual(t, s.Clock.Slept, 500*time.Millisecond, header)
		assert.LessOrEqual(t, s.Clock.Slept, longest, header)
		if header == "86400" {
			assert.Contains(t, s.Diagnostics(), "trying again in 5m0s")
			assert.Equal(t, 10*time.Minute, s.Clock.Slept, "what was said is what was waited")
		}
	}
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

func TestRefreshDoesNotForgetACreationThatNeverFinished(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(*inprocess.Stack){
		"still creating": func(*inprocess.Stack) {},
		"inactive": func(s *inprocess.Stack) {
			onCreated(s.World, func(token *emulator.Token) { token.LifecycleState = "INACTIVE" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := inprocess.NewStack(harness.NewWorld(t))
			s.OCI.SetCreatingLists(1 << 30)
			arrange(s)
			require.Error(t, s.Up(s.OneToken(s.User, "ci")))
			require.NoError(t, s.Refresh())
			assert.NotEmpty(t, s.Token("token").InitErrors)
			require.NoError(t, s.Preview(s.OneToken(s.User, "ci")))
			assert.NotEmpty(t, s.Changes(), "the next up looks at it again")

			s.OCI.EditToken(s.User, s.OnlyToken().ID, func(token *emulator.Token) { token.LifecycleState = "ACTIVE" })
			require.NoError(t, s.Refresh())
			assert.Empty(t, s.Token("token").InitErrors, "it is finished")
			assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
		})
	}
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

func TestStateWithOnlyATokenCanBeRefreshedFirst(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		live := w.OCI.AddToken(w.User, "by hand")
		read, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{
			Id: live.ID, Urn: harness.TokenURN, Inputs: w.Arguments("by hand"),
			Properties: harness.Properties(t, map[string]any{"token": resource.MakeSecret(resource.NewProperty(live.Value))}),
		})
		require.NoError(t, err)
		assert.Equal(t, live.ID, read.Id)
		harness.RequireSecretToken(t, read.Properties, live.Value)
	})
}

func TestIgnoreChangesThatNamesAnOutputDoesNotBlockTheStack(t *testing.T) {
	t.Parallel()
	w := inprocess.NewPlugin(harness.NewWorld(t))
	created := w.MustCreate(harness.TokenURN, "ci")
	for _, name := range []string{"token", "state", "timeCreated", "timeExpires", "nothing", "*"} {
		diff, err := w.Client.Diff(context.Background(), &pulumirpc.DiffRequest{
			Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, OldInputs: w.Arguments("ci"), News: w.Arguments("ci"),
			IgnoreChanges: []string{name},
		})
		require.NoError(t, err, name)
		assert.Empty(t, diff.Diffs, name)
		updated, err := w.Client.Update(context.Background(), &pulumirpc.UpdateRequest{
			Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, OldInputs: w.Arguments("ci"), News: w.Arguments("new"),
			IgnoreChanges: []string{name},
		})
		require.NoError(t, err, name)
		harness.RequireSecretToken(t, updated.Properties, w.OnlyToken().Value)
	}
	diff, err := w.Client.Diff(context.Background(), &pulumirpc.DiffRequest{
		Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, OldInputs: w.Arguments("ci"), News: w.Arguments("new"),
		IgnoreChanges: []string{"description"},
	})
	require.NoError(t, err)
	assert.Empty(t, diff.Diffs, "an input is ignored as ever")
}
