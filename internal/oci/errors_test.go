package oci

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
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
)

func TestAdvice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		failure Error
		advice  string // "" if there is none
	}{
		"no answer":           {Error{Verdict: Unreachable}, "Check the network"},
		"nothing was sent":    {Error{Verdict: Unsent}, ""},
		"stopped":             {Error{Verdict: Unreachable, Stopped: context.Canceled}, ""},
		"a third token":       {Error{creates: true, Status: 409, code: codeUserCapacityExceeded}, "at most two auth tokens"},
		"a third token, 400":  {Error{creates: true, Status: 400, code: codeLimitExceeded}, "at most two auth tokens"},
		"another limit":       {Error{Status: 400, code: codeLimitExceeded}, "OCI's message says which"},
		"an odd answer":       {Error{Status: 200, cause: errors.New("x")}, "may have changed the answer"},
		"a redirect":          {Error{Status: 302}, "Redirects are not followed"},
		"bad arguments":       {Error{Status: 400}, "OCI's message says which"},
		"a bad signature":     {Error{Status: 401}, "clock is right to within 5 minutes"},
		"not the home region": {Error{Status: 403, Verdict: NotAllowed}, "set the provider's region to the home region"},
		"home is not known":   {Error{Status: 403, Verdict: NotAllowed, noHome: errors.New("no idea")}, "(no idea)"},
		"a proxy's 403":       {Error{Status: 403, Verdict: Refused}, "if there is a proxy, its rules"},
		"a gateway's 404":     {Error{Status: 404, Verdict: Refused}, "not how OCI says"},
		"missing":             {Error{Status: 404, Verdict: NotFound}, "missing or forbidden"},
		"busy":                {Error{Status: 409, Verdict: Busy}, "changed by something else"},
		"throttled":           {Error{Status: 429, Verdict: Throttled}, "--parallel"},
		"a fault":             {Error{Status: 503, Verdict: Doubtful}, "give Oracle the opc-request-id"},
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
			a := &Answer{Status: status, Header: http.Header{}, Body: fmt.Appendf(nil, `{"code": %q, "message": "No."}`, code)}
			failure := Call{}.refused(&Service{client: &Client{credentials: ocitest.NewCredentials()}}, judge(a), a)
			assert.NotEmpty(t, failure.advice(), "%d %s", status, code)
		}
		class := fmt.Sprintf("%dxx", status/100)
		assert.True(t, rows[strconv.Itoa(status)] || rows[class], "the table has no row for %d", status)
	}
}

func TestErrorTellsTheStory(t *testing.T) {
	t.Parallel()
	failure := &Error{
		doing: "do it", where: "us-phoenix-1", Status: 429, code: "TooManyRequests", message: "slow", requestID: "R", Attempts: 3,
		Stopped: errors.New("enough"), Verdict: Throttled,
	}
	assert.Equal(t, `could not do it in us-phoenix-1: OCI answered 429 TooManyRequests "slow" (opc-request-id R), at the last of 3 attempts; `+
		`stopped trying: enough. OCI throttles this user or tenancy: try again later, with a longer timeout, or with a lower --parallel`, failure.Error())
	assert.ErrorIs(t, failure, failure.Stopped)
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

// FuzzErrors reads arbitrary answers as an error, and as an answer that cannot be read. The seeds are answers with a token, and errors.
func FuzzErrors(f *testing.F) {
	for _, body := range []string{
		``, `null`, `[]`, `{}`, `[{}]`, `[null]`, `"x"`, `5`, `{"id": "a", "token": "b"}`, `{"id": 5, "token": ["b"]}`,
		`[{"id": "a", "timeCreated": "yesterday", "inactiveStatus": 1.5}]`, `{"code": "\u0000", "message": "\ud800"}`,
		`{"statusCode": 200, "code": {}}`, `{"id":"a","id":"b"}`, "{\"token\": \"\xff\"}", `{"timeCreated":"9999-12-31T23:59:60Z"}`,
	} {
		f.Add([]byte(body), "application/json", 200)
		f.Add([]byte(body), "text/html", 500)
	}
	f.Fuzz(func(t *testing.T, body []byte, mediaType string, status int) {
		a := &Answer{Status: status, Header: http.Header{"Content-Type": {mediaType}, "Opc-Request-Id": {mediaType}}, Body: body}
		value := Text(Fields(body)["token"])
		call, at := Call{Doing: "try"}, &Service{Region: "r", client: &Client{credentials: ocitest.NewCredentials()}}
		for _, failure := range []*Error{call.refused(at, judge(a), a), call.unreadable(at, a, errors.New("no"))} {
			shown := failure.Error()
			if !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("%q cannot be shown", shown)
			}
			if len(value) > 12 && strings.Contains(shown, value) && failure.cause != nil {
				t.Errorf("%q shows a value", shown)
			}
		}
	})
}
