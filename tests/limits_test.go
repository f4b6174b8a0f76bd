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
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

func TestANewUserIsGivenTimeToAppear(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.OCI.Inject(emulator.Fault{
			Operation: "CreateAuthToken", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No.", Times: 5,
		})
		s.MustUp(s.OneToken(s.User, "ci"))
		assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
		assert.Contains(t, s.Diagnostics(), "OCI does not know user "+s.User)
	})
}

func TestAUserWhoNeverAppearsIsAnErrorInTheEnd(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		require.Error(t, s.Up(s.OneToken("ocid1.user.oc1..nobody", "ci")))
		assert.Contains(t, s.Diagnostics(), "404 "+s.Code("NotAuthorizedOrNotFound"))
		assert.LessOrEqual(t, s.Clock.Slept, 2*time.Minute)
		assert.GreaterOrEqual(t, s.Clock.Slept, 30*time.Second)
	})
}

func TestOnlyCreateWaitsForAnUnknownUser(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.MustUp(s.OneToken(s.User, "ci"))
	s.OCI.Deny(s.User)
	require.Error(t, s.Up(s.OneToken(s.User, "new")))
	require.Error(t, s.Refresh())
	assert.Zero(t, s.Clock.Slept)
}

func TestTimeoutsAreExactAndTheErrorKeepsOCIsMessage(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.OCI.Inject(emulator.Fault{
		Operation: "CreateAuthToken", Status: 429, Code: "TooManyRequests", Message: "Too many requests for the tenant",
		Header: map[string]string{"Retry-After": "60"},
	})
	s.Clock.Asleep = make(chan time.Duration, 1000) // every sleep lasts until the deadline, which is in real time
	began := time.Now()
	require.Error(t, s.Up(func(m *deploytest.ResourceMonitor) error {
		_, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
			Inputs: s.Inputs(s.User, "ci"), CustomTimeouts: &resource.CustomTimeouts{Create: 0.5},
		})
		return err
	}))
	assert.GreaterOrEqual(t, time.Since(began), 500*time.Millisecond, "half a second is not none")
	for _, part := range []string{"the operation's timeout of 500ms has passed", "429 TooManyRequests", "for the tenant", "opc-request-id"} {
		assert.Contains(t, s.Diagnostics(), part)
	}
}

func TestTimeoutOfAnUpdateAndOfADeletion(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		created := w.MustCreate(harness.TokenURN, "ci")
		w.OCI.Inject(emulator.Fault{Status: 503, Code: "ServiceUnavailable", Message: "Later."})
		w.Clock.Asleep = make(chan time.Duration, 1000)
		_, err := w.Client.Update(context.Background(), &pulumirpc.UpdateRequest{
			Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, News: w.Arguments("new"), Timeout: 0.05,
		})
		require.ErrorContains(t, err, "the operation's timeout of 50ms has passed")
		_, err = w.Client.Delete(context.Background(), &pulumirpc.DeleteRequest{
			Id: created.Id, Urn: harness.TokenURN, Properties: created.Properties, Timeout: 0.05,
		})
		require.ErrorContains(t, err, "503 "+w.Code("ServiceUnavailable"))
	})
}

func TestCancelEndsTheWaitingAtOnce(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		s.OCI.Inject(emulator.Fault{Operation: "UpdateAuthToken", Status: 503, Code: "ServiceUnavailable", Message: "Later."})
		s.Clock.Asleep = make(chan time.Duration, 1000)
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-s.Clock.Asleep
			cancel()
		}()
		require.Error(t, s.Operate(ctx, engine.Update, s.OneToken(s.User, "new"), false))
		assert.Equal(t, 1, s.Calls("UpdateAuthToken"))
	})
}

// many returns a program with two tokens for each user.
func many(s *inprocess.Stack, users []emulator.User) inprocess.Program {
	return func(m *deploytest.ResourceMonitor) error {
		registrations := make(chan error)
		for i, user := range users {
			for _, kind := range []string{"a", "b"} {
				go func() {
					_, err := m.RegisterResource(harness.AuthTokenType, fmt.Sprintf("%s-%d", kind, i), true, deploytest.ResourceOptions{
						Inputs: s.Inputs(user.ID, kind),
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
func requireAllRecorded(t *testing.T, s *inprocess.Stack) {
	t.Helper()
	for i, user := range s.OCI.Users() {
		tokens := s.OCI.Tokens(user.ID)
		require.Len(t, tokens, 2, "user %d", i)
		for _, kind := range []string{"a", "b"} {
			assert.True(t, s.OCI.Authenticate(user.ID, s.Value(fmt.Sprintf("%s-%d", kind, i))))
		}
		assert.NotEqual(t, s.Value(fmt.Sprintf("a-%d", i)), s.Value(fmt.Sprintf("b-%d", i)))
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
	clock := harness.NewClock()
	w := harness.NewWorldWith(t, emulator.Config{Users: hundredUsers(), RequestsPerSecond: 10, Clock: clock.Now})
	w.Clock = clock
	s := inprocess.NewStack(w)
	s.Parallel = 16
	s.MustUp(many(s, s.OCI.Users()))
	requireAllRecorded(t, s)
	assert.Less(t, s.Calls("CreateAuthToken"), 250, "the calls share one pace, so few are refused")
}

func TestTwoHundredTokensWithFaultsAndDroppedConnections(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	s := inprocess.NewStack(harness.NewWorldWith(t, emulator.Config{Users: hundredUsers(), Seed: 7}))
	s.OCI.Inject(
		emulator.Fault{Probability: 0.05, Status: 503, Code: "ServiceUnavailable", Message: "Later."},
		emulator.Fault{Probability: 0.02, Drop: emulator.DropAfterCommit},
	)
	s.Parallel = 16
	s.MustUp(many(s, s.OCI.Users()))
	requireAllRecorded(t, s)
	assert.Greater(t, s.Calls("CreateAuthToken"), 200, "there were faults")
}

// TestTheOperationsTimeoutIsTheBoundOfAThrottledCall throttles for half an hour. Without a timeout, a call gives up before.
func TestTheOperationsTimeoutIsTheBoundOfAThrottledCall(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		const within = float64(time.Hour / time.Second)
		ctx := context.Background()
		w := inprocess.NewPlugin(a.NewWorld(t))
		throttled := func(operation string) {
			w.OCI.ClearFaults()
			w.OCI.Inject(emulator.Fault{
				Operation: operation, Times: 6, Status: 429, Code: "TooManyRequests", Header: map[string]string{"Retry-After": "300"},
			})
		}
		throttled("CreateAuthToken")
		_, err := w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, "429")
		assert.Empty(t, w.Tokens())

		throttled("CreateAuthToken")
		created, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: harness.TokenURN, Properties: w.Arguments("ci"), Timeout: within})
		require.NoError(t, err)
		throttled("UpdateAuthToken")
		_, err = w.Client.Update(ctx, &pulumirpc.UpdateRequest{
			Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, News: w.Arguments("new"), Timeout: within,
		})
		require.NoError(t, err)
		throttled("DeleteAuthToken")
		_, err = w.Client.Delete(ctx, &pulumirpc.DeleteRequest{
			Id: created.Id, Urn: harness.TokenURN, Properties: created.Properties, Timeout: within,
		})
		require.NoError(t, err)
		assert.Empty(t, w.Tokens())
	})
}
