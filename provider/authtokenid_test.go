package provider

import (
	"context"
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

const (
	someUser  = "ocid1.user.oc1..aaaa"
	someToken = "ocid1.credential.oc1..bbbb"
	someURL   = "https://idcs-0a.identity.oraclecloud.com"
	someSCIM  = "0123456789abcdef0123456789abcdef"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	inDomain := identity.UserRef{ID: someUser, DomainURL: someURL}
	for id, want := range map[string]struct {
		user  identity.UserRef
		token string
	}{
		someToken:                  {identity.UserRef{}, someToken},
		someUser + "/" + someToken: {identity.UserRef{ID: someUser}, someToken},
		"users/" + someUser + "/authTokens/" + someToken:                                              {identity.UserRef{ID: someUser}, someToken},
		someURL + "/users/" + someUser + "/authTokens/" + someToken:                                   {inDomain, someToken},
		someURL + "/users/" + someUser + "/authTokens/" + someSCIM:                                    {inDomain, someSCIM},
		someURL + ":443/users/" + someUser + "/authTokens/" + someToken:                               {inDomain, someToken},
		"HTTPS://IDCS-0A.identity.oraclecloud.com:443/users/" + someUser + "/authTokens/" + someToken: {inDomain, someToken},
		"https://IDCS-0A.identity.oraclecloud.com//users/" + someUser + "/authTokens/" + someToken:    {inDomain, someToken},
	} {
		user, tokenID, err := parseID(id)
		require.NoError(t, err, id)
		assert.Equal(t, want.user, user, id)
		assert.Equal(t, want.token, tokenID, id)
	}
	for _, id := range []string{
		"", "/", "hello", someUser, someToken + "/" + someUser, someUser + "/", "/" + someToken, "users/" + someUser + "/" + someToken,
		"users/" + someUser + "/apiKeys/" + someToken, "users/" + someUser + "/authTokens/" + someToken + "/", someUser + "/../" + someToken,
		someUser + "/" + someToken + "?a", someUser + "/" + someToken + "\n",
		someUser + "/" + someSCIM, someSCIM, someURL, someURL + "/" + someUser + "/" + someToken, someURL + "/users/" + someUser,
		someURL + "/users/" + someUser + "/" + someToken, someURL + "/users//authTokens/" + someToken,
		someURL + "/admin/v1/users/" + someUser + "/authTokens/" + someToken, "http://example.com/users/" + someUser + "/authTokens/" + someToken,
		someURL + "/users/" + someUser + "/authTokens/" + someUser, "https:///users/" + someUser + "/authTokens/" + someToken,
	} {
		_, _, err := parseID(id)
		assert.ErrorContains(t, err, "<domain's URL>/users/", id)
	}
}

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

// FuzzParseID tries any id that a person may type for an import. An id that passes can be put into a path.
func FuzzParseID(f *testing.F) {
	for _, id := range []string{
		"", "/", someToken, someUser + "/" + someToken, "users/" + someUser + "/authTokens/" + someToken, "users//authTokens/",
		someURL + "/users/" + someUser + "/authTokens/" + someSCIM, someUser + "/../" + someToken, "users/" + someUser + "/authTokens/" + someToken + "%2f..", "\x00\xff", strings.Repeat("/", 100),
	} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		user, tokenID, err := parseID(id)
		if err != nil {
			return
		}
		for _, part := range []string{user.ID, tokenID} {
			if strings.ContainsAny(part, "/\\?#% \n\x00") || part == "." || part == ".." {
				t.Errorf("%q becomes %q, which is more than one part of a path", id, part)
			}
		}
		if tokenID == "" {
			t.Errorf("%q names no token", id)
		}
	})
}
