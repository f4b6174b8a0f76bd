package identity

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
		tokens, total, err := readSCIMTokens(answered(test.body), testUser)
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
	for body, want := range map[string]AuthToken{
		`{"id": "i", "ocid": "o", "token": "v", "description": "d", "expiresOn": "2031-01-01T00:00:00.000Z", "meta": {"created": "2030-01-02T03:04:05.006Z"}}`: {
			ID: "o", SCIMID: "i", Value: "v", Description: new("d"), TimeCreated: created, TimeExpires: &expires,
		},
		`{"id": "i", "token": "v", "ocid": "o"`:                                                {ID: "o", SCIMID: "i", Value: "v"},
		`{"id": "i", "user": {"ocid": "u", "value": 5}} {}`:                                    {ID: "i", SCIMID: "i", UserID: "u"},
		`{"id": "i", "status": "INACTIVE"}`:                                                    {ID: "i", SCIMID: "i", State: StateInactive},
		`{"ocid": "o", "deleteInProgress": true, "status": "ACTIVE"}`:                          {ID: "o", State: StateDeleting},
		`{"ocid": "o", "deleteInProgress": "x", "meta": 5, "expiresOn": {}, "description": 1}`: {ID: "o"},
		`[]`: {}, `null`: {}, ``: {},
	} {
		assert.Equal(t, want, readSCIMToken([]byte(body)), body)
	}
}

func TestFailureOfADomain(t *testing.T) {
	t.Parallel()
	body := func(id string) string {
		return `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": "It\nsays.", "status": "404",
			"urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error": {"messageId": "` + id + `"}}`
	}
	code, message := answered(body("error.common.common.accessDenied")).failure()
	assert.Equal(t, "error.common.common.accessDenied", code)
	assert.Equal(t, "It says.", message)
	code, message = answered(`{"detail": "Request failed.", "urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error": 5}`).failure()
	assert.Empty(t, code)
	assert.Equal(t, "Request failed.", message)

	for id, statuses := range map[string]map[int]verdict{
		"error.common.common.accessDenied":          {401: refused},
		"error.common.common.incorrectState":        {409: busy},
		"error.common.common.invalidatedRetryToken": {409: invalidated},
		"error.common.common.whatever":              {404: notFound, 429: throttled, 409: refused, 503: doubtful},
		"error.common.xaccessdenied":                {401: refused},
	} {
		for status, want := range statuses {
			assert.Equal(t, want, judge(&answer{status: status, header: http.Header{}, body: []byte(body(id))}), "%d %s", status, id)
		}
	}
	for code, limit := range map[string]bool{
		"error.common.common.userCapacityExceeded": true, "error.identity.authToken.maxLimitReached": true,
		"error.common.validation.stringExceedsMaxLimit": false, "error.common.common.incorrectState": false, "maximum": false,
	} {
		assert.Equal(t, limit, (&callError{creates: true, status: 400, code: code}).limitExceeded(), code)
		assert.False(t, (&callError{status: 400, code: code}).limitExceeded(), code)
		assert.False(t, (&callError{creates: true, status: 429, code: code}).limitExceeded(), code)
	}
}

func TestAdviceOnADomainsRefusal(t *testing.T) {
	t.Parallel()
	denied := callError{status: 401, code: "error.common.common.accessDenied", verdict: refused}
	assert.Contains(t, denied.advice(), "Identity Domain Administrator")
	assert.NotContains(t, denied.advice(), "clock")
	bad := callError{status: 401, code: "error.common.common.notAuthenticated", verdict: refused}
	assert.Contains(t, bad.advice(), "clock")
}
