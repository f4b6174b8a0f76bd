package provider_test

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// TestAPreviewKnowsNoOutputOfATokenToCome previews what creates a token, and then does it. Whatever the preview knows has to be so. OCI
// answers with all that it can say about a token.
func TestAPreviewKnowsNoOutputOfATokenToCome(t *testing.T) {
	t.Parallel()
	server, oci, user := serve(t)
	oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 3, Set: map[string]any{
		"inactiveStatus": 4, "timeExpires": "2999-01-31T00:00:00.000Z",
	}})
	inputs := property.NewMap(map[string]property.Value{"userId": property.New(user), "description": property.New("ci")})
	compare := func(preview, done property.Map) {
		t.Helper()
		for name, value := range done.All {
			known := preview.Get(name)
			assert.True(t, known.IsComputed() || known.Equals(value), "%s is %#v in the preview, and then %#v", name, known, value)
		}
		for _, name := range infermend.NamesIn[token.Outputs]() {
			assert.True(t, preview.Get(name).IsComputed(), "%s is known in the preview", name)
		}
		assert.True(t, preview.Get("token").Secret(), "the value to come is a secret already")
	}
	for _, kind := range []string{"AuthToken", "RotatingAuthToken"} {
		urn := resource.URN("urn:pulumi:test::test::ociauthtoken:index:" + kind + "::token")
		create := p.CreateRequest{Urn: urn, Properties: inputs, DryRun: true}
		preview, err := server.Create(create)
		require.NoError(t, err)
		create.DryRun = false
		created, err := server.Create(create)
		require.NoError(t, err)
		compare(preview.Properties, created.Properties)

		if kind == "RotatingAuthToken" {
			incident := property.New(map[string]property.Value{"incident": property.New("4711")})
			update := p.UpdateRequest{
				Urn: urn, ID: created.ID, State: created.Properties, OldInputs: inputs, Inputs: inputs.Set("rotateWhenChanged", incident), DryRun: true,
			}
			preview, err := server.Update(update)
			require.NoError(t, err)
			update.DryRun = false
			rotated, err := server.Update(update)
			require.NoError(t, err)
			compare(preview.Properties, rotated.Properties)
		}
		require.NoError(t, server.Delete(p.DeleteRequest{Urn: urn, ID: created.ID, Properties: created.Properties}))
	}
}
