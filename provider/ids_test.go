package provider

import (
	"context"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	someUser  = "ocid1.user.oc1..aaaa"
	someToken = "ocid1.credential.oc1..bbbb"
	someURL   = "https://idcs-0a.identity.oraclecloud.com"
	someSCIM  = "0123456789abcdef0123456789abcdef"
)

func TestAnIDInTheStateIsReadOnItsWayIn(t *testing.T) {
	t.Parallel()
	const both = "users/" + someUser + "/authTokens/" + someToken + "/" + someToken + "2"
	for _, test := range []struct{ kind, id, want, previous string }{
		{"AuthToken", "users/" + someUser + "/authTokens/" + someToken, someToken, ""},
		{"AuthToken", someURL + "/users/" + someUser + "/authTokens/" + someSCIM, someSCIM, ""},
		{"AuthToken", someToken, someToken, ""},
		{"AuthToken", "whatever OCI answered", "whatever OCI answered", ""},
		{"AuthToken", both, both, ""},
		{"RotatingAuthToken", someUser + "/" + someToken, someToken, ""},
		{"RotatingAuthToken", both, someToken, someToken + "2"},
	} {
		var id, previous string
		got := func(is string, state property.Map) {
			id, previous = is, ""
			if v := state.Get("previousTokenId"); v.IsString() {
				previous = v.AsString()
			}
		}
		provider := readingIDs(p.Provider{
			Diff: func(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
				got(req.ID, req.State)
				return p.DiffResponse{}, nil
			},
			Read: func(_ context.Context, req p.ReadRequest) (p.ReadResponse, error) {
				got(req.ID, req.Properties)
				return p.ReadResponse{}, nil
			},
			Update: func(_ context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
				got(req.ID, req.State)
				return p.UpdateResponse{}, nil
			},
			Delete: func(_ context.Context, req p.DeleteRequest) error {
				got(req.ID, req.Properties)
				return nil
			},
		})
		urn := resource.URN("urn:pulumi:test::test::" + Name + ":index:" + test.kind + "::token")
		state := property.NewMap(map[string]property.Value{"userId": property.New(someUser)})
		ctx := context.Background()
		for call, do := range map[string]func() error{
			"Diff": func() error {
				_, err := provider.Diff(ctx, p.DiffRequest{Urn: urn, ID: test.id, State: state})
				return err
			},
			"Read": func() error {
				_, err := provider.Read(ctx, p.ReadRequest{Urn: urn, ID: test.id, Properties: state})
				return err
			},
			"Update": func() error {
				_, err := provider.Update(ctx, p.UpdateRequest{Urn: urn, ID: test.id, State: state})
				return err
			},
			"Delete": func() error { return provider.Delete(ctx, p.DeleteRequest{Urn: urn, ID: test.id, Properties: state}) },
		} {
			require.NoError(t, do())
			assert.Equal(t, test.want, id, "%s of %s", call, test.id)
			assert.Equal(t, test.previous, previous, "%s of %s", call, test.id)
		}
		_, err := provider.Read(ctx, p.ReadRequest{Urn: urn, ID: test.id})
		require.NoError(t, err)
		assert.Equal(t, test.id, id, "an import needs it whole")
	}
}
