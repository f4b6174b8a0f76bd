package identity

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
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
)

func TestTakeIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers []AuthToken
		want    AuthToken
		wrong   string // of the last answer
	}{
		"a whole answer":                   {[]AuthToken{{ID: "a", Value: "v"}}, AuthToken{ID: "a", Value: "v"}, ""},
		"nothing":                          {[]AuthToken{{}}, AuthToken{}, "neither the token's id nor its value"},
		"no value":                         {[]AuthToken{{ID: "a"}}, AuthToken{ID: "a"}, "lacks the token's value"},
		"no id":                            {[]AuthToken{{Value: "v"}}, AuthToken{Value: "v"}, "lacks the token's id"},
		"the value, then the id":           {[]AuthToken{{Value: "v"}, {ID: "a"}}, AuthToken{ID: "a", Value: "v"}, ""},
		"the id, then the value":           {[]AuthToken{{ID: "a"}, {Value: "v"}}, AuthToken{ID: "a", Value: "v"}, ""},
		"another token is another's value": {[]AuthToken{{ID: "a", Value: "v"}, {ID: "b"}}, AuthToken{ID: "b"}, "lacks the token's value"},
	} {
		cr := newCreation(UserRef{ID: testUser}, Wish{})
		var err error
		for _, answer := range test.answers {
			err = cr.takeIn(answer)
		}
		assert.Equal(t, test.want, cr.seen, name)
		if test.wrong == "" {
			assert.NoError(t, err, name)
			assert.True(t, cr.answered(), name)
			continue
		}
		assert.ErrorContains(t, err, test.wrong, name)
		assert.False(t, cr.answered(), name)
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	l := &ledger{open: map[entry]*creation{}}
	user, wish := UserRef{ID: testUser}, Wish{For: "urn", Description: "d"}
	cr := l.creation(user, wish)
	assert.Same(t, cr, l.creation(user, wish))
	for name, other := range map[string]*creation{
		"another user":        l.creation(UserRef{ID: "u"}, wish),
		"another domain":      l.creation(UserRef{ID: testUser, DomainURL: "https://d"}, wish),
		"another resource":    l.creation(user, Wish{For: "urn2", Description: "d"}),
		"another description": l.creation(user, Wish{For: "urn"}),
	} {
		assert.NotSame(t, cr, other, name)
	}
	assert.NoError(t, cr.takeIn(AuthToken{ID: "a", Value: "v"}))
	l.forgetToken("b")
	assert.Same(t, cr, l.creation(user, wish))
	assert.NoError(t, cr.take(t.Context()))
	l.forgetToken("a")
	cr.release()
	assert.Same(t, cr, l.creation(user, wish), "somebody was going on with it")
	l.forgetToken("a")
	assert.NotSame(t, cr, l.creation(user, wish))
	cr = l.creation(user, wish)
	l.forget(user, wish)
	assert.NotSame(t, cr, l.creation(user, wish))
}

// transport answers requests by a function, after they were sent.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(request *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(request.Context()).GotConn(httptrace.GotConnInfo{})
	return f(request)
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
				answer := func(status int, body string) *http.Response {
					return &http.Response{
						StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
					}
				}
				sending, err := web.NewClient("test")
				require.NoError(t, err)
				sending.Transport.(*web.Transport).Base = transport(func(request *http.Request) (*http.Response, error) {
					if request.Method == http.MethodGet {
						return answer(http.StatusOK, "[]"), SystemClock{}.Sleep(request.Context(), 25*time.Second)
					}
					if posts++; posts == 1 {
						return answer(http.StatusOK, lost.body), lost.err
					}
					return answer(http.StatusTooManyRequests, `{"code": "TooManyRequests", "message": "Later."}`), nil
				})
				client, err := New(Options{Credentials: newTestKey(), HTTP: sending, Endpoint: "http://127.0.0.1"})
				require.NoError(t, err)
				user, err := client.User(UserRef{ID: testUser}, silence{})
				require.NoError(t, err)

				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(errors.New("cancelled")) })
				began := time.Now()
				_, err = user.CreateToken(ctx, Wish{For: "urn", Description: "d"})
				took := time.Since(began) - time.Second
				var unsettled *Unsettled
				require.ErrorAs(t, err, &unsettled)
				assert.LessOrEqual(t, took, LongestStop)
				assert.Greater(t, took, LongestStop-time.Second, "%s: it takes as long as that")
				cancel(nil)
			})
		})
	}
}
