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
)

// TestTheWarningOfAnImportComesWithTheImportAlone also reads tokens with .get(), which reads them in every update.
func TestTheWarningOfAnImportComesWithTheImportAlone(t *testing.T) {
	t.Parallel()
	for _, typ := range []tokens.Type{authTokenType, rotatingType} {
		const warning = "stays empty after this import"
		s := newStack(t)
		live := s.oci.AddToken(s.user, "ci")
		id := resource.ID(s.importID(live.ID))
		register := func(id resource.ID) program {
			return func(m *deploytest.ResourceMonitor) error {
				_, err := m.RegisterResource(typ, "token", true, deploytest.ResourceOptions{Inputs: s.inputs(s.user, "ci"), ImportID: id})
				return err
			}
		}
		warnings := func() int { return strings.Count(s.diagnostics(), warning) }

		s.mustUp(register(id))
		assert.Equal(t, 1, warnings(), "the option import of %s", typ)
		s.mustUp(register(""))
		require.NoError(t, s.refresh())
		assert.Zero(t, warnings(), "it is in the state")

		s.snapshot = nil
		imported := framework.ImportOp([]deploy.Import{{Type: typ, Name: "token", ID: id}})
		require.NoError(t, s.operate(context.Background(), imported, nil, false))
		assert.Equal(t, 1, warnings(), "pulumi import of %s", typ)

		s.snapshot = nil
		for range 2 {
			s.mustUp(func(m *deploytest.ResourceMonitor) error {
				_, _, err := m.ReadResource(typ, "token", id, "", resource.PropertyMap{}, "", "", "", nil, "", "")
				return err
			})
			assert.Zero(t, warnings(), ".get() of %s", typ)
		}
	}
}
