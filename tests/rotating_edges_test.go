package tests

import (
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// stuck makes the next rotation fail half-way: the new token stays CREATING or, in an identity domain, where no token is ever CREATING,
// the description is refused.
func (s *rotatingStack) stuck() {
	s.t.Helper()
	if s.domainURL == "" {
		s.oci.SetCreatingFor(time.Hour)
		return
	}
	s.set(map[string]any{"description": "new"})
	s.oci.Inject(emulator.Fault{Operation: "UpdateAuthToken", Status: 400, Code: "invalidValue"})
}

// TestAHalfDoneRotationIsFinishedBeforeTheNext lets the up that would finish a rotation come so late that the next one is due. What was
// handed out may be the previous token by then. It must work until the new one has been handed out.
func TestAHalfDoneRotationIsFinishedBeforeTheNext(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, next := range map[string]func(s *rotatingStack){
			"by time": func(s *rotatingStack) { s.clock.advance(40 * day) },
			"by a change": func(s *rotatingStack) {
				s.clock.advance(day)
				s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}})
			},
			"by a change, after a refresh": func(s *rotatingStack) {
				s.clock.advance(day)
				require.NoError(t, s.refresh())
				s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}})
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := a.twice(t, nil)
				handedOut := s.output("token")
				s.stuck()
				require.Error(t, s.up())
				begun := s.output("token")

				s.oci.SetCreatingFor(0)
				s.oci.ClearFaults()
				next(s)
				require.NoError(t, s.preview())
				shown := s.previewed["token"]
				s.mustUp()
				assert.True(t, s.works(handedOut), "whoever holds it has had no other")
				if begun != handedOut {
					assert.Zero(t, s.calls("CreateAuthToken")+s.calls("DeleteAuthToken"), "finished, and no more")
					assert.Equal(t, begun, s.output("token"))
					assert.False(t, shown.ContainsUnknowns(), "as the preview has shown")
					assert.Contains(t, s.diagnostics(), "the next \"pulumi up\" begins this one")
					require.NoError(t, s.preview())
					assert.Equal(t, updated, s.changes(), "the next rotation is not forgotten")
					s.mustUp()
					assert.Equal(t, begun, s.output("previousToken"))
				}
				s.requireSlots(true)
				s.mustUp()
				assert.Empty(t, s.changes())
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
		s := twice(t, nil)
		works := s.output("token")
		s.oci.SetCreatingFor(100 * day)
		require.Error(t, s.up())
		s.set(again)
		for range 3 {
			require.Error(t, s.up())
			assert.True(t, s.works(works))
			assert.Zero(t, s.calls("CreateAuthToken"), "no other that is stuck")
		}
		s.clock.advance(40 * day)
		require.Error(t, s.up())
		assert.True(t, s.works(works))
		s.oci.EditToken(s.user, s.output("tokenId"), func(token *emulator.Token) { token.LifecycleState = "ACTIVE" })
		s.oci.SetCreatingFor(0)
		s.mustUp()
		s.mustUp()
		s.requireSlots(true)
		s.mustUp()
		assert.Empty(t, s.changes())
	})
	t.Run("INACTIVE", func(t *testing.T) {
		t.Parallel()
		s := twice(t, nil)
		works := s.output("token")
		s.oci.SetCreatingFor(time.Hour)
		require.Error(t, s.up())
		s.oci.SetCreatingFor(0)
		stuck := s.output("tokenId")
		s.oci.EditToken(s.user, stuck, func(token *emulator.Token) { token.LifecycleState = "INACTIVE" })
		s.set(again)
		s.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
		require.Error(t, s.up())
		assert.True(t, s.works(works), "the one that works is kept, and the one that does not goes")
		require.NoError(t, s.preview())
		s.mustUp()
		assert.Equal(t, works, s.output("previousToken"))
		s.requireSlots(true)
		s.mustUp()
		assert.Empty(t, s.changes())
	})
}

func TestWithoutOverlapThePreviousTokenGoesAtTheNextUp(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newRotatingStack(t, map[string]any{"rotationDays": 30})
		s.mustUp()
		s.clock.advance(31 * day)
		s.mustUp()
		current := s.output("token")
		s.set(map[string]any{"overlap": false})
		require.NoError(t, s.preview())
		assert.Equal(t, []string{"overlap", "previousTokenId"}, s.diff())
		assert.True(t, s.previewed["previousTokenId"].IsNull())
		assert.Contains(t, s.diagnostics(), "the previous token will be revoked: overlap is false")
		s.mustUp()
		s.requireSlots(false)
		assert.Equal(t, current, s.output("token"))
		s.mustUp()
		assert.Empty(t, s.changes())
	})
}

// TestAPreviewOfWhatIsNotKnownShowsNothingThatTheUpdateChanges compares a preview with an unknown argument with the update that follows.
func TestAPreviewOfWhatIsNotKnownShowsNothingThatTheUpdateChanges(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		unknown := resource.MakeComputed(resource.NewProperty(""))
		for name, then := range map[string]any{
			"rotationDays": 20, "rotateWhenChanged": map[string]any{"a": "2"}, "previousDays": 0, "overlap": false, "maxAgeDays": 20,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := a.newRotatingStack(t, map[string]any{"rotationDays": 30})
				s.mustUp()
				s.clock.advance(31 * day)
				s.mustUp()
				s.clock.advance(25 * day)
				s.set(map[string]any{name: unknown})
				require.NoError(t, s.preview())
				shown := s.previewed
				s.set(map[string]any{name: then})
				s.mustUp()
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
	forEachAPI(t, func(t *testing.T, a api) {
		for _, changed := range [][]resource.PropertyKey{{"tokenId"}, {"previousTokenId"}, {"tokenId", "previousTokenId"}} {
			s := a.newRotatingStack(t, map[string]any{"rotationDays": 30})
			s.mustUp()
			s.clock.advance(31 * day)
			s.mustUp()
			for _, id := range changed {
				s.oci.EditToken(s.user, s.output(id), func(token *emulator.Token) { token.Description = "by hand" })
			}
			require.NoError(t, s.refresh())
			s.mustUp()
			assert.Equal(t, inPlace, s.changes(), "%v", changed)
			for _, token := range s.tokens() {
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
			s := api{domain: "sales"}.newRotatingStack(t, arguments)
			expires := s.clock.Now().Add(30 * day).UTC().Format(time.RFC3339)
			require.NoError(t, s.testStack.up(s.tokenThatExpires(expires)))
			s.adopting()
			value := s.value("token")
			s.mustUp()
			due := s.output("timeRotationDue")
			assert.Equal(t, timeOf(t, expires).Add(-7*day), timeOf(t, due), "a week before, when an AuthToken's warning begins")
			assert.NotContains(t, s.diagnostics(), "timeExpires", "this resource does not have it")

			s.clock.advance(22*day + 12*time.Hour)
			s.mustUp()
			assert.Empty(t, s.changes())
			assert.Contains(t, s.diagnostics(), "a rotation is due soon, on "+timeOf(t, due).Format(time.DateOnly))
			assert.NotContains(t, s.diagnostics(), "set timeExpires")
			s.clock.advance(day)
			require.NoError(t, s.preview())
			assert.Equal(t, updated, s.changes())
			assert.Contains(t, s.diagnostics(), "a rotation is due: the token expires on "+timeOf(t, expires).Format(time.DateOnly))
			assert.NotContains(t, s.diagnostics(), "set timeExpires")
			s.mustUp()
			assert.Equal(t, value, s.output("previousToken"), "it still works for a week")
			assert.Empty(t, s.output("timeExpires"), "the new one never expires")
			s.requireSlots(true)
			s.mustUp()
			assert.Empty(t, s.changes())
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
	forEachAPI(t, func(t *testing.T, a api) {
		for name, arguments := range map[string]map[string]any{"with overlap": {}, "without overlap": {"overlap": false}} {
			s := a.twice(t, nil)
			s.set(arguments)
			if len(arguments) > 0 {
				theirs := s.oci.AddToken(s.user, "theirs")
				s.oci.DeleteToken(s.user, s.output("previousTokenId"))
				t.Cleanup(func() { assert.Contains(t, s.tokens(), theirs) })
			}
			current := s.output("token")
			s.oci.SetLimitLag(20 * time.Second)
			require.NoError(t, s.testStack.up(s.program), s.diagnostics())
			assert.NotEqual(t, current, s.output("token"), name)
			assert.Contains(t, s.diagnostics(), "waiting for OCI to free the place of a token that was revoked")
		}
	})
}

// TestALimitThatIsReachedIsAnErrorAtOnce checks that the wait is only for tokens that this process has revoked.
func TestALimitThatIsReachedIsAnErrorAtOnce(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newRotatingStack(t, nil)
		s.oci.AddToken(s.user, "theirs")
		s.oci.AddToken(s.user, "theirs")
		require.Error(t, s.testStack.up(s.program))
		assert.Less(t, s.clock.slept, 10*time.Second)
	})
}

// TestALimitThatLagsForTooLongIsAnError bounds the wait, and shows that the next up goes on.
func TestALimitThatLagsForTooLongIsAnError(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.twice(t, nil)
		current := s.output("token")
		s.oci.SetLimitLag(time.Hour)
		require.Error(t, s.up())
		assert.Equal(t, current, s.output("token"))
		assert.Less(t, s.clock.slept, 5*time.Minute)
		s.clock.advance(time.Hour)
		s.mustUp()
		assert.Equal(t, current, s.output("previousToken"))
	})
}

// tokenThatExpires returns a program with an AuthToken "token" that expires, and the login that takes its value.
func (s *rotatingStack) tokenThatExpires(expires string) program {
	return func(m *deploytest.ResourceMonitor) error {
		inputs := s.inputs(s.user, "ci")
		inputs["timeExpires"] = resource.NewProperty(expires)
		token, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{Inputs: inputs})
		if err != nil {
			return err
		}
		_, err = m.RegisterResource(loginType, "login", true, deploytest.ResourceOptions{
			Inputs:       resource.PropertyMap{"password": token.Outputs["token"]},
			PropertyDeps: map[resource.PropertyKey][]resource.URN{"password": {token.URN}},
			Dependencies: []resource.URN{token.URN},
		})
		return err
	}
}
