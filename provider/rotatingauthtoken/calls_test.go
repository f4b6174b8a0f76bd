package rotatingauthtoken_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

const rotatingURN = "urn:pulumi:test::test::ociauthtoken:index:RotatingAuthToken::token"

// rotatingPlugin is a RotatingAuthToken at the other end of a gRPC connection, and the state that an engine records for it. It is faster
// than the real engine, which would need long for the days of ten years.
type rotatingPlugin struct {
	*inprocess.Plugin
	arguments map[string]any
	id        string
	inputs    *structpb.Struct
	state     *structpb.Struct
	failed    bool // the state is recorded with errors
	// holds is the value that a dependent got last.
	holds string
}

func newRotatingPlugin(t *testing.T, a harness.API) *rotatingPlugin {
	t.Helper()
	w := a.NewWorldOnOneClock(t)
	return &rotatingPlugin{Plugin: inprocess.NewPlugin(w)}
}

// another starts another plugin process, as every command does.
func (w *rotatingPlugin) another() {
	w.Client = inprocess.Configured(w.World, map[string]any{"endpoint": w.URL})
}

// Up does what the engine does with the resource during an update.
func (w *rotatingPlugin) Up() error {
	w.T.Helper()
	ctx, checked := context.Background(), w.check()
	if w.id == "" {
		created, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: rotatingURN, Properties: checked.Inputs})
		if err != nil {
			failed := initFailure(err)
			if failed == nil {
				return err
			}
			created = &pulumirpc.CreateResponse{Id: failed.Id, Properties: failed.Properties}
		}
		w.id, w.inputs, w.state, w.failed = created.Id, checked.Inputs, created.Properties, err != nil
		if err == nil {
			w.holds = w.text("token")
		}
		return err
	}
	if !w.changes(checked) && !w.failed {
		w.inputs = checked.Inputs
		return nil
	}
	answer, err := w.Client.Update(ctx, &pulumirpc.UpdateRequest{
		Id: w.id, Urn: rotatingURN, Olds: w.state, OldInputs: w.inputs, News: checked.Inputs,
	})
	if err == nil {
		w.inputs, w.state, w.failed = checked.Inputs, answer.Properties, false
		w.holds = w.text("token")
		return nil
	}
	if failed := initFailure(err); failed != nil {
		w.state, w.failed = failed.Properties, true
	}
	return err
}

// check does what the engine does first.
func (w *rotatingPlugin) check() *pulumirpc.CheckResponse {
	w.T.Helper()
	news := map[string]any{"userId": w.User, "description": "ci"}
	if w.DomainURL != "" {
		news["domainUrl"] = w.DomainURL
	}
	maps.Copy(news, w.arguments)
	checked, err := w.Client.Check(context.Background(), &pulumirpc.CheckRequest{Urn: rotatingURN, Olds: w.inputs, News: harness.Properties(w.T, news)})
	require.NoError(w.T, err)
	require.Empty(w.T, checked.Failures)
	return checked
}

// changes reports whether an update would change something.
func (w *rotatingPlugin) changes(checked *pulumirpc.CheckResponse) bool {
	w.T.Helper()
	diff, err := w.Client.Diff(context.Background(), &pulumirpc.DiffRequest{
		Id: w.id, Urn: rotatingURN, Olds: w.state, OldInputs: w.inputs, News: checked.Inputs,
	})
	require.NoError(w.T, err)
	require.Empty(w.T, diff.Replaces)
	return diff.Changes == pulumirpc.DiffResponse_DIFF_SOME
}

// refresh does what the engine does with the resource during a refresh.
func (w *rotatingPlugin) refresh() error {
	read, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{
		Id: w.id, Urn: rotatingURN, Properties: w.state, Inputs: w.inputs,
	})
	if err != nil {
		return err
	}
	w.id, w.inputs, w.state, w.failed = read.Id, read.Inputs, read.Properties, false
	return nil
}

func initFailure(err error) *pulumirpc.ErrorResourceInitFailed {
	for _, detail := range status.Convert(err).Details() {
		if failed, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok {
			return failed
		}
	}
	return nil
}

// text returns one of the outputs.
func (w *rotatingPlugin) text(name resource.PropertyKey) string {
	return harness.Text(harness.Unmarshal(w.T, w.state), name)
}

// age returns how old the current token is.
func (w *rotatingPlugin) age() time.Duration {
	created, err := time.Parse(time.RFC3339, w.text("timeCreated"))
	require.NoError(w.T, err)
	return w.Clock.Now().Sub(created)
}

// requireOrder fails unless the dependent's value works and every token is recorded.
func (w *rotatingPlugin) requireOrder(when string) {
	w.T.Helper()
	works := false
	for _, token := range w.Tokens() {
		works = works || token.Value == w.holds
		require.Contains(w.T, []string{w.text("tokenId"), w.text("previousTokenId")}, token.ID, "%s: nobody has recorded it", when)
	}
	require.True(w.T, works, "%s: what the dependent holds no longer works", when)
}
