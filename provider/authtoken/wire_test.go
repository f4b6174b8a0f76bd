package authtoken_test

import (
	"context"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

func TestTokenIsASecretOnEveryWire(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		ctx := context.Background()

		created, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: harness.TokenURN, Properties: w.Arguments("ci")})
		require.NoError(t, err)
		value := w.OnlyToken().Value
		harness.RequireSecretToken(t, created.Properties, value)

		// An engine or a program that does not know secrets sends the value back as plaintext.
		inClear := created.Properties.AsMap()
		inClear["token"] = value
		state, err := structpb.NewStruct(inClear)
		require.NoError(t, err)

		read, err := w.Client.Read(ctx, &pulumirpc.ReadRequest{
			Id: created.Id, Urn: harness.TokenURN, Properties: state, Inputs: w.Arguments("ci"),
		})
		require.NoError(t, err)
		harness.RequireSecretToken(t, read.Properties, value)

		for _, preview := range []bool{true, false} {
			updated, err := w.Client.Update(ctx, &pulumirpc.UpdateRequest{
				Id: created.Id, Urn: harness.TokenURN, Olds: state, News: w.Arguments("new"), OldInputs: w.Arguments("ci"), Preview: preview,
			})
			require.NoError(t, err)
			harness.RequireSecretToken(t, updated.Properties, value)
		}
	})
}

func TestDiffReportsEachProperty(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		ctx := context.Background()
		created, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: harness.TokenURN, Properties: w.Arguments("ci")})
		require.NoError(t, err)
		other := w.AddUser("other")
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
			diff, err := w.Client.Diff(ctx, &pulumirpc.DiffRequest{
				Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, OldInputs: w.Arguments("ci"), News: w.With(test.news),
			})
			require.NoError(t, err, name)
			assert.ElementsMatch(t, test.diffs, diff.Diffs, name)
			assert.ElementsMatch(t, test.replacement, diff.Replaces, name)
			assert.False(t, diff.DeleteBeforeReplace, name)
		}
	})
}
