package tests

import (
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

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

func TestWithoutOverlapThePreviousTokenGoesAtTheNextUp(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
		s.MustUp()
		s.Clock.Advance(31 * harness.Day)
		s.MustUp()
		current := s.output("token")
		s.set(map[string]any{"overlap": false})
		require.NoError(t, s.Preview())
		assert.Equal(t, []string{"overlap", "previousTokenId"}, s.diff())
		assert.True(t, s.previewed["previousTokenId"].IsNull())
		assert.Contains(t, s.Diagnostics(), "the previous token will be revoked: overlap is false")
		s.MustUp()
		s.requireSlots(false)
		assert.Equal(t, current, s.output("token"))
		s.MustUp()
		assert.Empty(t, s.Changes())
	})
}

// TestAPreviewOfWhatIsNotKnownShowsNothingThatTheUpdateChanges compares a preview with an unknown argument with the update that follows.
func TestAPreviewOfWhatIsNotKnownShowsNothingThatTheUpdateChanges(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		unknown := resource.MakeComputed(resource.NewProperty(""))
		for name, then := range map[string]any{
			"rotationDays": 20, "rotateWhenChanged": map[string]any{"a": "2"}, "previousDays": 0, "overlap": false, "maxAgeDays": 20,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
				s.MustUp()
				s.Clock.Advance(31 * harness.Day)
				s.MustUp()
				s.Clock.Advance(25 * harness.Day)
				s.set(map[string]any{name: unknown})
				require.NoError(t, s.Preview())
				shown := s.previewed
				s.set(map[string]any{name: then})
				s.MustUp()
				for output, is := range s.state().Outputs {
					if was := shown[output]; !was.ContainsUnknowns() && output != resource.PropertyKey(name) {
						assert.True(t, was.DeepEquals(is), "the preview showed %s as known, and it changed", output)
					}
				}
				for output, was := range shown {
					if _, is := s.state().Outputs[output]; !is && !was.IsNull() {
						assert.True(t, was.ContainsUnknowns(), "the preview showed %s as known, and it is gone", output)
					}
				}
			})
		}
	})
}

func TestADescriptionChangedByHandIsPutBackOnWhicheverDiffers(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, changed := range [][]resource.PropertyKey{{"tokenId"}, {"previousTokenId"}, {"tokenId", "previousTokenId"}} {
			s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
			s.MustUp()
			s.Clock.Advance(31 * harness.Day)
			s.MustUp()
			for _, id := range changed {
				s.OCI.EditToken(s.User, s.output(id), func(token *emulator.Token) { token.Description = "by hand" })
			}
			require.NoError(t, s.Refresh())
			s.MustUp()
			assert.Equal(t, inPlace, s.Changes(), "%v", changed)
			for _, token := range s.Tokens() {
				assert.Equal(t, "ci", token.Description, "%v", changed)
			}
		}
	})
}

// TestATokenThatExpiresIsRotatedBefore takes a token over that dies before rotationDays have passed.
func TestATokenThatExpiresIsRotatedBefore(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string]map[string]any{
		"rotationDays": {"rotationDays": 80}, "nothing about time": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRotatingStack(t, harness.IdentityDomain, arguments)
			expires := s.Clock.Now().Add(30 * harness.Day).UTC().Format(time.RFC3339)
			require.NoError(t, s.Stack.Up(s.tokenThatExpires(expires)))
			s.adopting()
			value := s.Value("token")
			s.MustUp()
			due := s.output("timeRotationDue")
			assert.Equal(t, timeOf(t, expires).Add(-7*harness.Day), timeOf(t, due), "a week before, when an AuthToken's warning begins")
			assert.NotContains(t, s.Diagnostics(), "timeExpires", "this resource does not have it")

			s.Clock.Advance(22*harness.Day + 12*time.Hour)
			s.MustUp()
			assert.Empty(t, s.Changes())
			assert.Contains(t, s.Diagnostics(), "a rotation is due soon, on "+timeOf(t, due).Format(time.DateOnly))
			assert.NotContains(t, s.Diagnostics(), "set timeExpires")
			s.Clock.Advance(harness.Day)
			require.NoError(t, s.Preview())
			assert.Equal(t, updated, s.Changes())
			assert.Contains(t, s.Diagnostics(), "a rotation is due: the token expires on "+timeOf(t, expires).Format(time.DateOnly))
			assert.NotContains(t, s.Diagnostics(), "set timeExpires")
			s.MustUp()
			assert.Equal(t, value, s.output("previousToken"), "it still works for a week")
			assert.Empty(t, s.output("timeExpires"), "the new one never expires")
			s.requireSlots(true)
			s.MustUp()
			assert.Empty(t, s.Changes())
		})
	}
}

func timeOf(t *testing.T, s string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return parsed
}

// TestALimitThatLagsDelaysACreation makes OCI count a token that was revoked a moment ago.
func TestALimitThatLagsDelaysACreation(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, arguments := range map[string]map[string]any{"with overlap": {}, "without overlap": {"overlap": false}} {
			s := twice(t, a, nil)
			s.set(arguments)
			if len(arguments) > 0 {
				theirs := s.OCI.AddToken(s.User, "theirs")
				s.OCI.DeleteToken(s.User, s.output("previousTokenId"))
				t.Cleanup(func() { assert.Contains(t, s.Tokens(), theirs) })
			}
			current := s.output("token")
			s.OCI.SetLimitLag(20 * time.Second)
			require.NoError(t, s.Stack.Up(s.program), s.Diagnostics())
			assert.NotEqual(t, current, s.output("token"), name)
			assert.Contains(t, s.Diagnostics(), "waiting for OCI to free the place of a token that was revoked")
		}
	})
}

// TestALimitThatIsReachedIsAnErrorAtOnce checks that the wait is only for tokens that this process has revoked.
func TestALimitThatIsReachedIsAnErrorAtOnce(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := newRotatingStack(t, a, nil)
		s.OCI.AddToken(s.User, "theirs")
		s.OCI.AddToken(s.User, "theirs")
		require.Error(t, s.Stack.Up(s.program))
		assert.Less(t, s.Clock.Slept, 10*time.Second)
	})
}

// TestALimitThatLagsForTooLongIsAnError bounds the wait, and shows that the next up goes on.
func TestALimitThatLagsForTooLongIsAnError(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := twice(t, a, nil)
		current := s.output("token")
		s.OCI.SetLimitLag(time.Hour)
		require.Error(t, s.Up())
		assert.Equal(t, current, s.output("token"))
		assert.Less(t, s.Clock.Slept, 5*time.Minute)
		s.Clock.Advance(time.Hour)
		s.MustUp()
		assert.Equal(t, current, s.output("previousToken"))
	})
}

// tokenThatExpires returns a program with an AuthToken "token" that expires, and the login that takes its value.
func (s *rotatingStack) tokenThatExpires(expires string) inprocess.Program {
	return func(m *deploytest.ResourceMonitor) error {
		inputs := s.Inputs(s.User, "ci")
		inputs["timeExpires"] = resource.NewProperty(expires)
		token, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{Inputs: inputs})
		if err != nil {
			return err
		}
		_, err = m.RegisterResource(inprocess.LoginType, "login", true, deploytest.ResourceOptions{
			Inputs:       resource.PropertyMap{"password": token.Outputs["token"]},
			PropertyDeps: map[resource.PropertyKey][]resource.URN{"password": {token.URN}},
			Dependencies: []resource.URN{token.URN},
		})
		return err
	}
}
