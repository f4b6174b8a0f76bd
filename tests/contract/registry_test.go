package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/containerregistry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// seenOfRegistry is what a client reports about access tokens of the container registry: one for everything, and one for a scope.
type seenOfRegistry struct {
	EverythingSHA256 string `json:"everythingSHA256"`
	ValueSHA256      string `json:"valueSHA256"`
	Same             bool   `json:"same"`
	Scope            string `json:"scope"`
	ExpiresIn        int    `json:"expiresIn"`
	UnknownKey       string `json:"unknownKey"`
}

const scope = "repository:ns/app:pull,push"

func newRegistry(t *testing.T) *service {
	t.Helper()
	return newServiceWith(t, emulator.Config{Namespace: "ns"})
}

// checkRegistry compares what a client has seen with what the service did, and logs in with both tokens.
func (s *service) checkRegistry(t *testing.T, got seenOfRegistry) {
	t.Helper()
	made := s.made()
	require.Len(t, made, 2)
	assert.Equal(t, seenOfRegistry{hashed(made[0]), hashed(made[1]), true, scope, 3600, "401 NotAuthenticated"}, got)
	for _, password := range made {
		address := s.url + "/20180419/docker/token?" + url.Values{"scope": {scope}}.Encode()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		request.SetBasicAuth("BEARER_TOKEN", password)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusOK, response.StatusCode)
	}
	assert.Empty(t, s.Tokens(s.user), "there is no auth token")
}

// accessTokens runs a client's program that asks for two access tokens, and returns what it has seen.
func (s *service) accessTokens(t *testing.T, dir string, program ...string) (got seenOfRegistry) {
	t.Helper()
	printed := output(t, dir, append(program, s.url, s.configFile, scope)...)
	lines := bytes.Split(bytes.TrimSpace(printed), []byte("\n"))
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &got), string(printed))
	return got
}

// TestPythonAtTheRegistry asks with OCI's Python SDK, and with two commands of the OCI CLI, which comes with it.
func TestPythonAtTheRegistry(t *testing.T) {
	t.Parallel()
	bin := python(t)
	t.Run("SDK", func(t *testing.T) {
		t.Parallel()
		s := newRegistry(t)
		s.checkRegistry(t, s.accessTokens(t, "python", bin+"/python", "registry.py"))
	})
	t.Run("CLI", func(t *testing.T) {
		t.Parallel()
		s := newRegistry(t)
		s.checkRegistry(t, newCLI(t, s).accessTokens())
	})
	t.Run("raw-request", func(t *testing.T) {
		t.Parallel()
		s := newRegistry(t)
		s.checkRegistry(t, newCLI(t, s).rawAccessTokens())
	})
}

func TestTypeScriptAtTheRegistry(t *testing.T) {
	t.Parallel()
	s := newRegistry(t)
	s.checkRegistry(t, s.accessTokens(t, typescript(t), "node", "registry.mjs"))
}

// TestJavaAtTheRegistry asks with requests that OCI's Java SDK signs.
func TestJavaAtTheRegistry(t *testing.T) {
	t.Parallel()
	dir, program := java(t, "Registry")
	s := newRegistry(t)
	s.checkRegistry(t, s.accessTokens(t, dir, program...))
}

// TestGoAtTheRegistry asks with OCI's Go SDK. Another tenancy does not know its key.
func TestGoAtTheRegistry(t *testing.T) {
	t.Parallel()
	s := newRegistry(t)
	config, err := common.ConfigurationProviderFromFile(s.configFile, "")
	require.NoError(t, err)
	ask := func(url string, scope *string) (containerregistry.GetAccessTokenResponse, error) {
		client, err := containerregistry.NewContainerRegistryClientWithConfigurationProvider(config)
		require.NoError(t, err)
		client.Host = url
		never := common.NoRetryPolicy()
		client.Configuration.RetryPolicy = &never
		return client.GetAccessToken(t.Context(), containerregistry.GetAccessTokenRequest{Scope: scope})
	}
	everything, err := ask(s.url, nil)
	require.NoError(t, err)
	token, err := ask(s.url, common.String(scope))
	require.NoError(t, err)
	_, refused := ask(newRegistry(t).url, nil)
	s.checkRegistry(t, seenOfRegistry{
		hashed(*everything.Token), hashed(*token.Token), *token.Token == *token.AccessToken.AccessToken, *token.Scope, *token.ExpiresIn, goRefusal(refused),
	})
}

// cliAccessToken is an access token as the CLI prints it.
type cliAccessToken struct {
	Token       string `json:"token"`
	AccessToken string `json:"access-token"`
	Scope       string `json:"scope"`
	ExpiresIn   int    `json:"expires-in"`
}

// wrongKey makes the CLI sign with a key that the service does not know.
var wrongKey = map[string]string{"OCI_CLI_FINGERPRINT": strings.Repeat("00:", 15) + "00"}

func (c cli) accessTokens() seenOfRegistry {
	c.t.Helper()
	get := []string{"container-registry", "access-token", "get"}
	everything := decode[cliAccessToken](c.t, c.run(nil, get...).Data)
	token := decode[cliAccessToken](c.t, c.run(nil, append(get, "--scope", scope)...).Data)
	return seenOfRegistry{
		hashed(everything.Token), hashed(token.Token), token.Token == token.AccessToken, token.Scope, token.ExpiresIn,
		c.run(wrongKey, get...).refusal(),
	}
}

// rawAnswer is what a raw request prints: the answer as it came.
type rawAnswer struct {
	Status string
	Data   struct {
		Code        string
		Token       string
		AccessToken string `json:"access_token"`
		Scope       string
		ExpiresIn   int `json:"expires_in"`
	}
}

func (c cli) rawAccessTokens() seenOfRegistry {
	c.t.Helper()
	get := func(env map[string]string, query url.Values) (answer rawAnswer) {
		address := c.s.url + "/20180419/docker/token?" + query.Encode()
		printed, stderr := c.command(env, "raw-request", "--http-method", "GET", "--target-uri", address)
		require.NoError(c.t, json.Unmarshal([]byte(printed), &answer), printed+stderr)
		return answer
	}
	everything, token, refused := get(nil, nil), get(nil, url.Values{"scope": {scope}}), get(wrongKey, nil)
	return seenOfRegistry{
		hashed(everything.Data.Token), hashed(token.Data.Token), token.Data.Token == token.Data.AccessToken, token.Data.Scope,
		token.Data.ExpiresIn, fmt.Sprintf("%.3s %s", refused.Status, refused.Data.Code),
	}
}
