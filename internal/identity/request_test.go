package identity

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
)

const (
	testTenancy = "ocid1.tenancy.oc1..t"
	testUser    = "ocid1.user.oc1..u"
)

// impatient is a clock on which sleeping takes no time. It adds up the sleeps.
type impatient struct {
	mu    sync.Mutex
	slept time.Duration
}

func (c *impatient) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.slept)
}

func (c *impatient) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept += d
	return context.Cause(ctx)
}

type testKey struct{ *rsa.PrivateKey }

var newTestKey = sync.OnceValue(func() testKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return testKey{key}
})

func (testKey) TenancyOCID() (string, error)              { return testTenancy, nil }
func (testKey) UserOCID() (string, error)                 { return testUser, nil }
func (testKey) KeyFingerprint() (string, error)           { return "aa", nil }
func (testKey) KeyID() (string, error)                    { return "key", nil }
func (testKey) Region() (string, error)                   { return "us-phoenix-1", nil }
func (k testKey) PrivateRSAKey() (*rsa.PrivateKey, error) { return k.PrivateKey, nil }
func (testKey) AuthType() (common.AuthConfig, error)      { return common.AuthConfig{}, nil }

// newTestClient returns a client of the given endpoint. Change may change its transport.
func newTestClient(t *testing.T, endpoint string, change func(*http.Transport)) (*Client, *impatient) {
	t.Helper()
	clock := &impatient{}
	transport := &http.Transport{}
	if change != nil {
		change(transport)
	}
	t.Cleanup(transport.CloseIdleConnections)
	sending, err := web.NewClient("test")
	require.NoError(t, err)
	sending.Transport.(*web.Transport).Base = transport
	client, err := New(Options{Credentials: newTestKey(), HTTP: sending, Endpoint: endpoint, Clock: clock})
	require.NoError(t, err)
	return client, clock
}

// userOf returns the user of these tests. Nobody listens to its messages.
func userOf(t *testing.T, client *Client) *User {
	t.Helper()
	user, err := client.User(UserRef{ID: testUser}, silence{})
	require.NoError(t, err)
	return user
}

type silence struct{}

func (silence) InfoStatus(string) {}
func (silence) Warning(string)    {}

func TestWhatWasNotSentIsSaidSoonAndLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(refusing.Close)
	by := func(proxy string) func(*http.Transport) {
		return func(transport *http.Transport) {
			transport.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
		}
	}
	for name, test := range map[string]struct {
		endpoint string
		change   func(*http.Transport)
		said     string
	}{
		"nothing listens":                {gone.URL, nil, "connection refused"},
		"https to a port of plain http":  {strings.Replace(plain.URL, "http:", "https:", 1), nil, "HTTP response to HTTPS client"},
		"a certificate of nobody":        {secure.URL, nil, "certificate"},
		"a proxy that cannot be reached": {"https://identity.example.com", by(strings.Replace(gone.URL, "//", "//me:pa55word@", 1)), "proxyconnect"},
		"a proxy that lets nobody pass":  {"https://identity.example.com", by(refusing.URL), "Proxy Authentication Required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, clock := newTestClient(t, test.endpoint, test.change)
			_, err := userOf(t, client).CreateToken(t.Context(), Wish{For: "urn"})
			require.ErrorContains(t, err, test.said)
			assert.NotContains(t, err.Error(), "pa55word")
			var unsettled *Unsettled
			assert.NotErrorAs(t, err, &unsettled)
			assert.Less(t, clock.slept, 5*time.Second)
		})
	}
}

func TestARequestIsGivenUpBeforeItIsSentAndNotAfter(t *testing.T) {
	t.Parallel()
	patience, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	arrived, release := make(chan struct{}), make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	t.Cleanup(service.Close)
	client, _ := newTestClient(t, service.URL, nil)
	go func() {
		<-arrived
		cancel(enough)
		close(release)
	}()
	ask := request{method: http.MethodGet, path: "/x", unlessOver: patience}
	reply, sent, err := client.home.configured.sender.send(t.Context(), ask)
	require.NoError(t, err)
	assert.True(t, sent)
	assert.Equal(t, http.StatusOK, reply.status)

	// Nobody accepts this connection, so nothing is ever sent.
	never, _ := newTestClient(t, "http://127.0.0.1:9", func(transport *http.Transport) {
		transport.DialContext = nil
		transport.Proxy = func(r *http.Request) (*url.URL, error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		}
	})
	_, sent, err = never.home.configured.sender.send(t.Context(), ask)
	require.ErrorIs(t, err, enough)
	assert.False(t, sent)
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chunk := []byte(strings.Repeat("x", 1<<16))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(service.Close)
	client, _ := newTestClient(t, service.URL, nil)
	reply, _, err := client.home.configured.sender.send(t.Context(), request{method: http.MethodGet, path: "/x"})
	require.NoError(t, err)
	require.Error(t, reply.cut)
	assert.Empty(t, reply.body)
}

func TestAnIDIsOnePartOfAPathOrNone(t *testing.T) {
	t.Parallel()
	var asked string
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.RequestURI }))
	t.Cleanup(service.Close)
	client, _ := newTestClient(t, service.URL, nil)
	for id, path := range map[string]string{
		"a/b": "a%2Fb", "ocidv1:credential:oc1:phx:1460406592660:aaaa": "ocidv1:credential:oc1:phx:1460406592660:aaaa", "a b": "a%20b", "a?b#c": "a%3Fb%23c", "ü": "%C3%BC", "%2e%2e": "%252e%252e", "..": "", ".": "", "": "",
	} {
		asked = ""
		err := userOf(t, client).api.delete(t.Context(), id)
		if path == "" {
			require.Error(t, err, id)
			assert.Empty(t, asked, id)
			continue
		}
		require.NoError(t, err, id)
		assert.Equal(t, "/20160918/users/"+testUser+"/authTokens/"+path, asked)
	}
}
