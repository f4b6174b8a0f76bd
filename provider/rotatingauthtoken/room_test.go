package rotatingauthtoken_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

func TestAnotherTokenLeavesNoRoomForARotation(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30})
	theirs := s.OCI.AddToken(s.User, "theirs")
	s.MustUp()
	warning := "the user has another auth token, which does not belong to this resource:\n  " + theirs.ID
	assert.Contains(t, s.Diagnostics(), warning, "the warning appears at the creation")
	require.NoError(t, s.Refresh())
	assert.Contains(t, s.Diagnostics(), warning, "the warning appears at a refresh")
	s.Clock.Advance(29 * harness.Day)
	s.MustUp()
	assert.Contains(t, s.Diagnostics(), warning, "the warning appears when a rotation is due soon")
	assert.Empty(t, s.Changes())

	s.Clock.Advance(2 * harness.Day)
	before := s.state().Outputs
	for _, run := range []func() error{s.Preview, s.Up} {
		require.Error(t, run())
		for _, part := range []string{
			theirs.ID, `"theirs"`, "created ", "there is no room for it", "set overlap to false", "31 days old",
			"oci iam auth-token delete --user-id " + s.User + " --auth-token-id " + theirs.ID,
		} {
			assert.Contains(t, s.Diagnostics(), part)
		}
		assert.Zero(t, s.Writes(), "nothing is revoked")
	}
	assert.Equal(t, before, s.state().Outputs)

	s.set(map[string]any{"overlap": false})
	require.NoError(t, s.Preview(), "one way out")
	s.OCI.DeleteToken(s.User, theirs.ID)
	s.set(map[string]any{"overlap": nil})
	s.MustUp()
	s.requireSlots(true)
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

func TestAMessageThatNamesAnotherTokenSaysHowToMakeSureFirst(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
		theirs := s.OCI.AddToken(s.User, "theirs")
		s.MustUp()
		require.NoError(t, s.Refresh())
		assert.Contains(t, s.Diagnostics(), s.DeleteCommand(theirs.ID))
		assert.Contains(t, s.Diagnostics(), harness.HowToMakeSure)
		s.Clock.Advance(31 * harness.Day)
		require.Error(t, s.Up())
		assert.Contains(t, s.Diagnostics(), s.DeleteCommand(theirs.ID))
		assert.Contains(t, s.Diagnostics(), harness.HowToMakeSure)
	})
}
