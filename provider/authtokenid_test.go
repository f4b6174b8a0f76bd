package provider

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
	for id, want := range map[string][2]string{
		someToken:                  {"", someToken},
		someUser + "/" + someToken: {someUser, someToken},
		"users/" + someUser + "/authTokens/" + someToken: {someUser, someToken},
	} {
		userID, tokenID, err := parseID(id)
		require.NoError(t, err, id)
		assert.Equal(t, want, [2]string{userID, tokenID}, id)
	}
	for _, id := range []string{
		"", "/", "hello", someUser, someToken + "/" + someUser, someUser + "/", "/" + someToken, "users/" + someUser + "/" + someToken,
		"users/" + someUser + "/apiKeys/" + someToken, "users/" + someUser + "/authTokens/" + someToken + "/", someUser + "/../" + someToken,
		someUser + "/" + someToken + "?a", someUser + "/" + someToken + "\n",
	} {
		_, _, err := parseID(id)
		assert.Error(t, err, id)
	}
}

func TestRecordedID(t *testing.T) {
	t.Parallel()
	assert.Equal(t, someToken, recordedID("users/"+someUser+"/authTokens/"+someToken), "as an import file may have it")
	assert.Equal(t, someToken, recordedID(someToken))
	assert.Equal(t, "whatever OCI answered", recordedID("whatever OCI answered"))
}

// FuzzParseID takes any id that a person may type for an import. What passes can be put into a path.
func FuzzParseID(f *testing.F) {
	for _, id := range []string{
		"", "/", someToken, someUser + "/" + someToken, "users/" + someUser + "/authTokens/" + someToken, "users//authTokens/",
		someUser + "/../" + someToken, "users/" + someUser + "/authTokens/" + someToken + "%2f..", "\x00\xff", strings.Repeat("/", 100),
	} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		userID, tokenID, err := parseID(id)
		if err != nil {
			return
		}
		for _, part := range []string{userID, tokenID} {
			if strings.ContainsAny(part, "/\\?#% \n\x00") || part == "." || part == ".." {
				t.Errorf("%q becomes %q, which is more than one part of a path", id, part)
			}
		}
		if tokenID == "" {
			t.Errorf("%q names no token", id)
		}
	})
}
