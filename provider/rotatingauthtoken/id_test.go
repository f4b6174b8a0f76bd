package rotatingauthtoken

import (
	"strings"
	"testing"

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
		user, currentID, previousID, err := ParseID(id)
		require.NoError(t, err, id)
		assert.Equal(t, want, [3]string{user.ID, currentID, previousID}, id)
		assert.Equal(t, strings.HasPrefix(id, domain), user.DomainURL == domain, id)
	}
	for _, id := range []string{
		"", "/", "alice", someUser, someToken + "/" + other, someUser + "/" + someToken + "/", someUser + "/" + someToken + "/" + someToken,
		someUser + "/" + someToken + "/" + other + "/" + other, someUser + "/" + someToken + "/alice", "/" + someUser + "/" + someToken,
	} {
		_, _, _, err := ParseID(id)
		assert.ErrorContains(t, err, "users/<user's OCID>/authTokens/", "%q", id)
	}
}
