package registry_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		region        registry.Region
		server, short string
		others        []string
	}{
		{registry.Region{Name: "us-phoenix-1", Domain: "oraclecloud.com", Key: "PHX"}, "ocir.us-phoenix-1.oci.oraclecloud.com", "phx.ocir.io", []string{"us-phoenix-1.ocir.io"}},
		{registry.Region{Name: "eu-frankfurt-1", Domain: "oraclecloud.com", Key: "fra"}, "ocir.eu-frankfurt-1.oci.oraclecloud.com", "fra.ocir.io", []string{"eu-frankfurt-1.ocir.io"}},
		{registry.Region{Name: "us-phoenix-1", Domain: "oraclecloud.com"}, "ocir.us-phoenix-1.oci.oraclecloud.com", "", []string{"us-phoenix-1.ocir.io"}},
		{registry.Region{Name: "us-gov-ashburn-1", Domain: "oraclegovcloud.com", Key: "RIC"}, "ocir.us-gov-ashburn-1.oci.oraclegovcloud.com", "", []string{"ocir.us-gov-ashburn-1.oraclegovcloud.com"}},
		{registry.Region{Name: "uk-gov-london-1", Domain: "oraclegovcloud.uk", Key: "LTN"}, "ocir.uk-gov-london-1.oci.oraclegovcloud.uk", "", []string{"ocir.uk-gov-london-1.oraclegovcloud.uk"}},
		{registry.Region{Name: "eu-dcc-milan-1", Domain: "oraclecloud14.com", Key: "BGY"}, "ocir.eu-dcc-milan-1.oci.oraclecloud14.com", "", nil},
		{registry.Region{Name: "south-1.cloud.example.com", Domain: "oraclecloud.com", Key: "XYZ"}, "ocir.south-1.cloud.example.com", "", nil},
	} {
		assert.Equal(t, test.server, test.region.Server())
		assert.Equal(t, test.short, test.region.ShortName(), test.region.Name)
		hosts := append([]string{test.server}, test.others...)
		if test.short != "" {
			hosts = append(hosts, test.short)
		}
		assert.Equal(t, hosts, test.region.Hosts())
	}
}

func TestUsernames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		user registry.User
		want []string
	}{
		{registry.User{Name: "ci"}, []string{"ns/ci"}},
		{registry.User{Name: "alice@example.com", Email: "alice@example.com"}, []string{"ns/alice@example.com"}},
		{registry.User{Name: "alice", Email: "alice@example.com"}, []string{"ns/alice"}},
		{registry.User{Name: "oracleidentitycloudservice/alice@example.com"}, []string{"ns/oracleidentitycloudservice/alice@example.com"}},
		{registry.User{Name: "alice", Domain: "Development"}, []string{"ns/Development/alice"}},
		{registry.User{Name: "a@b.c", Email: "a@b.c", Domain: "Development"}, []string{"ns/Development/a@b.c"}},
		{registry.User{Name: "a", Email: "a@b.c", Domain: "Development"}, []string{"ns/Development/a", "ns/Development/a@b.c"}},
	} {
		assert.Equal(t, test.want, registry.Usernames("ns", test.user))
	}
	assert.Equal(t, "ns/ci", registry.Username("ns", "ci"))
	assert.Equal(t, "ns/ci", registry.Username("ns", "ns/ci"))
	assert.Equal(t, "ns/nsx/ci", registry.Username("ns", "nsx/ci"))
	assert.Equal(t, "BEARER_TOKEN", registry.Username("ns", "BEARER_TOKEN"))
}

func TestCheckUsername(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"ci", "alice@example.com", "oracleidentitycloudservice/alice@example.com", "My Domain/alice", "ns/ci"} {
		assert.NoError(t, registry.CheckUsername(good), good)
	}
	for bad, complaint := range map[string]string{
		"": "empty", "  ": "empty", " ci": "white space", "ci\n": "white space", "a:b": "colon", "/ci": "slash", "ns/": "slash",
	} {
		assert.ErrorContains(t, registry.CheckUsername(bad), complaint, bad)
	}
}

func TestCheckNamespace(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"axaxnpcrorw5", "acme-dev", "Acme_1"} {
		assert.NoError(t, registry.CheckNamespace(good), good)
	}
	for _, bad := range []string{"", " ", "ns/x", "n s", "ns:", "ü"} {
		assert.ErrorContains(t, registry.CheckNamespace(bad), "is not an Object Storage namespace", bad)
	}
	assert.EqualError(t, registry.CheckNamespace("ns "), "it has white space around it: remove it")
}

// TestDockerConfigIsRightForEveryPunctuation decodes the configuration as Docker does: JSON, base64, and a split at the first colon.
func TestDockerConfigIsRightForEveryPunctuation(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for c := rune(' '); c < 127; c++ {
		all.WriteRune(c)
	}
	for _, password := range []string{all.String(), `({;#<:>&'"\u003c$(id)`, "::", "ü→日本", `\`} {
		login := registry.Login{Server: "ocir.us-phoenix-1.oci.oraclecloud.com", Username: "ns/My Domain/a&b@example.com", Password: registry.Password(password)}
		var read struct {
			Auths map[string]struct{ Auth string }
		}
		rendered := login.DockerConfig([]string{login.Server, "phx.ocir.io"})
		require.NoError(t, json.Unmarshal([]byte(rendered), &read))
		require.Len(t, read.Auths, 2)
		for _, host := range []string{login.Server, "phx.ocir.io"} {
			plain, err := base64.StdEncoding.DecodeString(read.Auths[host].Auth)
			require.NoError(t, err)
			name, secret, _ := strings.Cut(string(plain), ":")
			assert.Equal(t, login.Username, name)
			assert.Equal(t, password, secret)
		}
		assert.NotContains(t, rendered, "\n")
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			assert.NotContains(t, fmt.Sprintf(verb, login), password)
		}
	}
}

// door answers as a registry does. Tests can change how.
type door struct {
	*httptest.Server
	realm   string         // of the challenge; "" means its own
	names   map[string]int // the names that came with the right password, and how often
	accept  func(name string, login int) bool
	logins  int
	status  int // of the answer to a login, if it is not 0
	ping    int // of the answer to a request with a token, if it is not 0
	bodyFor string
}

const password = `c4n4rY:({;#<>`

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{names: map[string]int{}, accept: func(string, int) bool { return true }}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	return d
}

func (d *door) server() string { return strings.TrimPrefix(d.URL, "http://") }

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	realm := d.realm
	if realm == "" {
		realm = d.URL + "/20180419/docker/token"
	}
	switch {
	case r.URL.Path == "/v2/" && r.Header.Get("Authorization") == "Bearer good":
		if d.ping != 0 {
			w.WriteHeader(d.ping)
		}
	case r.URL.Path == "/v2/":
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s",service="%s",scope=""`, realm, d.server()))
		w.WriteHeader(http.StatusUnauthorized)
	case d.status != 0:
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(d.status)
	default:
		name, secret, _ := r.BasicAuth()
		d.logins++
		d.names[name]++
		if secret != password || r.URL.Query().Get("service") != d.server() || !d.accept(name, d.logins) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if d.bodyFor == "" {
			d.bodyFor = `{"token": "good"}`
		}
		_, _ = w.Write([]byte(d.bodyFor))
	}
}

// client sends the requests of these tests.
var client = web.NewClient("test")

func try(server, name, secret string) error {
	return registry.NewClient(client, nil).Try(context.Background(), registry.Login{Server: server, Username: name, Password: registry.Password(secret)})
}

func TestTry(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	require.NoError(t, try(d.server(), "ns/alice", password))
	d.bodyFor = `{"access_token": "good", "expires_in": 300}`
	require.NoError(t, try(d.server(), "ns/alice", password))
	require.ErrorContains(t, try(d.server(), "ns/alice", "wrong"), "401 Unauthorized")
	d.ping = http.StatusForbidden
	require.ErrorContains(t, try(d.server(), "ns/alice", password), "403 Forbidden")
	for _, status := range []int{302, 404, 500, 503} {
		d.status = status
		require.ErrorContains(t, try(d.server(), "ns/alice", password), fmt.Sprint(status))
	}
	d.status = 0
	for _, body := range []string{"{}", "<html>", `{"token": ""}`} {
		d.bodyFor = body
		require.ErrorContains(t, try(d.server(), "ns/alice", password), "could not be read")
	}
	d.Close()
	require.ErrorContains(t, try(d.server(), "ns/alice", password), "cannot be reached")
}

func TestPasswordGoesToTheRegistryAlone(t *testing.T) {
	t.Parallel()
	other := newDoor(t)
	other.accept = func(string, int) bool { t.Error("another place was asked"); return false }
	for _, realm := range []string{
		"http://localhost:1/token", "https://127.0.0.1/token", "http://example.com/token", "http://u:p@127.0.0.1/token", "//x", ":", "/token",
		strings.Replace(other.URL, "127.0.0.1", "127.0.0.2", 1),
	} {
		d := newDoor(t)
		d.realm = realm
		err := try(d.server(), "ns/alice", password)
		require.ErrorContains(t, err, "another host", realm)
		assert.NotContains(t, err.Error(), password)
	}

	// A page that wants no login, and one that redirects.
	for status, complaint := range map[int]string{200: "answers 200", 302: "answers 302", 401: "does not ask for a login"} {
		page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", other.URL)
			w.WriteHeader(status)
		}))
		t.Cleanup(page.Close)
		require.ErrorContains(t, try(strings.TrimPrefix(page.URL, "http://"), "ns/alice", password), complaint)
	}
}

// clock is a clock on which sleeping takes no time.
type clock struct {
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time { return c.now }

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func until(d *door, c *clock, within time.Duration, names ...string) (string, []string, error) {
	var said []string
	wait := registry.Wait{
		Client: registry.NewClient(client, nil), Clock: c, Within: within,
		Report: func(line string) { said = append(said, line) },
	}
	name, err := wait.Until(context.Background(), registry.Login{Server: d.server(), Password: password}, names)
	return name, said, err
}

func TestWaitEndsWithTheFirstLoginThatIsTaken(t *testing.T) {
	t.Parallel()
	d, c := newDoor(t), &clock{}
	d.accept = func(_ string, login int) bool { return login == 4 }
	name, said, err := until(d, c, 5*time.Minute, "ns/alice")
	require.NoError(t, err)
	assert.Equal(t, "ns/alice", name)
	assert.Equal(t, 105*time.Second, c.now.Sub(time.Time{}))
	require.Len(t, said, 3)
	assert.Contains(t, said[0], "waiting for the registry "+d.server()+" to accept the token: 1 try so far in 0s")
	assert.Contains(t, said[2], "3 tries so far in 45s (it answers 401 Unauthorized); trying again in 1m0s")
}

func TestWaitIsBoundedAndTriesAreFew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		within, lastTry time.Duration
		names           []string
		want            map[string]int
	}{
		{5 * time.Minute, 285 * time.Second, []string{"ns/alice"}, map[string]int{"ns/alice": 6}},
		{5 * time.Minute, 285 * time.Second, []string{"ns/D/a", "ns/D/b"}, map[string]int{"ns/D/a": 6, "ns/D/b": 2}},
		{10 * time.Second, 5 * time.Second, []string{"ns/D/a", "ns/D/b"}, map[string]int{"ns/D/a": 2, "ns/D/b": 1}},
		{0, 0, []string{"ns/D/a", "ns/D/b"}, map[string]int{"ns/D/a": 1, "ns/D/b": 1}},
		{10 * time.Minute, 585 * time.Second, []string{"ns/alice"}, map[string]int{"ns/alice": 9}},
	} {
		d, c := newDoor(t), &clock{}
		d.accept = func(string, int) bool { return false }
		_, _, err := until(d, c, test.within, test.names...)
		var refused *registry.Refused
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, test.want, d.names)
		assert.Equal(t, d.logins, refused.Tries)
		assert.Equal(t, test.names, refused.Usernames)
		assert.Equal(t, test.lastTry, refused.Waited)
		assert.Contains(t, err.Error(), "as "+strings.Join(test.names, " and as "))
		assert.NotContains(t, err.Error(), password)
	}
}

func TestALoginThatPassesAndIsRefusedAfterwardsIsWaitedFor(t *testing.T) {
	t.Parallel()
	d, c := newDoor(t), &clock{}
	d.ping = http.StatusForbidden
	_, _, err := until(d, c, 5*time.Minute, "ns/alice")
	var refused *registry.Refused
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 6, refused.Tries)
}

func TestWaitFindsTheOtherName(t *testing.T) {
	t.Parallel()
	d, c := newDoor(t), &clock{}
	d.accept = func(name string, _ int) bool { return name == "ns/D/b" }
	name, _, err := until(d, c, 5*time.Minute, "ns/D/a", "ns/D/b")
	require.NoError(t, err)
	assert.Equal(t, "ns/D/b", name)
	assert.Equal(t, map[string]int{"ns/D/a": 3, "ns/D/b": 1}, d.names)
}

func TestWaitForWhatIsNoRegistryEndsSoon(t *testing.T) {
	t.Parallel()
	d, c := newDoor(t), &clock{}
	d.realm = "https://example.com/token"
	_, _, err := until(d, c, 5*time.Minute, "ns/alice")
	require.ErrorContains(t, err, "another host")
	assert.Empty(t, c.slept)

	d.Close()
	_, _, err = until(d, c, 5*time.Minute, "ns/alice")
	require.ErrorContains(t, err, "cannot be reached")
	assert.Len(t, c.slept, 2)
	var refused *registry.Refused
	assert.False(t, errors.As(err, &refused))
}

// TestOnlyFaultsInARowEndTheWait has a registry that refuses, and has a fault now and then.
func TestOnlyFaultsInARowEndTheWait(t *testing.T) {
	t.Parallel()
	d, c := newDoor(t), &clock{}
	requests := 0
	faulty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			requests++
		}
		if requests%4 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		d.ServeHTTP(w, r)
	}))
	t.Cleanup(faulty.Close)
	d.Server, d.accept = faulty, func(string, int) bool { return false }
	_, _, err := until(d, c, time.Hour, "ns/alice")
	var refused *registry.Refused
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, time.Hour-15*time.Second, refused.Waited)
	assert.Contains(t, err.Error(), "it answers 401 Unauthorized")
	assert.Greater(t, requests, 12, "there were more than three faults")
}

// silent is a connection to a registry that never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

// machine is a clock that really sleeps.
type machine struct{}

func (machine) Now() time.Time { return time.Now() }

func (machine) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestARegistryThatNeverAnswersIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	wait := func(ctx context.Context, within time.Duration) error {
		login := registry.Login{Server: "ocir.us-phoenix-1.oci.oraclecloud.com", Password: password}
		wait := registry.Wait{
			Client: registry.NewClient(&http.Client{Transport: silent{}}, nil), Clock: machine{}, Within: within, Report: func(string) {},
		}
		_, err := wait.Until(ctx, login, []string{"ns/D/a", "ns/D/b"})
		return err
	}
	for _, test := range []struct {
		within, took time.Duration
		complaint    string
	}{
		{0, 15 * time.Second, "has not answered in time"},
		{time.Second, time.Second, "has not answered in time"},
		{20 * time.Second, 15 * time.Second, "has not answered in time"},
		{time.Hour, (15 + 15 + 15 + 30 + 15) * time.Second, "has not answered in time (3 tries in a row). Check the network"},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			require.ErrorContains(t, wait(t.Context(), test.within), test.complaint)
			assert.Equal(t, test.took, time.Since(began))
		})
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New("Ctrl-C")) })
		require.ErrorContains(t, wait(ctx, time.Hour), "stopped waiting for the registry ocir.us-phoenix-1.oci.oraclecloud.com to accept the login: Ctrl-C")
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestFaultsOfTheRegistryAreNotRefusals(t *testing.T) {
	t.Parallel()
	d, c := newDoor(t), &clock{}
	d.status = http.StatusServiceUnavailable
	c.now = time.Time{}
	_, said, err := until(d, c, 5*time.Minute, "ns/alice")
	require.ErrorContains(t, err, "503")
	assert.Len(t, said, 2)
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	d, c := newDoor(t), &clock{}
	ctx, cancel := context.WithCancelCause(context.Background())
	d.accept = func(string, int) bool { cancel(errors.New("Ctrl-C")); return false }
	wait := registry.Wait{
		Client: registry.NewClient(client, nil), Clock: c, Within: time.Hour,
		Report: func(line string) { t.Error("nothing is waited for any more: " + line) },
	}
	_, err := wait.Until(ctx, registry.Login{Server: d.server(), Password: password}, []string{"ns/alice"})
	require.ErrorContains(t, err, "stopped waiting")
	assert.Equal(t, 1, d.logins)
}
