package identity

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
)

// The codes of OCI's errors that are handled specially, from
// https://docs.oracle.com/iaas/Content/API/References/apierrors.htm and from recorded traffic.
const (
	codeNotAllowed            = "NotAllowed"
	codeNotFound              = "NotAuthorizedOrNotFound"
	codeIncorrectState        = "IncorrectState"
	codeInvalidatedRetryToken = "InvalidatedRetryToken"
	codeUserCapacityExceeded  = "UserCapacityExceeded"
	codeLimitExceeded         = "LimitExceeded"
	// codeAccessDenied is the code of an identity domain, with the status 401.
	codeAccessDenied = "accessDenied"
)

// verdict is the outcome of one attempt at a call.
type verdict int

const (
	// succeeded: the service has carried out the call.
	succeeded verdict = iota
	// refused: the service has not carried out the call, and repeating it does not help.
	refused
	// notAllowed: refused because this is not the home region.
	notAllowed
	// moved: refused, and the next attempt goes elsewhere.
	moved
	// notFound: refused because the user or the token does not exist, or the caller may not see it.
	notFound
	// invalidated: refused because the token that the same retry token created has been changed or deleted since.
	invalidated
	// throttled: refused because there are too many requests.
	throttled
	// busy: refused because something else is changing the user.
	busy
	// unreachable: nothing was sent because there was no connection.
	unreachable
	// unusable: nothing was sent, and another attempt would fail too.
	unusable
	// unsent: nothing was sent because the operation was cancelled or ran out of time.
	unsent
	// doubtful: the service may have carried out the call.
	doubtful
)

// failure returns the code and the message of an error, from IAM or from an identity domain. Errors of domains have SCIM's form: RFC
// 7644, section 3.12. Both results are empty for the error page of a proxy.
func (a *answer) failure() (code, message string) {
	var said struct {
		Code    json.RawMessage `json:"code"`
		Message json.RawMessage `json:"message"`
		Detail  json.RawMessage `json:"detail"`
		SCIM    json.RawMessage `json:"urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"`
	}
	var scim struct {
		MessageID json.RawMessage `json:"messageId"`
	}
	if json.Unmarshal(a.body, &said) != nil {
		return "", ""
	}
	code, message = text(said.Code), text(said.Message)
	if code == "" && json.Unmarshal(said.SCIM, &scim) == nil {
		code = text(scim.MessageID)
	}
	if message == "" {
		message = text(said.Detail)
	}
	return shorten(outside.Sentence(code), 100), outside.Sentence(message)
}

// isCode reports whether a code is the wanted one of IAM, or the code with the same name of an identity domain, such as
// error.common.common.accessDenied.
func isCode(code, want string) bool {
	return code == want || strings.HasSuffix(strings.ToLower(code), "."+strings.ToLower(want))
}

// requestID returns OCI's id of the request.
func (a *answer) requestID() string {
	return shorten(outside.Sentence(a.header.Get("opc-request-id")), 200)
}

// judge returns what an answer means. It uses the status of the response, because the status in a body is known to differ.
func judge(a *answer) verdict {
	code, _ := a.failure()
	switch {
	case a.succeeded():
		return succeeded
	case a.status == http.StatusTooManyRequests:
		return throttled
	case a.status == http.StatusForbidden && isCode(code, codeNotAllowed):
		return notAllowed
	case a.saysNotFound():
		return notFound
	case a.status == http.StatusConflict && isCode(code, codeIncorrectState):
		return busy
	case a.status == http.StatusConflict && isCode(code, codeInvalidatedRetryToken):
		return invalidated
	case a.status == http.StatusNotImplemented:
		return refused
	case a.status >= http.StatusInternalServerError, a.status == http.StatusRequestTimeout, a.status < 200:
		return doubtful
	default:
		return refused
	}
}

// judgeFault returns what an error without an answer means.
func judgeFault(err error, sent bool) verdict {
	var transport *url.Error
	switch {
	case sent:
		return doubtful
	case !errors.As(err, &transport), web.IsCertificateError(err):
		// The request could not be built or signed, or the server is not the service.
		return unusable
	default:
		return unreachable
	}
}

// longestRetryAfter is the longest wait that Retry-After can ask for.
const longestRetryAfter = 5 * time.Minute

// retryAfter returns the Retry-After header in seconds, the form that OCI uses (RFC 9110, section 10.2.3). It returns 0 if the header
// is absent or malformed.
func retryAfter(a *answer) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(a.header.Get("Retry-After")))
	if err != nil || seconds <= 0 {
		return 0
	}
	return time.Duration(min(seconds, int(longestRetryAfter/time.Second))) * time.Second
}
