package provider_test

import (
	"context"
	"encoding/json"
	"image/png"
	"os"
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
)

func packageSpec(t *testing.T) schema.PackageSpec {
	t.Helper()
	plugin, err := provider.New(provider.Options{})
	require.NoError(t, err)
	spec, err := p.GetSchema(context.Background(), provider.Name, "", plugin)
	require.NoError(t, err)
	spec.Version = ""
	return spec
}

func TestSchemaFileIsWhatTheProviderSays(t *testing.T) {
	t.Parallel()
	recorded, err := os.ReadFile("../schema.json")
	require.NoError(t, err)
	said, err := json.Marshal(packageSpec(t))
	require.NoError(t, err)
	assert.JSONEq(t, string(recorded), string(said), `schema.json is not up to date: run "make sdk"`)
}

func TestSchemaBindsWithoutComplaint(t *testing.T) {
	t.Parallel()
	spec := packageSpec(t)
	spec.Version = "1.0.0"
	_, diagnostics, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
	require.NoError(t, err)
	assert.Empty(t, diagnostics)
}

func TestEveryPropertyIsDescribed(t *testing.T) {
	t.Parallel()
	spec := packageSpec(t)
	require.NotEmpty(t, spec.Description)
	for token, resource := range spec.Resources {
		assert.NotEmpty(t, resource.Description, token)
		for name, property := range resource.Properties {
			assert.NotEmpty(t, property.Description, "%s.%s", token, name)
		}
		for name, property := range resource.InputProperties {
			assert.NotEmpty(t, property.Description, "%s argument %s", token, name)
		}
	}
	for token, function := range spec.Functions {
		assert.NotEmpty(t, function.Description, token)
		for name, property := range function.Inputs.Properties {
			assert.NotEmpty(t, property.Description, "%s argument %s", token, name)
		}
		for name, property := range function.ReturnType.ObjectTypeSpec.Properties {
			assert.NotEmpty(t, property.Description, "%s.%s", token, name)
		}
	}
	for name, variable := range spec.Config.Variables {
		assert.NotEmpty(t, variable.Description, "configuration %s", name)
	}
}

func TestTheLogoIsInTheRepository(t *testing.T) {
	t.Parallel()
	name, found := strings.CutPrefix(packageSpec(t).LogoURL, "https://raw.githubusercontent.com/ociauthtoken/pulumi-ociauthtoken/main/")
	require.True(t, found)
	logo, err := os.Open("../" + name)
	require.NoError(t, err)
	t.Cleanup(func() { _ = logo.Close() })
	_, err = png.Decode(logo)
	require.NoError(t, err)
}

func TestSchemaSaysWhatIsSecretAndWhatReplaces(t *testing.T) {
	t.Parallel()
	spec := packageSpec(t)
	token := spec.Resources["ociauthtoken:index:AuthToken"]
	assert.True(t, token.Properties["token"].Secret)
	assert.True(t, token.InputProperties["userId"].WillReplaceOnChanges)
	assert.True(t, token.Properties["userId"].WillReplaceOnChanges)
	for name, resource := range spec.Resources {
		for _, properties := range []map[string]schema.PropertySpec{resource.InputProperties, resource.Properties} {
			for property, spec := range properties {
				assert.False(t, spec.ReplaceOnChanges, "%s of %s: whether a difference replaces is up to Diff", property, name)
			}
		}
	}
	assert.ElementsMatch(t, []string{"description", "userId"}, token.RequiredInputs)
	assert.True(t, spec.Config.Variables["privateKey"].Secret)
	assert.True(t, spec.Config.Variables["privateKeyPassword"].Secret)
}

// TestSchemaRequiresWhatEveryTokenHas tests what a program can use without handling that it may be missing.
func TestSchemaRequiresWhatEveryTokenHas(t *testing.T) {
	t.Parallel()
	spec := packageSpec(t)
	assert.ElementsMatch(t, []string{"description", "userId", "token", "state", "timeCreated"},
		spec.Resources["ociauthtoken:index:AuthToken"].Required)
	assert.ElementsMatch(t, []string{"description", "userId", "token", "tokenId", "state", "timeCreated"},
		spec.Resources["ociauthtoken:index:RotatingAuthToken"].Required)

	user, login := spec.Functions["ociauthtoken:index:getRegistryUser"], spec.Functions["ociauthtoken:index:getRegistryLogin"]
	assert.Empty(t, user.Inputs.Required)
	assert.Equal(t, []string{"password"}, login.Inputs.Required)
	names := []string{"server", "namespace", "username"}
	assert.ElementsMatch(t, names, user.ReturnType.ObjectTypeSpec.Required)
	assert.ElementsMatch(t, append(names, "password", "auth", "dockerConfigJson"), login.ReturnType.ObjectTypeSpec.Required)
	access := spec.Functions["ociauthtoken:index:getRegistryToken"]
	assert.Empty(t, access.Inputs.Required)
	assert.ElementsMatch(t, append(names, "password", "auth", "dockerConfigJson", "timeExpires"), access.ReturnType.ObjectTypeSpec.Required)
}
