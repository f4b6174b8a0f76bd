package rotatingauthtoken_test

import (
	"strings"
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

func TestRotationFollowsTheCalendar(t *testing.T) { harness.ForEachAPI(t, rotationFollowsTheCalendar) }

func rotationFollowsTheCalendar(t *testing.T, a harness.API) {
	s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
	s.MustUp()
	s.requireSlots(false)
	first, id := s.output("token"), s.state().ID
	assert.Equal(t, string(id), s.output("tokenId"))
	due, err := time.Parse(time.RFC3339, s.output("timeRotationDue"))
	require.NoError(t, err)
	assert.WithinDuration(t, s.Clock.Now().Add(30*harness.Day), due, 25*time.Hour)

	s.Clock.Advance(26 * harness.Day)
	require.NoError(t, s.Preview())
	assert.Empty(t, s.Changes())
	s.MustUp()
	assert.Empty(t, s.Changes())
	assert.Empty(t, s.OCI.Journal(), "there is nothing to ask OCI for")
	assert.NotContains(t, s.Diagnostics(), "comes up")

	s.Clock.Advance(3 * harness.Day)
	s.MustUp()
	assert.Empty(t, s.Changes())
	assert.Contains(t, s.Diagnostics(), "a rotation is due soon, on "+due.Format(time.DateOnly))

	s.Clock.Advance(harness.Day + time.Minute)
	require.NoError(t, s.Preview())
	assert.Equal(t, updated, s.Changes(), "the preview shows what will follow")
	assert.Equal(t, []string{"timeRotationDue"}, s.diff())
	assert.Contains(t, s.Diagnostics(), "the token is 30 days old, and was due on "+due.Format(time.DateOnly))
	assert.True(t, s.previewed["token"].ContainsUnknowns())
	assert.True(t, s.previewed["token"].IsSecret(), "the value to come is a secret already")
	assert.True(t, s.previewed["tokenId"].ContainsUnknowns())
	assert.Equal(t, first, harness.Text(s.previewed, "previousToken"), "what will be the previous token is known")

	s.MustUp()
	assert.Equal(t, updated, s.Changes())
	second := s.output("token")
	assert.NotEqual(t, first, second)
	assert.Equal(t, first, s.output("previousToken"))
	assert.Equal(t, id, s.state().ID, "the id stays")
	s.requireSlots(true)
	assert.True(t, s.works(first), "whoever holds the last value can go on using it")
	assert.Equal(t, []string{first, second}, s.Consumer.Received)

	s.MustUp()
	assert.Empty(t, s.Changes(), "once")

	s.Clock.Advance(31 * harness.Day)
	s.MustUp()
	s.requireSlots(true)
	assert.False(t, s.works(first), "the next rotation revokes it")
	assert.True(t, s.works(second))
	assert.Equal(t, 1, s.Calls("CreateAuthToken"))
	assert.Equal(t, 1, s.Calls("DeleteAuthToken"))

	require.NoError(t, s.Destroy())
	assert.Empty(t, s.Tokens())
}

func TestRotationFollowsWhatTheProgramSays(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30, "rotateWhenChanged": map[string]any{"leak": "none", "a.b": "1"}})
	s.MustUp()
	first := s.output("token")

	s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "2027-03", "a.b": "2"}})
	require.NoError(t, s.Preview())
	assert.Equal(t, updated, s.Changes())
	assert.Equal(t, []string{`rotateWhenChanged.leak`, `rotateWhenChanged["a.b"]`}, s.diff())
	assert.Contains(t, s.Diagnostics(), "rotateWhenChanged has changed (a.b, leak)")
	s.MustUp()
	assert.Equal(t, 1, s.Calls("CreateAuthToken"), "once, however many have changed")
	assert.Equal(t, first, s.output("previousToken"))
	s.MustUp()
	assert.Empty(t, s.Changes())

	s.Clock.Advance(31 * harness.Day)
	s.set(map[string]any{"rotateWhenChanged": nil})
	s.MustUp()
	assert.Equal(t, 1, s.Calls("CreateAuthToken"), "once, though there were two reasons")
	s.MustUp()
	assert.Empty(t, s.Changes())
	s.requireSlots(true)
}

func TestOtherArgumentsAreNoReasonToCallOCI(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30})
	s.MustUp()
	for _, arguments := range []map[string]any{
		{"rotationDays": 60}, {"maxAgeDays": 90}, {"maxAgeDays": nil, "previousDays": 3}, {"overlap": false}, {"overlap": nil, "previousDays": nil}, {"rotationDays": nil},
		{"rotationDays": 90},
	} {
		s.set(arguments)
		require.NoError(t, s.Preview())
		assert.Equal(t, inPlace, s.Changes(), "%v", arguments)
		assert.Empty(t, s.OCI.Journal(), "%v", arguments)
		assert.False(t, s.previewed["token"].ContainsUnknowns(), "%v", arguments)
		s.MustUp()
		assert.Equal(t, inPlace, s.Changes(), "%v", arguments)
		assert.Empty(t, s.OCI.Journal(), "%v", arguments)
	}
	due, err := time.Parse(time.RFC3339, s.output("timeRotationDue"))
	require.NoError(t, err)
	assert.WithinDuration(t, s.Clock.Now().Add(90*harness.Day), due, 25*time.Hour)

	s.Clock.Advance(10 * harness.Day)
	s.set(map[string]any{"rotationDays": 10})
	require.NoError(t, s.Preview())
	assert.Equal(t, updated, s.Changes(), "unless they make a rotation due")
	s.MustUp()
	s.requireSlots(true)
}

func TestRefreshNeverRotates(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30, "previousDays": 3})
	s.MustUp()
	s.Clock.Advance(31 * harness.Day)
	s.MustUp()
	before := s.state().Outputs
	s.Clock.Advance(31 * harness.Day)

	s.OCI.ResetJournal()
	require.NoError(t, s.Refresh())
	assert.Empty(t, s.Changes(), "no change because of time")
	assert.Zero(t, s.Writes())
	assert.Equal(t, before, s.state().Outputs)

	s.MustUp()
	assert.Equal(t, updated, s.Changes(), "the next up rotates")
}

func TestPreviousTokenIsRevokedAfterPreviousDays(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30, "previousDays": 7})
	s.MustUp()
	s.Clock.Advance(30*harness.Day + time.Minute)
	s.MustUp()
	s.requireSlots(true)
	s.Clock.Advance(6 * harness.Day)
	s.MustUp()
	assert.Empty(t, s.Changes())

	s.Clock.Advance(harness.Day + time.Minute)
	require.NoError(t, s.Preview())
	assert.Equal(t, inPlace, s.Changes(), "the login does not move")
	assert.Equal(t, []string{"previousTokenId"}, s.diff())
	assert.Contains(t, s.Diagnostics(), "the previous token will be revoked")
	s.MustUp()
	assert.Equal(t, inPlace, s.Changes())
	s.requireSlots(false)
	s.MustUp()
	assert.Empty(t, s.Changes())
}

func TestPreviousDaysOfZeroRevokesALeakedTokenAtOnce(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotateWhenChanged": map[string]any{"incident": "none"}})
	s.MustUp()
	leaked := s.output("token")
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"incident": "4711"}, "previousDays": 0})
	require.NoError(t, s.Preview())
	assert.True(t, s.previewed["previousToken"].IsNull())
	s.MustUp()
	s.requireSlots(false)
	assert.False(t, s.works(leaked))
	var operations []string
	for _, request := range s.OCI.Journal() {
		if request.Operation != "ListAuthTokens" {
			operations = append(operations, request.Operation)
		}
	}
	assert.Equal(t, []string{"CreateAuthToken", "DeleteAuthToken"}, operations, "not before the new one works")
}

func TestWithoutOverlapOneTokenIsEnough(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30, "overlap": false})
	theirs := s.OCI.AddToken(s.User, "theirs")
	s.MustUp()
	assert.NotContains(t, s.Diagnostics(), "warning", "there is room enough")
	first := s.output("token")
	s.Clock.Advance(31 * harness.Day)
	require.NoError(t, s.Preview())
	s.MustUp()
	assert.NotEqual(t, first, s.output("token"))
	assert.Empty(t, s.output("previousTokenId"))
	assert.False(t, s.works(first))
	assert.True(t, s.works(theirs.Value))
	require.NoError(t, s.Destroy())
	assert.Len(t, s.Tokens(), 1, "theirs stays")
}

func TestDescriptionChangesInPlaceOnBoth(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30})
	s.MustUp()
	s.Clock.Advance(31 * harness.Day)
	s.MustUp()
	values := []string{s.output("token"), s.output("previousToken")}

	s.set(map[string]any{"description": "new"})
	require.NoError(t, s.Preview())
	assert.Equal(t, inPlace, s.Changes())
	s.MustUp()
	assert.Equal(t, inPlace, s.Changes())
	assert.Equal(t, values, []string{s.output("token"), s.output("previousToken")})
	for _, token := range s.Tokens() {
		assert.Equal(t, "new", token.Description)
	}

	s.OCI.Inject(emulator.Fault{Operation: "UpdateAuthToken", Skip: 1, Times: 1, Status: 400, Code: "InvalidParameter"})
	s.set(map[string]any{"description": "newer"})
	require.Error(t, s.Up())
	s.MustUp()
	for _, token := range s.Tokens() {
		assert.Equal(t, "newer", token.Description, "both, though the second had failed")
	}

	s.OCI.EditToken(s.User, s.output("previousTokenId"), func(token *emulator.Token) { token.Description = "by hand" })
	require.NoError(t, s.Refresh())
	s.MustUp()
	for _, token := range s.Tokens() {
		assert.Equal(t, "newer", token.Description, "what was changed by hand on the previous one is put back")
	}
}

func TestAnotherUserReplacesTheResource(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30})
	s.MustUp()
	s.Clock.Advance(31 * harness.Day)
	s.MustUp()
	other := s.OCI.AddUser("other").ID
	s.set(map[string]any{"userId": other})
	require.NoError(t, s.Preview())
	assert.Equal(t, replaced, s.Changes())
	require.NoError(t, s.Stack.Up(s.program))
	assert.Empty(t, s.Tokens(), "both of the old user's tokens are revoked")
	require.Len(t, s.OCI.Tokens(other), 1)
	assert.Equal(t, s.OCI.Tokens(other)[0].Value, s.Consumer.Received[len(s.Consumer.Received)-1])
}

func TestBadArgumentsOfARotatingTokenAreNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		value any
		says  string
	}{
		{"rotationDays", 0, "from 1 to 3650"},
		{"rotationDays", -1, "from 1 to 3650"},
		{"rotationDays", 3651, "from 1 to 3650"},
		{"rotationDays", 1.5, "rotationDays"},
		{"rotationDays", "monthly", "rotationDays"},
		{"maxAgeDays", 0, "from 1 to 3650"},
		{"maxAgeDays", 3651, "from 1 to 3650"},
		{"maxAgeDays", "never", "maxAgeDays"},
		{"previousDays", -1, "from 0 to 3650"},
		{"previousDays", 3651, "from 0 to 3650"},
		{"overlap", "maybe", "overlap"},
		{"rotateWhenChanged", "now", "rotateWhenChanged"},
		{"userId", "alice", "userId"},
	} {
		s := newRotatingStack(t, harness.IAM, map[string]any{test.name: test.value})
		require.Error(t, s.Preview(), "%s %v", test.name, test.value)
		assert.Contains(t, s.Diagnostics(), test.name)
		assert.Contains(t, s.Diagnostics(), test.says)
		assert.Empty(t, s.OCI.Journal())
	}
}

func TestAnUnknownArgumentMayMeanARotation(t *testing.T) {
	t.Parallel()
	unknown := resource.MakeComputed(resource.NewProperty(""))
	for name, arguments := range map[string]map[string]any{
		"rotationDays":  {"rotationDays": unknown},
		"a key":         {"rotateWhenChanged": map[string]any{"a": unknown}},
		"the whole map": {"rotateWhenChanged": unknown},
	} {
		s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30, "rotateWhenChanged": map[string]any{"a": "1"}})
		s.MustUp()
		s.set(arguments)
		require.NoError(t, s.Preview(), name)
		assert.True(t, s.previewed["token"].ContainsUnknowns(), name)
		assert.Equal(t, updated, s.Changes(), name)
		assert.Empty(t, s.OCI.Journal(), name)
	}
}

func TestDestroyInEveryStateRevokesWhatThereIs(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(s *rotatingStack){
		"after a rotation": func(*rotatingStack) {},
		"half-way": func(s *rotatingStack) {
			s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
			require.Error(s.T, s.Up())
		},
		"half-way without overlap": func(s *rotatingStack) {
			s.set(map[string]any{"overlap": false})
			s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
			require.Error(s.T, s.Stack.Up(s.program))
			require.Empty(s.T, s.output("token"))
			require.Empty(s.T, s.Tokens())
		},
		"when the previous one is gone": func(s *rotatingStack) { s.OCI.DeleteToken(s.User, s.output("previousTokenId")) },
		"when the current one is gone":  func(s *rotatingStack) { s.OCI.DeleteToken(s.User, s.output("tokenId")) },
		"after it failed": func(s *rotatingStack) {
			s.OCI.Inject(emulator.Fault{Operation: "DeleteAuthToken", Skip: 1, Times: 1, Status: 400, Code: "InvalidParameter"})
			require.Error(s.T, s.Destroy())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twice(t, harness.IAM, nil)
			prepare(s)
			require.NoError(t, s.Destroy())
			assert.Empty(t, s.Tokens())
			assert.Empty(t, s.Snapshot.Resources)
		})
	}
}

func TestRefreshAndPreviewOfANewRotatingTokenChangeNothing(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 90})
	s.MustUp()
	require.NoError(t, s.Refresh())
	assert.Empty(t, s.Changes())
	s.Restore(s.Checkpoint())
	require.NoError(t, s.Preview())
	assert.Empty(t, s.Changes())
	harness.RequireNoValue(t, strings.ReplaceAll(s.Checkpoint(), s.output("token"), ""))
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

// TestAPreviewOfAnUnknownArgumentShowsNothingThatTheUpdateChanges compares a preview with an unknown argument with the update that follows.
func TestAPreviewOfAnUnknownArgumentShowsNothingThatTheUpdateChanges(t *testing.T) {
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

func TestADescriptionChangedByHandIsPutBack(t *testing.T) {
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

func TestAnyKeyOfRotateWhenChangedCanChange(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", `"`, `\`, `"\"`, `\"`, "a.b", "[", "]", `a"]`, "0", "[0]", "ключ", " ", "*", "__"} {
		s := newRotatingStack(t, harness.IAM, map[string]any{"rotateWhenChanged": map[string]any{key: "1"}})
		s.MustUp()
		s.set(map[string]any{"rotateWhenChanged": map[string]any{key: "2"}})
		require.NoError(t, s.Preview(), "%q: %s", key, s.Diagnostics())
		assert.Equal(t, updated, s.Changes(), "%q", key)
		s.MustUp()
		assert.Equal(t, updated, s.Changes(), "%q", key)
		s.RequireNoChange(s.program, key)
	}
}
