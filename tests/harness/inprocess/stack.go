package inprocess

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

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
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// Program is a Pulumi program that registers resources with the real engine, without an SDK.
type Program func(m *deploytest.ResourceMonitor) error

// Stack is one stack of the real engine, which runs in this process.
type Stack struct {
	*harness.World
	// Config is the stack's configuration, including ociauthtoken:endpoint.
	Config map[string]string
	// Consumer is a second provider, whose resources depend on the tokens.
	Consumer *Consumer

	// Snapshot is the state.
	Snapshot *deploy.Snapshot
	// Events holds the events of the last operation, and said what the provider logged in it, including status lines.
	Events []engine.Event
	said   *harness.Messages
	// Parallel is the number of concurrent operations. 0 means the engine's default.
	Parallel int32
}

// NewStack returns an empty stack whose provider uses the world's OCI.
func NewStack(w *harness.World) *Stack {
	return &Stack{World: w, Config: map[string]string{"endpoint": w.URL}, Consumer: &Consumer{}}
}

// Up does "pulumi up" with a program.
func (s *Stack) Up(run Program) error {
	return s.Operate(context.Background(), engine.Update, run, false)
}

// MustUp does "pulumi up" with a program. It must succeed.
func (s *Stack) MustUp(run Program) {
	s.T.Helper()
	require.NoError(s.T, s.Up(run))
}

// Preview does "pulumi preview" with a program.
func (s *Stack) Preview(run Program) error {
	return s.Operate(context.Background(), engine.Update, run, true)
}

// Refresh does "pulumi refresh".
func (s *Stack) Refresh() error {
	return s.Operate(context.Background(), engine.Refresh, nil, false)
}

// Destroy does "pulumi destroy".
func (s *Stack) Destroy() error {
	return s.Operate(context.Background(), engine.Destroy, nil, false)
}

// Operate runs an operation of the engine. When ctx ends, it cancels the operation, as Ctrl-C does.
func (s *Stack) Operate(ctx context.Context, op lt.TestOp, run Program, dryRun bool) error {
	s.T.Helper()
	if run == nil {
		run = func(*deploytest.ResourceMonitor) error { return nil }
	}
	runtime := deploytest.NewLanguageRuntimeF(func(_ plugin.RunInfo, m *deploytest.ResourceMonitor) error { return run(m) })
	loaders := []*deploytest.ProviderLoader{
		deploytest.NewProviderLoader(provider.Name, semver.MustParse(harness.PluginVersion), func() (plugin.Provider, error) {
			return plugin.NewProviderWithClient(nil, Serve(s.World), false), nil
		}, deploytest.WithoutGrpc, deploytest.WithHandshake),
		deploytest.NewProviderLoader("consumer", semver.MustParse("1.0.0"), s.Consumer.load),
	}
	s.said = &harness.Messages{}
	sink := diag.DefaultSink(s.said, s.said, diag.FormatOptions{Color: colors.Never})
	plan := &lt.TestPlan{
		Config: config.Map{},
		Options: lt.TestUpdateOptions{
			T: s.T, SkipDisplayTests: true,
			HostF:         deploytest.NewPluginHostF(sink, sink, runtime, nil, nil, loaders...),
			UpdateOptions: engine.UpdateOptions{Parallel: s.Parallel},
		},
	}
	for key, value := range s.Config {
		plan.Config[config.MustMakeKey(provider.Name, key)] = config.NewValue(value)
	}
	plan.Decrypter = config.NopDecrypter
	s.Events = nil
	validate := func(_ workspace.Project, _ deploy.Target, _ engine.JournalEntries, events []engine.Event, err error) error {
		s.Events = events
		return err
	}
	snapshot, err := op.RunWithContext(ctx, plan.GetProject(), plan.GetTarget(s.T, s.Snapshot), plan.Options, dryRun, nil, validate)
	if !dryRun && snapshot != nil {
		s.Snapshot = snapshot
	}
	// Nothing that the engine shows may contain a token's value.
	harness.RequireNone(s.T, s.Shown(), harness.Canaries...)
	if err != nil {
		harness.RequireNoValue(s.T, err.Error())
	}
	return err
}

// Shown returns everything that a person sees of the last operation: diagnostics, and the progress and diff of every step.
func (s *Stack) Shown() string {
	var text strings.Builder
	text.WriteString(s.Diagnostics())
	for _, event := range s.Events {
		converted, err := enginedisplay.ConvertEngineEvent(event, false)
		require.NoError(s.T, err)
		shown, err := json.Marshal(converted)
		require.NoError(s.T, err)
		text.Write(shown)
		text.WriteByte('\n')
	}
	return text.String()
}

// Diagnostics returns the messages of the last operation, including status lines.
func (s *Stack) Diagnostics() string {
	var text strings.Builder
	text.WriteString(s.said.String())
	for _, event := range s.Events {
		if event.Type == engine.DiagEvent {
			payload := event.Payload().(engine.DiagEventPayload)
			fmt.Fprintf(&text, "%s: %s\n", payload.Severity, payload.Message)
		}
	}
	return text.String()
}

// Token returns the recorded state of an AuthToken, or nil if there is none.
func (s *Stack) Token(name string) *pkgresource.State {
	return s.Recorded(harness.AuthTokenType, name)
}

// Value returns the token's value from the state. It must be a secret there.
func (s *Stack) Value(name string) string {
	s.T.Helper()
	state := s.Token(name)
	require.NotNil(s.T, state, "no AuthToken %q in the state", name)
	value := state.Outputs["token"]
	require.True(s.T, value.IsSecret(), "the output token is not a secret in the state")
	return value.SecretValue().Element.StringValue()
}

// Checkpoint returns the state in the form that Pulumi writes to its backend.
func (s *Stack) Checkpoint() string {
	s.T.Helper()
	deployment, err := stack.SerializeDeployment(context.Background(), s.Snapshot, false)
	require.NoError(s.T, err)
	text, err := json.Marshal(deployment)
	require.NoError(s.T, err)
	return string(text)
}

// Changes counts the changes that the last operation made or previewed, without resources that stay the same.
func (s *Stack) Changes() display.ResourceChanges {
	for _, event := range s.Events {
		if event.Type == engine.SummaryEvent {
			changes := event.Payload().(engine.SummaryEventPayload).ResourceChanges
			delete(changes, "same")
			return changes
		}
	}
	return nil
}

// OneToken returns a program with one AuthToken named "token".
func (s *Stack) OneToken(userID, description string) Program {
	return func(m *deploytest.ResourceMonitor) error {
		_, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
			Inputs: s.Inputs(userID, description),
		})
		return err
	}
}

// CheckpointOf returns the part of the checkpoint about one AuthToken, without the times that the engine adds.
func (s *Stack) CheckpointOf(name string) string {
	s.T.Helper()
	state := s.Token(name)
	require.NotNil(s.T, state)
	text, err := json.Marshal(map[string]any{
		"id": state.ID, "inputs": state.Inputs.Mappable(), "outputs": state.Outputs.Mappable(),
	})
	require.NoError(s.T, err)
	return string(text)
}

// Restore makes a checkpoint the stack's state, as if another run of Pulumi had read it from the backend.
func (s *Stack) Restore(checkpoint string) {
	s.T.Helper()
	snapshot, err := stack.DeserializeUntypedDeployment(context.Background(),
		&apitype.UntypedDeployment{Version: 3, Deployment: json.RawMessage(checkpoint)}, stack.Base64SecretsProvider{})
	require.NoError(s.T, err)
	snapshot.SecretsManager = b64.NewBase64SecretsManager()
	s.Snapshot = snapshot
}

// Recorded returns the recorded state of a resource, or nil.
func (s *Stack) Recorded(kind, name string) *pkgresource.State {
	if s.Snapshot == nil {
		return nil
	}
	for _, state := range s.Snapshot.Resources {
		if string(state.Type) == kind && state.URN.Name() == name && !state.Delete {
			return state
		}
	}
	return nil
}

// Rewrite replaces an argument of a resource in the state, in the inputs and in the outputs.
func (s *Stack) Rewrite(kind, argument string, value any) {
	s.T.Helper()
	state := s.Recorded(kind, "token")
	require.NotNil(s.T, state)
	for _, properties := range []resource.PropertyMap{state.Inputs, state.Outputs} {
		properties[resource.PropertyKey(argument)] = resource.NewPropertyValue(value)
	}
}

// RequireNoChange previews and ups a program, which must change nothing and make no call.
func (s *Stack) RequireNoChange(run Program, because string) {
	s.T.Helper()
	s.OCI.ResetJournal()
	require.NoError(s.T, s.Preview(run), because)
	assert.Empty(s.T, s.Changes(), because)
	s.MustUp(run)
	assert.Empty(s.T, s.Changes(), because)
	assert.Empty(s.T, s.OCI.Journal(), because)
}

// RequireMarked is like RequireNoChange, but the first up may record the mark of a secret. It makes no call for it, and nothing that
// depends on the resource moves.
func (s *Stack) RequireMarked(run Program, because string) {
	s.T.Helper()
	s.OCI.ResetJournal()
	require.NoError(s.T, s.Preview(run), because)
	assert.LessOrEqual(s.T, s.Changes()["update"], 1, because)
	assert.Zero(s.T, s.Changes()["replace"], because)
	s.MustUp(run)
	assert.LessOrEqual(s.T, s.Changes()["update"], 1, because)
	assert.Zero(s.T, s.Changes()["replace"], because)
	assert.Empty(s.T, s.OCI.Journal(), because)
	s.RequireNoChange(run, because)
}

// Secret returns a value that is marked as a secret.
func Secret(value any) *resource.Secret {
	return &resource.Secret{Element: resource.NewPropertyValue(value)}
}
