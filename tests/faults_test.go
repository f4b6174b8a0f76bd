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
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

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

func TestAnInactiveTokenIsLookedAtUntilItIsActive(t *testing.T) {
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

// onCreated changes the next token that is created, once its creation has been answered.
func onCreated(w *harness.World, change func(*emulator.Token)) {
	w.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Hold: func() {
		tokens := w.OCI.Tokens(w.User)
		w.OCI.EditToken(w.User, tokens[len(tokens)-1].ID, change)
	}})
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

func TestACreationWithoutAnAnswerNamesTheOrphan(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		mine := s.OCI.AddToken(s.User, "ci")
		s.OCI.EditToken(s.User, mine.ID, func(token *emulator.Token) { token.TimeCreated = token.TimeCreated.Add(-time.Hour) })
		s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Drop: emulator.DropAfterCommit})

		require.Error(t, s.Up(s.OneToken(s.User, "ci")))
		said := s.Diagnostics()
		orphan := s.Tokens()[1]
		assert.Contains(t, said, "value nobody knows")
		assert.Contains(t, said, s.DeleteCommand(orphan.ID))
		assert.NotContains(t, said, mine.ID, "an old token of the same description is not suspected")
		assert.Nil(t, s.Token("token"))
	})
}

func TestACreationWithoutAnAnswerSaysSoIfTheTokensCannotBeListed(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.OCI.Inject(
			emulator.Fault{Operation: "CreateAuthToken", Drop: emulator.DropAfterCommit},
			emulator.Fault{Operation: "ListAuthTokens", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."},
		)
		require.Error(t, s.Up(s.OneToken(s.User, "ci")))
		assert.Contains(t, s.Diagnostics(), s.ListCommand())
	})
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

func TestAWarningTellsOfAnOrphanThatCannotBeRuledOut(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.InOrder(emulator.Fault{Drop: emulator.DropBeforeCommit}, harness.Invalidated) // the token may come late
		s.MustUp(s.OneToken(s.User, "ci"))
		assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
		assert.Contains(t, s.Diagnostics(), "warning: OCI says")
		assert.Contains(t, s.Diagnostics(), s.ListCommand())
	})
}

func TestCancelDuringCreationWaitsForTheAnswerAndRecordsTheToken(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.Clock.Asleep = make(chan time.Duration, 100)
		arrived, release := s.Gate("CreateAuthToken")
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-arrived
			cancel()
			// The provider has noticed the cancellation once it limits how long it still waits for the answer.
			<-s.Clock.Asleep
			release()
		}()
		require.Error(t, s.Operate(ctx, engine.Update, s.OneToken(s.User, "ci"), false), "cancelled")
		assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
		assert.Equal(t, 1, s.Calls("CreateAuthToken"))
	})
}

func TestCancelDuringCreationDoesNotWaitForEver(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		arrived, release := s.Gate("CreateAuthToken")
		defer release()
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-arrived
			cancel() // on this clock the limit is reached at once
		}()
		require.Error(t, s.Operate(ctx, engine.Update, s.OneToken(s.User, "ci"), false))
		assert.Contains(t, s.Diagnostics(), s.DeleteCommand(s.OnlyToken().ID), "the token that nobody recorded is named")
	})
}

func TestCancelWhileWaitingForActiveRecordsTheToken(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.OCI.SetCreatingLists(1000)
	s.Clock.Asleep = make(chan time.Duration, 100)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-s.Clock.Asleep
		cancel()
	}()
	require.Error(t, s.Operate(ctx, engine.Update, s.OneToken(s.User, "ci"), false))
	assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
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

func TestErrorsSayWhatWasTriedWhatOCISaidAndWhatToDo(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
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

				s := inprocess.NewStack(a.NewWorld(t))
				test.fault.Operation, test.fault.Message = "CreateAuthToken", `OCI's own "words".`
				s.OCI.Inject(test.fault)
				require.Error(t, s.Up(s.OneToken(s.User, "ci")))
				for _, part := range []string{
					"create an auth token for user " + s.User, s.Where(), s.Code(name), "opc-request-id ",
					`OCI's own \"words\".`, test.remedy,
				} {
					assert.Contains(t, s.Diagnostics(), part)
				}
			})
		}
	})
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
	require.Error(t, s.Up(s.OneToken(s.User, "ci")), "operate searches all that is said for the canary")
	assert.Contains(t, s.Diagnostics(), "could not be read")
}

func TestUnreachableEndpointIsReportedSoon(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	gone := harness.NewWorld(t)
	s.Config["endpoint"] = gone.URL
	gone.Stop()
	require.Error(t, s.Up(s.OneToken(s.User, "ci")))
	assert.Contains(t, s.Diagnostics(), "endpoint in the provider's configuration")
	assert.Less(t, s.Clock.Slept, 5*time.Second)
}

func TestUpdateOfATokenThatIsGoneSaysHowToGoOn(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		s.OCI.DeleteToken(s.User, s.OnlyToken().ID)
		s.OCI.ResetJournal()
		require.Error(t, s.Up(s.OneToken(s.User, "new")))
		assert.Contains(t, s.Diagnostics(), "pulumi refresh")
		// A domain is asked first whose token it is.
		assert.Equal(t, 1, s.Calls("UpdateAuthToken")+s.Calls("GetAuthToken"), "a 404 is not repeated after a successful write")
	})
}
