package oci

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
)

// newTestClient returns a client of the given endpoint. Change may change its transport.
func newTestClient(t *testing.T, endpoint string, change func(*http.Transport)) (*Client, *ocitest.Clock) {
	t.Helper()
	clock := &ocitest.Clock{}
	transport := &http.Transport{}
	if change != nil {
		change(transport)
	}
	t.Cleanup(transport.CloseIdleConnections)
	sending := web.NewClient("test")
	sending.Transport.(*web.Transport).Base = transport
	client, err := New(Options{Credentials: ocitest.NewCredentials(), HTTP: sending, Endpoint: endpoint, Clock: clock})
	require.NoError(t, err)
	return client, clock
}

func TestARequestIsGivenUpBeforeItIsSentAndNotAfter(t *testing.T) {
	t.Parallel()
	patience, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	arrived, release := make(chan struct{}), make(chan struct{})
	Service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	t.Cleanup(Service.Close)
	client, _ := newTestClient(t, Service.URL, nil)
	go func() {
		<-arrived
		cancel(enough)
		close(release)
	}()
	ask := Request{Method: http.MethodGet, Path: "/x", UnlessOver: patience}
	reply, sent, err := client.configured.send(t.Context(), ask)
	require.NoError(t, err)
	assert.True(t, sent)
	assert.Equal(t, http.StatusOK, reply.Status)

	// Nobody accepts this connection, so nothing is ever sent.
	never, _ := newTestClient(t, "http://127.0.0.1:9", func(transport *http.Transport) {
		transport.DialContext = nil
		transport.Proxy = func(r *http.Request) (*url.URL, error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		}
	})
	_, sent, err = never.configured.send(t.Context(), ask)
	require.ErrorIs(t, err, enough)
	assert.False(t, sent)
}

// refreshable are credentials that can be renewed.
type refreshable struct{ ocitest.Credentials }

func (refreshable) Refreshable() bool { return true }

// TestARequestIsNotSignedAgainAfterItWasGivenUp cancels while OCI refuses the signature of a request.
func TestARequestIsNotSignedAgainAfterItWasGivenUp(t *testing.T) {
	t.Parallel()
	for _, cancelled := range []bool{false, true} {
		patience, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		var arrived atomic.Int32
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if arrived.Add(1); cancelled {
				cancel()
			}
			w.WriteHeader(http.StatusUnauthorized)
		}))
		t.Cleanup(service.Close)
		client, _ := newTestClient(t, service.URL, nil)
		client.credentials = refreshable{ocitest.NewCredentials()}
		reply, sent, err := client.configured.send(t.Context(), Request{Method: http.MethodPost, Path: "/x", UnlessOver: patience})
		require.NoError(t, err)
		assert.True(t, sent)
		assert.Equal(t, http.StatusUnauthorized, reply.Status)
		if cancelled {
			assert.EqualValues(t, 1, arrived.Load(), "it is cancelled, so nothing more is sent")
		} else {
			assert.EqualValues(t, signatures, arrived.Load())
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	Service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chunk := []byte(strings.Repeat("x", 1<<16))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(Service.Close)
	client, _ := newTestClient(t, Service.URL, nil)
	reply, _, err := client.configured.send(t.Context(), Request{Method: http.MethodGet, Path: "/x"})
	require.NoError(t, err)
	require.Error(t, reply.Cut)
	assert.Empty(t, reply.Body)
}

func TestAnIDIsOnePartOfAPathOrNone(t *testing.T) {
	t.Parallel()
	var asked string
	Service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.RequestURI }))
	t.Cleanup(Service.Close)
	client, _ := newTestClient(t, Service.URL, nil)
	for id, path := range map[string]string{
		"a/b": "a%2Fb", "ocidv1:credential:oc1:phx:1460406592660:aaaa": "ocidv1:credential:oc1:phx:1460406592660:aaaa", "a b": "a%20b", "a?b#c": "a%3Fb%23c", "ü": "%C3%BC", "%2e%2e": "%252e%252e", "..": "", ".": "", "": "",
	} {
		asked = ""
		err := Caller{client, ocitest.Silence{}}.Do(t.Context(), Call{
			To: client.Configured(), Request: Request{Method: http.MethodDelete, Path: Path("users", ocitest.User, "authTokens", id)}, Read: (*Answer).Deleted,
		})
		if path == "" {
			require.Error(t, err, id)
			assert.Empty(t, asked, id)
			continue
		}
		require.NoError(t, err, id)
		assert.Equal(t, "/20160918/users/"+ocitest.User+"/authTokens/"+path, asked)
	}
}
