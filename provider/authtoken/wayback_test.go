package authtoken

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadState(t *testing.T) {
	t.Parallel()
	const (
		user   = "ocid1.user.oc1..aaaa"
		token  = "ocid1.credential.oc1..bbbb"
		domain = "https://idcs-0a.identity.oraclecloud.com"
		scim   = "0123456789abcdef0123456789abcdef"
		both   = "users/" + user + "/authTokens/" + token + "/" + token + "2"
	)
	texts := func(pairs ...string) property.Map {
		m := property.NewMap(map[string]property.Value{"userId": property.New(user)})
		for i := 0; i < len(pairs); i += 2 {
			m = m.Set(pairs[i], property.New(pairs[i+1]))
		}
		return m
	}
	for name, test := range map[string]struct {
		id             string
		state          property.Map
		want           string
		newState, keep property.Map
	}{
		"a form for an import": {"users/" + user + "/authTokens/" + token, texts(), token, texts(), property.Map{}},
		"a form in a domain":   {domain + "/users/" + user + "/authTokens/" + scim, texts(), scim, texts(), property.Map{}},
		"an OCID":              {token, texts(), token, texts(), property.Map{}},
		"any other id":         {"whatever OCI answered", texts(), "whatever OCI answered", texts(), property.Map{}},
		"that of two tokens":   {both, texts(), both, texts(), property.Map{}},
		"of a RotatingAuthToken": {
			token, texts("tokenId", token+"2", "state", "ACTIVE", "timeRotationDue", "2030-01-01T00:00:00Z"), token + "2", texts("state", "ACTIVE"),
			property.NewMap(map[string]property.Value{"tokenId": property.New(token + "2")}),
		},
		"of one that was never rotated": {token, texts("tokenId", token), token, texts(), property.Map{}},
	} {
		id, state, keep, err := (*AuthToken)(nil).ReadState(test.id, test.state)
		require.NoError(t, err, name)
		assert.Equal(t, test.want, id, name)
		assert.Equal(t, test.newState, state, name)
		assert.Equal(t, test.keep, keep, name)
	}
	for _, state := range []property.Map{
		texts("tokenId", token, "previousTokenId", token+"2"), texts("tokenId", token, "state", "DELETED"),
	} {
		_, _, _, err := (*AuthToken)(nil).ReadState(token, state)
		assert.ErrorIs(t, err, errWayBack)
	}
}
