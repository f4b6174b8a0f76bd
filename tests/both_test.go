package tests

import (
	"context"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/engine/lifecycletest/framework"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
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

// TestTheWarningOfAnImportComesWithTheImportAlone also reads tokens with .get(), which reads them in every update.
func TestTheWarningOfAnImportComesWithTheImportAlone(t *testing.T) {
	t.Parallel()
	for _, typ := range []tokens.Type{harness.AuthTokenType, harness.RotatingAuthTokenType} {
		const warning = "stays empty after this import"
		s := inprocess.NewStack(harness.NewWorld(t))
		live := s.OCI.AddToken(s.User, "ci")
		id := resource.ID(s.ImportID(live.ID))
		register := func(id resource.ID) inprocess.Program {
			return func(m *deploytest.ResourceMonitor) error {
				_, err := m.RegisterResource(typ, "token", true, deploytest.ResourceOptions{Inputs: s.Inputs(s.User, "ci"), ImportID: id})
				return err
			}
		}
		warnings := func() int { return strings.Count(s.Diagnostics(), warning) }

		s.MustUp(register(id))
		assert.Equal(t, 1, warnings(), "the option import of %s", typ)
		s.MustUp(register(""))
		require.NoError(t, s.Refresh())
		assert.Zero(t, warnings(), "it is in the state")

		s.Snapshot = nil
		imported := framework.ImportOp([]deploy.Import{{Type: typ, Name: "token", ID: id}})
		require.NoError(t, s.Operate(context.Background(), imported, nil, false))
		assert.Equal(t, 1, warnings(), "pulumi import of %s", typ)

		s.Snapshot = nil
		for range 2 {
			s.MustUp(func(m *deploytest.ResourceMonitor) error {
				_, _, err := m.ReadResource(typ, "token", id, "", resource.PropertyMap{}, "", "", "", nil, "", "")
				return err
			})
			assert.Zero(t, warnings(), ".get() of %s", typ)
		}
	}
}

func TestImportWithASecretUserIsNoReplacement(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, kind := range []string{harness.AuthTokenType, harness.RotatingAuthTokenType} {
			s := inprocess.NewStack(a.NewWorld(t))
			live := s.OCI.AddToken(s.User, "ci")
			options := deploytest.ResourceOptions{Inputs: s.Inputs(s.User, "ci"), ImportID: resource.ID(s.ImportID(live.ID))}
			options.Inputs["userId"] = resource.MakeSecret(resource.NewProperty(s.User))
			run := func(m *deploytest.ResourceMonitor) error {
				_, err := m.RegisterResource(tokens.Type(kind), "token", true, options)
				return err
			}
			s.MustUp(run)
			s.RequireMarked(run, kind+" with the option")
			options.ImportID = ""
			s.RequireMarked(run, kind+" without the option")
		}
	})
}
