package harness

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
)

// TokenURN is the URN of the AuthToken in the tests that need only one.
const TokenURN = "urn:pulumi:test::test::ociauthtoken:index:AuthToken::token"

// The type tokens of the resources.
const (
	AuthTokenType         = "ociauthtoken:index:AuthToken"
	RotatingAuthTokenType = "ociauthtoken:index:RotatingAuthToken"
)

// ConfigureRequest returns what the engine configures a provider with.
func ConfigureRequest(t *testing.T, configuration map[string]any) *pulumirpc.ConfigureRequest {
	t.Helper()
	return &pulumirpc.ConfigureRequest{
		Args: Properties(t, configuration), AcceptSecrets: true, AcceptResources: true,
		SendsOldInputs: true, SendsOldInputsToDelete: true,
	}
}

// Properties returns values as they are on the wire.
func Properties(t *testing.T, values map[string]any) *structpb.Struct {
	t.Helper()
	return Marshal(t, resource.NewPropertyMapFromMap(values))
}

// Marshal returns properties as they are on the wire, with the marks of secrets and of unknown values.
func Marshal(t *testing.T, values resource.PropertyMap) *structpb.Struct {
	t.Helper()
	s, err := plugin.MarshalProperties(values, plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, KeepOutputValues: true, KeepResources: true,
	})
	require.NoError(t, err)
	return s
}

// Unmarshal is the reverse of Marshal.
func Unmarshal(t *testing.T, s *structpb.Struct) resource.PropertyMap {
	t.Helper()
	outputs, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true})
	require.NoError(t, err)
	return outputs
}

// RequireSecretToken decodes properties from the wire. The token must be in them, as a secret and nowhere else.
func RequireSecretToken(t *testing.T, s *structpb.Struct, value string) {
	t.Helper()
	outputs := Unmarshal(t, s)
	require.True(t, outputs["token"].IsSecret(), "the token is in clear on the wire")
	assert.Equal(t, value, outputs["token"].SecretValue().Element.StringValue())
	delete(outputs, "token")
	rest, err := json.Marshal(outputs.Mappable())
	require.NoError(t, err)
	RequireNoValue(t, string(rest))
}

// Text returns an output of a resource that is a string, or "". The tokens' values must be secrets.
func Text(outputs resource.PropertyMap, name resource.PropertyKey) string {
	value := outputs[name]
	if value.IsSecret() {
		value = value.SecretValue().Element
	} else if name == "token" || name == "previousToken" {
		if !value.IsNull() {
			panic("the output " + name + " is not a secret in the state")
		}
	}
	if !value.IsString() {
		return ""
	}
	return value.StringValue()
}
