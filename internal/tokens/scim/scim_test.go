package scim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
)

func TestReadSCIMTokens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body  string
		ids   []string
		total int
		wrong string
	}{
		"none":           {`{"totalResults": 0, "Resources": []}`, []string{}, 0, ""},
		"none, left out": {`{"totalResults": 0}`, []string{}, 0, ""},
		"two of five":    {`{"totalResults": 5, "Resources": [{"id": "a", "ocid": "A"}, {"id": "b"}]}`, []string{"A", "b"}, 5, ""},
		"no total":       {`{"Resources": []}`, nil, 0, "not a list"},
		"an array":       {`[]`, nil, 0, "not a list"},
		"null":           {`null`, nil, 0, "not a list"},
		"another user's": {`{"totalResults": 1, "Resources": [{"id": "a", "user": {"ocid": "ocid1.user.oc1..other"}}]}`, nil, 0, "one of user ocid1.user.oc1..other"},
		"one without id": {`{"totalResults": 1, "Resources": [{}]}`, nil, 0, "not an auth token"},
	} {
		tokens, total, err := readSCIMTokens([]byte(test.body), ocitest.User)
		if test.wrong != "" {
			require.ErrorContains(t, err, test.wrong, name)
			continue
		}
		require.NoError(t, err, name)
		ids := make([]string, len(tokens))
		for i, token := range tokens {
			ids[i] = token.ID
		}
		assert.Equal(t, test.ids, ids, name)
		assert.Equal(t, test.total, total, name)
	}
}

func TestReadSCIMToken(t *testing.T) {
	t.Parallel()
	created, expires := time.Date(2030, 1, 2, 3, 4, 5, 6e6, time.UTC), time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	for body, want := range map[string]tokens.Token{
		`{"id": "i", "ocid": "o", "token": "v", "description": "d", "expiresOn": "2031-01-01T00:00:00.000Z", "meta": {"created": "2030-01-02T03:04:05.006Z"}}`: {
			ID: "o", SCIMID: "i", Value: "v", Description: new("d"), TimeCreated: created, TimeExpires: &expires,
		},
		`{"id": "i", "token": "v", "ocid": "o"`:                                                {ID: "o", SCIMID: "i", Value: "v"},
		`{"id": "i", "user": {"ocid": "u", "value": 5}} {}`:                                    {ID: "i", SCIMID: "i", UserID: "u"},
		`{"id": "i", "status": "INACTIVE"}`:                                                    {ID: "i", SCIMID: "i", State: tokens.StateInactive},
		`{"ocid": "o", "deleteInProgress": true, "status": "ACTIVE"}`:                          {ID: "o", State: tokens.StateDeleting},
		`{"ocid": "o", "deleteInProgress": "x", "meta": 5, "expiresOn": {}, "description": 1}`: {ID: "o"},
		`[]`: {}, `null`: {}, ``: {},
	} {
		assert.Equal(t, want, readSCIMToken([]byte(body)), body)
	}
}
