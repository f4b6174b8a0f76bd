package rotatingauthtoken_test

import (
	"slices"
	"testing"

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
