package tests

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/engine"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// In these tests something goes wrong between the provider and OCI. The result must always be the same: every token that exists is in
// the state with its value, or a message names it.

func TestCreationWaitsUntilTheTokenIsActive(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.oci.SetCreatingLists(3)
	s.mustUp(s.oneToken(s.user, "ci"))
	assert.Equal(t, "ACTIVE", s.token("token").Outputs["state"].StringValue())
	assert.Equal(t, s.onlyToken().Value, s.value("token"))
	assert.Contains(t, s.diagnostics(), "to become ACTIVE")
	assert.Equal(t, 1, s.calls("CreateAuthToken"))
}

func TestTokenThatDoesNotBecomeActiveIsRecordedAndFinishedLater(t *testing.T) {
	t.Parallel()
	const forever = 1 << 30
	for name, test := range map[string]struct {
		arrange   func(s *testStack)
		complaint string
	}{
		"still creating": {func(*testStack) {}, "still CREATING after"},
		"inactive": {func(s *testStack) {
			s.onCreated(func(token *emulator.Token) {
				token.LifecycleState, token.InactiveStatus = "INACTIVE", new(int64(8))
			})
		}, "INACTIVE (locked, status 8)"},
		"list refused": {func(s *testStack) {
			s.oci.Inject(emulator.Fault{Operation: "ListAuthTokens", Status: 401, Code: "NotAuthenticated", Message: "No."})
		}, "its state is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.oci.SetCreatingLists(forever)
			test.arrange(s)

			require.Error(t, s.up(s.oneToken(s.user, "ci")))
			assert.Contains(t, s.diagnostics(), test.complaint)
			assert.Contains(t, s.diagnostics(), "is recorded in the state")
			live := s.onlyToken()
			assert.Equal(t, live.Value, s.value("token"), "nothing is lost")
			assert.NotEmpty(t, s.token("token").InitErrors)

			s.oci.ClearFaults()
			s.oci.EditToken(s.user, live.ID, func(token *emulator.Token) {
				token.LifecycleState, token.InactiveStatus = "ACTIVE", nil
			})
			s.mustUp(s.oneToken(s.user, "ci"))
			assert.Equal(t, live.Value, s.value("token"))
			assert.Empty(t, s.token("token").InitErrors)
			assert.Equal(t, 1, s.calls("CreateAuthToken"))
		})
	}
}

func TestAnInactiveTokenIsLookedAtUntilItIsActive(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{authTokenType, rotatingType} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			up := func(description string) error {
				return s.up(func(m *deploytest.ResourceMonitor) error {
					_, err := m.RegisterResource(tokens.Type(kind), "token", true, deploytest.ResourceOptions{Inputs: s.inputs(s.user, description)})
					return err
				})
			}
			output := func(name resource.PropertyKey) string { return s.recorded(kind, "token").Outputs[name].StringValue() }
			become := func(state string, status *int64) {
				s.oci.EditToken(s.user, s.onlyToken().ID, func(token *emulator.Token) { token.LifecycleState, token.InactiveStatus = state, status })
			}
			require.NoError(t, up("ci"))
			become("INACTIVE", new(int64(3)))
			for range 3 {
				require.Error(t, up("new"))
				assert.Contains(t, s.diagnostics(), "INACTIVE (suspended, disabled, status 3)")
				assert.Equal(t, "3", output("inactiveState"))
				assert.Equal(t, "new", output("description"), "the change itself was made")
			}
			become("ACTIVE", nil)
			require.NoError(t, up("new"))
			assert.Equal(t, "ACTIVE", output("state"))
			assert.Empty(t, s.recorded(kind, "token").InitErrors)
			assert.Equal(t, s.onlyToken().Value, s.recorded(kind, "token").Outputs["token"].SecretValue().Element.StringValue())
			s.oci.ResetJournal()
			require.NoError(t, up("new"))
			assert.Empty(t, s.oci.Journal(), "there is nothing more to look at")
		})
	}
}

// onCreated changes the next token that is created, once its creation has been answered.
func (w *world) onCreated(change func(*emulator.Token)) {
	w.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Hold: func() {
		tokens := w.oci.Tokens(w.user)
		w.oci.EditToken(w.user, tokens[len(tokens)-1].ID, change)
	}})
}

func TestLostAnswersAreAskedForAgainUnderTheSameRetryToken(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
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
				s := a.newStack(t)
				fault.Operation = "CreateAuthToken"
				s.oci.Inject(fault)
				s.mustUp(s.oneToken(s.user, "ci"))
				assert.Equal(t, s.onlyToken().Value, s.value("token"))

				retryTokens := map[string]int{}
				for _, request := range s.oci.Journal() {
					if request.Operation == "CreateAuthToken" {
						retryTokens[request.RetryToken]++
					}
				}
				require.Len(t, retryTokens, 1)
				assert.Equal(t, 3, s.calls("CreateAuthToken"))
				assert.Contains(t, s.diagnostics(), "trying again in")
			})
		}
	})
}

func TestACreationWithoutAnAnswerNamesTheOrphan(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		mine := s.oci.AddToken(s.user, "ci")
		s.oci.EditToken(s.user, mine.ID, func(token *emulator.Token) { token.TimeCreated = token.TimeCreated.Add(-time.Hour) })
		s.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Drop: emulator.DropAfterCommit})

		require.Error(t, s.up(s.oneToken(s.user, "ci")))
		said := s.diagnostics()
		orphan := s.tokens()[1]
		assert.Contains(t, said, "value nobody knows")
		assert.Contains(t, said, s.deleteCommand(orphan.ID))
		assert.NotContains(t, said, mine.ID, "an old token of the same description is not suspected")
		assert.Nil(t, s.token("token"))
	})
}

func TestACreationWithoutAnAnswerSaysSoIfTheTokensCannotBeListed(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.oci.Inject(
			emulator.Fault{Operation: "CreateAuthToken", Drop: emulator.DropAfterCommit},
			emulator.Fault{Operation: "ListAuthTokens", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."},
		)
		require.Error(t, s.up(s.oneToken(s.user, "ci")))
		assert.Contains(t, s.diagnostics(), s.listCommand())
	})
}

func TestCreateIsSafeToRepeat(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		w.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Drop: emulator.DropAfterCommit, Times: 8})
		create := func(urn string) (*pulumirpc.CreateResponse, error) {
			return w.plugin.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn, Properties: w.arguments("ci")})
		}
		_, err := create(tokenURN)
		require.Error(t, err)
		orphan := w.onlyToken()

		// Another resource with the same arguments does not get it.
		other, err := create(tokenURN + "-other")
		require.NoError(t, err)
		assert.NotEqual(t, orphan.ID, other.Id)

		// An error hook of the engine calls Create again. The token that was not recorded is recorded now.
		created, err := create(tokenURN)
		require.NoError(t, err)
		assert.Equal(t, orphan.ID, created.Id)
		requireSecretToken(t, created.Properties, orphan.Value)

		// A creation that OCI has answered is not asked for again.
		w.oci.DeleteToken(w.user, orphan.ID)
		again, err := create(tokenURN)
		require.NoError(t, err)
		assert.NotEqual(t, orphan.ID, again.Id)
	})
}

func TestOrphanThatWasDeletedMeanwhileIsCreatedAgain(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		w.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Drop: emulator.DropAfterCommit, Times: 8})
		request := &pulumirpc.CreateRequest{Urn: tokenURN, Properties: w.arguments("ci")}
		_, err := w.plugin.Create(context.Background(), request)
		require.Error(t, err)
		w.oci.DeleteToken(w.user, w.onlyToken().ID)

		created, err := w.plugin.Create(context.Background(), request)
		require.NoError(t, err)
		requireSecretToken(t, created.Properties, w.onlyToken().Value)
	})
}

func TestAWarningTellsOfAnOrphanThatCannotBeRuledOut(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.inOrder(emulator.Fault{Drop: emulator.DropBeforeCommit}, invalidated) // the token may come late
		s.mustUp(s.oneToken(s.user, "ci"))
		assert.Equal(t, s.onlyToken().Value, s.value("token"))
		assert.Contains(t, s.diagnostics(), "warning: OCI says")
		assert.Contains(t, s.diagnostics(), s.listCommand())
	})
}

func TestCancelDuringCreationWaitsForTheAnswerAndRecordsTheToken(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.clock.asleep = make(chan time.Duration, 100)
		arrived, release := s.gate("CreateAuthToken")
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-arrived
			cancel()
			// The provider has noticed the cancellation once it limits how long it still waits for the answer.
			<-s.clock.asleep
			release()
		}()
		require.Error(t, s.operate(ctx, engine.Update, s.oneToken(s.user, "ci"), false), "cancelled")
		assert.Equal(t, s.onlyToken().Value, s.value("token"))
		assert.Equal(t, 1, s.calls("CreateAuthToken"))
	})
}

func TestCancelDuringCreationDoesNotWaitForEver(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		arrived, release := s.gate("CreateAuthToken")
		defer release()
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-arrived
			cancel() // on this clock the limit is reached at once
		}()
		require.Error(t, s.operate(ctx, engine.Update, s.oneToken(s.user, "ci"), false))
		assert.Contains(t, s.diagnostics(), s.deleteCommand(s.onlyToken().ID), "the token that nobody recorded is named")
	})
}

func TestCancelWhileWaitingForActiveRecordsTheToken(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.oci.SetCreatingLists(1000)
	s.clock.asleep = make(chan time.Duration, 100)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-s.clock.asleep
		cancel()
	}()
	require.Error(t, s.operate(ctx, engine.Update, s.oneToken(s.user, "ci"), false))
	assert.Equal(t, s.onlyToken().Value, s.value("token"))
}

func TestRetryAfterIsHonoured(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.oci.Inject(emulator.Fault{
			Operation: "CreateAuthToken", Status: 429, Code: "TooManyRequests", Message: "Too many requests for the user",
			Header: map[string]string{"Retry-After": "17"}, Times: 2,
		})
		s.mustUp(s.oneToken(s.user, "ci"))
		assert.Equal(t, 34*time.Second, s.clock.slept)
	})
}

func TestErrorsSayWhatWasTriedWhatOCISaidAndWhatToDo(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, test := range map[string]struct {
			fault  emulator.Fault
			remedy string
		}{
			"InvalidParameter":        {emulator.Fault{Status: 400, Code: "InvalidParameter"}, "not what OCI expects"},
			"MissingParameter":        {emulator.Fault{Status: 400, Code: "MissingParameter"}, "not what OCI expects"},
			"CannotParseRequest":      {emulator.Fault{Status: 400, Code: "CannotParseRequest"}, "not what OCI expects"},
			"LimitExceeded":           {emulator.Fault{Status: 400, Code: "LimitExceeded"}, "at most two auth tokens"},
			"NotAuthenticated":        {emulator.Fault{Status: 401, Code: "NotAuthenticated"}, "clock"},
			"NotAllowed":              {emulator.Fault{Status: 403, Code: "NotAllowed"}, "home region"},
			"NotAuthorizedOrNotFound": {emulator.Fault{Status: 404, Code: "NotAuthorizedOrNotFound"}, "missing or forbidden"},
			"UserCapacityExceeded":    {emulator.Fault{Status: 409, Code: "UserCapacityExceeded"}, "at most two auth tokens"},
			"IncorrectState":          {emulator.Fault{Status: 409, Code: "IncorrectState"}, "try again later"},
			"TooManyRequests":         {emulator.Fault{Status: 429, Code: "TooManyRequests"}, "OCI throttles"},
			"InternalServerError":     {emulator.Fault{Status: 500, Code: "InternalServerError"}, "fault of the service"},
			"ServiceUnavailable":      {emulator.Fault{Status: 503, Code: "ServiceUnavailable"}, "fault of the service"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				page, err := os.ReadFile("../docs/guides/troubleshooting.md")
				require.NoError(t, err)
				row := regexp.MustCompile(`(?m)^\| .*` + "(" + name + "|`" + strconv.Itoa(test.fault.Status) + "`)")
				assert.Regexp(t, row, string(page), "the page has a row for it")

				s := a.newStack(t)
				test.fault.Operation, test.fault.Message = "CreateAuthToken", `OCI's own "words".`
				s.oci.Inject(test.fault)
				require.Error(t, s.up(s.oneToken(s.user, "ci")))
				for _, part := range []string{
					"create an auth token for user " + s.user, s.where(), s.code(name), "opc-request-id ",
					`OCI's own \"words\".`, test.remedy,
				} {
					assert.Contains(t, s.diagnostics(), part)
				}
			})
		}
	})
}

func TestAnAnswerThatCannotBeReadIsNotQuoted(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	// The SDK quotes a time that it cannot parse, and whatever else an answer has in its place.
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id": "ocid1.credential.oc1..x", "token": "` + canary + `", "timeCreated": "` + canary + `"}`))
	}))
	t.Cleanup(odd.Close)
	s.config["endpoint"] = odd.URL
	require.Error(t, s.up(s.oneToken(s.user, "ci")), "operate searches all that is said for the canary")
	assert.Contains(t, s.diagnostics(), "could not be read")
}

func TestUnreachableEndpointIsReportedSoon(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	gone := newWorld(t)
	s.config["endpoint"] = gone.url
	gone.stop()
	require.Error(t, s.up(s.oneToken(s.user, "ci")))
	assert.Contains(t, s.diagnostics(), "endpoint in the provider's configuration")
	assert.Less(t, s.clock.slept, 5*time.Second)
}

func TestUpdateOfATokenThatIsGoneSaysHowToGoOn(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		s.oci.DeleteToken(s.user, s.onlyToken().ID)
		s.oci.ResetJournal()
		require.Error(t, s.up(s.oneToken(s.user, "new")))
		assert.Contains(t, s.diagnostics(), "pulumi refresh")
		// A domain is asked first whose token it is.
		assert.Equal(t, 1, s.calls("UpdateAuthToken")+s.calls("GetAuthToken"), "a 404 is not repeated after a successful write")
	})
}
