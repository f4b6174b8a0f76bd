package tests

import (
	"context"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAPanicLeavesACreationInFlightAlone makes calls that panic, while the answer to a creation is held back: the clock and the
// environment panic on purpose, wherever the provider asks them.
func TestAPanicLeavesACreationInFlightAlone(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		ctx := context.Background()
		const rotatingURN = "urn:pulumi:test::test::ociauthtoken:index:RotatingAuthToken::rotating"
		live := w.oci.AddToken(w.user, "by hand")
		state := w.with(map[string]any{"state": w.active(), "timeCreated": "2024-05-17T08:15:30.123Z"})
		soon := w.with(map[string]any{"domainUrl": "https://idcs-0a.identity.oraclecloud.com", "timeExpires": "2999-01-01T00:00:00Z"})

		arrived, release := w.gate("CreateAuthToken")
		type answer struct {
			created *pulumirpc.CreateResponse
			err     error
		}
		inFlight := make(chan answer, 1)
		go func() {
			created, err := w.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: tokenURN, Properties: w.arguments("ci")})
			inFlight <- answer{created, err}
		}()
		<-arrived

		w.clock.panicking.Store(true)
		for name, call := range map[string]func() error{
			"Check": func() error {
				_, err := w.plugin.Check(ctx, &pulumirpc.CheckRequest{Urn: tokenURN, News: soon})
				return err
			},
			"Diff": func() error {
				_, err := w.plugin.Diff(ctx, &pulumirpc.DiffRequest{
					Urn: rotatingURN, Id: live.ID, Olds: state, OldInputs: w.arguments("ci"), News: w.arguments("ci"),
				})
				return err
			},
			"Create": func() error {
				_, err := w.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: tokenURN + "2", Properties: w.arguments("another")})
				return err
			},
			"Read": func() error {
				_, err := w.plugin.Read(ctx, &pulumirpc.ReadRequest{Urn: tokenURN + "2", Id: live.ID, Properties: state, Inputs: w.arguments("ci")})
				return err
			},
			"Update": func() error {
				_, err := w.plugin.Update(ctx, &pulumirpc.UpdateRequest{
					Urn: tokenURN + "2", Id: live.ID, Olds: state, OldInputs: w.arguments("ci"), News: w.arguments("new"),
				})
				return err
			},
			"Delete": func() error {
				_, err := w.plugin.Delete(ctx, &pulumirpc.DeleteRequest{
					Urn: tokenURN + "2", Id: live.ID, Properties: state, OldInputs: w.arguments("ci"),
				})
				return err
			},
			"Invoke": func() error {
				_, err := w.plugin.Invoke(ctx, &pulumirpc.InvokeRequest{
					Tok: "ociauthtoken:index:getAuthTokens", Args: properties(t, map[string]any{"userId": w.user}),
				})
				return err
			},
		} {
			err := call()
			require.Error(t, err, name)
			assert.Contains(t, err.Error(), name+": ")
			assert.Contains(t, err.Error(), "the provider has a bug", name)
			requireNoValue(t, err.Error())
		}
		w.clock.panicking.Store(false)

		release()
		got := <-inFlight
		require.NoError(t, got.err)
		value := ""
		for _, token := range w.tokens() {
			if token.ID == got.created.Id {
				value = token.Value
			}
		}
		requireSecretToken(t, got.created.Properties, value)

		// Nothing that the panics interrupted keeps later calls waiting.
		_, err := w.plugin.Read(ctx, &pulumirpc.ReadRequest{
			Urn: tokenURN, Id: got.created.Id, Properties: got.created.Properties, Inputs: w.arguments("ci"),
		})
		require.NoError(t, err)
		_, err = w.plugin.Delete(ctx, &pulumirpc.DeleteRequest{
			Urn: tokenURN, Id: got.created.Id, Properties: got.created.Properties, OldInputs: w.arguments("ci"),
		})
		require.NoError(t, err)
		_, err = w.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: tokenURN + "2", Properties: w.arguments("another")})
		require.NoError(t, err)
	})
}

func TestAPanicWhileTheProviderIsConfiguredIsItsError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plugin := w.serve()
	w.lookupPanics = true
	_, err := plugin.Configure(context.Background(), configureRequest(t, w.settings()))
	require.ErrorContains(t, err, "Configure: the provider has a bug")
	w.lookupPanics = false
	_, err = plugin.Configure(context.Background(), configureRequest(t, w.settings()))
	require.NoError(t, err)
}
