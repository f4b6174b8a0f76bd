package tests

import (
	"context"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// TestAPanicLeavesACreationInFlightAlone makes calls that panic, while the answer to a creation is held back: the clock and the
// environment panic on purpose, wherever the provider asks them.
func TestAPanicLeavesACreationInFlightAlone(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		ctx := context.Background()
		const rotatingURN = "urn:pulumi:test::test::ociauthtoken:index:RotatingAuthToken::rotating"
		live := w.OCI.AddToken(w.User, "by hand")
		state := w.With(map[string]any{"state": w.Active(), "timeCreated": "2024-05-17T08:15:30.123Z"})
		soon := w.With(map[string]any{"domainUrl": "https://idcs-0a.identity.oraclecloud.com", "timeExpires": "2999-01-01T00:00:00Z"})

		arrived, release := w.Gate("CreateAuthToken")
		type answer struct {
			created *pulumirpc.CreateResponse
			err     error
		}
		inFlight := make(chan answer, 1)
		go func() {
			created, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: harness.TokenURN, Properties: w.Arguments("ci")})
			inFlight <- answer{created, err}
		}()
		<-arrived

		w.Clock.Panicking.Store(true)
		for name, call := range map[string]func() error{
			"Check": func() error {
				_, err := w.Client.Check(ctx, &pulumirpc.CheckRequest{Urn: harness.TokenURN, News: soon})
				return err
			},
			"Diff": func() error {
				_, err := w.Client.Diff(ctx, &pulumirpc.DiffRequest{
					Urn: rotatingURN, Id: live.ID, Olds: state, OldInputs: w.Arguments("ci"), News: w.Arguments("ci"),
				})
				return err
			},
			"Create": func() error {
				_, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: harness.TokenURN + "2", Properties: w.Arguments("another")})
				return err
			},
			"Read": func() error {
				_, err := w.Client.Read(ctx, &pulumirpc.ReadRequest{Urn: harness.TokenURN + "2", Id: live.ID, Properties: state, Inputs: w.Arguments("ci")})
				return err
			},
			"Update": func() error {
				_, err := w.Client.Update(ctx, &pulumirpc.UpdateRequest{
					Urn: harness.TokenURN + "2", Id: live.ID, Olds: state, OldInputs: w.Arguments("ci"), News: w.Arguments("new"),
				})
				return err
			},
			"Delete": func() error {
				_, err := w.Client.Delete(ctx, &pulumirpc.DeleteRequest{
					Urn: harness.TokenURN + "2", Id: live.ID, Properties: state, OldInputs: w.Arguments("ci"),
				})
				return err
			},
			"Invoke": func() error {
				_, err := w.Client.Invoke(ctx, &pulumirpc.InvokeRequest{
					Tok: "ociauthtoken:index:getAuthTokens", Args: harness.Properties(t, map[string]any{"userId": w.User}),
				})
				return err
			},
		} {
			err := call()
			require.Error(t, err, name)
			assert.Contains(t, err.Error(), name+": ")
			assert.Contains(t, err.Error(), "the provider has a bug", name)
			harness.RequireNoValue(t, err.Error())
		}
		w.Clock.Panicking.Store(false)

		release()
		got := <-inFlight
		require.NoError(t, got.err)
		value := ""
		for _, token := range w.Tokens() {
			if token.ID == got.created.Id {
				value = token.Value
			}
		}
		harness.RequireSecretToken(t, got.created.Properties, value)

		// Nothing that the panics interrupted keeps later calls waiting.
		_, err := w.Client.Read(ctx, &pulumirpc.ReadRequest{
			Urn: harness.TokenURN, Id: got.created.Id, Properties: got.created.Properties, Inputs: w.Arguments("ci"),
		})
		require.NoError(t, err)
		_, err = w.Client.Delete(ctx, &pulumirpc.DeleteRequest{
			Urn: harness.TokenURN, Id: got.created.Id, Properties: got.created.Properties, OldInputs: w.Arguments("ci"),
		})
		require.NoError(t, err)
		_, err = w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: harness.TokenURN + "2", Properties: w.Arguments("another")})
		require.NoError(t, err)
	})
}

func TestAPanicWhileTheProviderIsConfiguredIsItsError(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	plugin := inprocess.Serve(w)
	w.LookupPanics = true
	_, err := plugin.Configure(context.Background(), harness.ConfigureRequest(t, w.Settings()))
	require.ErrorContains(t, err, "Configure: the provider has a bug")
	w.LookupPanics = false
	_, err = plugin.Configure(context.Background(), harness.ConfigureRequest(t, w.Settings()))
	require.NoError(t, err)
}
