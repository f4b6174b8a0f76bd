package tests

import (
	"encoding/json"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// TestExistsIsFalseForAMissingToken reads tokens as the engine does for AuthToken.exists(id): since Pulumi 3.273, it takes an answer without
// outputs for "no", and one with empty outputs for "unknown".
func TestExistsIsFalseForAMissingToken(t *testing.T) {
	t.Parallel()
	w := inprocess.NewPlugin(harness.NewWorld(t))
	live := w.OCI.AddToken(w.User, "by hand")
	gone := w.OCI.AddToken(w.User, "gone")
	require.True(t, w.OCI.DeleteToken(w.User, gone.ID))
	for _, kind := range []string{"AuthToken", "RotatingAuthToken"} {
		read := func(name, user, token string) (*pulumirpc.ReadResponse, error) {
			return w.Client.Read(t.Context(), &pulumirpc.ReadRequest{
				Id: "users/" + user + "/authTokens/" + token, Urn: "urn:pulumi:test::test::ociauthtoken:index:" + kind + "::" + name,
			})
		}
		resp, err := read("__exists__1", w.User, live.ID)
		require.NoError(t, err, kind)
		assert.NotEmpty(t, resp.GetProperties().GetFields(), kind)

		resp, err = read("__exists__2", w.User, gone.ID)
		require.NoError(t, err, kind)
		assert.Nil(t, resp.GetProperties(), kind)
		assert.Empty(t, resp.GetId(), kind)

		_, err = read("__exists__3", w.User+"x", gone.ID)
		require.ErrorContains(t, err, "NotAuthorizedOrNotFound", kind) // It may exist.
		_, err = read("token", w.User, gone.ID)
		require.ErrorContains(t, err, "has no auth token", kind)
	}
}

// TestSchemaLetsNewCheckTheCredentials reads the schema as "pulumi new" does since Pulumi 3.274.
func TestSchemaLetsNewCheckTheCredentials(t *testing.T) {
	t.Parallel()
	resp, err := inprocess.NewPlugin(harness.NewWorld(t)).Client.GetSchema(t.Context(), &pulumirpc.GetSchemaRequest{})
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
