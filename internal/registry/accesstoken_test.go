package registry

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

func TestReadAccessToken(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		answer *oci.Answer
		lives  time.Duration
		wrong  string
	}{
		"both names":        {answered(`{"token": "secret", "access_token": "secret", "scope": "", "expires_in": 3600}`), time.Hour, ""},
		"token":             {answered(`{"token": "secret", "expires_in": 3600}`), time.Hour, ""},
		"access_token":      {answered(`{"access_token": "secret", "expires_in": 1}`), time.Second, ""},
		"null":              {answered(`{"token": null, "access_token": "secret", "expires_in": 60}`), time.Minute, ""},
		"seconds in quotes": {answered(`{"token": "secret", "expires_in": "3600"}`), time.Hour, ""},
		"for ever":          {answered(`{"token": "secret", "expires_in": 9223372036854775807}`), longestAccess, ""},
		"no token":          {answered(`{"expires_in": 3600}`), 0, "there is no token in it"},
		"a number":          {answered(`{"token": 5, "expires_in": 3600}`), 0, "there is no token in it"},
		"nothing":           {answered(``), 0, "there is no token in it"},
		"a list":            {answered(`[]`), 0, "there is no token in it"},
		"no hour":           {answered(`{"token": "secret"}`), 0, "it does not say in expires_in"},
		"no number":         {answered(`{"token": "secret", "expires_in": "soon"}`), 0, "it does not say in expires_in"},
		"a past hour":       {answered(`{"token": "secret", "expires_in": 0}`), 0, "expires_in is 0"},
		"an earlier one":    {answered(`{"token": "secret", "expires_in": -3600}`), 0, "expires_in is -3600"},
	} {
		token, err := readAccessToken(test.answer, now)
		if test.wrong != "" {
			require.ErrorContains(t, err, test.wrong, name)
			assert.NotContains(t, err.Error(), "secret", name)
			assert.Empty(t, token, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, AccessToken{"secret", now.Add(test.lives)}, token, name)
	}
}

// answered returns a successful answer with this body.
func answered(body string) *oci.Answer {
	return &oci.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}
