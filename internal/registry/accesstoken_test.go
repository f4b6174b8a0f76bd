package registry

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/singleflight"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

func TestReadAccessToken(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	page := &oci.Answer{Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, Body: []byte("<html>")}
	cut := answered(`{"token": "secret", "expires_in": 3600`)
	cut.Cut = errors.New("the connection broke")
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
		"a page":            {page, 0, "it is text/html; charset=utf-8, not JSON"},
		"cut":               {cut, 0, "the connection broke"},
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

// TestOneAccessTokenIsAskedForAtATime makes many calls at once, for two scopes.
func TestOneAccessTokenIsAskedForAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := &singleflight.Group{}
		var mu sync.Mutex
		asked, answer := map[Access]int{}, make(chan AccessToken)
		ask := func(_ context.Context, access Access) (AccessToken, error) {
			mu.Lock()
			asked[access]++
			mu.Unlock()
			return <-answer, nil
		}
		var calls sync.WaitGroup
		some, other := Access{Scope: "some"}, Access{Scope: "other"}
		// The call that makes the request is cancelled, which the others do not notice.
		cancelled, cancel := context.WithCancel(t.Context())
		calls.Go(func() {
			_, err := sharing(cancelled, all, some, ask)
			assert.ErrorContains(t, err, "stopped waiting")
		})
		synctest.Wait()
		for range 10 {
			for _, access := range []Access{some, other} {
				calls.Go(func() {
					token, err := sharing(t.Context(), all, access, ask)
					assert.NoError(t, err)
					assert.Equal(t, Password("secret"), token.Value)
				})
			}
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		assert.Equal(t, map[Access]int{some: 1, other: 1}, asked)
		answer <- AccessToken{Value: "secret"}
		answer <- AccessToken{Value: "secret"}
		calls.Wait()

		_, err := sharing(t.Context(), all, some, func(context.Context, Access) (AccessToken, error) { panic("secret") })
		require.ErrorContains(t, err, "the provider has a bug")
		assert.NotContains(t, err.Error(), "secret")
	})
}

// answered returns a successful answer with this body.
func answered(body string) *oci.Answer {
	return &oci.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}
