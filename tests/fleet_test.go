package tests

import (
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

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

func TestCreationsWithMostRequestsThrottledAndSomeDropped(t *testing.T) {
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

func TestReadsAtOnceShareAList(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorldWith(t, emulator.Config{Users: hundredUsers()[:50]}))
	s.Parallel = 16
	s.MustUp(many(s, s.OCI.Users()))
	for parallel, most := range map[int32]int{1: 100, 100: 99} {
		s.Parallel = parallel
		s.OCI.ResetJournal()
		require.NoError(t, s.Refresh())
		assert.LessOrEqual(t, s.Calls("ListAuthTokens"), most, "%d at once", parallel)
		assert.GreaterOrEqual(t, s.Calls("ListAuthTokens"), 50, "%d at once", parallel)
	}
	requireAllRecorded(t, s)
}
