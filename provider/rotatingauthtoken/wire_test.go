package rotatingauthtoken_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// requireSecretTokens decodes properties from the wire. Both values must be in them, as secrets and nowhere else.
func requireSecretTokens(t *testing.T, outputs resource.PropertyMap, current, previous string) {
	t.Helper()
	for name, value := range map[resource.PropertyKey]string{"token": current, "previousToken": previous} {
		if value == "" {
			require.True(t, outputs[name].IsNull())
			continue
		}
		require.True(t, outputs[name].IsSecret(), "%s is in clear on the wire", name)
		assert.Equal(t, value, outputs[name].SecretValue().Element.StringValue())
		delete(outputs, name)
	}
	rest, err := json.Marshal(outputs.Mappable())
	require.NoError(t, err)
	harness.RequireNoValue(t, string(rest))
}

func TestBothTokensAreSecretsOnEveryWire(t *testing.T) {
	t.Parallel()
	w := newRotatingPlugin(t, harness.IAM)
	w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}}
	require.NoError(t, w.Up())
	requireSecretTokens(t, harness.Unmarshal(t, w.state), w.Tokens()[0].Value, "")
	w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}}
	require.NoError(t, w.Up())
	current, previous := w.Tokens()[1].Value, w.Tokens()[0].Value
	requireSecretTokens(t, harness.Unmarshal(t, w.state), current, previous)

	// An engine or a program that does not know secrets sends the values back as plaintext.
	inClear := harness.Unmarshal(t, w.state)
	inClear["token"], inClear["previousToken"] = resource.NewProperty(current), resource.NewProperty(previous)
	w.state = harness.Properties(t, inClear.Mappable())
	require.NoError(t, w.refresh())
	requireSecretTokens(t, harness.Unmarshal(t, w.state), current, previous)

	w.state = harness.Properties(t, inClear.Mappable())
	for _, preview := range []bool{true, false} {
		answer, err := w.Client.Update(context.Background(), &pulumirpc.UpdateRequest{
			Id: w.id, Urn: rotatingURN, Olds: w.state, OldInputs: w.inputs, News: w.inputs, Preview: preview,
		})
		require.NoError(t, err)
		requireSecretTokens(t, harness.Unmarshal(t, answer.Properties), current, previous)
	}
}
