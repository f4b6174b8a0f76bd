package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// Codes of OCI's errors that need a treatment of their own, from
// https://docs.oracle.com/iaas/Content/API/References/apierrors.htm and from recorded traffic.
const (
	codeNotAllowed            = "NotAllowed"
	codeIncorrectState        = "IncorrectState"
	codeInvalidatedRetryToken = "InvalidatedRetryToken"
	codeUserCapacityExceeded  = "UserCapacityExceeded"
	codeLimitExceeded         = "LimitExceeded"
)

// Error is a call that failed: what was tried, what OCI said, and what to do.
type Error struct {
	// Operation is the call's name in the API, such as CreateAuthToken.
	Operation string
	// UserID is the OCID of the user whose tokens the call was about.
	UserID string
	// Region is the name of the region that was called.
	Region string
	// Status, Code, Message and RequestID are OCI's answer. Status is 0 when there was none.
	Status                   int
	Code, Message, RequestID string
	// Attempts counts how often the call was made.
	Attempts int
	// Stopped says why no further attempt was made although one was due: the context's cause. Else nil.
	Stopped error

	doing      string // the call in words
	where      string // the region and endpoint
	verdict    verdict
	cause      error         // what failed when there was no answer, or none that could be read
	retryAfter time.Duration // how long OCI wants to be left alone, or 0
	noHome     error         // why the home region could not be found out, or nil
}

// Error is the whole story in sentences.
func (e *Error) Error() string {
	var s strings.Builder
	s.WriteString(e.happened())
	if e.Attempts > 1 {
		fmt.Fprintf(&s, ", at the last of %d attempts", e.Attempts)
	}
	if e.Stopped != nil {
		fmt.Fprintf(&s, "; stopped trying: %v", e.Stopped)
	}
	if remedy := e.remedy(); remedy != "" {
		s.WriteString(". ")
		s.WriteString(remedy)
	}
	return s.String()
}

// Unwrap returns what lies beneath: the transport's error, or the reason for stopping.
func (e *Error) Unwrap() []error {
	var causes []error
	for _, err := range []error{e.cause, e.Stopped} {
		if err != nil {
			causes = append(causes, err)
		}
	}
	return causes
}

// happened says what was tried and what came of it.
func (e *Error) happened() string {
	tried := fmt.Sprintf("could not %s in %s", e.doing, e.where)
	switch {
	case e.Status == 0 && e.verdict == stopped:
		return fmt.Sprintf("%s: nothing was sent: %s", tried, outside.Sentence(reason(e.cause)))
	case e.Status == 0:
		return fmt.Sprintf("%s: %s", tried, outside.Sentence(reason(e.cause)))
	}
	said := fmt.Sprintf("%d %s", e.Status, e.Code)
	if e.Code == "" {
		said = fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Message != "" {
		said += fmt.Sprintf(" %q", e.Message)
	}
	if e.RequestID != "" {
		said += fmt.Sprintf(" (opc-request-id %s)", e.RequestID)
	}
	if e.cause != nil {
		return fmt.Sprintf("%s: OCI answered %s, and %s", tried, said, outside.Sentence(e.cause.Error()))
	}
	return fmt.Sprintf("%s: OCI answered %s", tried, said)
}

// remedy says what the person at the terminal can do.
func (e *Error) remedy() string {
	switch {
	case e.verdict == stopped, e.Status == 0 && e.Stopped != nil:
		return ""
	case e.Status == 0:
		return "Check the network, the region and, if it is set, the endpoint in the provider's configuration"
	case e.limitExceeded():
		return "A user holds at most two auth tokens: delete one that is no longer used, or import it into this program. " +
			"If this creation is to replace a token, that one is untouched and still works: the resource option " +
			"deleteBeforeReplace has it revoked first"
	case e.cause != nil:
		return "Something on the way may have changed the answer: check the network, a proxy if there is one, and the endpoint " +
			"in the provider's configuration"
	case e.Status >= 300 && e.Status <= 399:
		return "A redirect is not followed, since the request is signed for OCI alone: check the endpoint in the provider's " +
			"configuration, and the proxy if there is one"
	case e.Status == http.StatusBadRequest:
		return "The arguments are not what OCI expects: OCI's message says which"
	case e.Status == http.StatusUnauthorized:
		return "Check userOcid, tenancyOcid, fingerprint and the private key in the provider's configuration against " +
			"the user's API keys in the Console, and that this machine's clock is right to within 5 minutes"
	case e.verdict == notAllowed && e.noHome != nil:
		return fmt.Sprintf("Auth tokens are created, changed and deleted in the tenancy's home region only, and it could not be "+
			"gone to (%v): set the provider's region to the home region, or, if an endpoint is set, put {region} in it", e.noHome)
	case e.verdict == notAllowed:
		return "Auth tokens are created, changed and deleted in the tenancy's home region only: set the provider's region to " +
			"the home region, or, if an endpoint is set, put {region} in it"
	case e.Status == http.StatusForbidden:
		return "The caller may not do this: check the policies of the tenancy and, if there is a proxy, its rules"
	case e.Status == http.StatusNotFound:
		return "OCI does not tell missing from forbidden: check that the OCID is right and in this tenancy, and that a " +
			"policy lets the calling user manage the user's credentials"
	case e.verdict == busy:
		return "The user is being changed by something else: try again later"
	case e.verdict == throttled:
		return "OCI throttles this user or tenancy: try again later, with a longer timeout, or with a lower --parallel"
	case e.Status >= http.StatusInternalServerError:
		return "This is a fault of the service or of a proxy on the way: try again later, and give Oracle the " +
			"opc-request-id if it stays"
	default:
		return ""
	}
}

// limitExceeded reports whether the user has as many tokens as OCI allows. Other limits have the same codes.
func (e *Error) limitExceeded() bool {
	if e.Operation != createAuthToken {
		return false
	}
	return e.Code == codeUserCapacityExceeded || e.Code == codeLimitExceeded
}

// failed makes an Error of an attempt without an answer.
func (*Client) failed(op operation, at *regional, verdict verdict, cause error) *Error {
	return &Error{
		Operation: op.name, UserID: op.userID, Region: at.region, Attempts: 1,
		doing: op.doing, where: at.String(), verdict: verdict, cause: cause,
	}
}

// refused makes an Error of an answer that is one.
func (c *Client) refused(op operation, at *regional, verdict verdict, a *answer) *Error {
	failure := c.failed(op, at, verdict, nil)
	failure.Status = a.status
	failure.Code, failure.Message = a.failure()
	failure.RequestID = a.requestID()
	if verdict == throttled || verdict == doubtful || verdict == busy {
		failure.retryAfter = retryAfter(a)
	}
	return failure
}

// unreadable makes an Error of an answer of success that makes no sense.
func (c *Client) unreadable(op operation, at *regional, a *answer, why error) *Error {
	failure := c.refused(op, at, doubtful, a)
	// The answer to a creation holds the token: its words are not shown.
	failure.Code, failure.Message, failure.retryAfter = "", "", 0
	failure.cause = fmt.Errorf("the answer could not be read: %w", why)
	if a.cut != nil {
		failure.cause = fmt.Errorf("the answer could not be read: %w", a.cut)
	}
	return failure
}

// failure returns the code and the message of an answer that is an error. Both are empty for a proxy's page.
func (a *answer) failure() (code, message string) {
	var said struct {
		Code    json.RawMessage `json:"code"`
		Message json.RawMessage `json:"message"`
	}
	if json.Unmarshal(a.body, &said) != nil {
		return "", ""
	}
	return shorten(outside.Sentence(text(said.Code)), 100), outside.Sentence(text(said.Message))
}

func (a *answer) requestID() string {
	return shorten(outside.Sentence(a.header.Get("opc-request-id")), 200)
}

// text returns a JSON text, or "" for anything else.
func text(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// shorten cuts a text to a number of characters.
func shorten(s string, longest int) string {
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return s
}

// quoted is a part of an answer that net/http quotes where it cannot read it. It may hold a token.
var quoted = regexp.MustCompile(`(malformed[^"]*)".*`)

// reason is what an error says of a request that had no answer, without the request's URL or words of an answer.
func reason(err error) string {
	if err == nil {
		return "there was no answer"
	}
	var transport *url.Error
	if errors.As(err, &transport) {
		if strings.Contains(err.Error(), "Client.Timeout") || errors.Is(err, context.DeadlineExceeded) {
			return "there was no answer in time"
		}
		err = transport.Err
	}
	return quoted.ReplaceAllString(err.Error(), "$1…")
}

// IsNotFound reports whether OCI answered 404: the thing does not exist, or may not be seen by the caller.
func IsNotFound(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Status == http.StatusNotFound
}
