package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// newDomainClient returns a client of the identity domain "sales", for the domain's user. It signs as a user of the Default domain.
func newDomainClient(t *testing.T, config emulator.Config) *client {
	t.Helper()
	config.Domains = []string{"sales"}
	c := newClient(t, config)
	outside := *c
	c.outside = &outside
	c.url, c.user = c.service.Domains()[0].URL, c.service.Users()[len(c.service.Users())-1].ID
	return c
}

// as returns the same client, signing as another user.
func (c *client) as(user string) *client {
	c.t.Helper()
	creds, err := c.service.NewCredentials(user)
	require.NoError(c.t, err)
	other := *c
	other.creds, other.keyID = creds, creds.TenancyID+"/"+user+"/"+creds.Fingerprint
	return &other
}

const tokensPath = "/admin/v1/AuthTokens"

func (c *client) createIn(extra string, header ...string) reply {
	c.t.Helper()
	return c.do("POST", tokensPath, fmt.Sprintf(
		`{"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:authToken"], "user": {"ocid": %q}, "description": "ci"%s}`, c.user, extra), header...)
}

func (c *client) listed(query string) []map[string]any {
	c.t.Helper()
	listed := c.do("GET", tokensPath+query, "")
	require.Equal(c.t, 200, listed.status, listed.text)
	var page struct{ Resources []map[string]any }
	require.NoError(c.t, json.Unmarshal([]byte(listed.text), &page))
	return page.Resources
}

func (c *client) ofUser() string { return "?filter=" + url.QueryEscape(`user.ocid eq "`+c.user+`"`) }

// requireRefusal requires that an answer is an error in SCIM's form.
func (r reply) requireRefusal(t *testing.T, status int, messageID string) {
	t.Helper()
	require.Equal(t, status, r.status, r.text)
	assert.Equal(t, "application/scim+json", r.header.Get("Content-Type"))
	assert.Equal(t, fmt.Sprint(status), r.fields["status"])
	assert.Contains(t, r.text, `"messageId":"`+messageID+`"`)
	assert.Contains(t, r.text, "urn:ietf:params:scim:api:messages:2.0:Error")
}

func TestATokensLifeInADomain(t *testing.T) {
	t.Parallel()
	c := newDomainClient(t, emulator.Config{})
	created := c.createIn(`, "expiresOn": "2999-01-01T00:00:00Z"`)
	require.Equal(t, 201, created.status, created.text)
	assert.Equal(t, "application/scim+json", created.header.Get("Content-Type"))
	assert.Len(t, created.fields["token"], 20)
	assert.Regexp(t, `^[0-9a-f]{32}$`, created.fields["id"])
	assert.Regexp(t, `^ocid1\.credential\.oc1\.\.`, created.fields["ocid"])
	assert.Equal(t, "2999-01-01T00:00:00.000Z", created.fields["expiresOn"])
	assert.NotContains(t, created.fields, "status", "it is never returned")
	assert.Equal(t, c.user, created.fields["user"].(map[string]any)["ocid"])
	assert.Contains(t, created.fields["meta"], "created")
	assert.NotEmpty(t, created.header.Get("ETag"))

	listed := c.listed(c.ofUser())
	require.Len(t, listed, 1)
	assert.Equal(t, created.fields["ocid"], listed[0]["ocid"])
	assert.NotContains(t, listed[0], "token")

	for _, id := range []string{created.fields["id"].(string), created.fields["ocid"].(string)} {
		got := c.do("GET", tokensPath+"/"+id, "")
		assert.Equal(t, 200, got.status, got.text)
		assert.NotContains(t, got.fields, "token")
	}
	patch := `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "path": "description", "value": "new"}]}`
	patched := c.do("PATCH", tokensPath+"/"+created.fields["ocid"].(string), patch)
	require.Equal(t, 200, patched.status, patched.text)
	assert.Equal(t, "new", patched.fields["description"])
	c.do("DELETE", tokensPath+"/"+created.fields["id"].(string), "", "if-match", created.header.Get("ETag")).
		requireRefusal(t, 412, "error.common.common.noEtagMatch")
	assert.Equal(t, 204, c.do("DELETE", tokensPath+"/"+created.fields["id"].(string), "").status)
	c.do("DELETE", tokensPath+"/"+created.fields["id"].(string), "").requireRefusal(t, 404, "error.common.common.notAuthorizedOrNotFound")
	assert.Empty(t, c.listed(c.ofUser()))
}

func TestUsersOfADomainAreServedThereAlone(t *testing.T) {
	t.Parallel()
	c := newDomainClient(t, emulator.Config{Users: []string{"alice"}})
	outside := c.outside
	outside.user = c.user
	outside.do("GET", outside.path(), "").requireError(t, 404, "NotAuthorizedOrNotFound")
	assert.Empty(t, c.listed("?filter="+url.QueryEscape(`user.ocid eq "`+c.service.Users()[0].ID+`"`)))
	c.user = c.service.Users()[0].ID
	c.createIn("").requireRefusal(t, 404, "error.common.common.notAuthorizedOrNotFound")

	domains := outside.do("GET", "/20160918/domains?compartmentId="+c.service.TenancyID(), "")
	require.Equal(t, 200, domains.status)
	assert.Contains(t, domains.text, `"url":"`+c.url+`"`)
	assert.Contains(t, domains.text, `"type":"DEFAULT"`)
	found := c.do("GET", "/admin/v1/Users?filter="+url.QueryEscape(`ocid eq "`+c.service.Users()[1].ID+`"`)+"&attributes=ocid", "")
	assert.InDelta(t, 1, found.fields["totalResults"], 0)
	assert.NotContains(t, found.text, "userName")
}

func TestSelfChangeInADomain(t *testing.T) {
	t.Parallel()
	c := newDomainClient(t, emulator.Config{})
	self := c.as(c.user)
	stranger := c.as(c.service.AddUserIn("sales", "dave").ID)
	const nested = `, "urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User": {"allowSelfChange": true}`
	self.createIn("").requireRefusal(t, 401, "error.common.common.accessDenied")
	stranger.createIn(nested).requireRefusal(t, 401, "error.common.common.accessDenied")
	created := self.createIn(nested)
	require.Equal(t, 201, created.status, created.text)
	require.Equal(t, 201, self.createIn(`, "urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User:allowSelfChange": true`).status)

	path := tokensPath + "/" + created.fields["ocid"].(string)
	patch := func(extra string) string {
		return `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "REPLACE", "path": "description", "value": "x"}` + extra + `]}`
	}
	const allowed = `, {"op": "add", "path": "urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User:allowSelfChange", "value": true}`
	self.do("PATCH", path, patch("")).requireRefusal(t, 401, "error.common.common.accessDenied")
	stranger.do("PATCH", path, patch(allowed)).requireRefusal(t, 401, "error.common.common.accessDenied")
	assert.Equal(t, 200, self.do("PATCH", path, patch(allowed)).status)
	stranger.do("GET", path, "").requireRefusal(t, 401, "error.common.common.accessDenied")
	stranger.do("GET", tokensPath+c.ofUser(), "").requireRefusal(t, 401, "error.common.common.accessDenied")
	assert.Empty(t, stranger.listed(""), "without a filter, what one may not see is left out")
	assert.Len(t, self.listed(self.ofUser()), 2)
	self.do("DELETE", path, "").requireRefusal(t, 401, "error.common.common.accessDenied")
	assert.Equal(t, 204, self.do("DELETE", path+"?allowSelfChange=true", "").status)

	c.service.Deny(c.user)
	c.createIn("").requireRefusal(t, 401, "error.common.common.accessDenied")
}

func TestBadRequestsToADomain(t *testing.T) {
	t.Parallel()
	c := newDomainClient(t, emulator.Config{})
	const schema = `"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:authToken"]`
	for body, messageID := range map[string]string{
		`{`: "error.common.validation.invalidJson", `{}`: "error.common.validation.missingReqAttributes",
		`{` + schema + `}`: "error.common.validation.missingReqAttributes",
		`{` + schema + `, "user": {"value": "` + c.user + `"}}`:                                                   "error.common.validation.stringExceedsMaxLimit",
		`{` + schema + `, "user": {"ocid": "` + c.user + `"}, "expiresOn": "2001-01-01T00:00:00Z"}`:               "error.common.validation.invalidExpiresOn",
		`{"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AuthToken"], "user": {"ocid": "` + c.user + `"}}`: "error.common.validation.missingReqAttributes",
	} {
		c.do("POST", tokensPath, body).requireRefusal(t, 400, messageID)
	}
	token := c.service.AddToken(c.user, "ci")
	for _, operation := range []string{
		`{"op": "replace", "path": "expiresOn", "value": "2999-01-01T00:00:00Z"}`, `{"op": "replace", "path": "token", "value": "x"}`,
	} {
		c.do("PATCH", tokensPath+"/"+token.ID, `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [`+operation+`]}`).
			requireRefusal(t, 400, "error.common.validation.attributeNotModifiable")
	}
	c.do("GET", tokensPath+"?filter=nonsense", "").requireRefusal(t, 400, "error.common.validation.invalidFilter")
	c.do("GET", tokensPath+"?filter="+url.QueryEscape(`description eq "ci"`), "").requireRefusal(t, 400, "error.common.validation.invalidFilter")
	c.do("GET", "/admin/v1/Groups", "").requireRefusal(t, 404, "error.common.common.notAuthorizedOrNotFound")
	unknown := *c
	unknown.keyID = "nobody"
	unknown.do("GET", tokensPath, "").requireRefusal(t, 401, "error.common.common.notAuthenticated")
}

func TestPagesOfADomain(t *testing.T) {
	t.Parallel()
	c := newDomainClient(t, emulator.Config{})
	for i := range 5 {
		c.service.AddToken(c.user, fmt.Sprint(i))
	}
	var seen []string
	for start := 1; start <= 5; start += 2 {
		page := c.do("GET", tokensPath+c.ofUser()+fmt.Sprintf("&startIndex=%d&count=2&attributes=description", start), "")
		assert.InDelta(t, 5, page.fields["totalResults"], 0)
		assert.InDelta(t, start, page.fields["startIndex"], 0)
		for _, item := range page.fields["Resources"].([]any) {
			token := item.(map[string]any)
			seen = append(seen, token["description"].(string))
			assert.Len(t, token, 3, "description, id and schemas")
		}
	}
	assert.Equal(t, []string{"0", "1", "2", "3", "4"}, seen)
	assert.Empty(t, c.listed(c.ofUser()+"&startIndex=9"))
	searched := c.do("POST", tokensPath+"/.search", `{"filter": "user.ocid eq \"`+c.user+`\"", "count": 3, "startIndex": 3}`)
	assert.Len(t, searched.fields["Resources"], 3)
}

func TestLimitRetryTokenAndExpiryInADomain(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newDomainClient(t, emulator.Config{Clock: func() time.Time { return now }})
	expires := fmt.Sprintf(`, "expiresOn": %q`, now.Add(time.Hour).Format(time.RFC3339))
	first := c.createIn(expires, "opc-retry-token", "once")
	assert.Equal(t, first.fields, c.createIn(expires, "opc-retry-token", "once").fields)
	require.Equal(t, 201, c.createIn("").status)
	third := c.createIn("")
	third.requireRefusal(t, 409, "error.common.common.userCapacityExceeded")
	value := first.fields["token"].(string)
	assert.True(t, c.service.Authenticate(c.user, value))
	now = now.Add(2 * time.Hour)
	assert.False(t, c.service.Authenticate(c.user, value), "it has expired")
	c.date = now
	assert.Len(t, c.listed(c.ofUser()), 2)
	c.service.DeleteToken(c.user, first.fields["ocid"].(string))
	c.createIn(expires, "opc-retry-token", "once").requireRefusal(t, 400, "error.common.validation.invalidExpiresOn")
	c.createIn("", "opc-retry-token", "once").requireRefusal(t, 409, "error.common.common.invalidatedRetryToken")
}

func TestFaultsInADomain(t *testing.T) {
	t.Parallel()
	c := newDomainClient(t, emulator.Config{})
	once := func(f emulator.Fault) { f.Times = 1; c.service.Inject(f) }
	once(emulator.Fault{Operation: "CreateAuthToken", UserID: c.user, Status: 409, Code: "IncorrectState", Message: "busy"})
	c.createIn("").requireRefusal(t, 409, "error.common.common.incorrectState")
	once(emulator.Fault{Operation: "CreateAuthToken", Omit: []string{"ocid", "id"}})
	assert.NotContains(t, c.createIn("").fields, "ocid")
	id := c.service.Tokens(c.user)[0].ID
	once(emulator.Fault{Operation: "ListAuthTokens", UserID: c.user, Set: map[string]any{"description": "odd"}})
	assert.Equal(t, "odd", c.listed(c.ofUser())[0]["description"])
	once(emulator.Fault{Operation: "GetAuthToken", UserID: c.user, Status: 503})
	assert.Equal(t, 503, c.do("GET", tokensPath+"/"+id, "").status)
	once(emulator.Fault{Operation: "DeleteAuthToken", UserID: c.user, Drop: emulator.DropAfterCommit})
	_, err := c.try("DELETE", tokensPath+"/"+id, "")
	require.Error(t, err)
	assert.Empty(t, c.service.Tokens(c.user))

	var operations []string
	for _, request := range c.service.Journal() {
		operations = append(operations, request.Operation)
		assert.Equal(t, c.user, request.UserID, request.Operation)
	}
	assert.Equal(t, "CreateAuthToken CreateAuthToken ListAuthTokens GetAuthToken DeleteAuthToken", strings.Join(operations, " "))
	_, err = emulator.New(emulator.Config{Domains: []string{"a", "a"}})
	require.Error(t, err)
}
