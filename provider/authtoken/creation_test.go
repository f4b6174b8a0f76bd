package authtoken_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// One creation creates one token, whatever goes wrong between the provider and OCI, and in whatever order: every token that exists is in
// the state with its value, or a message names it. These cases were found by hand. The simulation looks for others.

func TestOneCreationCreatesOneTokenThroughSeveralFaults(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, faults := range map[string][]emulator.Fault{
			"lost, then the user is not known":         {harness.Lost, harness.UnknownUser, harness.UnknownUser},
			"lost, then unauthorized":                  {harness.Lost, harness.Unauthorized},
			"throttled seven times, then lost":         {harness.Times(7, harness.TooMany), harness.Lost},
			"throttled twenty times, then lost, twice": {harness.Times(20, harness.TooMany), harness.Times(2, harness.Lost)},
			"lost, then throttled thirty times":        {harness.Lost, harness.Times(30, harness.TooMany)},
			"not known, lost, not known, lost":         {harness.UnknownUser, harness.Lost, harness.UnknownUser, harness.Lost},
			"lost, then busy for long":                 {harness.Lost, harness.Times(12, emulator.Fault{Status: 409, Code: "IncorrectState", Message: "Busy."})},
			"cut in the middle, then a proxy's page":   {{Truncate: 40}, {Status: 502, Body: "<html>"}},
			"lost, then redirected":                    {harness.Lost, {Status: 307, Header: map[string]string{"Location": "http://127.0.0.1:1/"}}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := inprocess.NewPlugin(a.NewWorld(t))
				w.InOrder(faults...)
				created, err := w.Create(harness.TokenURN, "ci")
				require.NoError(t, err)
				harness.RequireSecretToken(t, created.Properties, w.OnlyToken().Value)
				assert.Len(t, w.RetryTokens(), 1)
			})
		}
	})
}

func TestLostAnswersAreAskedForAgainUnderTheSameRetryToken(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, fault := range map[string]emulator.Fault{
			"dropped after commit":  {Drop: emulator.DropAfterCommit, Times: 2},
			"dropped before commit": {Drop: emulator.DropBeforeCommit, Times: 2},
			"cut short":             {Truncate: 40, Times: 2},
			"internal error":        {Status: 500, Code: "InternalServerError", Message: "Internal error.", Times: 2},
			"a proxy's page":        {Status: 502, Body: "<html><h1>Bad Gateway</h1></html>", Times: 2},
			"busy":                  {Status: 409, Code: "IncorrectState", Message: "Busy.", Times: 2},
			"throttled":             {Status: 429, Code: "TooManyRequests", Message: "Too many requests for the user", Times: 2},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := inprocess.NewStack(a.NewWorld(t))
				fault.Operation = "CreateAuthToken"
				s.OCI.Inject(fault)
				s.MustUp(s.OneToken(s.User, "ci"))
				assert.Equal(t, s.OnlyToken().Value, s.Value("token"))

				retryTokens := map[string]int{}
				for _, request := range s.OCI.Journal() {
					if request.Operation == "CreateAuthToken" {
						retryTokens[request.RetryToken]++
					}
				}
				require.Len(t, retryTokens, 1)
				assert.Equal(t, 3, s.Calls("CreateAuthToken"))
				assert.Contains(t, s.Diagnostics(), "trying again in")
			})
		}
	})
}

// TestTheConnectionBreaksAndOthersAreRefusedForAWhile breaks the connection once the request has arrived, and then refuses every
// connection until enough time has passed on the clock.
func TestTheConnectionBreaksAndOthersAreRefusedForAWhile(t *testing.T) {
	t.Parallel()
	for i, outage := range []time.Duration{5 * time.Second, 30 * time.Second, 90 * time.Second} {
		t.Run(outage.String(), func(t *testing.T) {
			t.Parallel()
			w := harness.NewWorld(t)
			// Nothing else listens on this address while the door is shut.
			d := &door{t: t, handler: w.OCI, address: fmt.Sprintf("127.0.0.%d:0", 100+i)}
			d.open()
			t.Cleanup(d.shut)
			plugin := inprocess.NewPluginWith(w, map[string]any{"endpoint": "http://" + d.address})

			began := w.Clock.Now()
			w.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Hold: d.shut, Drop: emulator.DropAfterCommit})
			w.Clock.OnSleep = func() {
				if w.Clock.Now().Sub(began) >= outage {
					d.open()
				}
			}
			created, err := plugin.Create(harness.TokenURN, "ci")
			require.NoError(t, err)
			harness.RequireSecretToken(t, created.Properties, w.OnlyToken().Value)
			// The clock also moves when it is asked, so the sleeps alone may add up to less.
			assert.GreaterOrEqual(t, w.Clock.Now().Sub(began), outage)
		})
	}
}

// door is a port of the service that can be opened and shut.
type door struct {
	t       *testing.T
	handler http.Handler
	address string
	mu      sync.Mutex
	server  *http.Server
}

func (d *door) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server != nil {
		return
	}
	listener, err := net.Listen("tcp", d.address)
	if !assert.NoError(d.t, err) {
		return
	}
	d.address = listener.Addr().String()
	d.server = &http.Server{Handler: d.handler, ReadHeaderTimeout: time.Minute}
	go func(server *http.Server) { _ = server.Serve(listener) }(d.server)
}

func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server != nil {
		_ = d.server.Close()
		d.server = nil
	}
}

func TestCreateIsSafeToRepeat(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Drop: emulator.DropAfterCommit, Times: 8})
		create := func(urn string) (*pulumirpc.CreateResponse, error) {
			return w.Client.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn, Properties: w.Arguments("ci")})
		}
		_, err := create(harness.TokenURN)
		require.Error(t, err)
		orphan := w.OnlyToken()

		// Another resource with the same arguments does not get it.
		other, err := create(harness.TokenURN + "-other")
		require.NoError(t, err)
		assert.NotEqual(t, orphan.ID, other.Id)

		// An error hook of the engine calls Create again. The token that was not recorded is recorded now.
		created, err := create(harness.TokenURN)
		require.NoError(t, err)
		assert.Equal(t, orphan.ID, created.Id)
		harness.RequireSecretToken(t, created.Properties, orphan.Value)

		// A creation that OCI has answered is not asked for again.
		w.OCI.DeleteToken(w.User, orphan.ID)
		again, err := create(harness.TokenURN)
		require.NoError(t, err)
		assert.NotEqual(t, orphan.ID, again.Id)
	})
}

func TestACreationWithoutAnAnswerGoesOnWhenCreateIsCalledAgain(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, first := range map[string]emulator.Fault{
			"unauthorized": harness.Times(5, harness.Unauthorized), "refused": harness.Times(5, emulator.Fault{Status: 400, Code: "InvalidParameter"}),
			"not known for long": harness.Times(12, harness.UnknownUser), "lost again and again": harness.Times(9, harness.Lost),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := inprocess.NewPlugin(a.NewWorld(t))
				w.InOrder(harness.Lost, first)
				_, err := w.Create(harness.TokenURN, "ci")
				require.ErrorContains(t, err, w.DeleteCommand(w.OnlyToken().ID))

				w.OCI.ClearFaults()
				created, err := w.Create(harness.TokenURN, "ci")
				require.NoError(t, err)
				harness.RequireSecretToken(t, created.Properties, w.OnlyToken().Value)
				assert.Len(t, w.RetryTokens(), 1)
			})
		}
	})
}

func TestATokenThatWasDeletedIsNotReturnedAgain(t *testing.T) {
	t.Parallel()
	w := inprocess.NewPlugin(harness.NewWorld(t))
	w.OCI.SetCreatingLists(1000)
	_, err := w.Create(harness.TokenURN, "ci")
	require.Error(t, err)
	old := w.OnlyToken()
	_, err = w.Client.Delete(context.Background(), &pulumirpc.DeleteRequest{
		Id: old.ID, Urn: harness.TokenURN, Properties: harness.Properties(t, map[string]any{"userId": w.User, "description": "ci"}),
	})
	require.NoError(t, err)
	w.OCI.SetCreatingLists(0)
	created, err := w.Create(harness.TokenURN, "ci")
	require.NoError(t, err)
	assert.NotEqual(t, old.ID, created.Id)
}

func TestOrphanThatWasDeletedMeanwhileIsCreatedAgain(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Drop: emulator.DropAfterCommit, Times: 8})
		request := &pulumirpc.CreateRequest{Urn: harness.TokenURN, Properties: w.Arguments("ci")}
		_, err := w.Client.Create(context.Background(), request)
		require.Error(t, err)
		w.OCI.DeleteToken(w.User, w.OnlyToken().ID)

		created, err := w.Client.Create(context.Background(), request)
		require.NoError(t, err)
		harness.RequireSecretToken(t, created.Properties, w.OnlyToken().Value)
	})
}

func TestARetryTokenThatStaysInvalidIsAnErrorInTheEnd(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.InOrder(harness.Times(1000, harness.Invalidated))
		_, err := w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, w.Code("InvalidatedRetryToken"))
		assert.LessOrEqual(t, w.Calls("CreateAuthToken"), 5)
		assert.Empty(t, w.Tokens())
	})
}

// The next tests send the provider answers that lack something, come from another service, or are malicious. The provider must not trust
// them blindly, and must keep what is usable in them.

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

func TestAValueWithoutAnIDTakesNobodysToken(t *testing.T) {
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

func TestBytesAfterAnAnswerLoseNoValue(t *testing.T) {
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

func TestUnprintableCharactersInAnAnswerLoseNoToken(t *testing.T) {
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

func TestAnAnswerThatIsNotHTTPIsNotQuoted(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.Config["endpoint"] = saying(t, `{"id": "ocid1.credential.oc1..x", "token": "`+harness.Canary+`"}`+"\r\n\r\n")
	require.Error(t, s.Up(s.OneToken(s.User, "ci")), "Up searches all that is said for the canary")
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

func TestAnAnswerThatCannotBeReadIsNotQuoted(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	// The SDK quotes a time that it cannot parse, and whatever else an answer has in its place.
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id": "ocid1.credential.oc1..x", "token": "` + harness.Canary + `", "timeCreated": "` + harness.Canary + `"}`))
	}))
	t.Cleanup(odd.Close)
	s.Config["endpoint"] = odd.URL
	require.Error(t, s.Up(s.OneToken(s.User, "ci")), "Up searches all that is said for the canary")
	assert.Contains(t, s.Diagnostics(), "could not be read")
}

// In these tests something goes wrong between the provider and OCI. The result must always be the same: every token that exists is in
// the state with its value, or a message names it.

func TestCreationWaitsUntilTheTokenIsActive(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.OCI.SetCreatingLists(3)
	s.MustUp(s.OneToken(s.User, "ci"))
	assert.Equal(t, "ACTIVE", s.Token("token").Outputs["state"].StringValue())
	assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
	assert.Contains(t, s.Diagnostics(), "to become ACTIVE")
	assert.Equal(t, 1, s.Calls("CreateAuthToken"))
}

func TestTokenThatDoesNotBecomeActiveIsRecordedAndFinishedLater(t *testing.T) {
	t.Parallel()
	const forever = 1 << 30
	for name, test := range map[string]struct {
		arrange   func(s *inprocess.Stack)
		complaint string
	}{
		"still creating": {func(*inprocess.Stack) {}, "still CREATING after"},
		"inactive": {func(s *inprocess.Stack) {
			onCreated(s.World, func(token *emulator.Token) {
				token.LifecycleState, token.InactiveStatus = "INACTIVE", new(int64(8))
			})
		}, "INACTIVE (locked, status 8)"},
		"list refused": {func(s *inprocess.Stack) {
			s.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Status: 401, Code: "NotAuthenticated", Message: "No."})
		}, "its state is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := inprocess.NewStack(harness.NewWorld(t))
			s.OCI.SetCreatingLists(forever)
			test.arrange(s)

			require.Error(t, s.Up(s.OneToken(s.User, "ci")))
			assert.Contains(t, s.Diagnostics(), test.complaint)
			assert.Contains(t, s.Diagnostics(), "is recorded in the state")
			live := s.OnlyToken()
			assert.Equal(t, live.Value, s.Value("token"), "nothing is lost")
			assert.NotEmpty(t, s.Token("token").InitErrors)

			s.OCI.ClearFaults()
			s.OCI.EditToken(s.User, live.ID, func(token *emulator.Token) {
				token.LifecycleState, token.InactiveStatus = "ACTIVE", nil
			})
			s.MustUp(s.OneToken(s.User, "ci"))
			assert.Equal(t, live.Value, s.Value("token"))
			assert.Empty(t, s.Token("token").InitErrors)
			assert.Equal(t, 1, s.Calls("CreateAuthToken"))
		})
	}
}

// onCreated changes the next token that is created, once its creation has been answered.
func onCreated(w *harness.World, change func(*emulator.Token)) {
	w.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Hold: func() {
		tokens := w.OCI.Tokens(w.User)
		w.OCI.EditToken(w.User, tokens[len(tokens)-1].ID, change)
	}})
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

func TestAnInactiveTokenIsReadAgainUntilItIsActive(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{harness.AuthTokenType, harness.RotatingAuthTokenType} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := inprocess.NewStack(harness.NewWorld(t))
			up := func(description string) error {
				return s.Up(func(m *deploytest.ResourceMonitor) error {
					_, err := m.RegisterResource(tokens.Type(kind), "token", true, deploytest.ResourceOptions{Inputs: s.Inputs(s.User, description)})
					return err
				})
			}
			output := func(name resource.PropertyKey) string { return s.Recorded(kind, "token").Outputs[name].StringValue() }
			become := func(state string, status *int64) {
				s.OCI.EditToken(s.User, s.OnlyToken().ID, func(token *emulator.Token) { token.LifecycleState, token.InactiveStatus = state, status })
			}
			require.NoError(t, up("ci"))
			become("INACTIVE", new(int64(3)))
			for range 3 {
				require.Error(t, up("new"))
				assert.Contains(t, s.Diagnostics(), "INACTIVE (suspended, disabled, status 3)")
				assert.Equal(t, "3", output("inactiveState"))
				assert.Equal(t, "new", output("description"), "the change itself was made")
			}
			become("ACTIVE", nil)
			require.NoError(t, up("new"))
			assert.Equal(t, "ACTIVE", output("state"))
			assert.Empty(t, s.Recorded(kind, "token").InitErrors)
			assert.Equal(t, s.OnlyToken().Value, s.Recorded(kind, "token").Outputs["token"].SecretValue().Element.StringValue())
			s.OCI.ResetJournal()
			require.NoError(t, up("new"))
			assert.Empty(t, s.OCI.Journal(), "there is nothing more to look at")
		})
	}
}

func TestAnErrorHookGoesOnWithTheTokenThatWasNotActiveYet(t *testing.T) {
	t.Parallel()
	w := inprocess.NewPlugin(harness.NewWorld(t))
	w.OCI.SetCreatingLists(1000)
	_, err := w.Create(harness.TokenURN, "ci")
	require.ErrorContains(t, err, "failed to initialize")
	id := w.OnlyToken().ID

	_, err = w.Create(harness.TokenURN, "ci")
	require.Error(t, err)
	w.OCI.EditToken(w.User, id, func(token *emulator.Token) { token.LifecycleState = "ACTIVE" })
	created, err := w.Create(harness.TokenURN, "ci")
	require.NoError(t, err)
	assert.Equal(t, id, created.Id)
	harness.RequireSecretToken(t, created.Properties, w.OnlyToken().Value)
	assert.Equal(t, 1, w.Calls("CreateAuthToken"), "one POST in all")
}

func TestAnErrorHookGetsTheTokenAfterCtrlCToo(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	for range 20 { // if two channels are ready at once, Go picks one at random
		w := inprocess.NewPlugin(harness.NewWorld(t))
		w.OCI.SetCreatingLists(1000)
		_, err := w.Create(harness.TokenURN, "ci")
		require.Error(t, err)
		_, err = w.Client.Cancel(context.Background(), nil)
		require.NoError(t, err)
		id, outputs := recorded(t, nil, second(w.Create(harness.TokenURN, "ci")))
		assert.Equal(t, w.OnlyToken().ID, id)
		assert.Equal(t, w.OnlyToken().Value, outputs["token"].SecretValue().Element.StringValue())
	}
}

func second[T any](_ T, err error) error { return err }
