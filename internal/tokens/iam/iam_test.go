package iam

import (
	"errors"
	"net/http"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
)

func TestReadAuthTokens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer string
		ids    []string
		wrong  string
	}{
		"none":             {`[]`, []string{}, ""},
		"two":              {`[{"id": "a"}, {"id": "b", "token": null}]`, []string{"a", "b"}, ""},
		"null":             {`null`, nil, "not a list"},
		"an object":        {`{"id": "a"}`, nil, "not a list"},
		"nothing":          {``, nil, "not a list"},
		"one without id":   {`[{"id": "a"}, {}]`, nil, "not an auth token"},
		"one that is null": {`[null]`, nil, "not an auth token"},
		"another user's":   {`[{"id": "a", "userId": "ocid1.user.oc1..other"}]`, nil, "one of user ocid1.user.oc1..other"},
		"bytes after it":   {`[] []`, nil, "not a list"},
	} {
		tokens, err := readAuthTokens([]byte(test.answer), ocitest.User)
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

// FuzzAnswers reads arbitrary answers, as the answer to a creation and as a list.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		``, `null`, `[]`, `{}`, `[{}]`, `[null]`, `"x"`, `5`, `{"id": "a", "token": "b"}`, `{"id": 5, "token": ["b"]}`,
		`[{"id": "a", "timeCreated": "yesterday", "inactiveStatus": 1.5}]`, `{"code": "\u0000", "message": "\ud800"}`,
		`{"statusCode": 200, "code": {}}`, `{"id":"a","id":"b"}`, "{\"token\": \"\xff\"}", `{"timeCreated":"9999-12-31T23:59:60Z"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		token := readAuthToken(body)
		for _, text := range []string{token.ID, token.State, string(token.Value)} {
			if !utf8.ValidString(text) {
				t.Errorf("%q is not valid UTF-8", text)
			}
		}
		tokens, err := readAuthTokens(body, ocitest.User)
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

// strangers are credentials that cannot say whose they are.
type strangers struct{ ocitest.Credentials }

func (strangers) TenancyOCID() (string, error) { return "", errors.New("the metadata service is away") }

// TestAnUnknownTenancyIsNoTenancyWithoutDomains looks for a user's domain and for the home region without knowing the tenancy. A deletion
// that could not look for the domain is not done.
func TestAnUnknownTenancyIsNoTenancyWithoutDomains(t *testing.T) {
	t.Parallel()
	client, err := oci.New(oci.Options{Credentials: strangers{ocitest.NewCredentials()}, HTTP: http.DefaultClient, Clock: &ocitest.Clock{}})
	require.NoError(t, err)
	calls := oci.Caller{Client: client, Listener: ocitest.Silence{}}
	_, _, err = New(calls, ocitest.User).Elsewhere(t.Context())
	require.ErrorContains(t, err, "the metadata service is away")
	_, err = calls.Home(t.Context())
	require.ErrorContains(t, err, "the metadata service is away")
}
