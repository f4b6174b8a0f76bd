package rotatingauthtoken

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	someUser  = "ocid1.user.oc1..aaaa"
	someToken = "ocid1.credential.oc1..bbbb"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	const (
		other  = "ocid1.credential.oc1..cccc"
		domain = "https://idcs-0123456789abcdef.identity.oraclecloud.com"
		scim   = "0123456789abcdef0123456789abcdef"
	)
	for id, want := range map[string][3]string{
		someToken:                  {"", someToken, ""},
		someUser + "/" + someToken: {someUser, someToken, ""},
		"users/" + someUser + "/authTokens/" + someToken:                         {someUser, someToken, ""},
		someUser + "/" + someToken + "/" + other:                                 {someUser, someToken, other},
		"users/" + someUser + "/authTokens/" + someToken + "/" + other:           {someUser, someToken, other},
		domain + "/users/" + someUser + "/authTokens/" + someToken:               {someUser, someToken, ""},
		domain + "/users/" + someUser + "/authTokens/" + someToken + "/" + other: {someUser, someToken, other},
		domain + "/users/" + someUser + "/authTokens/" + someToken + "/" + scim:  {someUser, someToken, scim},
	} {
		user, currentID, previousID, err := parseID(id)
		require.NoError(t, err, id)
		assert.Equal(t, want, [3]string{user.ID, currentID, previousID}, id)
		assert.Equal(t, strings.HasPrefix(id, domain), user.DomainURL == domain, id)
	}
	for _, id := range []string{
		"", "/", "alice", someUser, someToken + "/" + other, someUser + "/" + someToken + "/", someUser + "/" + someToken + "/" + someToken,
		someUser + "/" + someToken + "/" + other + "/" + other, someUser + "/" + someToken + "/alice", "/" + someUser + "/" + someToken,
	} {
		_, _, _, err := parseID(id)
		assert.ErrorContains(t, err, "users/<user's OCID>/authTokens/", "%q", id)
	}
}

func TestReadState(t *testing.T) {
	t.Parallel()
	const both = "users/" + someUser + "/authTokens/" + someToken + "/" + someToken + "2"
	taken := property.NewMap(map[string]property.Value{"tokenId": property.New(someToken)})
	for _, test := range []struct {
		id             string
		state          property.Map
		want, previous string
	}{
		{someUser + "/" + someToken, property.Map{}, someToken, ""},
		{both, property.Map{}, someToken, someToken + "2"},
		{both, taken, someToken, ""},
		{someToken, property.Map{}, someToken, ""},
		{"whatever OCI answered", property.Map{}, "whatever OCI answered", ""},
	} {
		id, state, keep, err := (*RotatingAuthToken)(nil).ReadState(test.id, test.state)
		require.NoError(t, err)
		assert.Equal(t, test.want, id, test.id)
		previous := ""
		if v := state.Get("previousTokenId"); v.IsString() {
			previous = v.AsString()
		}
		assert.Equal(t, test.previous, previous, test.id)
		assert.Empty(t, keep)
	}
}
