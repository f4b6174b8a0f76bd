package tokens_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens/iam"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
)

// newTestUser returns the user of these tests at the given endpoint.
func newTestUser(t *testing.T, endpoint string, clock oci.Clock, transport http.RoundTripper) *tokens.User {
	t.Helper()
	sending := web.NewClient("test")
	sending.Transport.(*web.Transport).Base = transport
	client, err := oci.New(oci.Options{Credentials: ocitest.NewCredentials(), HTTP: sending, Endpoint: endpoint, Clock: clock})
	require.NoError(t, err)
	user, err := tokens.New(client, iam.Open).User(tokens.UserRef{ID: ocitest.User}, ocitest.Silence{})
	require.NoError(t, err)
	return user
}

// transport answers requests by a function, after they were sent.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(request *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(request.Context()).GotConn(httptrace.GotConnInfo{})
	return f(request)
}

// answer returns an answer in JSON.
func answer(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}
}

// TestStoppingTakesNoLongerThanItSays cancels a creation whose answer was lost, at a service that throttles, and whose lists take longer
// than there is time for.
func TestStoppingTakesNoLongerThanItSays(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]struct {
		body string
		err  error
	}{
		"the answer is lost":          {err: io.ErrUnexpectedEOF},
		"the answer has no id":        {body: `{"token": "v"}`},
		"the answer has no value":     {body: `{"id": "ocid1.credential.oc1..a"}`},
		"the answer cannot be parsed": {body: `{`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				posts := 0
				user := newTestUser(t, "http://127.0.0.1", oci.SystemClock{}, transport(func(request *http.Request) (*http.Response, error) {
					if request.Method == http.MethodGet {
						return answer(http.StatusOK, "[]"), oci.SystemClock{}.Sleep(request.Context(), 25*time.Second)
					}
					if posts++; posts == 1 {
						return answer(http.StatusOK, lost.body), lost.err
					}
					return answer(http.StatusTooManyRequests, `{"code": "TooManyRequests", "message": "Later."}`), nil
				}))

				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(errors.New("cancelled")) })
				began := time.Now()
				_, err := user.CreateToken(ctx, tokens.Creation{For: "urn", Description: "d"})
				took := time.Since(began) - time.Second
				var unsettled *tokens.OrphanError
				require.ErrorAs(t, err, &unsettled)
				assert.LessOrEqual(t, took, tokens.LongestStop)
				assert.Greater(t, took, tokens.LongestStop-time.Second, "%s: it takes as long as that")
				cancel(nil)
			})
		})
	}
}

// TestAPlaceIsAskedForEverMoreRarely revokes a token, whose place OCI takes two minutes to free.
func TestAPlaceIsAskedForEverMoreRarely(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		posts := 0
		user := newTestUser(t, "http://127.0.0.1", oci.SystemClock{}, transport(func(request *http.Request) (*http.Response, error) {
			switch request.Method {
			case http.MethodGet:
				return answer(http.StatusOK, "[]"), nil
			case http.MethodDelete:
				return answer(http.StatusNoContent, ""), nil
			default:
				posts++
				return answer(http.StatusConflict, `{"code": "UserCapacityExceeded", "message": "No."}`), nil
			}
		}))
		require.NoError(t, user.DeleteToken(t.Context(), "ocid1.credential.oc1..a", time.Time{}))
		began := time.Now()
		_, err := user.CreateToken(t.Context(), tokens.Creation{For: "urn"})
		require.ErrorContains(t, err, "UserCapacityExceeded")
		assert.GreaterOrEqual(t, time.Since(began), 2*time.Minute)
		assert.LessOrEqual(t, posts, 20)
	})
}

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
			clock, transport := &ocitest.Clock{}, &http.Transport{}
			if test.change != nil {
				test.change(transport)
			}
			t.Cleanup(transport.CloseIdleConnections)
			_, err := newTestUser(t, test.endpoint, clock, transport).CreateToken(t.Context(), tokens.Creation{For: "urn"})
			require.ErrorContains(t, err, test.said)
			assert.NotContains(t, err.Error(), "pa55word")
			var unsettled *tokens.OrphanError
			assert.NotErrorAs(t, err, &unsettled)
			assert.Less(t, clock.Slept(), 5*time.Second)
		})
	}
}
