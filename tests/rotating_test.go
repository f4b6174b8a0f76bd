package tests

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/engine"
	pkgresource "github.com/pulumi/pulumi/pkg/v3/resource"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// rotatingStack is a stack with a RotatingAuthToken "token" and a "login" that takes its value. OCI and the provider share a clock,
// which the test advances.
type rotatingStack struct {
	*inprocess.Stack
	arguments map[string]any
	options   deploytest.ResourceOptions
	// previewed holds the outputs that the program saw in the last preview.
	previewed resource.PropertyMap
}

func newRotatingStack(t *testing.T, a harness.API, arguments map[string]any) *rotatingStack {
	t.Helper()
	return newRotatingStackIn(a.NewWorldOnOneClock(t), arguments)
}

func newRotatingStackIn(w *harness.World, arguments map[string]any) *rotatingStack {
	s := &rotatingStack{Stack: inprocess.NewStack(w), arguments: map[string]any{"description": "ci"}}
	s.set(map[string]any{"userId": s.User})
	if s.DomainURL != "" {
		s.set(map[string]any{"domainUrl": s.DomainURL})
	}
	s.set(arguments)
	return s
}

// set changes arguments of the program. A nil removes one.
func (s *rotatingStack) set(arguments map[string]any) {
	for name, value := range arguments {
		if value == nil {
			delete(s.arguments, name)
		} else {
			s.arguments[name] = value
		}
	}
}

// program registers the two resources.
func (s *rotatingStack) program(m *deploytest.ResourceMonitor) error {
	options := s.options
	options.Inputs = resource.NewPropertyMapFromMap(s.arguments)
	token, err := m.RegisterResource(harness.RotatingAuthTokenType, "token", true, options)
	if err != nil {
		return err
	}
	s.previewed = token.Outputs
	if _, ok := token.Outputs["token"]; !ok {
		return nil // an import without the value
	}
	_, err = m.RegisterResource(inprocess.LoginType, "login", true, deploytest.ResourceOptions{
		Inputs:       resource.PropertyMap{"password": token.Outputs["token"]},
		PropertyDeps: map[resource.PropertyKey][]resource.URN{"password": {token.URN}},
		Dependencies: []resource.URN{token.URN},
	})
	return err
}

// Up runs the program. Even if it fails, the login must still be able to log in.
func (s *rotatingStack) Up() error {
	s.T.Helper()
	s.OCI.ResetJournal()
	err := s.Stack.Up(s.program)
	s.requireLogin()
	s.requireNobodysToken()
	return err
}

func (s *rotatingStack) MustUp() {
	s.T.Helper()
	require.NoError(s.T, s.Up(), s.Diagnostics())
}

// Preview previews the program. It must not write anything to OCI.
func (s *rotatingStack) Preview() error {
	s.T.Helper()
	s.OCI.ResetJournal()
	err := s.Stack.Preview(s.program)
	assert.Zero(s.T, s.Writes(), "a preview writes nothing")
	return err
}

// requireLogin fails unless the value that the login got last is that of a live token.
func (s *rotatingStack) requireLogin() {
	s.T.Helper()
	received := s.Consumer.Received
	if len(received) == 0 {
		return
	}
	require.True(s.T, s.works(received[len(received)-1]), "what the login was given last no longer works")
}

// works reports whether a token with this value can be used.
func (s *rotatingStack) works(value string) bool {
	return slices.ContainsFunc(s.Tokens(), func(t emulator.Token) bool { return t.Value == value && t.LifecycleState == "ACTIVE" })
}

// requireNobodysToken fails if OCI has a token that neither the state nor the test knows.
func (s *rotatingStack) requireNobodysToken() {
	s.T.Helper()
	for _, token := range s.Tokens() {
		if token.Description != "theirs" && s.state() != nil {
			outputs := s.state().Outputs
			known := []string{string(s.state().ID), harness.Text(outputs, "tokenId"), harness.Text(outputs, "previousTokenId")}
			require.Contains(s.T, known, token.ID, "a token that nobody has recorded")
		}
	}
}

// state returns the recorded state of the RotatingAuthToken, or nil.
func (s *rotatingStack) state() *pkgresource.State {
	return s.Recorded(harness.RotatingAuthTokenType, "token")
}

func (s *rotatingStack) output(name resource.PropertyKey) string {
	s.T.Helper()
	require.NotNil(s.T, s.state(), "no RotatingAuthToken in the state")
	return harness.Text(s.state().Outputs, name)
}

// requireSlots fails unless OCI has exactly the current token of the state and, if there is one, its previous one.
func (s *rotatingStack) requireSlots(previous bool) {
	s.T.Helper()
	values := map[string]string{}
	for _, token := range s.Tokens() {
		values[token.ID] = token.Value
	}
	want := map[string]string{s.output("tokenId"): s.output("token")}
	if previous {
		require.NotEmpty(s.T, s.output("previousTokenId"))
		want[s.output("previousTokenId")] = s.output("previousToken")
	} else {
		require.Empty(s.T, s.output("previousTokenId"))
		require.Empty(s.T, s.output("previousToken"))
	}
	require.Equal(s.T, want, values)
}

// diff returns the paths in the detailed diff that the last operation showed for the token.
func (s *rotatingStack) diff() []string {
	var paths []string
	for _, event := range s.Events {
		if event.Type == engine.ResourcePreEvent {
			metadata := event.Payload().(engine.ResourcePreEventPayload).Metadata
			if metadata.Type == harness.RotatingAuthTokenType {
				for path := range metadata.DetailedDiff {
					paths = append(paths, path)
				}
			}
		}
	}
	slices.Sort(paths)
	return paths
}

var (
	updated  = display.ResourceChanges{"update": 2} // the token and the login
	inPlace  = display.ResourceChanges{"update": 1} // only the token
	replaced = display.ResourceChanges{"replace": 1, "update": 1}
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

func TestWhatIsNotKnownYetMayMeanARotation(t *testing.T) {
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

// twice rotates once, so that there are a current and a previous token, and lets the next rotation become due.
func twice(t *testing.T, a harness.API, arguments map[string]any) *rotatingStack {
	t.Helper()
	s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
	s.set(arguments)
	s.MustUp()
	s.Clock.Advance(31 * harness.Day)
	s.MustUp()
	s.Clock.Advance(31 * harness.Day)
	return s
}

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

func TestTokensThatAreDeletedOutsideOfPulumi(t *testing.T) {
	t.Parallel()
	t.Run("the current one", func(t *testing.T) {
		t.Parallel()
		s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30})
		s.MustUp()
		s.Clock.Advance(31 * harness.Day)
		s.MustUp()
		previous := s.output("previousToken")
		s.Clock.Advance(harness.Day)
		s.OCI.DeleteToken(s.User, s.output("tokenId"))
		require.NoError(t, s.Refresh())
		assert.Contains(t, s.Diagnostics(), "is gone: the next \"pulumi up\" creates a new one")
		assert.Empty(t, s.output("token"))
		require.NoError(t, s.Preview())
		assert.Equal(t, updated, s.Changes())
		s.MustUp()
		s.requireSlots(true)
		assert.Equal(t, previous, s.output("previousToken"), "who holds the one before can go on using it")
	})
	t.Run("the current one, without a refresh", func(t *testing.T) {
		t.Parallel()
		s := twice(t, harness.IAM, nil)
		s.OCI.DeleteToken(s.User, s.output("tokenId"))
		s.OCI.AddToken(s.User, "theirs")
		s.MustUp()
		assert.Empty(t, s.output("previousTokenId"))
		assert.True(t, s.works(s.output("token")))
	})
	t.Run("the previous one", func(t *testing.T) {
		t.Parallel()
		s := twice(t, harness.IAM, nil)
		s.OCI.DeleteToken(s.User, s.output("previousTokenId"))
		require.NoError(t, s.Refresh())
		s.requireSlots(false)
		s.MustUp()
		s.requireSlots(true)
	})
	t.Run("both", func(t *testing.T) {
		t.Parallel()
		s := twice(t, harness.IAM, nil)
		s.OCI.DeleteToken(s.User, s.output("previousTokenId"))
		s.OCI.DeleteToken(s.User, s.output("tokenId"))
		require.NoError(t, s.Refresh())
		assert.Nil(t, s.state(), "the resource is gone")
		s.MustUp()
		s.requireSlots(false)
	})
	t.Run("the user is hidden", func(t *testing.T) {
		t.Parallel()
		s := twice(t, harness.IAM, nil)
		before := s.state().Outputs
		s.OCI.Deny(s.User)
		require.Error(t, s.Refresh())
		assert.Contains(t, s.Diagnostics(), "stays in the state")
		require.Error(t, s.Stack.Up(s.program))
		assert.Equal(t, before, s.state().Outputs)
		s.OCI.Allow(s.User)
		s.MustUp()
	})
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
