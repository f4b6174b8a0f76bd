package oci

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	// How many attempts each verdict allows in all, one a second.
	for v, attempts := range map[Verdict]int{
		Refused: 1, NotAllowed: 1, NotFound: 1, Invalidated: 1, Unusable: 1, Unsent: 1, Unreachable: unreachableAttempts,
		Busy: faultAttempts, Doubtful: faultAttempts, Throttled: int(throttleBudget/time.Second) + 1,
	} {
		spent, made := NewBudget(t.Context(), began), 1
		for spent.Allows(v, began.Add(time.Duration(made)*time.Second)) {
			made++
		}
		assert.Equal(t, attempts, made, "verdict %d", v)
		assert.Equal(t, attempts, spent.Alike, "verdict %d", v)
	}
	spent := NewBudget(t.Context(), began)
	for range 100 {
		assert.True(t, spent.Allows(Throttled, began), "throttling uses up nothing of what there is for faults")
	}
	for range faultAttempts - 1 {
		assert.True(t, spent.Allows(Doubtful, began))
	}
	assert.False(t, spent.Allows(Doubtful, began))

	timed, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	assert.True(t, NewBudget(timed, began).Allows(Throttled, began.Add(throttleBudget+time.Hour)), "the operation's timeout is the bound")
}

// TestTheStoryOfAnEnd cancels a call before, while and after it is sent. Each time the error says once why the call has ended.
func TestTheStoryOfAnEnd(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough is enough")
	for name, test := range map[string]struct {
		answer func(cancel func(), request *http.Request) (*http.Response, error)
		before bool // whether it is cancelled before the call
		want   string
	}{
		"before it is sent": {nil, true, "could not do it in us-phoenix-1: nothing was sent: enough is enough"},
		"while the answer is awaited": {func(cancel func(), request *http.Request) (*http.Response, error) {
			cancel()
			return nil, context.Cause(request.Context())
		}, false, "could not do it in us-phoenix-1: enough is enough"},
		"just after the answer did not come in time": {func(cancel func(), _ *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: endless{cancel}}, nil
		}, false, "could not do it in us-phoenix-1: OCI answered 200 OK, and the answer could not be read: the connection broke in the middle of it; " +
			"stopped trying: enough is enough. Something on the way may have changed the answer: check the network, a proxy if there is one, and " +
			"the endpoint in the provider's configuration"},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if test.before {
			cancel(enough)
		}
		client, _ := newTestClient(t, "", nil)
		client.http.Transport = answering(func(request *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(request.Context()).GotConn(httptrace.GotConnInfo{})
			return test.answer(func() { cancel(enough) }, request)
		})
		err := Caller{client, ocitest.Silence{}}.Do(ctx, Call{
			Doing: "do it", To: client.configured, Request: Request{Method: http.MethodGet, Path: "/x"}, Read: func(*Answer) error { return nil },
		})
		assert.EqualError(t, err, test.want, name)
		assert.ErrorIs(t, err, enough, name)
		cancel(nil)
	}
}

// TestAThrottledCallThatRunsOutOfTimeSaysWhatOCIAnswered ends calls while they wait for their turn, and just when a pause ends.
func TestAThrottledCallThatRunsOutOfTimeSaysWhatOCIAnswered(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		retryAfter string
		within     time.Duration
		attempts   string
	}{
		"while it waits for its turn": {"", 9 * time.Second, ", at the last of 5 attempts"},
		"just when the pause ends":    {"4", 4 * time.Second, "(, at the last of 2 attempts)?"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, _ := newTestClient(t, "", nil)
				client.Clock = SystemClock{}
				client.limiter.clock = client.Clock
				client.http.Transport = answering(func(*http.Request) (*http.Response, error) {
					return &http.Response{
						StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {test.retryAfter}},
						Body: io.NopCloser(strings.NewReader(`{"code": "TooManyRequests"}`)),
					}, nil
				})
				ctx, cancel := context.WithTimeoutCause(t.Context(), test.within, errors.New("the time is over"))
				defer cancel()
				err := Caller{client, ocitest.Silence{}}.Do(ctx, Call{
					Doing: "do it", To: client.configured, Request: Request{Method: http.MethodGet, Path: "/x"},
				})
				assert.Regexp(t, "^could not do it in us-phoenix-1: OCI answered 429 TooManyRequests"+test.attempts+"; stopped trying: the time is "+
					"over. OCI throttles this user or tenancy: try again later, with a longer timeout, or with a lower --parallel$", err)
			})
		})
	}
}

// answering answers requests by a function.
type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// endless is a body that breaks when it is read.
type endless struct{ broken func() }

func (e endless) Read([]byte) (int, error) { e.broken(); return 0, io.ErrUnexpectedEOF }
func (endless) Close() error               { return nil }

func TestBackoff(t *testing.T) {
	t.Parallel()
	for failures, longest := range map[int]time.Duration{
		0: firstBackoff, 1: firstBackoff, 2: time.Second, 3: 2 * time.Second, 6: 16 * time.Second, 7: longestBackoff, 1000: longestBackoff,
	} {
		for attempts := range 20 {
			pause := backoff(failures, Caller{Client: &Client{seed: "seed"}}.jitter("create", attempts))
			assert.LessOrEqual(t, pause, longest, failures)
			assert.GreaterOrEqual(t, pause, longest/2, failures)
		}
	}
}
