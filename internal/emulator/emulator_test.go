package emulator_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// client signs requests by itself, so that a test can get every part of the signature wrong. tests/contract has OCI's own clients.
type client struct {
	t       *testing.T
	service *emulator.Service
	url     string
	creds   emulator.Credentials
	user    string
	outside *client // of IAM, where this is one of an identity domain

	keyID   string
	date    time.Time
	dateKey string   // the header with the date
	headers []string // what the signature covers; nil means the headers that it has to cover
	tamper  func(*http.Request)
}

func newClient(t *testing.T, config emulator.Config) *client {
	t.Helper()
	service, err := emulator.New(config)
	require.NoError(t, err)
	server := service.Start()
	t.Cleanup(server.Close)
	user := service.Users()[0].ID
	creds, err := service.CredentialsFor(user, callerKey())
	require.NoError(t, err)
	return &client{
		t: t, service: service, url: server.URL, creds: creds, user: user, dateKey: "date",
		keyID: creds.TenancyID + "/" + user + "/" + creds.Fingerprint,
	}
}

// callerKey returns the key of the caller in every test, because generating one takes longer than a test.
var callerKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// reply is an answer, as far as tests look at it.
type reply struct {
	status int
	header http.Header
	text   string
	fields map[string]any
}

func (c *client) do(method, path, body string, header ...string) reply {
	c.t.Helper()
	r, err := c.try(method, path, body, header...)
	require.NoError(c.t, err)
	return r
}

func (c *client) try(method, path, body string, header ...string) (reply, error) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	date := c.date
	if date.IsZero() {
		date = time.Now()
	}
	request.Header.Set(c.dateKey, date.UTC().Format(http.TimeFormat))
	signed := []string{c.dateKey, "(request-target)", "host"}
	if method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		digest := sha256.Sum256([]byte(body))
		request.Header.Set("x-content-sha256", base64.StdEncoding.EncodeToString(digest[:]))
		request.Header.Set("content-type", "application/json")
		signed = append(signed, "content-length", "content-type", "x-content-sha256")
	}
	if c.headers != nil {
		signed = c.headers
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	c.sign(request, signed)
	if c.tamper != nil {
		c.tamper(request)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	r := reply{status: response.StatusCode, header: response.Header, text: string(text)}
	_ = json.Unmarshal(text, &r.fields)
	return r, err
}

func (c *client) sign(request *http.Request, signed []string) {
	c.t.Helper()
	lines := make([]string, len(signed))
	for i, name := range signed {
		value := request.Header.Get(name)
		switch strings.ToLower(name) {
		case "(request-target)":
			value = strings.ToLower(request.Method) + " " + request.URL.RequestURI()
		case "host":
			value = request.URL.Host
		case "content-length":
			value = fmt.Sprint(request.ContentLength)
		}
		lines[i] = strings.ToLower(name) + ": " + value
	}
	digest := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	signature, err := rsa.SignPKCS1v15(rand.Reader, c.creds.PrivateKey, crypto.SHA256, digest[:])
	require.NoError(c.t, err)
	request.Header.Set("Authorization", fmt.Sprintf(`Signature algorithm="rsa-sha256",headers="%s",keyId="%s",signature="%s",version="1"`,
		strings.Join(signed, " "), c.keyID, base64.StdEncoding.EncodeToString(signature)))
}

func (c *client) path() string { return "/20160918/users/" + c.user + "/authTokens" }

func (c *client) create(description string, header ...string) reply {
	c.t.Helper()
	body, err := json.Marshal(map[string]string{"description": description})
	require.NoError(c.t, err)
	return c.do("POST", c.path(), string(body), header...)
}

func (r reply) requireError(t *testing.T, status int, code string) {
	t.Helper()
	require.Equal(t, status, r.status, r.text)
	assert.Equal(t, code, r.fields["code"])
	assert.NotEmpty(t, r.fields["message"])
}

func TestTheFourCalls(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{})

	created := c.create("ci", "opc-request-id", "mine")
	require.Equal(t, 200, created.status, created.text)
	assert.Regexp(t, `^mine/[0-9A-F]{32}/[0-9A-F]{32}$`, created.header.Get("opc-request-id"))
	assert.Regexp(t, `^[0-9a-f]{40}$`, created.header.Get("ETag"))
	assert.Regexp(t, `^ocid1\.credential\.oc1\.\.[a-z0-9]{60}$`, created.fields["id"])
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, created.fields["timeCreated"])
	assert.Equal(t, c.creds.TenancyID, created.fields["compartmentId"])
	assert.Len(t, created.fields["token"], 20)
	assert.NotContains(t, created.fields, "timeExpires", "null fields are left out")
	assert.NotContains(t, created.fields, "inactiveStatus")
	assert.True(t, c.service.Authenticate(c.user, created.fields["token"].(string)))
	id := created.fields["id"].(string)

	listed := c.do("GET", c.path(), "")
	assert.Equal(t, 200, listed.status)
	assert.True(t, strings.HasPrefix(listed.text, "["), "a bare array")
	assert.Contains(t, listed.text, id)
	assert.NotContains(t, listed.text, `"token"`)
	assert.Empty(t, listed.header.Get("ETag"))

	updated := c.do("PUT", c.path()+"/"+id, `{"description": ""}`, "if-match", created.header.Get("ETag"))
	require.Equal(t, 200, updated.status, updated.text)
	assert.Equal(t, "", updated.fields["description"])
	assert.NotContains(t, updated.fields, "token")
	assert.NotEqual(t, created.header.Get("ETag"), updated.header.Get("ETag"))
	c.do("PUT", c.path()+"/"+id, `{"description": "x"}`, "if-match", created.header.Get("ETag")).requireError(t, 412, "NoEtagMatch")
	c.do("DELETE", c.path()+"/"+id, "", "if-match", "stale").requireError(t, 412, "NoEtagMatch")

	deleted := c.do("DELETE", c.path()+"/"+id+"/", "")
	assert.Equal(t, 204, deleted.status)
	assert.Empty(t, deleted.text)
	assert.Equal(t, "[]", c.do("GET", c.path()+"/", "").text)
}

func TestMissingAndForbiddenLookTheSame(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{})
	token := c.service.AddToken(c.user, "ci")
	stranger := "/20160918/users/ocid1.user.oc1..nobody/authTokens"
	replies := []reply{
		c.do("GET", stranger, ""), c.do("POST", stranger, `{"description": "x"}`), c.do("DELETE", c.path()+"/nothing", ""),
		c.do("PUT", c.path()+"/nothing", `{"description": "x"}`), c.do("GET", "/20160918/nothing", ""), c.do("GET", "/", ""),
	}
	c.service.Deny(c.user)
	replies = append(replies, c.do("GET", c.path(), ""), c.do("DELETE", c.path()+"/"+token.ID, ""))
	for _, r := range replies {
		assert.Equal(t, 404, r.status)
		assert.Equal(t, replies[0].text, r.text)
	}
	c.service.Allow(c.user)
	assert.Equal(t, 200, c.do("GET", c.path(), "").status)
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{})
	c.do("POST", c.path(), `{}`).requireError(t, 400, "MissingParameter")
	c.do("POST", c.path(), `{"description": null}`).requireError(t, 400, "MissingParameter")
	c.do("POST", c.path(), `{"description": 1}`).requireError(t, 400, "InvalidParameter")
	c.do("POST", c.path(), `{"description": `).requireError(t, 400, "CannotParseRequest")
	assert.Empty(t, c.service.Tokens(c.user))

	token := c.service.AddToken(c.user, "ci")
	assert.Equal(t, 200, c.do("PUT", c.path()+"/"+token.ID, `{"description": null}`).status)
	assert.Equal(t, "ci", c.service.Tokens(c.user)[0].Description, "null changes nothing")
}

func TestThirdTokenIsRefused(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{})
	c.create("one")
	c.create("two")
	c.create("three").requireError(t, 409, "UserCapacityExceeded")

	other := newClient(t, emulator.Config{LimitCode: "LimitExceeded"})
	other.create("one")
	other.create("two")
	other.create("three").requireError(t, 400, "LimitExceeded")
}

func TestALimitThatLagsCountsDeletedTokens(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{LimitLag: time.Minute, Clock: func() time.Time { return now }})
	c.create("one")
	c.create("two")
	require.Equal(t, 204, c.do("DELETE", c.path()+"/"+c.service.Tokens(c.user)[0].ID, "").status)
	now = now.Add(59 * time.Second)
	c.create("three").requireError(t, 409, "UserCapacityExceeded")
	now = now.Add(time.Second)
	require.Equal(t, 200, c.create("three").status)
	assert.Len(t, c.service.Tokens(c.user), 2)
}

func TestRetryTokenReplaysTheFirstAnswerForADay(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{Clock: func() time.Time { return now }})
	again := func(description string) reply {
		c.date = now
		return c.create(description, "opc-retry-token", "once")
	}
	first := again("ci")
	assert.Equal(t, first.fields, again("ci").fields)
	assert.Len(t, c.service.Tokens(c.user), 1)
	again("other").requireError(t, 409, "InvalidatedRetryToken")

	now = now.Add(24*time.Hour - time.Second)
	assert.Equal(t, first.fields["id"], again("ci").fields["id"])
	now = now.Add(time.Second)
	assert.NotEqual(t, first.fields["id"], again("ci").fields["id"])
	require.Equal(t, 2, len(c.service.Tokens(c.user)))

	c.service.DeleteToken(c.user, c.service.Tokens(c.user)[1].ID)
	again("ci").requireError(t, 409, "InvalidatedRetryToken")
}

func TestSignaturesAreVerified(t *testing.T) {
	t.Parallel()
	good := map[string]func(*client){
		"as it should be": func(*client) {},
		"x-date":          func(c *client) { c.dateKey = "x-date" },
		"mixed case": func(c *client) {
			c.headers = []string{"Date", "(Request-Target)", "HOST", "Content-Length", "Content-Type", "X-Content-SHA256"}
		},
		"another order": func(c *client) {
			c.headers = []string{"x-content-sha256", "content-type", "host", "content-length", "(request-target)", "date"}
		},
		"4 minutes slow": func(c *client) { c.date = time.Now().Add(-4 * time.Minute) },
	}
	bad := map[string]func(*client){
		"no signature":   func(c *client) { c.tamper = func(r *http.Request) { r.Header.Del("Authorization") } },
		"not a one":      func(c *client) { c.tamper = func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") } },
		"unknown key":    func(c *client) { c.keyID = "a/b/c" },
		"revoked key":    func(c *client) { c.service.RemoveAPIKey(c.user, c.creds.Fingerprint) },
		"another key":    func(c *client) { c.creds.PrivateKey, _ = rsa.GenerateKey(rand.Reader, 2048) },
		"another path":   func(c *client) { c.tamper = func(r *http.Request) { r.URL.Path += "/" } },
		"another header": func(c *client) { c.tamper = func(r *http.Request) { r.Header.Set("content-type", "text/plain") } },
		"another body": func(c *client) {
			c.tamper = func(r *http.Request) {
				body := []byte(`{"description": "no"}`)
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			}
		},
		"no digest": func(c *client) {
			c.headers = []string{"date", "(request-target)", "host", "content-length", "content-type"}
		},
		"no target": func(c *client) {
			c.headers = []string{"date", "host", "content-length", "content-type", "x-content-sha256"}
		},
		"no date": func(c *client) {
			c.headers = []string{"(request-target)", "host", "content-length", "content-type", "x-content-sha256"}
		},
		"6 minutes slow": func(c *client) { c.date = time.Now().Add(-6 * time.Minute) },
		"6 minutes fast": func(c *client) { c.date = time.Now().Add(6 * time.Minute) },
	}
	for name, change := range good {
		c := newClient(t, emulator.Config{})
		change(c)
		assert.Equal(t, 200, c.create("ok").status, name)
	}
	for name, change := range bad {
		c := newClient(t, emulator.Config{})
		change(c)
		r := c.create("ok")
		r.requireError(t, 401, "NotAuthenticated")
		assert.Empty(t, c.service.Tokens(c.user), name)
		if strings.Contains(name, "minutes") {
			assert.Contains(t, r.text, "allowed clock skew", name)
		}
	}
}

func TestSessionsSignUntilTheyExpire(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{Clock: func() time.Time { return now }})
	c.service.AddSession(c.user, "session.token", &c.creds.PrivateKey.PublicKey, now.Add(time.Minute))
	c.keyID = "ST$session.token"
	assert.Equal(t, 200, c.do("GET", c.path(), "").status)
	now = now.Add(time.Minute)
	c.do("GET", c.path(), "").requireError(t, 401, "NotAuthenticated")
}

func TestRegions(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{
		Regions: []string{"us-phoenix-1", "us-ashburn-1"}, ReplicationLag: time.Minute, Clock: func() time.Time { return now },
	})
	elsewhere := "/us-ashburn-1" + c.path()
	refused := c.do("POST", elsewhere, `{"description": "ci"}`)
	refused.requireError(t, 403, "NotAllowed")
	assert.Equal(t, "Please go to your home region PHX to execute CREATE, UPDATE and DELETE operations.", refused.fields["message"])

	require.Equal(t, 200, c.do("POST", "/us-phoenix-1"+c.path(), `{"description": "ci"}`).status)
	assert.NotEqual(t, "[]", c.do("GET", c.path(), "").text, "no region in the path is the home region")
	assert.Equal(t, "[]", c.do("GET", elsewhere, "").text, "not replicated yet")
	now = now.Add(time.Minute)
	c.date = now
	assert.NotEqual(t, "[]", c.do("GET", elsewhere, "").text)

	subscriptions := c.do("GET", "/20160918/tenancies/"+c.creds.TenancyID+"/regionSubscriptions", "")
	assert.JSONEq(t, `[
		{"regionKey": "PHX", "regionName": "us-phoenix-1", "status": "READY", "isHomeRegion": true},
		{"regionKey": "IAD", "regionName": "us-ashburn-1", "status": "READY", "isHomeRegion": false}
	]`, subscriptions.text)
}

func TestLifecycleStatesAndLists(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{CreatingLists: 2})
	assert.Equal(t, "CREATING", c.create("ci").fields["lifecycleState"])
	assert.Contains(t, c.do("GET", c.path(), "").text, "CREATING")
	assert.Contains(t, c.do("GET", c.path(), "").text, "CREATING")
	assert.Contains(t, c.do("GET", c.path(), "").text, "ACTIVE")

	id := c.service.Tokens(c.user)[0].ID
	c.service.HideFromLists(c.user, id, 1)
	assert.Equal(t, "[]", c.do("GET", c.path(), "").text)
	assert.Contains(t, c.do("GET", c.path(), "").text, id)

	expires := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	c.service.EditToken(c.user, id, func(token *emulator.Token) {
		token.LifecycleState, token.InactiveStatus, token.TimeExpires = "INACTIVE", new(int64(2)), &expires
	})
	listed := c.do("GET", c.path(), "").text
	assert.Contains(t, listed, `"inactiveStatus":2`)
	assert.Contains(t, listed, `"timeExpires":"2030-01-02T03:04:05.000Z"`)

	assert.True(t, c.service.RemoveUser(c.user))
	assert.Equal(t, 404, c.do("GET", c.path(), "").status)
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{RequestsPerSecond: 2, RetryAfter: 3, Clock: func() time.Time { return now }})
	for range 2 {
		assert.Equal(t, 200, c.do("GET", c.path(), "").status)
	}
	refused := c.do("GET", c.path(), "")
	refused.requireError(t, 429, "TooManyRequests")
	assert.Equal(t, "3", refused.header.Get("Retry-After"))
	now = now.Add(500 * time.Millisecond)
	assert.Equal(t, 200, c.do("GET", c.path(), "").status)
	assert.Equal(t, 429, c.do("GET", c.path(), "").status)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	var slept time.Duration
	c := newClient(t, emulator.Config{Sleep: func(_ context.Context, d time.Duration) error { slept += d; return nil }})

	c.service.Inject(emulator.Fault{Operation: "CreateAuthToken", Skip: 1, Times: 1, Status: 503, Code: "Busy", Message: "Later."})
	assert.Equal(t, 200, c.create("one").status)
	c.create("two").requireError(t, 503, "Busy")
	assert.Equal(t, 200, c.create("two").status)
	assert.Empty(t, c.service.Faults(), "it is used up")

	c.service.Inject(emulator.Fault{Status: 502, Body: "<html>Bad Gateway</html>", Header: map[string]string{"Retry-After": "1"}})
	page := c.do("GET", c.path(), "")
	assert.Equal(t, 502, page.status)
	assert.Equal(t, "<html>Bad Gateway</html>", page.text)
	assert.Equal(t, "text/html", page.header.Get("Content-Type"))
	assert.Equal(t, "1", page.header.Get("Retry-After"))
	c.service.ClearFaults()

	id := c.service.Tokens(c.user)[0].ID
	c.service.Inject(emulator.Fault{Drop: emulator.DropBeforeCommit, Times: 1})
	_, err := c.try("DELETE", c.path()+"/"+id, "")
	require.Error(t, err)
	assert.Len(t, c.service.Tokens(c.user), 2)
	c.service.Inject(emulator.Fault{Drop: emulator.DropAfterCommit, Times: 1, UserID: c.user, Region: "us-phoenix-1"})
	_, err = c.try("PUT", c.path()+"/"+id, `{"description": "changed"}`)
	require.Error(t, err)
	assert.Equal(t, "changed", c.service.Tokens(c.user)[0].Description)

	c.service.Inject(emulator.Fault{Truncate: 5, Times: 1})
	_, err = c.try("GET", c.path(), "")
	require.Error(t, err)

	c.service.Inject(emulator.Fault{Delay: emulator.Duration(time.Minute), Times: 1})
	assert.Equal(t, 200, c.do("GET", c.path(), "").status)
	assert.Equal(t, time.Minute, slept)

	c.service.Inject(emulator.Fault{Probability: 0.5, Status: 500, Code: "InternalServerError"})
	failures := 0
	for range 100 {
		if c.do("GET", c.path(), "").status == 500 {
			failures++
		}
	}
	assert.InDelta(t, 50, failures, 25)
}

func TestFaultsThatSpoilTheAnswer(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{})
	once := func(fault emulator.Fault) {
		fault.Times = 1
		c.service.Inject(fault)
	}
	once(emulator.Fault{Body: "null", MediaType: "text/plain"})
	created := c.create("one")
	assert.Equal(t, 200, created.status)
	assert.Equal(t, "null", created.text)
	assert.Equal(t, "text/plain", created.header.Get("Content-Type"))
	require.Len(t, c.service.Tokens(c.user), 1, "the request was carried out")

	once(emulator.Fault{Omit: []string{"lifecycleState"}, Set: map[string]any{"userId": "other"}})
	listed := c.do("GET", c.path(), "")
	assert.NotContains(t, listed.text, "lifecycleState")
	assert.Contains(t, listed.text, `"userId":"other"`)
	once(emulator.Fault{Status: 404, Code: "NotAuthorizedOrNotFound", Set: map[string]any{"statusCode": "200"}})
	assert.Equal(t, "200", c.do("GET", c.path(), "").fields["statusCode"])

	elsewhere := c.url + "/elsewhere"
	once(emulator.Fault{Status: 307, Header: map[string]string{"Location": elsewhere}})
	redirected := c.do("GET", c.path(), "")
	assert.Equal(t, 401, redirected.status, "the client has followed it with a signature for another path")
	last := c.service.Journal()
	assert.Equal(t, "/elsewhere", last[len(last)-1].Path)

	once(emulator.Fault{Body: "not there"})
	deleted := c.do("DELETE", c.path()+"/"+c.service.Tokens(c.user)[0].ID, "")
	assert.Equal(t, 204, deleted.status)
	assert.Empty(t, deleted.text, "an answer without a body stays so")
}

func TestFaultWithABodyThatNeverEnds(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{})
	request, err := http.NewRequestWithContext(context.Background(), "GET", c.url+c.path(), nil)
	require.NoError(t, err)
	c.service.Inject(emulator.Fault{Endless: true})
	request.Header.Set("date", time.Now().UTC().Format(http.TimeFormat))
	c.sign(request, []string{"date", "(request-target)", "host"})
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, response.Body, 1<<20)
	require.NoError(t, err, "it goes on")
	c.service.Close()
	_, err = io.Copy(io.Discard, response.Body)
	require.Error(t, err, "until the service is closed")
	_ = response.Body.Close()
}

func TestFaultThatCarriesOutLate(t *testing.T) {
	t.Parallel()
	awake := make(chan struct{})
	c := newClient(t, emulator.Config{Sleep: func(ctx context.Context, _ time.Duration) error {
		select {
		case <-awake:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	c.service.Inject(emulator.Fault{Late: emulator.Duration(time.Minute)})
	lose := func(description string) {
		_, err := c.try("POST", c.path(), `{"description": "`+description+`"}`)
		require.Error(t, err)
	}
	lose("late")
	assert.Empty(t, c.service.Tokens(c.user))
	assert.Zero(t, c.service.Journal()[0].Status)
	awake <- struct{}{}
	c.service.Wait()
	require.Len(t, c.service.Tokens(c.user), 1)
	assert.NotEmpty(t, c.service.Tokens(c.user)[0].RequestID)

	lose("never")
	c.service.Close()
	lose("after the end")
	c.service.Wait()
	assert.Len(t, c.service.Tokens(c.user), 1, "what was to come is dropped")
}

func TestListsThatLag(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{
		Regions: []string{"us-phoenix-1", "us-ashburn-1"}, ReplicationLag: time.Hour, Clock: func() time.Time { return now },
	})
	pass := func(d time.Duration) { now = now.Add(d); c.date = now }
	list := func(region string) string { return c.do("GET", "/"+region+c.path(), "").text }
	c.service.SetListLag("us-phoenix-1", 10*time.Second)
	c.service.SetListLag("us-ashburn-1", time.Minute)

	pass(0)
	c.create("ci")
	id := c.service.Tokens(c.user)[0].ID
	assert.Equal(t, "[]", list("us-phoenix-1"))
	pass(10 * time.Second)
	assert.Contains(t, list("us-phoenix-1"), id)
	assert.Equal(t, "[]", list("us-ashburn-1"))
	pass(50 * time.Second)
	assert.Contains(t, list("us-ashburn-1"), id)

	c.do("PUT", c.path()+"/"+id, `{"description": "new"}`)
	assert.Contains(t, list("us-phoenix-1"), `"new"`)
	assert.Contains(t, list("us-ashburn-1"), `"ci"`, "as it was")
	pass(time.Minute)
	assert.Contains(t, list("us-ashburn-1"), `"new"`)

	c.do("DELETE", c.path()+"/"+id, "")
	assert.Equal(t, "[]", list("us-phoenix-1"))
	assert.Contains(t, list("us-ashburn-1"), id, "still there")
	pass(time.Minute)
	assert.Equal(t, "[]", list("us-ashburn-1"))
}

func TestTokensAreCreatingByTime(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{Clock: func() time.Time { return now }})
	c.service.SetCreatingFor(time.Minute)
	c.date = now
	created := c.create("ci")
	assert.Equal(t, "CREATING", created.fields["lifecycleState"])
	assert.Contains(t, c.do("GET", c.path(), "").text, "CREATING")
	assert.False(t, c.service.Authenticate(c.user, created.fields["token"].(string)))
	now = now.Add(time.Minute)
	c.date = now
	assert.Contains(t, c.do("GET", c.path(), "").text, "ACTIVE")
	assert.True(t, c.service.Authenticate(c.user, created.fields["token"].(string)))
}

func TestRateLimitOfEachCaller(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{Users: []string{"alice", "bob"}, Clock: func() time.Time { return now }})
	c.service.SetRequestsPerSecond(3, 2)
	c.date = now
	for _, status := range []int{200, 200, 429} {
		assert.Equal(t, status, c.do("GET", c.path(), "").status)
	}
	bob := *c
	var err error
	bob.creds, err = c.service.NewCredentials(c.service.Users()[1].ID)
	require.NoError(t, err)
	bob.keyID = bob.creds.TenancyID + "/" + bob.creds.UserID + "/" + bob.creds.Fingerprint
	assert.Equal(t, 200, bob.do("GET", c.path(), "").status)
	refused := bob.do("GET", c.path(), "")
	refused.requireError(t, 429, "TooManyRequests")
	assert.Contains(t, refused.text, "tenant")
}

func TestConfigurationFileNamesTheKeyFromAnywhere(t *testing.T) {
	t.Chdir(t.TempDir())
	c := newClient(t, emulator.Config{})
	configFile, keyFile, err := c.creds.WriteConfigFile(".", "DEFAULT")
	require.NoError(t, err)
	assert.True(t, filepath.IsAbs(configFile) && filepath.IsAbs(keyFile))
	content, err := os.ReadFile(configFile)
	require.NoError(t, err)
	assert.Contains(t, string(content), "key_file="+keyFile)
}

func TestJournalAndLogHoldNoValue(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	const value = "0123456789canary:;<>"
	c := newClient(t, emulator.Config{Log: &log, TokenValue: func() string { return value }})
	c.create("ci", "opc-retry-token", "once")
	c.service.Inject(emulator.Fault{Drop: emulator.DropAfterCommit, Times: 1})
	_, err := c.try("POST", c.path(), `{"description": "lost"}`)
	require.Error(t, err)

	journal := c.service.Journal()
	require.Len(t, journal, 2)
	assert.Equal(t, "CreateAuthToken", journal[0].Operation)
	assert.Equal(t, "once", journal[0].RetryToken)
	assert.Equal(t, 200, journal[0].Status)
	assert.Equal(t, c.service.Tokens(c.user)[0].ID, journal[0].TokenID)
	assert.Zero(t, journal[1].Status)
	text, err := json.Marshal(journal)
	require.NoError(t, err)
	assert.NotContains(t, string(text)+log.String(), "canary")
	assert.Contains(t, log.String(), "POST")
	assert.Contains(t, log.String(), "dropped")
	c.service.ResetJournal()
	assert.Empty(t, c.service.Journal())
}

func TestControl(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{})
	control := func(method, path, body string) (int, string) {
		request, err := http.NewRequestWithContext(context.Background(), method, c.url+"/_emulator/"+path, strings.NewReader(body))
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	status, text := control("POST", "users/"+c.user+"/tokens", `{"description": "by hand"}`)
	assert.Equal(t, 200, status)
	live := c.service.Tokens(c.user)[0]
	assert.Contains(t, text, live.ID)
	assert.NotContains(t, text, `"token"`)
	_, text = control("GET", "users/"+c.user+"/tokens", "")
	assert.Contains(t, text, live.ID)
	status, _ = control("DELETE", "users/"+c.user+"/tokens/"+live.ID, "")
	assert.Equal(t, 200, status)
	assert.Empty(t, c.service.Tokens(c.user))

	status, text = control("POST", "users", `{"name": "made@example.com"}`)
	assert.Equal(t, 200, status)
	made := c.service.Users()[1]
	assert.JSONEq(t, `{"id": "`+made.ID+`", "name": "made@example.com"}`, text)
	_, text = control("GET", "users", "")
	assert.Contains(t, text, made.ID)
	assert.Equal(t, 200, c.do("GET", "/20160918/users/"+made.ID, "").status)
	status, _ = control("PUT", "users/"+made.ID+"/repositories", `["pull"]`)
	assert.Equal(t, 200, status)
	status, _ = control("DELETE", "users/"+made.ID, "")
	assert.Equal(t, 200, status)
	assert.Len(t, c.service.Users(), 1)
	status, _ = control("DELETE", "users/"+made.ID, "")
	assert.Equal(t, 404, status)
	for _, nonsense := range []string{`{`, `{}`, `{"name": "made", "domain": "missing"}`} {
		status, _ = control("POST", "users", nonsense)
		assert.Equal(t, 400, status, nonsense)
	}

	status, _ = control("POST", "faults", `{"operation": "ListAuthTokens", "status": 500, "delay": "1ms"}`)
	assert.Equal(t, 200, status)
	assert.Equal(t, 500, c.do("GET", c.path(), "").status)
	_, text = control("GET", "faults", "")
	assert.JSONEq(t, `[{"operation": "ListAuthTokens", "status": 500, "delay": "1ms"}]`, text)
	status, _ = control("DELETE", "faults", "")
	assert.Equal(t, 200, status)
	assert.Equal(t, 200, c.do("GET", c.path(), "").status)
	_, text = control("GET", "journal", "")
	assert.Contains(t, text, "ListAuthTokens")
	_, _ = control("DELETE", "journal", "")
	assert.Empty(t, c.service.Journal())
	_, text = control("GET", "journal", "")
	assert.Equal(t, "[]", text)

	for _, nonsense := range []string{
		`{`, `{"unknown": 1}`, `{"operation": "Nonsense"}`, `{"status": 200}`, `{"probability": 2}`, `{"drop": "later"}`,
		`{"delay": "soon"}`, `{"delay": 3}`, `{"times": -1}`, `{"late": "-1s"}`,
	} {
		status, _ = control("POST", "faults", nonsense)
		assert.Equal(t, 400, status, nonsense)
	}
	for _, nowhere := range []string{"", "nothing", "users/x/tokens", "users/x"} {
		status, _ = control("GET", nowhere, "")
		assert.Equal(t, 404, status, nowhere)
	}
}

func TestConfigurationThatMakesNoSense(t *testing.T) {
	t.Parallel()
	_, err := emulator.New(emulator.Config{Regions: []string{"mars-north-1"}})
	require.ErrorContains(t, err, "mars-north-1")
	_, err = emulator.New(emulator.Config{LimitCode: "Nonsense"})
	require.Error(t, err)
}
