package contract

import (
	"slices"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/identitydomains"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// seenInDomain is what a client reports about the life of a token of an identity domain.
type seenInDomain struct {
	ID           string   `json:"id"`
	OCID         string   `json:"ocid"`
	ValueSHA256  string   `json:"valueSHA256"`
	Created      string   `json:"created"`
	Expires      string   `json:"expires"`
	Status       string   `json:"status"`
	Third        int      `json:"third"`
	Listed       []string `json:"listed"`
	Pages        []string `json:"pages"`
	Attributes   bool     `json:"attributes"`
	ListedValues int      `json:"listedValues"`
	Updated      string   `json:"updated"`
	Got          string   `json:"got"`
	Stale        int      `json:"stale"`
	Again        int      `json:"again"`
	Left         int      `json:"left"`
}

// newDomain returns a local OCI whose user is in an identity domain, and the URL of the domain. An administrator makes the calls.
func newDomain(t *testing.T) *service {
	t.Helper()
	s := newServiceWith(t, emulator.Config{Domains: []string{"sales"}})
	s.url, s.user = s.Domains()[0].URL, s.Users()[1].ID
	return s
}

// checkInDomain compares what a client has seen with what the domain did.
func (s *service) checkInDomain(t *testing.T, got seenInDomain) {
	t.Helper()
	s.checkFirst(t, got.OCID, got.ValueSHA256, got.Created)
	assert.Regexp(t, `^[0-9a-f]{32}$`, got.ID)
	assert.Equal(t, "2999-01-01T00:00:00.000Z", got.Expires)
	assert.Empty(t, got.Status, "it is never returned")
	assert.Equal(t, 409, got.Third)
	assert.Equal(t, []string{"one", "two"}, got.Listed)
	assert.Equal(t, []string{"one", "two"}, got.Pages)
	assert.True(t, got.Attributes)
	assert.Zero(t, got.ListedValues)
	assert.Equal(t, "new", got.Updated)
	assert.Equal(t, "new", got.Got)
	assert.Equal(t, 412, got.Stale)
	assert.Equal(t, 404, got.Again)
	assert.Zero(t, got.Left)
	assert.Empty(t, s.Tokens(s.user))
}

// TestPythonInADomain drives an identity domain with OCI's Python SDK, and with the OCI CLI, which comes with it.
func TestPythonInADomain(t *testing.T) {
	t.Parallel()
	bin := python(t)
	t.Run("SDK", func(t *testing.T) {
		t.Parallel()
		s := newDomain(t)
		s.checkInDomain(t, lifecycle[seenInDomain](t, s, "python", bin+"/python", "domain.py"))
	})
	t.Run("CLI", func(t *testing.T) {
		t.Parallel()
		s := newDomain(t)
		s.checkInDomain(t, newCLI(t, s).lifeInDomain())
	})
}

func TestTypeScriptInADomain(t *testing.T) {
	t.Parallel()
	s := newDomain(t)
	s.checkInDomain(t, lifecycle[seenInDomain](t, s, typescript(t), "node", "domain.mjs"))
}

// domainCLIToken is a token of an identity domain as the CLI prints it.
type domainCLIToken struct {
	ID          string  `json:"id"`
	OCID        string  `json:"ocid"`
	Description *string `json:"description"`
	Token       *string `json:"token"`
	ExpiresOn   *string `json:"expires-on"`
	Status      *string `json:"status"`
	User        any     `json:"user"`
	Meta        struct {
		Created string `json:"created"`
	} `json:"meta"`
}

type domainCLIPage struct {
	Resources    []domainCLIToken `json:"resources"`
	TotalResults int              `json:"total-results"`
}

func (c cli) lifeInDomain() seenInDomain {
	c.t.Helper()
	run := func(args ...string) cliAnswer { return c.run(nil, append([]string{"identity-domains"}, args...)...) }
	create := func(description string, more ...string) []string {
		return append([]string{
			"auth-token", "create", "--schemas", `["urn:ietf:params:scim:schemas:oracle:idcs:authToken"]`, "--description", description,
			"--user", `{"ocid": "` + c.s.user + `"}`,
		}, more...)
	}
	list := func(more ...string) domainCLIPage {
		answer := run(append([]string{"auth-tokens", "list", "--filter", `user.ocid eq "` + c.s.user + `"`}, more...)...)
		return decode[domainCLIPage](c.t, answer.Data)
	}
	created := run(create("one", "--expires-on", "2999-01-01T00:00:00Z")...)
	first := decode[domainCLIToken](c.t, created.Data)
	run(create("two")...)
	got := seenInDomain{
		ID: first.ID, OCID: first.OCID, ValueSHA256: hashed(*first.Token), Created: first.Meta.Created, Expires: *first.ExpiresOn,
	}
	if first.Status != nil {
		got.Status = *first.Status
	}
	got.Third = run(create("three")...).Status
	all := list().Resources
	for _, token := range all {
		got.Listed = append(got.Listed, *token.Description)
		if token.Token != nil {
			got.ListedValues++
		}
	}
	slices.Sort(got.Listed)
	for _, start := range []string{"1", "2"} {
		got.Pages = append(got.Pages, *list("--start-index", start, "--count", "1").Resources[0].Description)
	}
	slices.Sort(got.Pages)
	only := list("--attributes", "description").Resources[0]
	got.Attributes = only.User == nil && only.Description != nil
	patched := run("auth-token", "patch", "--auth-token-id", first.OCID, "--schemas", `["urn:ietf:params:scim:api:messages:2.0:PatchOp"]`,
		"--operations", `[{"op": "REPLACE", "path": "description", "value": "new"}]`)
	got.Updated = *decode[domainCLIToken](c.t, patched.Data).Description
	got.Got = *decode[domainCLIToken](c.t, run("auth-token", "get", "--auth-token-id", first.ID).Data).Description
	got.Stale = run("auth-token", "delete", "--force", "--auth-token-id", first.ID, "--if-match", created.ETag).Status
	for _, token := range all {
		run("auth-token", "delete", "--force", "--auth-token-id", token.ID)
	}
	got.Again = run("auth-token", "delete", "--force", "--auth-token-id", first.ID).Status
	got.Left = list().TotalResults
	return got
}

// TestGoInADomain drives an identity domain with OCI's Go SDK. The provider does not link the SDK's package for domains, and makes its own
// requests.
func TestGoInADomain(t *testing.T) {
	t.Parallel()
	s, ctx := newDomain(t), t.Context()
	config, err := common.ConfigurationProviderFromFile(s.configFile, "")
	require.NoError(t, err)
	client, err := identitydomains.NewIdentityDomainsClientWithConfigurationProvider(config, s.url)
	require.NoError(t, err)
	never := common.NoRetryPolicy()
	client.Configuration.RetryPolicy = &never
	create := func(description string, expires *string) (identitydomains.CreateAuthTokenResponse, error) {
		return client.CreateAuthToken(ctx, identitydomains.CreateAuthTokenRequest{AuthToken: identitydomains.AuthToken{
			Schemas: []string{"urn:ietf:params:scim:schemas:oracle:idcs:authToken"}, Description: &description, ExpiresOn: expires,
			User: &identitydomains.AuthTokenUser{Ocid: &s.user},
		}})
	}
	remove := func(id string, etag *string) error {
		_, err := client.DeleteAuthToken(ctx, identitydomains.DeleteAuthTokenRequest{AuthTokenId: &id, IfMatch: etag})
		return err
	}
	list := func(start, count *int, attributes *string) identitydomains.AuthTokens {
		listed, err := client.ListAuthTokens(ctx, identitydomains.ListAuthTokensRequest{
			Filter: common.String(`user.ocid eq "` + s.user + `"`), StartIndex: start, Count: count, Attributes: attributes,
		})
		require.NoError(t, err)
		return listed.AuthTokens
	}
	first, err := create("one", common.String("2999-01-01T00:00:00Z"))
	require.NoError(t, err)
	_, err = create("two", nil)
	require.NoError(t, err)
	got := seenInDomain{
		ID: *first.Id, OCID: *first.Ocid, ValueSHA256: hashed(*first.Token), Created: *first.Meta.Created, Expires: *first.ExpiresOn,
		Status: string(first.Status),
	}
	_, err = create("three", nil)
	got.Third = statusOf(err)
	all := list(nil, nil, nil).Resources
	for _, token := range all {
		got.Listed = append(got.Listed, *token.Description)
		if token.Token != nil {
			got.ListedValues++
		}
	}
	for start := 1; start <= 2; start++ {
		got.Pages = append(got.Pages, *list(&start, common.Int(1), nil).Resources[0].Description)
	}
	only := list(nil, nil, common.String("description")).Resources[0]
	got.Attributes = only.User == nil && only.Description != nil
	var value any = "new"
	updated, err := client.PatchAuthToken(ctx, identitydomains.PatchAuthTokenRequest{
		AuthTokenId: first.Ocid, PatchOp: identitydomains.PatchOp{
			Schemas:    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
			Operations: []identitydomains.Operations{{Op: identitydomains.OperationsOpReplace, Path: common.String("description"), Value: &value}},
		},
	})
	require.NoError(t, err)
	got.Updated = *updated.Description
	read, err := client.GetAuthToken(ctx, identitydomains.GetAuthTokenRequest{AuthTokenId: first.Id})
	require.NoError(t, err)
	got.Got = *read.Description
	got.Stale = statusOf(remove(*first.Id, first.Etag))
	for _, token := range all {
		require.NoError(t, remove(*token.Id, nil))
	}
	got.Again = statusOf(remove(*first.Id, nil))
	got.Left = *list(nil, nil, nil).TotalResults
	s.checkInDomain(t, got)
}

func statusOf(err error) int {
	if failure, ok := common.IsServiceError(err); ok {
		return failure.GetHTTPStatusCode()
	}
	return 0
}
