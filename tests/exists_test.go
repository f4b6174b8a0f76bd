package tests

import (
	"encoding/json"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestExistsIsFalseForAMissingToken reads tokens as the engine does for AuthToken.exists(id): since Pulumi 3.273, it takes an answer without
// outputs for "no", and one with empty outputs for "unknown".
func TestExistsIsFalseForAMissingToken(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	live := w.oci.AddToken(w.user, "by hand")
	gone := w.oci.AddToken(w.user, "gone")
	require.True(t, w.oci.DeleteToken(w.user, gone.ID))
	for _, kind := range []string{"AuthToken", "RotatingAuthToken"} {
		read := func(name, user, token string) (*pulumirpc.ReadResponse, error) {
			return w.plugin.Read(t.Context(), &pulumirpc.ReadRequest{
				Id: "users/" + user + "/authTokens/" + token, Urn: "urn:pulumi:test::test::ociauthtoken:index:" + kind + "::" + name,
			})
		}
		resp, err := read("__exists__1", w.user, live.ID)
		require.NoError(t, err, kind)
		assert.NotEmpty(t, resp.GetProperties().GetFields(), kind)

		resp, err = read("__exists__2", w.user, gone.ID)
		require.NoError(t, err, kind)
		assert.Nil(t, resp.GetProperties(), kind)
		assert.Empty(t, resp.GetId(), kind)

		_, err = read("__exists__3", w.user+"x", gone.ID)
		require.ErrorContains(t, err, "NotAuthorizedOrNotFound", kind) // It may exist.
		_, err = read("token", w.user, gone.ID)
		require.ErrorContains(t, err, "has no auth token", kind)
	}
}

// TestSchemaLetsNewCheckTheCredentials reads the schema as "pulumi new" does since Pulumi 3.274.
func TestSchemaLetsNewCheckTheCredentials(t *testing.T) {
	t.Parallel()
	resp, err := newWire(t).plugin.GetSchema(t.Context(), &pulumirpc.GetSchemaRequest{})
	require.NoError(t, err)
	var info struct {
		Name                     string
		ValidateCredentialsOnNew bool
		ConfigurationDocsURL     string `json:"configurationDocsUrl"`
	}
	require.NoError(t, json.Unmarshal([]byte(resp.GetSchema()), &info))
	assert.Equal(t, "ociauthtoken", info.Name)
	assert.True(t, info.ValidateCredentialsOnNew)
	assert.Equal(t, "https://www.pulumi.com/registry/packages/ociauthtoken/installation-configuration/", info.ConfigurationDocsURL)
}
