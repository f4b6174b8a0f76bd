package authtoken_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

func TestThirdTokenFailsAtOnceAndNamesTheTwo(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		first, second := s.OCI.AddToken(s.User, "laptop"), s.OCI.AddToken(s.User, "ci server")
		require.Error(t, s.Up(s.OneToken(s.User, "third")))
		said := s.Diagnostics()
		for _, part := range []string{
			s.Code("UserCapacityExceeded"), first.ID, second.ID, `"laptop"`, `"ci server"`, "at most two auth tokens",
		} {
			assert.Contains(t, said, part)
		}
		assert.Equal(t, 1, s.Calls("CreateAuthToken"), "not tried again")
		assert.Zero(t, s.Clock.Slept)
	})
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

func TestRetryAfterIsHonoured(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.OCI.Inject(emulator.Fault{
			Operation: "CreateAuthToken", Status: 429, Code: "TooManyRequests", Message: "Too many requests for the user",
			Header: map[string]string{"Retry-After": "17"}, Times: 2,
		})
		s.MustUp(s.OneToken(s.User, "ci"))
		assert.Equal(t, 34*time.Second, s.Clock.Slept)
	})
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

func TestTimeoutsAreExactAndTheErrorKeepsOCIsMessage(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.OCI.Inject(emulator.Fault{
		Operation: "CreateAuthToken", Status: 429, Code: "TooManyRequests", Message: "Too many requests for the tenant",
		Header: map[string]string{"Retry-After": "60"},
	})
	began := time.Now()
	timeout, said := withTimeout(s.World, "429 TooManyRequests", func(seconds float64) string {
		began = time.Now()
		require.Error(t, s.Up(func(m *deploytest.ResourceMonitor) error {
			_, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
				Inputs: s.Inputs(s.User, "ci"), CustomTimeouts: &resource.CustomTimeouts{Create: seconds},
			})
			return err
		}))
		return s.Diagnostics()
	})
	assert.GreaterOrEqual(t, time.Since(began), timeout, "a part of a second is not none")
	for _, part := range []string{
		"the operation's timeout of " + timeout.String() + " has passed", "429 TooManyRequests", "for the tenant", "opc-request-id",
	} {
		assert.Contains(t, said, part)
	}
}

// withTimeout makes a call with a timeout, in real time, and returns what is said then. It repeats the call with a longer one until an
// answer of OCI came in time. The wait that follows the answer lasts until the timeout has passed.
func withTimeout(w *harness.World, answer string, call func(seconds float64) string) (timeout time.Duration, said string) {
	w.Clock.Asleep = make(chan time.Duration, 1000)
	for seconds := 0.05; seconds < 30 && !strings.Contains(said, answer); seconds *= 2 {
		timeout, said = time.Duration(seconds*float64(time.Second)), call(seconds)
	}
	return timeout, said
}

func TestTimeoutOfAnUpdateAndOfADeletion(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		created := w.MustCreate(harness.TokenURN, "ci")
		w.OCI.Inject(emulator.Fault{Status: 503, Code: "ServiceUnavailable", Message: "Later."})
		for name, call := range map[string]func(seconds float64) string{
			"update": func(seconds float64) string {
				_, err := w.Client.Update(t.Context(), &pulumirpc.UpdateRequest{
					Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, News: w.Arguments("new"), Timeout: seconds,
				})
				return fmt.Sprint(err)
			},
			"deletion": func(seconds float64) string {
				_, err := w.Client.Delete(t.Context(), &pulumirpc.DeleteRequest{
					Id: created.Id, Urn: harness.TokenURN, Properties: created.Properties, Timeout: seconds,
				})
				return fmt.Sprint(err)
			},
		} {
			answer := "503 " + w.Code("ServiceUnavailable")
			timeout, said := withTimeout(w.World, answer, call)
			require.Contains(t, said, "the operation's timeout of "+timeout.String()+" has passed", name)
			require.Contains(t, said, answer, name)
		}
	})
}

func TestUnreachableEndpointIsReportedSoon(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.Config["endpoint"] = "http://127.0.0.1:1" // nothing listens there
	require.Error(t, s.Up(s.OneToken(s.User, "ci")))
	assert.Contains(t, s.Diagnostics(), "endpoint in the provider's configuration")
	assert.Less(t, s.Clock.Slept, 5*time.Second)
}
