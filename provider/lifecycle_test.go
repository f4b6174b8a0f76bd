package provider_test

import (
	"testing"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
)

// serve returns the provider, configured for a local OCI with one user. The tests in tests/ run the provider in the engine itself.
func serve(t *testing.T) (server integration.Server, oci *emulator.Service, user string) {
	t.Helper()
	oci, err := emulator.New(emulator.Config{})
	require.NoError(t, err)
	listener := oci.Start()
	t.Cleanup(listener.Close)
	user = oci.Users()[0].ID
	caller, err := oci.NewCredentials(user)
	require.NoError(t, err)

	under, err := provider.New(provider.Options{})
	require.NoError(t, err)
	server, err = integration.NewServer(t.Context(), provider.Name, semver.MustParse("1.0.0"),
		integration.WithProvider(under))
	require.NoError(t, err)
	require.NoError(t, server.Configure(p.ConfigureRequest{Args: property.NewMap(map[string]property.Value{
		"tenancyOcid": property.New(caller.TenancyID),
		"userOcid":    property.New(caller.UserID),
		"fingerprint": property.New(caller.Fingerprint),
		"privateKey":  property.New(caller.PrivateKeyPEM).WithSecret(true),
		"region":      property.New(caller.Region),
		"endpoint":    property.New(listener.URL),
	})}))
	return server, oci, user
}

func TestAuthTokenLifeCycle(t *testing.T) {
	t.Parallel()
	server, oci, user := serve(t)
	other := oci.AddUser("other").ID
	arguments := func(user, description string) property.Map {
		return property.NewMap(map[string]property.Value{
			"userId": property.New(user), "description": property.New(description),
		})
	}
	// recorded checks that the state says what OCI has.
	recorded := func(user string) func(_, state property.Map) {
		return func(_, state property.Map) {
			tokens := oci.Tokens(user)
			require.Len(t, tokens, 1)
			assert.Equal(t, property.New(tokens[0].Value).WithSecret(true), state.Get("token"))
			assert.Equal(t, tokens[0].Description, state.Get("description").AsString())
			assert.Equal(t, "ACTIVE", state.Get("state").AsString())
		}
	}

	integration.LifeCycleTest{
		Resource: "ociauthtoken:index:AuthToken",
		Create:   integration.Operation{Inputs: arguments(user, "docker login"), Hook: recorded(user)},
		Updates: []integration.Operation{
			{Inputs: arguments(user, "docker login of the build server"), Hook: recorded(user)},
			{Inputs: arguments("alice", ""), CheckFailures: []p.CheckFailure{{
				Reason: "userId: " + ocid.Check("alice", ocid.User).Error(),
			}}},
			{Inputs: arguments(other, "of someone else"), Hook: recorded(other)},
		},
	}.Run(t, server)
	assert.Empty(t, oci.Tokens(user), "replaced")
	assert.Empty(t, oci.Tokens(other), "deleted")
}

func TestRotatingAuthTokenLifeCycle(t *testing.T) {
	t.Parallel()
	server, oci, user := serve(t)
	arguments := func(incident string, days float64) property.Map {
		return property.NewMap(map[string]property.Value{
			"userId": property.New(user), "description": property.New("image pulls"), "rotationDays": property.New(days),
			"rotateWhenChanged": property.New(map[string]property.Value{"incident": property.New(incident)}),
		})
	}
	// recorded checks that the state says what OCI has: the older token is the previous one.
	recorded := func(previous bool) func(_, state property.Map) {
		return func(_, state property.Map) {
			tokens := oci.Tokens(user)
			current := tokens[len(tokens)-1]
			assert.Equal(t, property.New(current.Value).WithSecret(true), state.Get("token"))
			assert.Equal(t, current.ID, state.Get("tokenId").AsString())
			if !previous {
				require.Len(t, tokens, 1)
				assert.True(t, state.Get("previousToken").IsNull())
				return
			}
			require.Len(t, tokens, 2)
			assert.Equal(t, property.New(tokens[0].Value).WithSecret(true), state.Get("previousToken"))
		}
	}

	integration.LifeCycleTest{
		Resource: "ociauthtoken:index:RotatingAuthToken",
		Create:   integration.Operation{Inputs: arguments("none", 80), Hook: recorded(false)},
		Updates: []integration.Operation{
			{Inputs: arguments("none", 60), Hook: recorded(false)},
			{Inputs: arguments("4711", 60), Hook: recorded(true)},
			{Inputs: arguments("4712", 60), Hook: recorded(true)},
			{Inputs: arguments("4712", 0), CheckFailures: []p.CheckFailure{{
				Reason: "rotationDays: 0 is not a whole number of days from 1 to 3650",
			}}},
		},
	}.Run(t, server)
	assert.Empty(t, oci.Tokens(user), "both are revoked")
}
