package provider_test

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
