package identity

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAdvice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		failure callError
		advice  string // "" if there is none
	}{
		"no answer":           {callError{verdict: unreachable}, "Check the network"},
		"nothing was sent":    {callError{verdict: unsent}, ""},
		"stopped":             {callError{verdict: unreachable, stopped: context.Canceled}, ""},
		"a third token":       {callError{creates: true, status: 409, code: codeUserCapacityExceeded}, "at most two auth tokens"},
		"a third token, 400":  {callError{creates: true, status: 400, code: codeLimitExceeded}, "at most two auth tokens"},
		"another limit":       {callError{status: 400, code: codeLimitExceeded}, "OCI's message says which"},
		"an odd answer":       {callError{status: 200, cause: errors.New("x")}, "may have changed the answer"},
		"a redirect":          {callError{status: 302}, "Redirects are not followed"},
		"bad arguments":       {callError{status: 400}, "OCI's message says which"},
		"a bad signature":     {callError{status: 401}, "clock is right to within 5 minutes"},
		"not the home region": {callError{status: 403, verdict: notAllowed}, "set the provider's region to the home region"},
		"home is not known":   {callError{status: 403, verdict: notAllowed, noHome: errors.New("no idea")}, "(no idea)"},
		"a proxy's 403":       {callError{status: 403, verdict: refused}, "if there is a proxy, its rules"},
		"a gateway's 404":     {callError{status: 404, verdict: refused}, "not how OCI says"},
		"missing":             {callError{status: 404, verdict: notFound}, "missing or forbidden"},
		"busy":                {callError{status: 409, verdict: busy}, "changed by something else"},
		"throttled":           {callError{status: 429, verdict: throttled}, "--parallel"},
		"a fault":             {callError{status: 503, verdict: doubtful}, "give Oracle the opc-request-id"},
		"something new":       {callError{status: 418, verdict: refused}, ""},
	} {
		advice := test.failure.advice()
		if test.advice == "" {
			assert.Empty(t, advice, name)
			continue
		}
		assert.Contains(t, advice, test.advice, name)
	}
}

func TestErrorTellsTheStory(t *testing.T) {
	t.Parallel()
	failure := &callError{
		doing: "do it", where: "us-phoenix-1", status: 429, code: "TooManyRequests", message: "slow", requestID: "R", attempts: 3,
		stopped: errors.New("enough"), verdict: throttled,
	}
	assert.Equal(t, `could not do it in us-phoenix-1: OCI answered 429 TooManyRequests "slow" (opc-request-id R), at the last of 3 attempts; `+
		`stopped trying: enough. OCI throttles this user or tenancy: try again later, with a longer timeout, or with a lower --parallel`, failure.Error())
	assert.ErrorIs(t, failure, failure.stopped)
}

func TestReason(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"there was no answer":         nil,
		"no key":                      errors.New("no key"),
		"EOF":                         &url.Error{Op: "Get", URL: "https://secret", Err: errors.New("EOF")},
		"there was no answer in time": &url.Error{Op: "Get", URL: "https://h", Err: context.DeadlineExceeded},
	} {
		assert.Equal(t, want, reason(err))
	}
}
