package token

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
)

const (
	someUser  = "ocid1.user.oc1..aaaa"
	someToken = "ocid1.credential.oc1..bbbb"
	someURL   = "https://idcs-0a.identity.oraclecloud.com"
	someSCIM  = "0123456789abcdef0123456789abcdef"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	inDomain := tokens.UserRef{ID: someUser, DomainURL: someURL}
	for id, want := range map[string]struct {
		user  tokens.UserRef
		token string
	}{
		someToken:                  {tokens.UserRef{}, someToken},
		someUser + "/" + someToken: {tokens.UserRef{ID: someUser}, someToken},
		"users/" + someUser + "/authTokens/" + someToken:                                              {tokens.UserRef{ID: someUser}, someToken},
		someURL + "/users/" + someUser + "/authTokens/" + someToken:                                   {inDomain, someToken},
		someURL + "/users/" + someUser + "/authTokens/" + someSCIM:                                    {inDomain, someSCIM},
		someURL + ":443/users/" + someUser + "/authTokens/" + someToken:                               {inDomain, someToken},
		"HTTPS://IDCS-0A.identity.oraclecloud.com:443/users/" + someUser + "/authTokens/" + someToken: {inDomain, someToken},
		"https://IDCS-0A.identity.oraclecloud.com//users/" + someUser + "/authTokens/" + someToken:    {inDomain, someToken},
	} {
		user, tokenID, err := ParseID(id)
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
		_, _, err := ParseID(id)
		assert.ErrorContains(t, err, "<domain's URL>/users/", id)
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
		user, tokenID, err := ParseID(id)
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
