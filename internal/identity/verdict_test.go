package identity

import (
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	for body, verdicts := range map[string]map[int]verdict{
		`{"code": "Any"}`: {
			200: succeeded, 204: succeeded, 100: doubtful, 302: refused, 400: refused, 401: refused, 403: refused, 404: refused,
			408: doubtful, 409: refused, 412: refused, 429: throttled, 500: doubtful, 501: refused, 502: doubtful, 503: doubtful,
		},
		`{"code": "IncorrectState"}`:                    {409: busy, 404: refused},
		`{"code": "NotAuthorizedOrNotFound"}`:           {404: notFound, 400: refused},
		`{"code": "InvalidatedRetryToken"}`:             {409: invalidated, 400: refused},
		`{"code": "NotAllowed"}`:                        {403: notAllowed, 401: refused},
		`{"statusCode": 404, "status": "404"}`:          {500: doubtful, 401: refused},
		`<html>`:                                        {403: refused, 502: doubtful},
		`{"code": ["NotAllowed"], "message": {"a": 1}}`: {403: refused},
	} {
		for status, want := range verdicts {
			assert.Equal(t, want, judge(&answer{status: status, header: http.Header{}, body: []byte(body)}), "%d %s", status, body)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, pause := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "soon": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "86400": longestRetryAfter,
		"9223372036854775807": longestRetryAfter, "9223372036854775808": 0, "Wed, 21 Oct 2026 07:28:00 GMT": 0,
	} {
		assert.Equal(t, pause, retryAfter(&answer{header: http.Header{"Retry-After": {header}}}), header)
	}
}

func TestJudgeFault(t *testing.T) {
	t.Parallel()
	dial := &url.Error{Op: "Get", URL: "https://h", Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	for name, test := range map[string]struct {
		err  error
		sent bool
		want verdict
	}{
		"no connection":               {dial, false, unreachable},
		"broken after it was sent":    {dial, true, doubtful},
		"it could not be signed":      {errors.New("no key"), false, unusable},
		"a certificate of nobody":     {&url.Error{Err: x509.UnknownAuthorityError{}}, false, unusable},
		"a certificate, and was sent": {&url.Error{Err: x509.UnknownAuthorityError{}}, true, doubtful},
	} {
		assert.Equal(t, test.want, judgeFault(test.err, test.sent), name)
	}
}
