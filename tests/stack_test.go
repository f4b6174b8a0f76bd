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

// authTokenType is the type token of AuthToken.
const authTokenType = "ociauthtoken:index:AuthToken"

// program is a Pulumi program that registers resources with the real engine, without an SDK.
type program func(m *deploytest.ResourceMonitor) error

// testStack is one stack of the real engine, which runs in this process.
type testStack struct {
	*world
	// config is the stack's configuration, including ociauthtoken:endpoint.
	config map[string]string
	// consumer is a second provider, whose resources depend on the tokens.
	consumer *consumer

	snapshot *deploy.Snapshot
	// events holds the events of the last operation, and said what the provider logged in it, including status lines.
	events []engine.Event
	said   *said
	// parallel is the number of concurrent operations. 0 means the engine's default.
	parallel int32
}

func newStack(t *testing.T) *testStack {
	t.Helper()
	return newStackIn(newWorld(t))
}

func newStackIn(w *world) *testStack {
	return &testStack{world: w, config: map[string]string{"endpoint": w.url}, consumer: &consumer{}}
}

// said collects messages from several goroutines.
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

// up does "pulumi up" with a program.
func (s *testStack) up(run program) error {
	return s.operate(context.Background(), engine.Update, run, false)
}

// mustUp does "pulumi up" with a program. It must succeed.
func (s *testStack) mustUp(run program) {
	s.t.Helper()
	require.NoError(s.t, s.up(run))
}

// preview does "pulumi preview" with a program.
func (s *testStack) preview(run program) error {
	return s.operate(context.Background(), engine.Update, run, true)
}

func (s *testStack) refresh() error {
	return s.operate(context.Background(), engine.Refresh, nil, false)
}

func (s *testStack) destroy() error {
	return s.operate(context.Background(), engine.Destroy, nil, false)
}

// operate runs an operation of the engine. When ctx ends, it cancels the operation, as Ctrl-C does.
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
	// Nothing that the engine shows may contain a token's value.
	requireNone(s.t, s.shown(), canaries...)
	if err != nil {
		requireNoValue(s.t, err.Error())
	}
	return err
}

// shown returns everything that a person sees of the last operation: diagnostics, and the progress and diff of every step.
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

// diagnostics returns the messages of the last operation, including status lines.
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

// token returns the recorded state of an AuthToken, or nil if there is none.
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

// value returns the token's value from the state. It must be a secret there.
func (s *testStack) value(name string) string {
	s.t.Helper()
	state := s.token(name)
	require.NotNil(s.t, state, "no AuthToken %q in the state", name)
	value := state.Outputs["token"]
	require.True(s.t, value.IsSecret(), "the output token is not a secret in the state")
	return value.SecretValue().Element.StringValue()
}

// checkpoint returns the state in the form that Pulumi writes to its backend.
func (s *testStack) checkpoint() string {
	s.t.Helper()
	deployment, err := stack.SerializeDeployment(context.Background(), s.snapshot, false)
	require.NoError(s.t, err)
	text, err := json.Marshal(deployment)
	require.NoError(s.t, err)
	return string(text)
}

// changes counts the changes that the last operation made or previewed, without resources that stay the same.
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

// oneToken returns a program with one AuthToken named "token".
func (w *world) oneToken(userID, description string) program {
	return func(m *deploytest.ResourceMonitor) error {
		_, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{
			Inputs: w.inputs(userID, description),
		})
		return err
	}
}

// inputs returns the arguments of a token for a user.
func (w *world) inputs(userID, description string) resource.PropertyMap {
	inputs := resource.NewPropertyMapFromMap(map[string]any{"userId": userID, "description": description})
	if w.domainURL != "" {
		inputs["domainUrl"] = resource.NewProperty(w.domainURL)
	}
	return inputs
}

// checkpointOf returns the part of the checkpoint about one AuthToken, without the times that the engine adds.
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

// restore makes a checkpoint the stack's state, as if another run of Pulumi had read it from the backend.
func (s *testStack) restore(checkpoint string) {
	s.t.Helper()
	snapshot, err := stack.DeserializeUntypedDeployment(context.Background(),
		&apitype.UntypedDeployment{Version: 3, Deployment: json.RawMessage(checkpoint)}, stack.Base64SecretsProvider{})
	require.NoError(s.t, err)
	snapshot.SecretsManager = b64.NewBase64SecretsManager()
	s.snapshot = snapshot
}
