package emulator_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// logIn asks for a registry token, without a signature.
func (c *client) logIn(user, password string) (int, map[string]any) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet,
		c.url+"/20180419/docker/token?service=here&scope=repository:"+c.service.Namespace()+"/app:pull,push&scope=repository:other/app:pull", nil)
	require.NoError(c.t, err)
	request.SetBasicAuth(user, password)
	return c.ask(request)
}

func (c *client) ask(request *http.Request) (int, map[string]any) {
	c.t.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer func() { _ = response.Body.Close() }()
	var body map[string]any
	require.NoError(c.t, json.NewDecoder(response.Body).Decode(&body))
	return response.StatusCode, body
}

func TestTheRegistryTakesExactlyTheLiveTokens(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{Users: []string{"alice", "oracleidentitycloudservice/bob"}, Namespace: "ns"})
	bob := c.service.Users()[1].ID
	live, other := c.service.AddToken(c.user, "ci"), c.service.AddToken(bob, "ci")

	for _, test := range []struct {
		user, password string
		want           int
	}{
		{"ns/alice", live.Value, 200},
		{"ns/oracleidentitycloudservice/bob", other.Value, 200},
		{"ns/alice", other.Value, 401},
		{"ns/alice", live.Value + "x", 401},
		{"ns/alice", "", 401},
		{"alice", live.Value, 401},
		{"NS/alice", live.Value, 401},
		{"ns/bob", other.Value, 401},
		{"ns/nobody", live.Value, 401},
		{"", "", 401},
	} {
		status, body := c.logIn(test.user, test.password)
		assert.Equal(t, test.want, status, test.user)
		assert.Equal(t, status == 200, body["token"] != nil, test.user)
	}
	expired := time.Now().Add(-time.Hour)
	for _, spoil := range []func(*emulator.Token){
		func(t *emulator.Token) { t.LifecycleState = "INACTIVE" },
		func(t *emulator.Token) { t.LifecycleState, t.TimeExpires = "ACTIVE", &expired },
	} {
		c.service.EditToken(c.user, live.ID, spoil)
		status, _ := c.logIn("ns/alice", live.Value)
		assert.Equal(t, 401, status, "it is not ACTIVE, or has expired")
	}
	c.service.DeleteToken(bob, other.ID)
	status, _ := c.logIn("ns/oracleidentitycloudservice/bob", other.Value)
	assert.Equal(t, 401, status, "it is gone")
}

func TestTheRegistryHearsOfATokenLate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newClient(t, emulator.Config{Namespace: "ns", Clock: func() time.Time { return now }, RegistryDelay: time.Minute})
	live := c.service.AddToken(c.user, "ci")
	for _, want := range []int{401, 200} {
		status, _ := c.logIn("ns/alice", live.Value)
		assert.Equal(t, want, status)
		now = now.Add(time.Minute)
	}
	journal := c.service.Journal()
	require.Len(t, journal, 2)
	assert.Equal(t, "RegistryLogin", journal[0].Operation)
	assert.Equal(t, c.user, journal[0].UserID)
	assert.Equal(t, []int{401, 200}, []int{journal[0].Status, journal[1].Status})
}

func TestTheDoorOfTheRegistry(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{Namespace: "ns"})
	live := c.service.AddToken(c.user, "ci")
	enter := func(token string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/v2/", nil)
		require.NoError(t, err)
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode, response.Header.Get("WWW-Authenticate")
	}
	status, challenge := enter("")
	assert.Equal(t, 401, status)
	host := strings.TrimPrefix(c.url, "http://")
	assert.Equal(t, `Bearer realm="`+c.url+`/20180419/docker/token",service="`+host+`",scope=""`, challenge)

	_, body := c.logIn("ns/alice", live.Value)
	token := body["token"].(string)
	status, _ = enter(token)
	assert.Equal(t, 200, status)
	middle := strings.Index(token, ".") + 5
	for _, forged := range []string{"x", "a.b.c", token[:middle] + "A" + token[middle+1:], token[:len(token)-6] + "AAAAAA"} {
		status, _ = enter(forged)
		assert.Equal(t, 401, status)
	}
	require.Error(t, c.service.SetRegistry("localhost:5000"))
}

func TestTenancyAndNamespace(t *testing.T) {
	t.Parallel()
	c := newClient(t, emulator.Config{Regions: []string{"us-phoenix-1", "us-ashburn-1"}})
	got := c.do("GET", "/20160918/tenancies/"+c.creds.TenancyID, "")
	assert.Equal(t, 200, got.status)
	assert.Equal(t, "PHX", got.fields["homeRegionKey"])
	c.do("GET", "/20160918/tenancies/ocid1.tenancy.oc1..other", "").requireError(t, 404, "NotAuthorizedOrNotFound")

	for _, path := range []string{"/n", "/n/", "/us-ashburn-1/n"} {
		got := c.do("GET", path, "")
		assert.Equal(t, 200, got.status)
		assert.Regexp(t, regexp.MustCompile(`^"[a-z0-9]{12}"$`), got.text)
		assert.Equal(t, `"`+c.service.Namespace()+`"`, got.text)
	}
	c.do("POST", "/n", "{}").requireError(t, 404, "NotAuthorizedOrNotFound")
	c.keyID = "nobody"
	c.do("GET", "/n", "").requireError(t, 401, "NotAuthenticated")
}
