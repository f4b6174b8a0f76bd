package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/blang/semver"
	enginedisplay "github.com/pulumi/pulumi/pkg/v3/backend/display"
	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/engine"
	lt "github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	pkgresource "github.com/pulumi/pulumi/pkg/v3/resource"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/pkg/v3/resource/stack"
	"github.com/pulumi/pulumi/pkg/v3/secrets/b64"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
)

// authTokenType is the resource's type token.
const authTokenType = "ociauthtoken:index:AuthToken"

// program is a Pulumi program: it registers resources, without any SDK, with the real engine's monitor.
type program func(m *deploytest.ResourceMonitor) error

// testStack is one stack of the real engine, which runs in this process.
type testStack struct {
	*world
	// config is the stack's configuration, ociauthtoken:endpoint in it.
	config map[string]string
	// consumer is a second provider, whose resources depend on the tokens.
	consumer *consumer

	snapshot *deploy.Snapshot
	// events are those of the last operation, and said is what the provider has said in it, status lines included.
	events []engine.Event
	said   *said
	// parallel is the number of operations at once. 0 leaves it to the engine.
	parallel int32
}

func newStack(t *testing.T) *testStack {
	t.Helper()
	return newStackIn(newWorld(t))
}

func newStackIn(w *world) *testStack {
	return &testStack{world: w, config: map[string]string{"endpoint": w.url}, consumer: &consumer{}}
}

// said collects what several goroutines say.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// up runs a program for real.
func (s *testStack) up(run program) error {
	return s.operate(context.Background(), engine.Update, run, false)
}

// mustUp runs a program for real, and it must succeed.
func (s *testStack) mustUp(run program) {
	s.t.Helper()
	require.NoError(s.t, s.up(run))
}

// preview runs a program without changing anything.
func (s *testStack) preview(run program) error {
	return s.operate(context.Background(), engine.Update, run, true)
}

func (s *testStack) refresh() error {
	return s.operate(context.Background(), engine.Refresh, nil, false)
}

func (s *testStack) destroy() error {
	return s.operate(context.Background(), engine.Destroy, nil, false)
}

// operate lets the engine do something. When ctx ends, the engine is told to cancel, as Ctrl-C does.
func (s *testStack) operate(ctx context.Context, op lt.TestOp, run program, dryRun bool) error {
	s.t.Helper()
	if run == nil {
		run = func(*deploytest.ResourceMonitor) error { return nil }
	}
	runtime := deploytest.NewLanguageRuntimeF(func(_ plugin.RunInfo, m *deploytest.ResourceMonitor) error { return run(m) })
	loaders := []*deploytest.ProviderLoader{
		deploytest.NewProviderLoader(provider.Name, semver.MustParse(pluginVersion), func() (plugin.Provider, error) {
			return plugin.NewProviderWithClient(nil, s.serve(), false), nil
		}, deploytest.WithoutGrpc, deploytest.WithHandshake),
		deploytest.NewProviderLoader("consumer", semver.MustParse("1.0.0"), s.consumer.load),
	}
	s.said = &said{}
	sink := diag.DefaultSink(s.said, s.said, diag.FormatOptions{Color: colors.Never})
	plan := &lt.TestPlan{
		Config: config.Map{},
		Options: lt.TestUpdateOptions{
			T: s.t, SkipDisplayTests: true,
			HostF:         deploytest.NewPluginHostF(sink, sink, runtime, nil, nil, loaders...),
			UpdateOptions: engine.UpdateOptions{Parallel: s.parallel},
		},
	}
	for key, value := range s.config {
		plan.Config[config.MustMakeKey(provider.Name, key)] = config.NewValue(value)
	}
	plan.Decrypter = config.NopDecrypter
	s.events = nil
	validate := func(_ workspace.Project, _ deploy.Target, _ engine.JournalEntries, events []engine.Event, err error) error {
		s.events = events
		return err
	}
	snapshot, err := op.RunWithContext(ctx, plan.GetProject(), plan.GetTarget(s.t, s.snapshot), plan.Options, dryRun, nil, validate)
	if !dryRun && snapshot != nil {
		s.snapshot = snapshot
	}
	// Whatever was asked of the engine, nothing that it shows may hold a token's value.
	requireNone(s.t, s.shown(), canaries...)
	if err != nil {
		requireNoValue(s.t, err.Error())
	}
	return err
}

// shown is all that a person sees of the last operation: diagnostics, and the progress and difference of every step.
func (s *testStack) shown() string {
	var text strings.Builder
	text.WriteString(s.diagnostics())
	for _, event := range s.events {
		converted, err := enginedisplay.ConvertEngineEvent(event, false)
		require.NoError(s.t, err)
		shown, err := json.Marshal(converted)
		require.NoError(s.t, err)
		text.Write(shown)
		text.WriteByte('\n')
	}
	return text.String()
}

// diagnostics are the messages of the last operation, status lines among them.
func (s *testStack) diagnostics() string {
	var text strings.Builder
	text.WriteString(s.said.String())
	for _, event := range s.events {
		if event.Type == engine.DiagEvent {
			payload := event.Payload().(engine.DiagEventPayload)
			fmt.Fprintf(&text, "%s: %s\n", payload.Severity, payload.Message)
		}
	}
	return text.String()
}

// token is the recorded state of an AuthToken, or nil if there is none.
func (s *testStack) token(name string) *pkgresource.State {
	if s.snapshot == nil {
		return nil
	}
	for _, state := range s.snapshot.Resources {
		if state.Type == authTokenType && state.URN.Name() == name && !state.Delete {
			return state
		}
	}
	return nil
}

// value is the token's value as the state holds it. It must be a secret there.
func (s *testStack) value(name string) string {
	s.t.Helper()
	state := s.token(name)
	require.NotNil(s.t, state, "no AuthToken %q in the state", name)
	value := state.Outputs["token"]
	require.True(s.t, value.IsSecret(), "the output token is not a secret in the state")
	return value.SecretValue().Element.StringValue()
}

// checkpoint is the state as Pulumi writes it to its backend.
func (s *testStack) checkpoint() string {
	s.t.Helper()
	deployment, err := stack.SerializeDeployment(context.Background(), s.snapshot, false)
	require.NoError(s.t, err)
	text, err := json.Marshal(deployment)
	require.NoError(s.t, err)
	return string(text)
}

// changes sums up what the last operation did or would do, without what stays the same.
func (s *testStack) changes() display.ResourceChanges {
	for _, event := range s.events {
		if event.Type == engine.SummaryEvent {
			changes := event.Payload().(engine.SummaryEventPayload).ResourceChanges
			delete(changes, "same")
			return changes
		}
	}
	return nil
}

// mint is a program with one AuthToken named "token".
func (w *world) mint(userID, description string) program {
	return func(m *deploytest.ResourceMonitor) error {
		_, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{
			Inputs: w.inputs(userID, description),
		})
		return err
	}
}

// inputs are the arguments of a token for a user.
func (w *world) inputs(userID, description string) resource.PropertyMap {
	inputs := resource.NewPropertyMapFromMap(map[string]any{"userId": userID, "description": description})
	if w.domainURL != "" {
		inputs["domainUrl"] = resource.NewProperty(w.domainURL)
	}
	return inputs
}

// checkpointOf is what the checkpoint holds of one AuthToken, without the times of the engine's own.
func (s *testStack) checkpointOf(name string) string {
	s.t.Helper()
	state := s.token(name)
	require.NotNil(s.t, state)
	text, err := json.Marshal(map[string]any{
		"id": state.ID, "inputs": state.Inputs.Mappable(), "outputs": state.Outputs.Mappable(),
	})
	require.NoError(s.t, err)
	return string(text)
}

// restore makes a checkpoint the stack's state, as another session of Pulumi finds it in the backend.
func (s *testStack) restore(checkpoint string) {
	s.t.Helper()
	snapshot, err := stack.DeserializeUntypedDeployment(context.Background(),
		&apitype.UntypedDeployment{Version: 3, Deployment: json.RawMessage(checkpoint)}, stack.Base64SecretsProvider{})
	require.NoError(s.t, err)
	snapshot.SecretsManager = b64.NewBase64SecretsManager()
	s.snapshot = snapshot
}
