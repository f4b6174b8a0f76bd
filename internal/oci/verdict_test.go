package oci

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	for body, verdicts := range map[string]map[int]Verdict{
		`{"code": "Any"}`: {
			200: Succeeded, 204: Succeeded, 100: Doubtful, 302: Refused, 400: Refused, 401: Refused, 403: Refused, 404: Refused,
			408: Doubtful, 409: Refused, 412: Refused, 429: Throttled, 500: Doubtful, 501: Refused, 502: Doubtful, 503: Doubtful,
		},
		`{"code": "IncorrectState"}`:                    {409: Busy, 404: Refused},
		`{"code": "NotAuthorizedOrNotFound"}`:           {404: NotFound, 400: Refused},
		`{"code": "InvalidatedRetryToken"}`:             {409: Invalidated, 400: Refused},
		`{"code": "NotAllowed"}`:                        {403: NotAllowed, 401: Refused},
		`{"statusCode": 404, "status": "404"}`:          {500: Doubtful, 401: Refused},
		`<html>`:                                        {403: Refused, 502: Doubtful},
		`{"code": ["NotAllowed"], "message": {"a": 1}}`: {403: Refused},
	} {
		for status, want := range verdicts {
			assert.Equal(t, want, judge(&Answer{Status: status, Header: http.Header{}, Body: []byte(body)}), "%d %s", status, body)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, pause := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "soon": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "86400": longestRetryAfter,
		"9223372036854775807": longestRetryAfter, "9223372036854775808": 0, "Wed, 21 Oct 2026 07:28:00 GMT": 0,
	} {
		assert.Equal(t, pause, retryAfter(&Answer{Header: http.Header{"Retry-After": {header}}}), header)
	}
}

func TestJudgeFault(t *testing.T) {
	t.Parallel()
	dial := &url.Error{Op: "Get", URL: "https://h", Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	for name, test := range map[string]struct {
		err  error
		sent bool
		want Verdict
	}{
		"no connection":               {dial, false, Unreachable},
		"broken after it was sent":    {dial, true, Doubtful},
		"it could not be signed":      {errors.New("no key"), false, Unusable},
		"a certificate of nobody":     {&url.Error{Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, false, Unusable},
		"a certificate, and was sent": {&url.Error{Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, true, Doubtful},
	} {
		assert.Equal(t, test.want, judgeFault(test.err, test.sent), name)
	}
}

func TestSaysNotFound(t *testing.T) {
	t.Parallel()
	const json, scim = "application/json", "application/scim+json"
	for name, test := range map[string]struct {
		status          int
		mediaType, body string
		want            bool
	}{
		"IAM":                           {404, json, `{"code": "NotAuthorizedOrNotFound", "message": "No."}`, true},
		"IAM, with a charset":           {404, json + "; charset=utf-8", `{"code": "NotAuthorizedOrNotFound"}`, true},
		"a domain":                      {404, scim, `{"schemas": ["` + schemaError + `"], "status": "404"}`, true},
		"a domain, as JSON":             {404, json, `{"schemas": ["` + schemaError + `"]}`, true},
		"another status":                {403, json, `{"code": "NotAuthorizedOrNotFound"}`, false},
		"a status in the body":          {500, json, `{"code": "NotAuthorizedOrNotFound", "status": 404}`, false},
		"OCI has no such operation":     {404, json, `{"code": "NotFound", "message": "No."}`, false},
		"a gateway's error":             {404, json, `{"code": 404, "message": "Not Found"}`, false},
		"a gateway's error, no code":    {404, json, `{"message": "no Route matched"}`, false},
		"a page":                        {404, "text/html", `<html>`, false},
		"a page that claims to be JSON": {404, json, `<html>`, false},
		"OCI's error as a page":         {404, "text/html", `{"code": "NotAuthorizedOrNotFound"}`, false},
		"another schema of SCIM":        {404, scim, `{"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:authToken"]}`, false},
		"nothing":                       {404, json, ``, false},
		"null":                          {404, json, `null`, false},
	} {
		a := &Answer{Status: test.status, Header: http.Header{"Content-Type": {test.mediaType}}, Body: []byte(test.body)}
		assert.Equal(t, test.want, a.saysNotFound(), name)
		assert.Equal(t, test.want, judge(a) == NotFound, name)
	}
}

func TestIsNotFound(t *testing.T) {
	t.Parallel()
	missing := &Error{Status: http.StatusNotFound, Verdict: NotFound}
	assert.True(t, IsNotFound(missing))
	assert.True(t, IsNotFound(fmt.Errorf("so: %w", missing)))
	assert.False(t, IsNotFound(&Error{Status: http.StatusNotFound, Verdict: Refused}))
	assert.False(t, IsNotFound(errors.New("404")))
	assert.False(t, IsNotFound(nil))
}

func TestFailureOfADomain(t *testing.T) {
	t.Parallel()
	body := func(id string) string {
		return `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": "It\nsays.", "status": "404",
			"urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error": {"messageId": "` + id + `"}}`
	}
	code, message := answered(body("error.common.common.accessDenied")).failure()
	assert.Equal(t, "error.common.common.accessDenied", code)
	assert.Equal(t, "It says.", message)
	code, message = answered(`{"detail": "Request failed.", "urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error": 5}`).failure()
	assert.Empty(t, code)
	assert.Equal(t, "Request failed.", message)

	for id, statuses := range map[string]map[int]Verdict{
		"error.common.common.accessDenied":          {401: Refused},
		"error.common.common.incorrectState":        {409: Busy},
		"error.common.common.invalidatedRetryToken": {409: Invalidated},
		"error.common.common.whatever":              {404: NotFound, 429: Throttled, 409: Refused, 503: Doubtful},
		"error.common.xaccessdenied":                {401: Refused},
	} {
		for status, want := range statuses {
			assert.Equal(t, want, judge(&Answer{Status: status, Header: http.Header{}, Body: []byte(body(id))}), "%d %s", status, id)
		}
	}
	for code, limit := range map[string]bool{
		"error.common.common.userCapacityExceeded": true, "error.identity.authToken.maxLimitReached": true,
		"error.common.validation.stringExceedsMaxLimit": false, "error.common.common.incorrectState": false, "maximum": false,
	} {
		assert.Equal(t, limit, (&Error{creates: true, Status: 400, code: code}).LimitExceeded(), code)
		assert.False(t, (&Error{Status: 400, code: code}).LimitExceeded(), code)
		assert.False(t, (&Error{creates: true, Status: 429, code: code}).LimitExceeded(), code)
	}
}

func TestAdviceOnADomainsRefusal(t *testing.T) {
	t.Parallel()
	denied := Error{Status: 401, code: "error.common.common.accessDenied", Verdict: Refused}
	assert.Contains(t, denied.advice(), "Identity Domain Administrator")
	assert.NotContains(t, denied.advice(), "clock")
	bad := Error{Status: 401, code: "error.common.common.notAuthenticated", Verdict: Refused}
	assert.Contains(t, bad.advice(), "clock")
}

// answered returns a successful answer with this body.
func answered(body string) *Answer {
	return &Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

func TestDeleted(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{"": true, "<html>": false, "{}": false, " ": false} {
		assert.Equal(t, want, answered(body).Deleted() == nil, body)
	}
}
