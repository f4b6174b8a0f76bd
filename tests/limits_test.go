package tests

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/engine"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// mustCreate creates a token over the wire.
func (w *wire) mustCreate(urn, description string) *pulumirpc.CreateResponse {
	w.t.Helper()
	created, err := w.plugin.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn, Properties: w.arguments(description)})
	require.NoError(w.t, err)
	return created
}

func TestANewUserIsGivenTimeToAppear(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.oci.Inject(emulator.Fault{
			Operation: "CreateAuthToken", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No.", Times: 5,
		})
		s.mustUp(s.oneToken(s.user, "ci"))
		assert.Equal(t, s.onlyToken().Value, s.value("token"))
		assert.Contains(t, s.diagnostics(), "OCI does not know user "+s.user)
	})
}

func TestAUserWhoNeverAppearsIsAnErrorInTheEnd(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		require.Error(t, s.up(s.oneToken("ocid1.user.oc1..nobody", "ci")))
		assert.Contains(t, s.diagnostics(), "404 "+s.code("NotAuthorizedOrNotFound"))
		assert.LessOrEqual(t, s.clock.slept, 2*time.Minute)
		assert.GreaterOrEqual(t, s.clock.slept, 30*time.Second)
	})
}

func TestOnlyCreateWaitsForAnUnknownUser(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.mustUp(s.oneToken(s.user, "ci"))
	s.oci.Deny(s.user)
	require.Error(t, s.up(s.oneToken(s.user, "new")))
	require.Error(t, s.refresh())
	assert.Zero(t, s.clock.slept)
}

func TestTimeoutsAreExactAndTheErrorKeepsOCIsMessage(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.oci.Inject(emulator.Fault{
		Operation: "CreateAuthToken", Status: 429, Code: "TooManyRequests", Message: "Too many requests for the tenant",
		Header: map[string]string{"Retry-After": "60"},
	})
	s.clock.asleep = make(chan time.Duration, 1000) // every sleep lasts until the deadline, which is in real time
	began := time.Now()
	require.Error(t, s.up(func(m *deploytest.ResourceMonitor) error {
		_, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{
			Inputs: s.inputs(s.user, "ci"), CustomTimeouts: &resource.CustomTimeouts{Create: 0.5},
		})
		return err
	}))
	assert.GreaterOrEqual(t, time.Since(began), 500*time.Millisecond, "half a second is not none")
	for _, part := range []string{"the operation's timeout of 500ms has passed", "429 TooManyRequests", "for the tenant", "opc-request-id"} {
		assert.Contains(t, s.diagnostics(), part)
	}
}

func TestTimeoutOfAnUpdateAndOfADeletion(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		created := w.mustCreate(tokenURN, "ci")
		w.oci.Inject(emulator.Fault{Status: 503, Code: "ServiceUnavailable", Message: "Later."})
		w.clock.asleep = make(chan time.Duration, 1000)
		_, err := w.plugin.Update(context.Background(), &pulumirpc.UpdateRequest{
			Id: created.Id, Urn: tokenURN, Olds: created.Properties, News: w.arguments("new"), Timeout: 0.05,
		})
		require.ErrorContains(t, err, "the operation's timeout of 50ms has passed")
		_, err = w.plugin.Delete(context.Background(), &pulumirpc.DeleteRequest{
			Id: created.Id, Urn: tokenURN, Properties: created.Properties, Timeout: 0.05,
		})
		require.ErrorContains(t, err, "503 "+w.code("ServiceUnavailable"))
	})
}

func TestCancelEndsTheWaitingAtOnce(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		s.oci.Inject(emulator.Fault{Operation: "UpdateAuthToken", Status: 503, Code: "ServiceUnavailable", Message: "Later."})
		s.clock.asleep = make(chan time.Duration, 1000)
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-s.clock.asleep
			cancel()
		}()
		require.Error(t, s.operate(ctx, engine.Update, s.oneToken(s.user, "new"), false))
		assert.Equal(t, 1, s.calls("UpdateAuthToken"))
	})
}

// many returns a program with two tokens for each user.
func (s *testStack) many(users []emulator.User) program {
	return func(m *deploytest.ResourceMonitor) error {
		registrations := make(chan error)
		for i, user := range users {
			for _, kind := range []string{"a", "b"} {
				go func() {
					_, err := m.RegisterResource(authTokenType, fmt.Sprintf("%s-%d", kind, i), true, deploytest.ResourceOptions{
						Inputs: s.inputs(user.ID, kind),
					})
					registrations <- err
				}()
			}
		}
		var failed error
		for range 2 * len(users) {
			if err := <-registrations; err != nil {
				failed = err
			}
		}
		return failed
	}
}

// requireAllRecorded checks that OCI has two tokens for each user, and that the state has their values.
func requireAllRecorded(t *testing.T, s *testStack) {
	t.Helper()
	for i, user := range s.oci.Users() {
		tokens := s.oci.Tokens(user.ID)
		require.Len(t, tokens, 2, "user %d", i)
		for _, kind := range []string{"a", "b"} {
			assert.True(t, s.oci.Authenticate(user.ID, s.value(fmt.Sprintf("%s-%d", kind, i))))
		}
		assert.NotEqual(t, s.value(fmt.Sprintf("a-%d", i)), s.value(fmt.Sprintf("b-%d", i)))
	}
}

func hundredUsers() []string {
	users := make([]string, 100)
	for i := range users {
		users[i] = fmt.Sprintf("user-%d", i)
	}
	return users
}

func TestTwoHundredTokensAtTenRequestsASecond(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	clock := newTestClock()
	w := newWorldWith(t, emulator.Config{Users: hundredUsers(), RequestsPerSecond: 10, Clock: clock.Now})
	w.clock = clock
	s := newStackIn(w)
	s.parallel = 16
	s.mustUp(s.many(s.oci.Users()))
	requireAllRecorded(t, s)
	assert.Less(t, s.calls("CreateAuthToken"), 250, "the calls share one pace, so few are refused")
}

func TestTwoHundredTokensWithFaultsAndDroppedConnections(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	s := newStackIn(newWorldWith(t, emulator.Config{Users: hundredUsers(), Seed: 7}))
	s.oci.Inject(
		emulator.Fault{Probability: 0.05, Status: 503, Code: "ServiceUnavailable", Message: "Later."},
		emulator.Fault{Probability: 0.02, Drop: emulator.DropAfterCommit},
	)
	s.parallel = 16
	s.mustUp(s.many(s.oci.Users()))
	requireAllRecorded(t, s)
	assert.Greater(t, s.calls("CreateAuthToken"), 200, "there were faults")
}

// TestTheOperationsTimeoutIsTheBoundOfAThrottledCall throttles for half an hour. Without a timeout, a call gives up before.
func TestTheOperationsTimeoutIsTheBoundOfAThrottledCall(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		const within = float64(time.Hour / time.Second)
		ctx := context.Background()
		w := a.newWire(t)
		throttled := func(operation string) {
			w.oci.ClearFaults()
			w.oci.Inject(emulator.Fault{
				Operation: operation, Times: 6, Status: 429, Code: "TooManyRequests", Header: map[string]string{"Retry-After": "300"},
			})
		}
		throttled("CreateAuthToken")
		_, err := w.create(tokenURN, "ci")
		require.ErrorContains(t, err, "429")
		assert.Empty(t, w.tokens())

		throttled("CreateAuthToken")
		created, err := w.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: tokenURN, Properties: w.arguments("ci"), Timeout: within})
		require.NoError(t, err)
		throttled("UpdateAuthToken")
		_, err = w.plugin.Update(ctx, &pulumirpc.UpdateRequest{
			Id: created.Id, Urn: tokenURN, Olds: created.Properties, News: w.arguments("new"), Timeout: within,
		})
		require.NoError(t, err)
		throttled("DeleteAuthToken")
		_, err = w.plugin.Delete(ctx, &pulumirpc.DeleteRequest{
			Id: created.Id, Urn: tokenURN, Properties: created.Properties, Timeout: within,
		})
		require.NoError(t, err)
		assert.Empty(t, w.tokens())
	})
}
