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
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

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
