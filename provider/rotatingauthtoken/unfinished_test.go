package rotatingauthtoken_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestRotationThatFailsInTheMiddleIsFinishedByTheNextUp makes each step of a rotation fail in each way, for each reason to rotate.
func TestRotationThatFailsInTheMiddleIsFinishedByTheNextUp(t *testing.T) {
	t.Parallel()
	refusal := func(operation string, skip int) emulator.Fault {
		return emulator.Fault{Operation: operation, Skip: skip, Times: 1, Status: 400, Code: "InvalidParameter"}
	}
	lasting := func(fault emulator.Fault) emulator.Fault { fault.Times = 0; return fault }
	faults := map[string]emulator.Fault{
		"the list is refused":            lasting(refusal("ListAuthTokens", 0)),
		"revoking is refused":            refusal("DeleteAuthToken", 0),
		"revoking has no answer":         {Operation: "DeleteAuthToken", Drop: emulator.DropAfterCommit},
		"creating is refused":            refusal("CreateAuthToken", 0),
		"creating is throttled":          {Operation: "CreateAuthToken", Status: 429, Code: "TooManyRequests"},
		"creating fails":                 {Operation: "CreateAuthToken", Status: 500, Code: "InternalServerError"},
		"creating is not answered":       {Operation: "CreateAuthToken", Times: 3, Drop: emulator.DropAfterCommit},
		"the answer is cut":              {Operation: "CreateAuthToken", Times: 2, Truncate: 10},
		"someone else takes the slot":    {Operation: "CreateAuthToken", Times: 1, Status: 409, Code: "UserCapacityExceeded"},
		"the second revoking is refused": refusal("DeleteAuthToken", 1),
		"describing is refused":          refusal("UpdateAuthToken", 0),
	}
	reasons := map[string]map[string]any{
		"by time":       nil,
		"by a change":   {"rotateWhenChanged": map[string]any{"leak": "yes"}, "rotationDays": 90},
		"at once":       {"previousDays": 0},
		"and described": {"description": "new"},
	}
	for what, fault := range faults {
		for why, arguments := range reasons {
			t.Run(what+" "+why, func(t *testing.T) {
				t.Parallel()
				s := twice(t, harness.IAM, nil)
				current := s.output("token")
				s.set(arguments)
				s.OCI.Inject(fault)
				_ = s.Up()
				if s.output("token") == current {
					assert.True(t, s.works(current), "the current token works")
				}
				if what != "revoking has no answer" {
					for _, name := range []resource.PropertyKey{"tokenId", "previousTokenId"} {
						id := s.output(name)
						assert.True(t, id == "" || slices.ContainsFunc(s.Tokens(), func(t emulator.Token) bool { return t.ID == id }),
							"the state says which tokens there are, and has a %s that is gone", name)
					}
				}
				s.OCI.ClearFaults()
				s.MustUp()
				rotated := s.output("token")
				assert.NotEqual(t, current, rotated)
				s.requireSlots(why != "at once")
				if why != "at once" {
					assert.Equal(t, current, s.output("previousToken"), "rotated once")
				}
				for _, token := range s.Tokens() {
					assert.Equal(t, s.arguments["description"], token.Description)
				}
				s.MustUp()
				assert.Empty(t, s.Changes(), "finished")
				assert.Equal(t, rotated, s.output("token"))
				require.NoError(t, s.Refresh())
				s.MustUp()
				assert.Empty(t, s.Changes())
			})
		}
	}
}

func TestRefreshInTheMiddleOfARotationDoesNotLoseIt(t *testing.T) {
	t.Parallel()
	s := twice(t, harness.IAM, nil)
	current := s.output("token")
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}, "rotationDays": nil})
	s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
	require.Error(t, s.Up())
	s.requireSlots(false)
	assert.NotEmpty(t, s.state().InitErrors)

	require.NoError(t, s.Refresh())
	assert.Empty(t, s.state().InitErrors, "a refresh clears them")
	require.NoError(t, s.Preview())
	assert.Equal(t, updated, s.Changes())
	s.MustUp()
	assert.Equal(t, current, s.output("previousToken"))
}

func TestTokenThatDoesNotBecomeActiveIsRecordedAndAwaited(t *testing.T) {
	t.Parallel()
	s := twice(t, harness.IAM, map[string]any{"previousDays": 0})
	current := s.output("token")
	s.OCI.SetCreatingFor(time.Hour)
	require.Error(t, s.Stack.Up(s.program))
	s.requireSlots(true)
	assert.Equal(t, "CREATING", s.output("state"))
	assert.Equal(t, current, s.output("previousToken"), "kept as long as the new one cannot be used")
	assert.True(t, s.works(current))

	s.Clock.Advance(2 * time.Hour)
	s.MustUp()
	assert.Zero(t, s.Calls("CreateAuthToken"))
	assert.Equal(t, "ACTIVE", s.output("state"))
	s.requireSlots(false)
}

func TestSecretReasonStaysASecretInAHalfDoneRotation(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{
		"rotateWhenChanged": map[string]any{"key": resource.MakeSecret(resource.NewProperty("s3cr3t"))},
	})
	s.MustUp()
	s.Clock.Advance(harness.Day)
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"key": resource.MakeSecret(resource.NewProperty("s3cr3t-2"))}})
	s.MustUp()
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"key": "open"}})
	s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
	require.Error(t, s.Up())
	assert.NotContains(t, s.Checkpoint(), "s3cr3t")
	s.MustUp()
	s.requireSlots(true)
}

func TestWithoutOverlapAHalfDoneRotationIsFinished(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30, "overlap": false})
	s.MustUp()
	s.Clock.Advance(31 * harness.Day)
	s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
	require.Error(t, s.Stack.Up(s.program))
	assert.Contains(t, s.Diagnostics(), "no working token until the next")
	assert.Equal(t, "DELETED", s.output("state"))
	assert.Empty(t, s.output("token"), "no value that does not work")
	require.NoError(t, s.Stack.Up(s.program))
	s.requireSlots(false)
	s.requireLogin()
}

// TestErrorHookThatRepeatsARotationGetsTheSameToken calls Update again with the same state, as the engine does when an error
// hook asks for it.
func TestErrorHookThatRepeatsARotationGetsTheSameToken(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	for name, arguments := range map[string]map[string]any{
		"with overlap": nil, "at once": {"previousDays": 0}, "without overlap": {"overlap": false},
	} {
		w := newRotatingPlugin(t, harness.IAM)
		w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}}
		require.NoError(t, w.Up())
		w.Clock.Advance(time.Hour)
		w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}}
		require.NoError(t, w.Up())
		w.Clock.Advance(time.Hour)
		for key, value := range arguments {
			w.arguments[key] = value
		}
		w.arguments["rotateWhenChanged"] = map[string]any{"n": "3"}
		w.OCI.SetCreatingFor(30 * time.Minute)
		before, inputs, id := w.state, w.inputs, w.id
		require.Error(t, w.Up(), name)
		created := w.OCI.Tokens(w.User)[len(w.OCI.Tokens(w.User))-1].ID
		repeats := 0
		for err := errors.New("the hook repeats it"); err != nil && repeats < 10; repeats++ {
			w.state, w.inputs, w.id = before, inputs, id
			err = w.Up()
		}
		assert.Greater(t, repeats, 1, name)
		require.Less(t, repeats, 10, name)
		assert.Equal(t, created, w.text("tokenId"), name)
		want := 2
		if arguments != nil {
			want = 1
		}
		assert.Len(t, w.Tokens(), want, name)
		assert.Equal(t, 3, w.Calls("CreateAuthToken"), "%s: one for each rotation", name)
	}
}

// stuck makes the next rotation fail half-way: the new token stays CREATING or, in an identity domain, where no token is ever CREATING,
// the description is refused.
func (s *rotatingStack) stuck() {
	s.T.Helper()
	if s.DomainURL == "" {
		s.OCI.SetCreatingFor(time.Hour)
		return
	}
	s.set(map[string]any{"description": "new"})
	s.OCI.Inject(emulator.Fault{Operation: "UpdateAuthToken", Status: 400, Code: "invalidValue"})
}

// TestAHalfDoneRotationIsFinishedBeforeTheNext lets the up that would finish a rotation come so late that the next one is due. What was
// handed out may be the previous token by then. It must work until the new one has been handed out.
func TestAHalfDoneRotationIsFinishedBeforeTheNext(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, next := range map[string]func(s *rotatingStack){
			"by time": func(s *rotatingStack) { s.Clock.Advance(40 * harness.Day) },
			"by a change": func(s *rotatingStack) {
				s.Clock.Advance(harness.Day)
				s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}})
			},
			"by a change, after a refresh": func(s *rotatingStack) {
				s.Clock.Advance(harness.Day)
				require.NoError(t, s.Refresh())
				s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}})
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := twice(t, a, nil)
				handedOut := s.output("token")
				s.stuck()
				require.Error(t, s.Up())
				begun := s.output("token")

				s.OCI.SetCreatingFor(0)
				s.OCI.ClearFaults()
				next(s)
				require.NoError(t, s.Preview())
				shown := s.previewed["token"]
				s.MustUp()
				assert.True(t, s.works(handedOut), "whoever holds it has had no other")
				if begun != handedOut {
					assert.Zero(t, s.Calls("CreateAuthToken")+s.Calls("DeleteAuthToken"), "finished, and no more")
					assert.Equal(t, begun, s.output("token"))
					assert.False(t, shown.ContainsUnknowns(), "as the preview has shown")
					assert.Contains(t, s.Diagnostics(), "the next \"pulumi up\" begins this one")
					require.NoError(t, s.Preview())
					assert.Equal(t, updated, s.Changes(), "the next rotation is not forgotten")
					s.MustUp()
					assert.Equal(t, begun, s.output("previousToken"))
				}
				s.requireSlots(true)
				s.MustUp()
				assert.Empty(t, s.Changes())
			})
		}
	})
}

// TestTheTokenThatWorksIsKeptUntilTheNewOneDoes asks for another rotation while the new token cannot be used.
func TestTheTokenThatWorksIsKeptUntilTheNewOneDoes(t *testing.T) {
	t.Parallel()
	again := map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}}
	t.Run("CREATING", func(t *testing.T) {
		t.Parallel()
		s := twice(t, harness.IAM, nil)
		works := s.output("token")
		s.OCI.SetCreatingFor(100 * harness.Day)
		require.Error(t, s.Up())
		s.set(again)
		for range 3 {
			require.Error(t, s.Up())
			assert.True(t, s.works(works))
			assert.Zero(t, s.Calls("CreateAuthToken"), "no other that is stuck")
		}
		s.Clock.Advance(40 * harness.Day)
		require.Error(t, s.Up())
		assert.True(t, s.works(works))
		s.OCI.EditToken(s.User, s.output("tokenId"), func(token *emulator.Token) { token.LifecycleState = "ACTIVE" })
		s.OCI.SetCreatingFor(0)
		s.MustUp()
		s.MustUp()
		s.requireSlots(true)
		s.MustUp()
		assert.Empty(t, s.Changes())
	})
	t.Run("INACTIVE", func(t *testing.T) {
		t.Parallel()
		s := twice(t, harness.IAM, nil)
		works := s.output("token")
		s.OCI.SetCreatingFor(time.Hour)
		require.Error(t, s.Up())
		s.OCI.SetCreatingFor(0)
		stuck := s.output("tokenId")
		s.OCI.EditToken(s.User, stuck, func(token *emulator.Token) { token.LifecycleState = "INACTIVE" })
		s.set(again)
		s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
		require.Error(t, s.Up())
		assert.True(t, s.works(works), "the one that works is kept, and the one that does not goes")
		require.NoError(t, s.Preview())
		s.MustUp()
		assert.Equal(t, works, s.output("previousToken"))
		s.requireSlots(true)
		s.MustUp()
		assert.Empty(t, s.Changes())
	})
}
