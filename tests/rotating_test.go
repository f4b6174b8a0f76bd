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
)

const rotatingType = "ociauthtoken:index:RotatingAuthToken"

const day = 24 * time.Hour

// rotatingStack is a stack with a RotatingAuthToken "token" and a "login" that takes its value. OCI and the provider share a clock,
// which the test advances.
type rotatingStack struct {
	*testStack
	arguments map[string]any
	options   deploytest.ResourceOptions
	// previewed holds the outputs that the program saw in the last preview.
	previewed resource.PropertyMap
}

func newRotatingStack(t *testing.T, arguments map[string]any) *rotatingStack {
	t.Helper()
	return api{}.newRotatingStack(t, arguments)
}

func (a api) newRotatingStack(t *testing.T, arguments map[string]any) *rotatingStack {
	t.Helper()
	return newRotatingStackIn(a.newWorldOfYears(t), arguments)
}

func newRotatingStackIn(w *world, arguments map[string]any) *rotatingStack {
	s := &rotatingStack{testStack: newStackIn(w), arguments: map[string]any{"description": "ci"}}
	s.set(map[string]any{"userId": s.user})
	if s.domainURL != "" {
		s.set(map[string]any{"domainUrl": s.domainURL})
	}
	s.set(arguments)
	return s
}

// newWorldOfYears starts a local OCI that shares the provider's clock, which a test advances by years. Requests are signed with the
// machine's own clock, so their dates are wrong. The first region is the home region.
func (a api) newWorldOfYears(t *testing.T, regions ...string) *world {
	t.Helper()
	clock := newTestClock()
	config := emulator.Config{Clock: clock.Now, ClockSkew: 100 * 365 * day, Regions: regions}
	if a.domain != "" {
		config.Domains = []string{a.domain}
	}
	w := newWorldWith(t, config)
	w.clock = clock
	if a.domain != "" {
		w.domainURL, w.user = w.oci.Domains()[0].URL, w.oci.Users()[1].ID
	}
	return w
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
	token, err := m.RegisterResource(rotatingType, "token", true, options)
	if err != nil {
		return err
	}
	s.previewed = token.Outputs
	if _, ok := token.Outputs["token"]; !ok {
		return nil // an import without the value
	}
	_, err = m.RegisterResource(loginType, "login", true, deploytest.ResourceOptions{
		Inputs:       resource.PropertyMap{"password": token.Outputs["token"]},
		PropertyDeps: map[resource.PropertyKey][]resource.URN{"password": {token.URN}},
		Dependencies: []resource.URN{token.URN},
	})
	return err
}

// up runs the program. Even if it fails, the login must still be able to log in.
func (s *rotatingStack) up() error {
	s.t.Helper()
	s.oci.ResetJournal()
	err := s.testStack.up(s.program)
	s.requireLogin()
	s.requireNobodysToken()
	return err
}

func (s *rotatingStack) mustUp() {
	s.t.Helper()
	require.NoError(s.t, s.up(), s.diagnostics())
}

// preview previews the program. It must not write anything to OCI.
func (s *rotatingStack) preview() error {
	s.t.Helper()
	s.oci.ResetJournal()
	err := s.testStack.preview(s.program)
	assert.Zero(s.t, s.writes(), "a preview writes nothing")
	return err
}

// requireLogin fails unless the value that the login got last is that of a live token.
func (s *rotatingStack) requireLogin() {
	s.t.Helper()
	received := s.consumer.received
	if len(received) == 0 {
		return
	}
	require.True(s.t, s.works(received[len(received)-1]), "what the login was given last no longer works")
}

// works reports whether a token with this value can be used.
func (s *rotatingStack) works(value string) bool {
	return slices.ContainsFunc(s.tokens(), func(t emulator.Token) bool { return t.Value == value && t.LifecycleState == "ACTIVE" })
}

// requireNobodysToken fails if OCI has a token that neither the state nor the test knows.
func (s *rotatingStack) requireNobodysToken() {
	s.t.Helper()
	for _, token := range s.tokens() {
		if token.Description != "theirs" && s.state() != nil {
			outputs := s.state().Outputs
			known := []string{string(s.state().ID), text(outputs, "tokenId"), text(outputs, "previousTokenId")}
			require.Contains(s.t, known, token.ID, "a token that nobody has recorded")
		}
	}
}

// state returns the recorded state of the RotatingAuthToken, or nil.
func (s *rotatingStack) state() *pkgresource.State { return s.recorded(rotatingType, "token") }

// recorded returns the recorded state of a resource, or nil.
func (s *testStack) recorded(kind, name string) *pkgresource.State {
	if s.snapshot == nil {
		return nil
	}
	for _, state := range s.snapshot.Resources {
		if string(state.Type) == kind && state.URN.Name() == name && !state.Delete {
			return state
		}
	}
	return nil
}

// text returns an output of a resource that is a string, or "". The tokens' values must be secrets.
func text(outputs resource.PropertyMap, name resource.PropertyKey) string {
	value := outputs[name]
	if value.IsSecret() {
		value = value.SecretValue().Element
	} else if name == "token" || name == "previousToken" {
		if !value.IsNull() {
			panic("the output " + name + " is not a secret in the state")
		}
	}
	if !value.IsString() {
		return ""
	}
	return value.StringValue()
}

func (s *rotatingStack) output(name resource.PropertyKey) string {
	s.t.Helper()
	require.NotNil(s.t, s.state(), "no RotatingAuthToken in the state")
	return text(s.state().Outputs, name)
}

// requireSlots fails unless OCI has exactly the current token of the state and, if there is one, its previous one.
func (s *rotatingStack) requireSlots(previous bool) {
	s.t.Helper()
	values := map[string]string{}
	for _, token := range s.tokens() {
		values[token.ID] = token.Value
	}
	want := map[string]string{s.output("tokenId"): s.output("token")}
	if previous {
		require.NotEmpty(s.t, s.output("previousTokenId"))
		want[s.output("previousTokenId")] = s.output("previousToken")
	} else {
		require.Empty(s.t, s.output("previousTokenId"))
		require.Empty(s.t, s.output("previousToken"))
	}
	require.Equal(s.t, want, values)
}

// diff returns the paths in the detailed diff that the last operation showed for the token.
func (s *rotatingStack) diff() []string {
	var paths []string
	for _, event := range s.events {
		if event.Type == engine.ResourcePreEvent {
			metadata := event.Payload().(engine.ResourcePreEventPayload).Metadata
			if metadata.Type == rotatingType {
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

func TestRotationFollowsTheCalendar(t *testing.T) { forEachAPI(t, rotationFollowsTheCalendar) }

func rotationFollowsTheCalendar(t *testing.T, a api) {
	s := a.newRotatingStack(t, map[string]any{"rotationDays": 30})
	s.mustUp()
	s.requireSlots(false)
	first, id := s.output("token"), s.state().ID
	assert.Equal(t, string(id), s.output("tokenId"))
	due, err := time.Parse(time.RFC3339, s.output("timeRotationDue"))
	require.NoError(t, err)
	assert.WithinDuration(t, s.clock.Now().Add(30*day), due, 25*time.Hour)

	s.clock.advance(26 * day)
	require.NoError(t, s.preview())
	assert.Empty(t, s.changes())
	s.mustUp()
	assert.Empty(t, s.changes())
	assert.Empty(t, s.oci.Journal(), "there is nothing to ask OCI for")
	assert.NotContains(t, s.diagnostics(), "comes up")

	s.clock.advance(3 * day)
	s.mustUp()
	assert.Empty(t, s.changes())
	assert.Contains(t, s.diagnostics(), "a rotation is due soon, on "+due.Format(time.DateOnly))

	s.clock.advance(day + time.Minute)
	require.NoError(t, s.preview())
	assert.Equal(t, updated, s.changes(), "the preview shows what will follow")
	assert.Equal(t, []string{"timeRotationDue"}, s.diff())
	assert.Contains(t, s.diagnostics(), "the token is 30 days old, and was due on "+due.Format(time.DateOnly))
	assert.True(t, s.previewed["token"].ContainsUnknowns())
	assert.True(t, s.previewed["token"].IsSecret(), "the value to come is a secret already")
	assert.True(t, s.previewed["tokenId"].ContainsUnknowns())
	assert.Equal(t, first, text(s.previewed, "previousToken"), "what will be the previous token is known")

	s.mustUp()
	assert.Equal(t, updated, s.changes())
	second := s.output("token")
	assert.NotEqual(t, first, second)
	assert.Equal(t, first, s.output("previousToken"))
	assert.Equal(t, id, s.state().ID, "the id stays")
	s.requireSlots(true)
	assert.True(t, s.works(first), "whoever holds the last value can go on using it")
	assert.Equal(t, []string{first, second}, s.consumer.received)

	s.mustUp()
	assert.Empty(t, s.changes(), "once")

	s.clock.advance(31 * day)
	s.mustUp()
	s.requireSlots(true)
	assert.False(t, s.works(first), "the next rotation revokes it")
	assert.True(t, s.works(second))
	assert.Equal(t, 1, s.calls("CreateAuthToken"))
	assert.Equal(t, 1, s.calls("DeleteAuthToken"))

	require.NoError(t, s.destroy())
	assert.Empty(t, s.tokens())
}

func TestRotationFollowsWhatTheProgramSays(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 30, "rotateWhenChanged": map[string]any{"leak": "none", "a.b": "1"}})
	s.mustUp()
	first := s.output("token")

	s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "2027-03", "a.b": "2"}})
	require.NoError(t, s.preview())
	assert.Equal(t, updated, s.changes())
	assert.Equal(t, []string{`rotateWhenChanged.leak`, `rotateWhenChanged["a.b"]`}, s.diff())
	assert.Contains(t, s.diagnostics(), "rotateWhenChanged has changed (a.b, leak)")
	s.mustUp()
	assert.Equal(t, 1, s.calls("CreateAuthToken"), "once, however many have changed")
	assert.Equal(t, first, s.output("previousToken"))
	s.mustUp()
	assert.Empty(t, s.changes())

	s.clock.advance(31 * day)
	s.set(map[string]any{"rotateWhenChanged": nil})
	s.mustUp()
	assert.Equal(t, 1, s.calls("CreateAuthToken"), "once, though there were two reasons")
	s.mustUp()
	assert.Empty(t, s.changes())
	s.requireSlots(true)
}

func TestOtherArgumentsAreNoReasonToCallOCI(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 30})
	s.mustUp()
	for _, arguments := range []map[string]any{
		{"rotationDays": 60}, {"maxAgeDays": 90}, {"maxAgeDays": nil, "previousDays": 3}, {"overlap": false}, {"overlap": nil, "previousDays": nil}, {"rotationDays": nil},
		{"rotationDays": 90},
	} {
		s.set(arguments)
		require.NoError(t, s.preview())
		assert.Equal(t, inPlace, s.changes(), "%v", arguments)
		assert.Empty(t, s.oci.Journal(), "%v", arguments)
		assert.False(t, s.previewed["token"].ContainsUnknowns(), "%v", arguments)
		s.mustUp()
		assert.Equal(t, inPlace, s.changes(), "%v", arguments)
		assert.Empty(t, s.oci.Journal(), "%v", arguments)
	}
	due, err := time.Parse(time.RFC3339, s.output("timeRotationDue"))
	require.NoError(t, err)
	assert.WithinDuration(t, s.clock.Now().Add(90*day), due, 25*time.Hour)

	s.clock.advance(10 * day)
	s.set(map[string]any{"rotationDays": 10})
	require.NoError(t, s.preview())
	assert.Equal(t, updated, s.changes(), "unless they make a rotation due")
	s.mustUp()
	s.requireSlots(true)
}

func TestRefreshNeverRotates(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 30, "previousDays": 3})
	s.mustUp()
	s.clock.advance(31 * day)
	s.mustUp()
	before := s.state().Outputs
	s.clock.advance(31 * day)

	s.oci.ResetJournal()
	require.NoError(t, s.refresh())
	assert.Empty(t, s.changes(), "no change because of time")
	assert.Zero(t, s.writes())
	assert.Equal(t, before, s.state().Outputs)

	s.mustUp()
	assert.Equal(t, updated, s.changes(), "the next up rotates")
}

func TestPreviousTokenIsRevokedAfterPreviousDays(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 30, "previousDays": 7})
	s.mustUp()
	s.clock.advance(30*day + time.Minute)
	s.mustUp()
	s.requireSlots(true)
	s.clock.advance(6 * day)
	s.mustUp()
	assert.Empty(t, s.changes())

	s.clock.advance(day + time.Minute)
	require.NoError(t, s.preview())
	assert.Equal(t, inPlace, s.changes(), "the login does not move")
	assert.Equal(t, []string{"previousTokenId"}, s.diff())
	assert.Contains(t, s.diagnostics(), "the previous token will be revoked")
	s.mustUp()
	assert.Equal(t, inPlace, s.changes())
	s.requireSlots(false)
	s.mustUp()
	assert.Empty(t, s.changes())
}

func TestPreviousDaysOfZeroRevokesALeakedTokenAtOnce(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotateWhenChanged": map[string]any{"incident": "none"}})
	s.mustUp()
	leaked := s.output("token")
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"incident": "4711"}, "previousDays": 0})
	require.NoError(t, s.preview())
	assert.True(t, s.previewed["previousToken"].IsNull())
	s.mustUp()
	s.requireSlots(false)
	assert.False(t, s.works(leaked))
	var operations []string
	for _, request := range s.oci.Journal() {
		if request.Operation != "ListAuthTokens" {
			operations = append(operations, request.Operation)
		}
	}
	assert.Equal(t, []string{"CreateAuthToken", "DeleteAuthToken"}, operations, "not before the new one works")
}

func TestWithoutOverlapOneTokenIsEnough(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 30, "overlap": false})
	theirs := s.oci.AddToken(s.user, "theirs")
	s.mustUp()
	assert.NotContains(t, s.diagnostics(), "warning", "there is room enough")
	first := s.output("token")
	s.clock.advance(31 * day)
	require.NoError(t, s.preview())
	s.mustUp()
	assert.NotEqual(t, first, s.output("token"))
	assert.Empty(t, s.output("previousTokenId"))
	assert.False(t, s.works(first))
	assert.True(t, s.works(theirs.Value))
	require.NoError(t, s.destroy())
	assert.Len(t, s.tokens(), 1, "theirs stays")
}

func TestDescriptionChangesInPlaceOnBoth(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 30})
	s.mustUp()
	s.clock.advance(31 * day)
	s.mustUp()
	values := []string{s.output("token"), s.output("previousToken")}

	s.set(map[string]any{"description": "new"})
	require.NoError(t, s.preview())
	assert.Equal(t, inPlace, s.changes())
	s.mustUp()
	assert.Equal(t, inPlace, s.changes())
	assert.Equal(t, values, []string{s.output("token"), s.output("previousToken")})
	for _, token := range s.tokens() {
		assert.Equal(t, "new", token.Description)
	}

	s.oci.Inject(emulator.Fault{Operation: "UpdateAuthToken", Skip: 1, Times: 1, Status: 400, Code: "InvalidParameter"})
	s.set(map[string]any{"description": "newer"})
	require.Error(t, s.up())
	s.mustUp()
	for _, token := range s.tokens() {
		assert.Equal(t, "newer", token.Description, "both, though the second had failed")
	}

	s.oci.EditToken(s.user, s.output("previousTokenId"), func(token *emulator.Token) { token.Description = "by hand" })
	require.NoError(t, s.refresh())
	s.mustUp()
	for _, token := range s.tokens() {
		assert.Equal(t, "newer", token.Description, "what was changed by hand on the previous one is put back")
	}
}

func TestAnotherUserReplacesTheResource(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 30})
	s.mustUp()
	s.clock.advance(31 * day)
	s.mustUp()
	other := s.oci.AddUser("other").ID
	s.set(map[string]any{"userId": other})
	require.NoError(t, s.preview())
	assert.Equal(t, replaced, s.changes())
	require.NoError(t, s.testStack.up(s.program))
	assert.Empty(t, s.tokens(), "both of the old user's tokens are revoked")
	require.Len(t, s.oci.Tokens(other), 1)
	assert.Equal(t, s.oci.Tokens(other)[0].Value, s.consumer.received[len(s.consumer.received)-1])
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
		s := newRotatingStack(t, map[string]any{test.name: test.value})
		require.Error(t, s.preview(), "%s %v", test.name, test.value)
		assert.Contains(t, s.diagnostics(), test.name)
		assert.Contains(t, s.diagnostics(), test.says)
		assert.Empty(t, s.oci.Journal())
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
		s := newRotatingStack(t, map[string]any{"rotationDays": 30, "rotateWhenChanged": map[string]any{"a": "1"}})
		s.mustUp()
		s.set(arguments)
		require.NoError(t, s.preview(), name)
		assert.True(t, s.previewed["token"].ContainsUnknowns(), name)
		assert.Equal(t, updated, s.changes(), name)
		assert.Empty(t, s.oci.Journal(), name)
	}
}

// twice rotates once, so that there are a current and a previous token, and lets the next rotation become due.
func twice(t *testing.T, arguments map[string]any) *rotatingStack {
	t.Helper()
	return api{}.twice(t, arguments)
}

func (a api) twice(t *testing.T, arguments map[string]any) *rotatingStack {
	t.Helper()
	s := a.newRotatingStack(t, map[string]any{"rotationDays": 30})
	s.set(arguments)
	s.mustUp()
	s.clock.advance(31 * day)
	s.mustUp()
	s.clock.advance(31 * day)
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
				s := twice(t, nil)
				current := s.output("token")
				s.set(arguments)
				s.oci.Inject(fault)
				_ = s.up()
				if s.output("token") == current {
					assert.True(t, s.works(current), "the current token works")
				}
				if what != "revoking has no answer" {
					for _, name := range []resource.PropertyKey{"tokenId", "previousTokenId"} {
						id := s.output(name)
						assert.True(t, id == "" || slices.ContainsFunc(s.tokens(), func(t emulator.Token) bool { return t.ID == id }),
							"the state says which tokens there are, and has a %s that is gone", name)
					}
				}
				s.oci.ClearFaults()
				s.mustUp()
				rotated := s.output("token")
				assert.NotEqual(t, current, rotated)
				s.requireSlots(why != "at once")
				if why != "at once" {
					assert.Equal(t, current, s.output("previousToken"), "rotated once")
				}
				for _, token := range s.tokens() {
					assert.Equal(t, s.arguments["description"], token.Description)
				}
				s.mustUp()
				assert.Empty(t, s.changes(), "finished")
				assert.Equal(t, rotated, s.output("token"))
				require.NoError(t, s.refresh())
				s.mustUp()
				assert.Empty(t, s.changes())
			})
		}
	}
}

func TestRefreshInTheMiddleOfARotationDoesNotLoseIt(t *testing.T) {
	t.Parallel()
	s := twice(t, nil)
	current := s.output("token")
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}, "rotationDays": nil})
	s.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
	require.Error(t, s.up())
	s.requireSlots(false)
	assert.NotEmpty(t, s.state().InitErrors)

	require.NoError(t, s.refresh())
	assert.Empty(t, s.state().InitErrors, "a refresh clears them")
	require.NoError(t, s.preview())
	assert.Equal(t, updated, s.changes())
	s.mustUp()
	assert.Equal(t, current, s.output("previousToken"))
}

func TestTokenThatDoesNotBecomeActiveIsRecordedAndAwaited(t *testing.T) {
	t.Parallel()
	s := twice(t, map[string]any{"previousDays": 0})
	current := s.output("token")
	s.oci.SetCreatingFor(time.Hour)
	require.Error(t, s.testStack.up(s.program))
	s.requireSlots(true)
	assert.Equal(t, "CREATING", s.output("state"))
	assert.Equal(t, current, s.output("previousToken"), "kept as long as the new one cannot be used")
	assert.True(t, s.works(current))

	s.clock.advance(2 * time.Hour)
	s.mustUp()
	assert.Zero(t, s.calls("CreateAuthToken"))
	assert.Equal(t, "ACTIVE", s.output("state"))
	s.requireSlots(false)
}

func TestSecretReasonStaysASecretInAHalfDoneRotation(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{
		"rotateWhenChanged": map[string]any{"key": resource.MakeSecret(resource.NewProperty("s3cr3t"))},
	})
	s.mustUp()
	s.clock.advance(day)
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"key": resource.MakeSecret(resource.NewProperty("s3cr3t-2"))}})
	s.mustUp()
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"key": "open"}})
	s.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
	require.Error(t, s.up())
	assert.NotContains(t, s.checkpoint(), "s3cr3t")
	s.mustUp()
	s.requireSlots(true)
}

func TestAnotherTokenLeavesNoRoomForARotation(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 30})
	theirs := s.oci.AddToken(s.user, "theirs")
	s.mustUp()
	warning := "the user has another auth token, which does not belong to this resource:\n  " + theirs.ID
	assert.Contains(t, s.diagnostics(), warning, "the warning appears at the creation")
	require.NoError(t, s.refresh())
	assert.Contains(t, s.diagnostics(), warning, "the warning appears at a refresh")
	s.clock.advance(29 * day)
	s.mustUp()
	assert.Contains(t, s.diagnostics(), warning, "the warning appears when a rotation is due soon")
	assert.Empty(t, s.changes())

	s.clock.advance(2 * day)
	before := s.state().Outputs
	for _, run := range []func() error{s.preview, s.up} {
		require.Error(t, run())
		for _, part := range []string{
			theirs.ID, `"theirs"`, "created ", "there is no room for it", "set overlap to false", "31 days old",
			"oci iam auth-token delete --user-id " + s.user + " --auth-token-id " + theirs.ID,
		} {
			assert.Contains(t, s.diagnostics(), part)
		}
		assert.Zero(t, s.writes(), "nothing is revoked")
	}
	assert.Equal(t, before, s.state().Outputs)

	s.set(map[string]any{"overlap": false})
	require.NoError(t, s.preview(), "one way out")
	s.oci.DeleteToken(s.user, theirs.ID)
	s.set(map[string]any{"overlap": nil})
	s.mustUp()
	s.requireSlots(true)
}

func TestTokensThatAreDeletedOutsideOfPulumi(t *testing.T) {
	t.Parallel()
	t.Run("the current one", func(t *testing.T) {
		t.Parallel()
		s := newRotatingStack(t, map[string]any{"rotationDays": 30})
		s.mustUp()
		s.clock.advance(31 * day)
		s.mustUp()
		previous := s.output("previousToken")
		s.clock.advance(day)
		s.oci.DeleteToken(s.user, s.output("tokenId"))
		require.NoError(t, s.refresh())
		assert.Contains(t, s.diagnostics(), "is gone: the next \"pulumi up\" creates a new one")
		assert.Empty(t, s.output("token"))
		require.NoError(t, s.preview())
		assert.Equal(t, updated, s.changes())
		s.mustUp()
		s.requireSlots(true)
		assert.Equal(t, previous, s.output("previousToken"), "who holds the one before can go on using it")
	})
	t.Run("the current one, without a refresh", func(t *testing.T) {
		t.Parallel()
		s := twice(t, nil)
		s.oci.DeleteToken(s.user, s.output("tokenId"))
		s.oci.AddToken(s.user, "theirs")
		s.mustUp()
		assert.Empty(t, s.output("previousTokenId"))
		assert.True(t, s.works(s.output("token")))
	})
	t.Run("the previous one", func(t *testing.T) {
		t.Parallel()
		s := twice(t, nil)
		s.oci.DeleteToken(s.user, s.output("previousTokenId"))
		require.NoError(t, s.refresh())
		s.requireSlots(false)
		s.mustUp()
		s.requireSlots(true)
	})
	t.Run("both", func(t *testing.T) {
		t.Parallel()
		s := twice(t, nil)
		s.oci.DeleteToken(s.user, s.output("previousTokenId"))
		s.oci.DeleteToken(s.user, s.output("tokenId"))
		require.NoError(t, s.refresh())
		assert.Nil(t, s.state(), "the resource is gone")
		s.mustUp()
		s.requireSlots(false)
	})
	t.Run("the user is hidden", func(t *testing.T) {
		t.Parallel()
		s := twice(t, nil)
		before := s.state().Outputs
		s.oci.Deny(s.user)
		require.Error(t, s.refresh())
		assert.Contains(t, s.diagnostics(), "stays in the state")
		require.Error(t, s.testStack.up(s.program))
		assert.Equal(t, before, s.state().Outputs)
		s.oci.Allow(s.user)
		s.mustUp()
	})
}

func TestDestroyInEveryStateRevokesWhatThereIs(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(s *rotatingStack){
		"after a rotation": func(*rotatingStack) {},
		"half-way": func(s *rotatingStack) {
			s.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
			require.Error(s.t, s.up())
		},
		"half-way without overlap": func(s *rotatingStack) {
			s.set(map[string]any{"overlap": false})
			s.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
			require.Error(s.t, s.testStack.up(s.program))
			require.Empty(s.t, s.output("token"))
			require.Empty(s.t, s.tokens())
		},
		"when the previous one is gone": func(s *rotatingStack) { s.oci.DeleteToken(s.user, s.output("previousTokenId")) },
		"when the current one is gone":  func(s *rotatingStack) { s.oci.DeleteToken(s.user, s.output("tokenId")) },
		"after it failed": func(s *rotatingStack) {
			s.oci.Inject(emulator.Fault{Operation: "DeleteAuthToken", Skip: 1, Times: 1, Status: 400, Code: "InvalidParameter"})
			require.Error(s.t, s.destroy())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twice(t, nil)
			prepare(s)
			require.NoError(t, s.destroy())
			assert.Empty(t, s.tokens())
			assert.Empty(t, s.snapshot.Resources)
		})
	}
}

func TestWithoutOverlapAHalfDoneRotationIsFinished(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 30, "overlap": false})
	s.mustUp()
	s.clock.advance(31 * day)
	s.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
	require.Error(t, s.testStack.up(s.program))
	assert.Contains(t, s.diagnostics(), "no working token until the next")
	assert.Equal(t, "DELETED", s.output("state"))
	assert.Empty(t, s.output("token"), "no value that does not work")
	require.NoError(t, s.testStack.up(s.program))
	s.requireSlots(false)
	s.requireLogin()
}

func TestRefreshAndPreviewOfANewRotatingTokenChangeNothing(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 90})
	s.mustUp()
	require.NoError(t, s.refresh())
	assert.Empty(t, s.changes())
	s.restore(s.checkpoint())
	require.NoError(t, s.preview())
	assert.Empty(t, s.changes())
	requireNoValue(t, strings.ReplaceAll(s.checkpoint(), s.output("token"), ""))
}
