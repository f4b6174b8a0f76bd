package tests

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

func TestOneCreationCreatesOneTokenWhateverGoesWrongAtOnce(t *testing.T) {
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

func TestAnUnsettledCreationGoesOnWhenCreateIsCalledAgain(t *testing.T) {
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

func TestAnOrphanIsNamedEvenIfTheRetryTokenIsInvalidated(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.InOrder(harness.Lost, harness.Invalidated)
		_, err := w.Create(harness.TokenURN, "ci")
		orphan := w.OnlyToken()
		require.ErrorContains(t, err, w.DeleteCommand(orphan.ID))
		assert.Len(t, w.RetryTokens(), 1, "no second token is asked for")

		// Somebody has changed its description, and the list shows it late.
		changed := inprocess.NewPlugin(a.NewWorld(t))
		changed.InOrder(harness.Lost, harness.Invalidated)
		changed.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Times: 1, Body: changed.NoTokens()})
		onCreatedEdit(changed.World, "renamed")
		_, err = changed.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, changed.OnlyToken().ID)
	})
}

// onCreatedEdit changes the description of the first token when the tokens are first listed.
func onCreatedEdit(w *harness.World, description string) {
	w.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Times: 1, Hold: func() {
		w.OCI.EditToken(w.User, w.OCI.Tokens(w.User)[0].ID, func(token *emulator.Token) { token.Description = description })
	}})
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

func TestTheTokenOfAnotherResourceIsNotCalledAnOrphan(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		sibling := w.MustCreate(harness.TokenURN+"-sibling", "ci")
		w.InOrder(harness.Times(100, harness.Lost))
		_, err := w.Create(harness.TokenURN, "ci")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), sibling.Id)
		orphan := w.Tokens()[1]
		assert.Contains(t, err.Error(), orphan.ID)

		// Another process that has the other resource in its state knows that too.
		later := inprocess.NewPlugin(w.World)
		_, err = later.Client.Diff(context.Background(), &pulumirpc.DiffRequest{
			Id: sibling.Id, Urn: harness.TokenURN + "-sibling", Olds: sibling.Properties, OldInputs: w.Arguments("ci"), News: w.Arguments("ci"),
		})
		require.NoError(t, err)
		w.OCI.DeleteToken(w.User, orphan.ID)
		_, err = later.Create(harness.TokenURN, "ci")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), sibling.Id)
	})
}

func TestALaggingListIsReadAgainAndTheListCommandIsAlwaysShown(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for lists, found := range map[int]bool{2: true, 1000: false} {
			w := inprocess.NewPlugin(a.NewWorld(t))
			w.InOrder(harness.Lost, emulator.Fault{Times: 100, Drop: emulator.DropAfterCommit, Hold: func() {
				w.OCI.HideFromLists(w.User, w.OCI.Tokens(w.User)[0].ID, lists)
			}})
			_, err := w.Create(harness.TokenURN, "ci")
			require.ErrorContains(t, err, w.ListCommand())
			assert.Equal(t, found, strings.Contains(err.Error(), w.OnlyToken().ID))
		}
	})
}

func TestAnOrphanIsNamedAgainIfTheListFails(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.InOrder(harness.Times(1000, harness.Lost))
		_, err := w.Create(harness.TokenURN, "ci")
		orphan := w.OnlyToken().ID
		require.ErrorContains(t, err, w.DeleteCommand(orphan))
		// The engine shows only the error of the last call.
		w.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Status: 401, Code: "NotAuthenticated"})
		_, err = w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, w.DeleteCommand(orphan))
	})
}

func TestARequestLostOutsideTheHomeRegionLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	w := inprocess.NewPluginWith(s.World, map[string]any{"endpoint": s.URL + "/{region}"})
	fault := harness.Times(7, harness.Lost)
	fault.Operation, fault.Region = "CreateAuthToken", "us-ashburn-1"
	w.OCI.Inject(fault)
	w.InOrder(emulator.Fault{Skip: 1, Status: 400, Code: "InvalidParameter"})
	_, err := w.Create(harness.TokenURN, "ci")
	require.ErrorContains(t, err, "InvalidParameter")
	assert.NotContains(t, err.Error(), "nobody knows")
}

func TestAReplacementAtTheLimitSaysThatTheOldTokenStillWorks(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.MustCreate(harness.TokenURN, "ci")
		w.MustCreate(harness.TokenURN+"2", "ci")
		_, err := w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, "that token still works")
		require.ErrorContains(t, err, "deleteBeforeReplace")
	})
}

func TestCancelledBeforeAnythingWasSentNothingIsSent(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		_, err := w.Client.Cancel(context.Background(), nil)
		require.NoError(t, err)
		_, err = w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, "nothing was sent")
		assert.Empty(t, w.OCI.Journal())
	})
}

func TestNothingIsSentAfterACancelDuringTheSearchForTheHomeRegion(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	w := inprocess.NewPluginWith(s.World, map[string]any{"endpoint": s.URL + "/{region}"})
	arrived, release := w.Gate("ListRegionSubscriptions")
	failed := make(chan error, 2)
	for _, urn := range []string{harness.TokenURN, harness.TokenURN + "2"} {
		go func() {
			_, err := w.Create(urn, "ci")
			failed <- err
		}()
	}
	<-arrived
	_, err := w.Client.Cancel(context.Background(), nil)
	require.NoError(t, err)
	// Neither of them waits for the answer that is held back.
	require.Error(t, <-failed)
	require.Error(t, <-failed)
	release()
	assert.NotContains(t, w.RegionsOf("CreateAuthToken"), "us-phoenix-1")
	assert.Empty(t, w.Tokens())
}

func TestOneCallCanStopWaitingForTheHomeRegionWhileOthersWait(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	w := inprocess.NewPluginWith(s.World, map[string]any{"endpoint": s.URL + "/{region}"})
	arrived, release := w.Gate("ListRegionSubscriptions")
	first := make(chan error, 1)
	go func() {
		_, err := w.Create(harness.TokenURN, "ci")
		first <- err
	}()
	<-arrived
	impatient := make(chan error, 1)
	go func() {
		_, err := w.Client.Create(context.Background(), &pulumirpc.CreateRequest{
			Urn: harness.TokenURN + "2", Properties: w.Arguments("ci"), Timeout: 0.2,
		})
		impatient <- err
	}()
	select {
	case err := <-impatient:
		require.ErrorContains(t, err, "timeout of 200ms has passed")
	case <-time.After(30 * time.Second):
		t.Error("who waits for the home region cannot give up")
	}
	release()
	require.NoError(t, <-first)
	assert.Len(t, w.Tokens(), 1)
}

func TestCreationsWith75PerCentThrottledAnd5PerCentDropped(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	users := hundredUsers()[:50]
	for seed := range uint64(4) {
		s := inprocess.NewStack(harness.NewWorldWith(t, emulator.Config{Users: users, Seed: seed}))
		s.OCI.Inject(
			emulator.Fault{Operation: "CreateAuthToken", Probability: 0.75, Status: 429, Code: "TooManyRequests", Message: "Too many."},
			emulator.Fault{Operation: "CreateAuthToken", Probability: 0.2, Drop: emulator.DropAfterCommit},
		)
		s.Parallel = 16
		s.MustUp(many(s, s.OCI.Users()))
		requireAllRecorded(t, s)
	}
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
			// The clock moves by itself, too, so the sleeps alone may add up to less.
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
