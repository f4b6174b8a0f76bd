package emulator_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// access logs in to the registry, and returns the status and the actions that the login has on a repository.
func (c *client) access(user, password, repository string) (status int, actions []any) {
	c.t.Helper()
	query := url.Values{"service": {"here"}, "scope": {"repository:" + repository + ":pull,push"}}
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+"/20180419/docker/token?"+query.Encode(), nil)
	require.NoError(c.t, err)
	request.SetBasicAuth(user, password)
	status, body := c.ask(request)
	if status != 200 {
		return status, nil
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(body["token"].(string), ".")[1])
	require.NoError(c.t, err)
	var said struct{ Access []struct{ Actions []any } }
	require.NoError(c.t, json.Unmarshal(claims, &said))
	for _, access := range said.Access {
		actions = append(actions, access.Actions...)
	}
	return status, actions
}

func TestAnAccessTokenIsALoginForAnHour(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{Namespace: "ns", Clock: func() time.Time { return now }, Regions: []string{"us-phoenix-1", "us-ashburn-1"}})
	for _, path := range []string{"/20180419/docker/token", "/us-ashburn-1/20180419/docker/token"} {
		c.date = now
		got := c.do("GET", path, "")
		require.Equal(t, 200, got.status)
		assert.InDelta(t, 3600, got.fields["expires_in"], 0)
		assert.Equal(t, got.fields["token"], got.fields["access_token"])
		assert.Empty(t, got.fields["scope"])
		password := got.fields["token"].(string)

		status, actions := c.access("BEARER_TOKEN", password, "ns/app")
		assert.Equal(t, 200, status)
		assert.Equal(t, []any{"pull", "push"}, actions)
		for user, password := range map[string]string{"BEARER_TOKEN": password + "x", "ns/alice": password, "ns/BEARER_TOKEN": password, "": password} {
			status, _ = c.access(user, password, "ns/app")
			assert.Equal(t, 401, status, user)
		}
		_, actions = c.access("BEARER_TOKEN", password, "other/app")
		assert.Empty(t, actions, "another tenancy's")

		now = now.Add(time.Hour - time.Second)
		status, _ = c.access("BEARER_TOKEN", password, "ns/app")
		assert.Equal(t, 200, status)
		now = now.Add(time.Second)
		status, _ = c.access("BEARER_TOKEN", password, "ns/app")
		assert.Equal(t, 401, status, "it has expired")
	}
	status, _ := c.access("BEARER_TOKEN", c.service.AddToken(c.user, "ci").Value, "ns/app")
	assert.Equal(t, 401, status, "an auth token is no access token")
	assert.Equal(t, "GetAccessToken", c.service.Journal()[0].Operation)
	assert.Equal(t, c.user, c.service.Journal()[0].CallerID)
}

func TestTheScopeOfAnAccessTokenLimitsTheLogin(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{Namespace: "ns"})
	scope := "repository:ns/app:pull,push repository:ns/base:pull"
	got := c.do("GET", "/20180419/docker/token?scope="+url.QueryEscape(scope), "")
	require.Equal(t, 200, got.status)
	assert.Equal(t, scope, got.fields["scope"])
	for repository, want := range map[string][]any{"ns/app": {"pull", "push"}, "ns/base": {"pull"}, "ns/third": nil} {
		status, actions := c.access("BEARER_TOKEN", got.fields["token"].(string), repository)
		assert.Equal(t, 200, status)
		assert.Equal(t, want, actions, repository)
	}
}

func TestAnAccessTokenIsForWhoeverSigns(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{Namespace: "ns"})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	c.service.AddInstance("machine", &key.PublicKey, time.Now().Add(time.Hour))
	instance := *c
	instance.keyID, instance.creds.PrivateKey = "ST$machine", key
	password := instance.do("GET", "/20180419/docker/token", "").fields["token"].(string)
	_, actions := c.access("BEARER_TOKEN", password, "ns/app")
	assert.Equal(t, []any{"pull", "push"}, actions)

	// A policy is missed by the push, not by the login.
	password = c.do("GET", "/20180419/docker/token", "").fields["token"].(string)
	for _, allowed := range [][]string{{"pull"}, nil} {
		c.service.LimitRepositories(c.user, allowed...)
		status, actions := c.access("BEARER_TOKEN", password, "ns/app")
		assert.Equal(t, 200, status)
		assert.Len(t, actions, len(allowed))
	}

	instance.creds.PrivateKey, err = rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	instance.do("GET", "/20180419/docker/token", "").requireError(t, 401, "NotAuthenticated")
	c.keyID = "nobody"
	c.do("GET", "/20180419/docker/token", "").requireError(t, 401, "NotAuthenticated")
	c.do("POST", "/20180419/docker/token", "{}").requireError(t, 401, "NotAuthenticated")
}
