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
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// One creation creates one token, whatever goes wrong, and in whatever order. These cases were found by hand. The simulation looks
// for others.

var (
	lost         = emulator.Fault{Drop: emulator.DropAfterCommit}
	unknownUser  = emulator.Fault{Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."}
	unauthorized = emulator.Fault{Status: 401, Code: "NotAuthenticated", Message: "No."}
	tooMany      = emulator.Fault{Status: 429, Code: "TooManyRequests", Message: "Too many requests for the user"}
	invalidated  = emulator.Fault{Status: 409, Code: "InvalidatedRetryToken", Message: "Used."}
)

// inOrder makes creations fail with these faults, in this order.
func (w *world) inOrder(faults ...emulator.Fault) {
	for _, fault := range faults {
		fault.Operation, fault.Times = "CreateAuthToken", max(fault.Times, 1)
		w.oci.Inject(fault)
	}
}

func times(n int, fault emulator.Fault) emulator.Fault {
	fault.Times = n
	return fault
}

func (w *wire) create(urn, description string) (*pulumirpc.CreateResponse, error) {
	return w.plugin.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn, Properties: w.arguments(description)})
}

func TestOneCreationCreatesOneTokenWhateverGoesWrongAtOnce(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, faults := range map[string][]emulator.Fault{
			"lost, then the user is not known":         {lost, unknownUser, unknownUser},
			"lost, then unauthorized":                  {lost, unauthorized},
			"throttled seven times, then lost":         {times(7, tooMany), lost},
			"throttled twenty times, then lost, twice": {times(20, tooMany), times(2, lost)},
			"lost, then throttled thirty times":        {lost, times(30, tooMany)},
			"not known, lost, not known, lost":         {unknownUser, lost, unknownUser, lost},
			"lost, then busy for long":                 {lost, times(12, emulator.Fault{Status: 409, Code: "IncorrectState", Message: "Busy."})},
			"cut in the middle, then a proxy's page":   {{Truncate: 40}, {Status: 502, Body: "<html>"}},
			"lost, then redirected":                    {lost, {Status: 307, Header: map[string]string{"Location": "http://127.0.0.1:1/"}}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := a.newWire(t)
				w.inOrder(faults...)
				created, err := w.create(tokenURN, "ci")
				require.NoError(t, err)
				requireSecretToken(t, created.Properties, w.onlyToken().Value)
				assert.Len(t, w.retryTokens(), 1)
			})
		}
	})
}

// retryTokens returns the retry tokens that creations were sent with.
func (w *world) retryTokens() map[string]bool {
	sent := map[string]bool{}
	for _, request := range w.oci.Journal() {
		if request.Operation == "CreateAuthToken" {
			sent[request.RetryToken] = true
		}
	}
	return sent
}

func TestAnUnsettledCreationGoesOnWhenCreateIsCalledAgain(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, first := range map[string]emulator.Fault{
			"unauthorized": times(5, unauthorized), "refused": times(5, emulator.Fault{Status: 400, Code: "InvalidParameter"}),
			"not known for long": times(12, unknownUser), "lost again and again": times(9, lost),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := a.newWire(t)
				w.inOrder(lost, first)
				_, err := w.create(tokenURN, "ci")
				require.ErrorContains(t, err, w.deleteCommand(w.onlyToken().ID))

				w.oci.ClearFaults()
				created, err := w.create(tokenURN, "ci")
				require.NoError(t, err)
				requireSecretToken(t, created.Properties, w.onlyToken().Value)
				assert.Len(t, w.retryTokens(), 1)
			})
		}
	})
}

func TestAnErrorHookGoesOnWithTheTokenThatWasNotActiveYet(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.oci.SetCreatingLists(1000)
	_, err := w.create(tokenURN, "ci")
	require.ErrorContains(t, err, "failed to initialize")
	id := w.onlyToken().ID

	_, err = w.create(tokenURN, "ci")
	require.Error(t, err)
	w.oci.EditToken(w.user, id, func(token *emulator.Token) { token.LifecycleState = "ACTIVE" })
	created, err := w.create(tokenURN, "ci")
	require.NoError(t, err)
	assert.Equal(t, id, created.Id)
	requireSecretToken(t, created.Properties, w.onlyToken().Value)
	assert.Equal(t, 1, w.calls("CreateAuthToken"), "one POST in all")
}

func TestAnErrorHookGetsTheTokenAfterCtrlCToo(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	for range 20 { // if two channels are ready at once, Go picks one at random
		w := newWire(t)
		w.oci.SetCreatingLists(1000)
		_, err := w.create(tokenURN, "ci")
		require.Error(t, err)
		_, err = w.plugin.Cancel(context.Background(), nil)
		require.NoError(t, err)
		id, outputs := recorded(t, nil, second(w.create(tokenURN, "ci")))
		assert.Equal(t, w.onlyToken().ID, id)
		assert.Equal(t, w.onlyToken().Value, outputs["token"].SecretValue().Element.StringValue())
	}
}

func second[T any](_ T, err error) error { return err }

func TestATokenThatWasDeletedIsNotReturnedAgain(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.oci.SetCreatingLists(1000)
	_, err := w.create(tokenURN, "ci")
	require.Error(t, err)
	old := w.onlyToken()
	_, err = w.plugin.Delete(context.Background(), &pulumirpc.DeleteRequest{
		Id: old.ID, Urn: tokenURN, Properties: properties(t, map[string]any{"userId": w.user, "description": "ci"}),
	})
	require.NoError(t, err)
	w.oci.SetCreatingLists(0)
	created, err := w.create(tokenURN, "ci")
	require.NoError(t, err)
	assert.NotEqual(t, old.ID, created.Id)
}

func TestAnOrphanIsNamedEvenIfTheRetryTokenIsInvalidated(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		w.inOrder(lost, invalidated)
		_, err := w.create(tokenURN, "ci")
		orphan := w.onlyToken()
		require.ErrorContains(t, err, w.deleteCommand(orphan.ID))
		assert.Len(t, w.retryTokens(), 1, "no second token is asked for")

		// Somebody has changed its description, and the list shows it late.
		changed := a.newWire(t)
		changed.inOrder(lost, invalidated)
		changed.oci.Inject(emulator.Fault{Operation: "ListAuthTokens", Times: 1, Body: changed.noTokens()})
		changed.onCreatedEdit("renamed")
		_, err = changed.create(tokenURN, "ci")
		require.ErrorContains(t, err, changed.onlyToken().ID)
	})
}

// onCreatedEdit changes the description of the first token when the tokens are first listed.
func (w *world) onCreatedEdit(description string) {
	w.oci.Inject(emulator.Fault{Operation: "ListAuthTokens", Times: 1, Hold: func() {
		w.oci.EditToken(w.user, w.oci.Tokens(w.user)[0].ID, func(token *emulator.Token) { token.Description = description })
	}})
}

func TestARetryTokenThatStaysInvalidIsAnErrorInTheEnd(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		w.inOrder(times(1000, invalidated))
		_, err := w.create(tokenURN, "ci")
		require.ErrorContains(t, err, w.code("InvalidatedRetryToken"))
		assert.LessOrEqual(t, w.calls("CreateAuthToken"), 5)
		assert.Empty(t, w.tokens())
	})
}

func TestTheTokenOfAnotherResourceIsNotCalledAnOrphan(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		sibling := w.mustCreate(tokenURN+"-sibling", "ci")
		w.inOrder(times(100, lost))
		_, err := w.create(tokenURN, "ci")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), sibling.Id)
		orphan := w.tokens()[1]
		assert.Contains(t, err.Error(), orphan.ID)

		// Another process that has the other resource in its state knows that too.
		later := &wire{world: w.world, plugin: w.configured(map[string]any{"endpoint": w.url})}
		_, err = later.plugin.Diff(context.Background(), &pulumirpc.DiffRequest{
			Id: sibling.Id, Urn: tokenURN + "-sibling", Olds: sibling.Properties, OldInputs: w.arguments("ci"), News: w.arguments("ci"),
		})
		require.NoError(t, err)
		w.oci.DeleteToken(w.user, orphan.ID)
		_, err = later.create(tokenURN, "ci")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), sibling.Id)
	})
}

func TestALaggingListIsReadAgainAndTheListCommandIsAlwaysShown(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for lists, found := range map[int]bool{2: true, 1000: false} {
			w := a.newWire(t)
			w.inOrder(lost, emulator.Fault{Times: 100, Drop: emulator.DropAfterCommit, Hold: func() {
				w.oci.HideFromLists(w.user, w.oci.Tokens(w.user)[0].ID, lists)
			}})
			_, err := w.create(tokenURN, "ci")
			require.ErrorContains(t, err, w.listCommand())
			assert.Equal(t, found, strings.Contains(err.Error(), w.onlyToken().ID))
		}
	})
}

func TestAnOrphanIsNamedAgainIfTheListFails(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		w.inOrder(times(1000, lost))
		_, err := w.create(tokenURN, "ci")
		orphan := w.onlyToken().ID
		require.ErrorContains(t, err, w.deleteCommand(orphan))
		// The engine shows only the error of the last call.
		w.oci.Inject(emulator.Fault{Operation: "ListAuthTokens", Status: 401, Code: "NotAuthenticated"})
		_, err = w.create(tokenURN, "ci")
		require.ErrorContains(t, err, w.deleteCommand(orphan))
	})
}

func TestARequestLostOutsideTheHomeRegionLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	w := &wire{world: s.world, plugin: s.configured(map[string]any{"endpoint": s.url + "/{region}"})}
	fault := times(7, lost)
	fault.Operation, fault.Region = "CreateAuthToken", "us-ashburn-1"
	w.oci.Inject(fault)
	w.inOrder(emulator.Fault{Skip: 1, Status: 400, Code: "InvalidParameter"})
	_, err := w.create(tokenURN, "ci")
	require.ErrorContains(t, err, "InvalidParameter")
	assert.NotContains(t, err.Error(), "nobody knows")
}

func TestAReplacementAtTheLimitSaysThatTheOldTokenStillWorks(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		w.mustCreate(tokenURN, "ci")
		w.mustCreate(tokenURN+"2", "ci")
		_, err := w.create(tokenURN, "ci")
		require.ErrorContains(t, err, "that token still works")
		require.ErrorContains(t, err, "deleteBeforeReplace")
	})
}

func TestCancelledBeforeAnythingWasSentNothingIsSent(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		_, err := w.plugin.Cancel(context.Background(), nil)
		require.NoError(t, err)
		_, err = w.create(tokenURN, "ci")
		require.ErrorContains(t, err, "nothing was sent")
		assert.Empty(t, w.oci.Journal())
	})
}

func TestNothingIsSentAfterACancelDuringTheSearchForTheHomeRegion(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	w := &wire{world: s.world, plugin: s.configured(map[string]any{"endpoint": s.url + "/{region}"})}
	arrived, release := w.gate("ListRegionSubscriptions")
	failed := make(chan error, 2)
	for _, urn := range []string{tokenURN, tokenURN + "2"} {
		go func() {
			_, err := w.create(urn, "ci")
			failed <- err
		}()
	}
	<-arrived
	_, err := w.plugin.Cancel(context.Background(), nil)
	require.NoError(t, err)
	// Neither of them waits for the answer that is held back.
	require.Error(t, <-failed)
	require.Error(t, <-failed)
	release()
	assert.NotContains(t, w.regionsOf("CreateAuthToken"), "us-phoenix-1")
	assert.Empty(t, w.tokens())
}

func TestOneCallCanStopWaitingForTheHomeRegionWhileOthersWait(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	w := &wire{world: s.world, plugin: s.configured(map[string]any{"endpoint": s.url + "/{region}"})}
	arrived, release := w.gate("ListRegionSubscriptions")
	first := make(chan error, 1)
	go func() {
		_, err := w.create(tokenURN, "ci")
		first <- err
	}()
	<-arrived
	impatient := make(chan error, 1)
	go func() {
		_, err := w.plugin.Create(context.Background(), &pulumirpc.CreateRequest{
			Urn: tokenURN + "2", Properties: w.arguments("ci"), Timeout: 0.2,
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
	assert.Len(t, w.tokens(), 1)
}

func TestCreationsWith75PerCentThrottledAnd5PerCentDropped(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	users := hundredUsers()[:50]
	for seed := range uint64(4) {
		s := newStackIn(newWorldWith(t, emulator.Config{Users: users, Seed: seed}))
		s.oci.Inject(
			emulator.Fault{Operation: "CreateAuthToken", Probability: 0.75, Status: 429, Code: "TooManyRequests", Message: "Too many."},
			emulator.Fault{Operation: "CreateAuthToken", Probability: 0.2, Drop: emulator.DropAfterCommit},
		)
		s.parallel = 16
		s.mustUp(s.many(s.oci.Users()))
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
			w := newWorld(t)
			// Nothing else listens on this address while the door is shut.
			d := &door{t: t, handler: w.oci, address: fmt.Sprintf("127.0.0.%d:0", 100+i)}
			d.open()
			t.Cleanup(d.shut)
			plugin := &wire{world: w, plugin: w.configured(map[string]any{"endpoint": "http://" + d.address})}

			began := w.clock.Now()
			w.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Hold: d.shut, Drop: emulator.DropAfterCommit})
			w.clock.onSleep = func() {
				if w.clock.Now().Sub(began) >= outage {
					d.open()
				}
			}
			created, err := plugin.create(tokenURN, "ci")
			require.NoError(t, err)
			requireSecretToken(t, created.Properties, w.onlyToken().Value)
			// The clock moves by itself, too, so the sleeps alone may add up to less.
			assert.GreaterOrEqual(t, w.clock.Now().Sub(began), outage)
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
