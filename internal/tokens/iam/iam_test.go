package iam

import (
	"net/http"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
)

// answered returns a successful answer with this body.
func answered(body string) *oci.Answer {
	return &oci.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

func TestReadAuthTokens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer *oci.Answer
		ids    []string
		wrong  string
	}{
		"none":             {answered(`[]`), []string{}, ""},
		"two":              {answered(`[{"id": "a"}, {"id": "b", "token": null}]`), []string{"a", "b"}, ""},
		"null":             {answered(`null`), nil, "not a list"},
		"an object":        {answered(`{"id": "a"}`), nil, "not a list"},
		"nothing":          {answered(``), nil, "not a list"},
		"one without id":   {answered(`[{"id": "a"}, {}]`), nil, "not an auth token"},
		"one that is null": {answered(`[null]`), nil, "not an auth token"},
		"a page":           {&oci.Answer{Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(`[]`)}, nil, "not JSON"},
		"another user's":   {answered(`[{"id": "a", "userId": "ocid1.user.oc1..other"}]`), nil, "one of user ocid1.user.oc1..other"},
		"bytes after it":   {answered(`[] []`), nil, "not a list"},
		"no media type":    {&oci.Answer{Header: http.Header{}, Body: []byte(`[]`)}, []string{}, ""},
	} {
		tokens, err := readAuthTokens(test.answer, ocitest.User)
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
	}
}

// FuzzAnswers reads arbitrary answers, as the answer to a creation, as a list, and as an error.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		``, `null`, `[]`, `{}`, `[{}]`, `[null]`, `"x"`, `5`, `{"id": "a", "token": "b"}`, `{"id": 5, "token": ["b"]}`,
		`[{"id": "a", "timeCreated": "yesterday", "inactiveStatus": 1.5}]`, `{"code": "\u0000", "message": "\ud800"}`,
		`{"statusCode": 200, "code": {}}`, `{"id":"a","id":"b"}`, "{\"token\": \"\xff\"}", `{"timeCreated":"9999-12-31T23:59:60Z"}`,
	} {
		f.Add([]byte(body), "application/json", 200)
		f.Add([]byte(body), "text/html", 500)
	}
	f.Fuzz(func(t *testing.T, body []byte, mediaType string, status int) {
		a := &oci.Answer{Status: status, Header: http.Header{"Content-Type": {mediaType}, "Opc-Request-Id": {mediaType}}, Body: body}
		token := readAuthToken(body)
		for _, text := range []string{token.ID, token.State, string(token.Value)} {
			if !utf8.ValidString(text) {
				t.Errorf("%q is not valid UTF-8", text)
			}
		}
		tokens, err := readAuthTokens(a, ocitest.User)
		for _, token := range tokens {
			if token.ID == "" {
				t.Error("a token without an id is in the list")
			}
		}
		if err == nil && tokens == nil {
			t.Error("there is neither a list nor an error")
		}
	})
}
