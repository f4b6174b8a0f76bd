package rotatingauthtoken_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// newAndRevokedByHand returns a stack whose current token was revoked by hand right after its rotation, for which another one is asked
// now, and the value of the previous token, which is the only one that works. OCI may not have listed the current token yet.
func newAndRevokedByHand(t *testing.T, a harness.API, arguments map[string]any) (s *rotatingStack, works string) {
	t.Helper()
	s = newRotatingStack(t, a, map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}})
	s.set(arguments)
	s.MustUp()
	s.Clock.Advance(harness.Day)
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}})
	s.MustUp()
	s.OCI.DeleteToken(s.User, s.output("tokenId"))
	works = s.output("previousToken")
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": "3"}})
	return s, works
}

func TestThePreviousTokenIsKeptIfTheCurrentOneWasRevokedByHand(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s, works := newAndRevokedByHand(t, a, nil)
		s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
		require.Error(t, s.Stack.Up(s.program))
		assert.True(t, s.works(works), "nothing is revoked before there is a new token")
		assert.NotContains(t, s.Diagnostics(), "The current token still works")

		s.MustUp()
		assert.True(t, s.works(works))
		assert.Equal(t, works, s.output("previousToken"))
		s.requireSlots(true)
		s.MustUp()
		assert.Empty(t, s.Changes())
	})
}

func TestAPreviewWaitsToSayWhichTokenWillBeThePreviousOne(t *testing.T) {
	t.Parallel()
	s, _ := newAndRevokedByHand(t, harness.IAM, nil)
	require.NoError(t, s.Preview())
	for _, name := range []string{"token", "previousToken", "previousTokenId"} {
		assert.True(t, s.previewed[resource.PropertyKey(name)].ContainsUnknowns(), name)
	}
}

// TestATokenThatIsNotListedYetBecomesThePreviousOne asks for a rotation so soon that no list has the current token.
func TestATokenThatIsNotListedYetBecomesThePreviousOne(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}})
	s.MustUp()
	s.Clock.Advance(harness.Day)
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}})
	s.MustUp()
	handedOut := s.output("token")
	s.OCI.SetListLag("us-phoenix-1", harness.Day)
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": "3"}})
	s.MustUp()
	assert.True(t, s.works(handedOut))
	assert.Equal(t, handedOut, s.output("previousToken"))
	s.OCI.SetListLag("us-phoenix-1", 0)
	s.requireSlots(true)
}

// TestThePreviousTokenIsNotOverBeforeTheCurrentOneIsListed lets the time of the previous token end when the current one may be gone.
func TestThePreviousTokenIsNotOverBeforeTheCurrentOneIsListed(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s, works := newAndRevokedByHand(t, a, nil)
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}, "previousDays": 0})
		_ = s.Stack.Up(s.program)
		assert.True(t, s.works(works))
	})
}

// TestThePreviousTokenIsKeptIfTheCurrentOneCannotBeUsed makes the current token INACTIVE by hand, and lets the rotation fail half-way.
func TestThePreviousTokenIsKeptIfTheCurrentOneCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string]map[string]any{
		"a rotation": nil, "the end of the previous one": {"rotationDays": nil, "previousDays": 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twice(t, harness.IAM, nil)
			works := s.output("previousToken")
			s.OCI.EditToken(s.User, s.output("tokenId"), func(token *emulator.Token) { token.LifecycleState = "INACTIVE" })
			s.set(arguments)
			s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
			require.Error(t, s.Stack.Up(s.program))
			assert.True(t, s.works(works))
			if arguments != nil {
				return
			}
			assert.Contains(t, s.Diagnostics(), "The previous token still works")

			require.NoError(t, s.Preview())
			assert.Equal(t, works, harness.Text(s.previewed, "previousToken"))
			require.NoError(t, s.Stack.Up(s.program), s.Diagnostics())
			assert.Equal(t, works, s.output("previousToken"))
			s.requireSlots(true)
			s.MustUp()
			assert.Empty(t, s.Changes())
		})
	}
}

// TestAPreviewOfAnUpdateThatFinishesARotationSaysSo changes arguments while a rotation is half done.
func TestAPreviewOfAnUpdateThatFinishesARotationSaysSo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments map[string]any
		says      string
		diff      string
	}{
		"another rotation":    {map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}}, "This update finishes an earlier rotation", ""},
		"previousDays":        {map[string]any{"previousDays": 0}, "the previous token will be revoked", "previousTokenId"},
		"no overlap any more": {map[string]any{"overlap": false}, "the previous token will be revoked", "previousTokenId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twice(t, harness.IAM, nil)
			s.stuck()
			require.Error(t, s.Up())
			s.OCI.SetCreatingFor(0)
			s.Clock.Advance(harness.Day)
			s.set(test.arguments)
			require.NoError(t, s.Preview())
			assert.Contains(t, s.Diagnostics(), test.says)
			if test.diff != "" {
				assert.Contains(t, s.diff(), test.diff)
			}
			s.MustUp()
			s.requireSlots(test.diff == "")
		})
	}
}
