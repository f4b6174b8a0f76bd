package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	} {
		advice := test.failure.advice()
		if test.advice == "" {
			assert.Empty(t, advice, name)
			continue
		}
		assert.Contains(t, advice, test.advice, name)
	}
}

// TestEveryRefusalHasAdviceAndARow asks what each status means, with OCI's code for it and without one.
func TestEveryRefusalHasAdviceAndARow(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/guides/troubleshooting.md")
	require.NoError(t, err)
	rows := map[string]bool{}
	for row := range strings.Lines(string(page)) {
		if first := strings.SplitN(row, "|", 3); len(first) == 3 {
			for _, match := range regexp.MustCompile(`[345](\d\d|xx)`).FindAllString(first[1], -1) {
				rows[match] = true
			}
		}
	}
	codes := map[int][]string{
		400: {"InvalidParameter", "LimitExceeded", "QuotaExceeded"}, 401: {"NotAuthenticated"}, 403: {"NotAllowed"},
		404: {"NotAuthorizedOrNotFound", "NotFound"}, 405: {"MethodNotAllowed"},
		409: {"IncorrectState", "InvalidatedRetryToken", "NotAuthorizedOrResourceAlreadyExists", "Conflict"},
		412: {"NoEtagMatch"}, 413: {"RequestEntityTooLarge"}, 429: {"TooManyRequests"},
	}
	for status := 300; status < 600; status++ {
		if http.StatusText(status) == "" {
			continue
		}
		for _, code := range append(codes[status], "") {
			a := &answer{status: status, header: http.Header{}, body: fmt.Appendf(nil, `{"code": %q, "message": "No."}`, code)}
			failure := operation{}.refused(&service{}, judge(a), a)
			assert.NotEmpty(t, failure.advice(), "%d %s", status, code)
		}
		class := fmt.Sprintf("%dxx", status/100)
		assert.True(t, rows[strconv.Itoa(status)] || rows[class], "the table has no row for %d", status)
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
