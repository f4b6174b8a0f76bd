package tests

import (
	"context"
	"encoding/json"
	"maps"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
)

// These tests call the provider over gRPC, without an engine or an SDK in between. A property that is secret here is secret with every
// SDK.

const tokenURN = "urn:pulumi:test::test::ociauthtoken:index:AuthToken::token"

// wire is a configured provider, called over a gRPC connection.
type wire struct {
	*world
	plugin pulumirpc.ResourceProviderClient
}

func newWire(t *testing.T) *wire {
	t.Helper()
	w := newWorld(t)
	return &wire{world: w, plugin: w.configured(map[string]any{"endpoint": w.url})}
}

// configured returns a new provider with this configuration.
func (w *world) configured(configuration map[string]any) pulumirpc.ResourceProviderClient {
	w.t.Helper()
	plugin := w.serve()
	_, err := plugin.Configure(context.Background(), configureRequest(w.t, configuration))
	require.NoError(w.t, err)
	return plugin
}

func configureRequest(t *testing.T, configuration map[string]any) *pulumirpc.ConfigureRequest {
	t.Helper()
	return &pulumirpc.ConfigureRequest{
		Args: properties(t, configuration), AcceptSecrets: true, AcceptResources: true,
		SendsOldInputs: true, SendsOldInputsToDelete: true,
	}
}

func properties(t *testing.T, values map[string]any) *structpb.Struct {
	t.Helper()
	return marshalled(t, resource.NewPropertyMapFromMap(values))
}

func marshalled(t *testing.T, values resource.PropertyMap) *structpb.Struct {
	t.Helper()
	s, err := plugin.MarshalProperties(values, plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, KeepOutputValues: true, KeepResources: true,
	})
	require.NoError(t, err)
	return s
}

func (w *wire) arguments(description string) *structpb.Struct {
	s, err := plugin.MarshalProperties(w.inputs(w.user, description), plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true})
	require.NoError(w.t, err)
	return s
}

// with returns the arguments of a token of the user, some of them replaced.
func (w *wire) with(others map[string]any) *structpb.Struct {
	inputs := w.inputs(w.user, "ci").Mappable()
	maps.Copy(inputs, others)
	return properties(w.t, inputs)
}

func unmarshalled(t *testing.T, s *structpb.Struct) resource.PropertyMap {
	t.Helper()
	outputs, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true})
	require.NoError(t, err)
	return outputs
}

// requireSecretToken decodes properties from the wire. The token must be in them, as a secret and nowhere else.
func requireSecretToken(t *testing.T, s *structpb.Struct, value string) {
	t.Helper()
	outputs := unmarshalled(t, s)
	require.True(t, outputs["token"].IsSecret(), "the token is in clear on the wire")
	assert.Equal(t, value, outputs["token"].SecretValue().Element.StringValue())
	delete(outputs, "token")
	rest, err := json.Marshal(outputs.Mappable())
	require.NoError(t, err)
	requireNoValue(t, string(rest))
}

func TestTokenIsASecretOnEveryWire(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		ctx := context.Background()

		created, err := w.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: tokenURN, Properties: w.arguments("ci")})
		require.NoError(t, err)
		value := w.onlyToken().Value
		requireSecretToken(t, created.Properties, value)

		// An engine or a program that does not know secrets sends the value back as plaintext.
		inClear := created.Properties.AsMap()
		inClear["token"] = value
		state, err := structpb.NewStruct(inClear)
		require.NoError(t, err)

		read, err := w.plugin.Read(ctx, &pulumirpc.ReadRequest{
			Id: created.Id, Urn: tokenURN, Properties: state, Inputs: w.arguments("ci"),
		})
		require.NoError(t, err)
		requireSecretToken(t, read.Properties, value)

		for _, preview := range []bool{true, false} {
			updated, err := w.plugin.Update(ctx, &pulumirpc.UpdateRequest{
				Id: created.Id, Urn: tokenURN, Olds: state, News: w.arguments("new"), OldInputs: w.arguments("ci"), Preview: preview,
			})
			require.NoError(t, err)
			requireSecretToken(t, updated.Properties, value)
		}
	})
}

func TestImportOverTheWireHasNoTokenRatherThanAnEmptyOne(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		live := w.oci.AddToken(w.user, "by hand")
		read, err := w.plugin.Read(context.Background(), &pulumirpc.ReadRequest{Id: w.importID(live.ID), Urn: tokenURN})
		require.NoError(t, err)
		assert.Equal(t, live.ID, read.Id)
		assert.NotContains(t, read.Properties.Fields, "token")
		assert.Equal(t, "by hand", read.Inputs.Fields["description"].GetStringValue())
		assert.Equal(t, w.user, read.Inputs.Fields["userId"].GetStringValue())
	})
}

func TestStateFromAnImportFileNeedsNoMoreThanTheToken(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		ctx := context.Background()
		live := w.oci.AddToken(w.user, "by hand")
		state := properties(t, map[string]any{"token": resource.MakeSecret(resource.NewProperty(live.Value))})

		diff, err := w.plugin.Diff(ctx, &pulumirpc.DiffRequest{
			Id: live.ID, Urn: tokenURN, Olds: state, OldInputs: w.arguments("by hand"), News: w.arguments("new"),
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"description"}, diff.Diffs)
		assert.Empty(t, diff.Replaces)

		updated, err := w.plugin.Update(ctx, &pulumirpc.UpdateRequest{
			Id: live.ID, Urn: tokenURN, Olds: state, OldInputs: w.arguments("by hand"), News: w.arguments("new"),
		})
		require.NoError(t, err)
		requireSecretToken(t, updated.Properties, live.Value)

		_, err = w.plugin.Delete(ctx, &pulumirpc.DeleteRequest{
			Id: live.ID, Urn: tokenURN, Properties: state, OldInputs: w.arguments("new"),
		})
		require.NoError(t, err)
		assert.Empty(t, w.tokens())
	})
}

func TestDiffReportsEachProperty(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		w := a.newWire(t)
		ctx := context.Background()
		created, err := w.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: tokenURN, Properties: w.arguments("ci")})
		require.NoError(t, err)
		other := w.addUser("other")
		unknown := resource.MakeComputed(resource.NewProperty(""))

		for name, test := range map[string]struct {
			news               map[string]any
			diffs, replacement []string
		}{
			"nothing":             {map[string]any{}, nil, nil},
			"description":         {map[string]any{"description": "new"}, []string{"description"}, nil},
			"user":                {map[string]any{"userId": other, "description": "ci"}, []string{"userId"}, []string{"userId"}},
			"unknown description": {map[string]any{"description": unknown}, []string{"description"}, nil},
			"unknown user":        {map[string]any{"userId": unknown, "description": "ci"}, []string{"userId"}, []string{"userId"}},
			"domain":              {map[string]any{"domainUrl": "https://idcs-1.example.com"}, []string{"domainUrl"}, []string{"domainUrl"}},
			"unknown domain":      {map[string]any{"domainUrl": unknown}, []string{"domainUrl"}, []string{"domainUrl"}},
			"expiry":              {map[string]any{"timeExpires": "2999-01-01T00:00:00Z"}, []string{"timeExpires"}, []string{"timeExpires"}},
			"unknown expiry":      {map[string]any{"timeExpires": unknown}, []string{"timeExpires"}, []string{"timeExpires"}},
			// The state must record that the property is now a secret.
			"secret description": {map[string]any{
				"description": resource.MakeSecret(resource.NewProperty("ci")),
			}, []string{"description"}, nil},
		} {
			diff, err := w.plugin.Diff(ctx, &pulumirpc.DiffRequest{
				Id: created.Id, Urn: tokenURN, Olds: created.Properties, OldInputs: w.arguments("ci"), News: w.with(test.news),
			})
			require.NoError(t, err, name)
			assert.ElementsMatch(t, test.diffs, diff.Diffs, name)
			assert.ElementsMatch(t, test.replacement, diff.Replaces, name)
			assert.False(t, diff.DeleteBeforeReplace, name)
		}
	})
}
