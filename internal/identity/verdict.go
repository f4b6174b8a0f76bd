package identity

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
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
	// codeAccessDenied is an identity domain's, with the status 401.
	codeAccessDenied = "accessDenied"
)

// verdict is what came of one attempt at a call.
type verdict int

const (
	// succeeded: the service has done it.
	succeeded verdict = iota
	// refused: the service has not done it, and repeating it does not help.
	refused
	// notAllowed: refused, for this is not the home region.
	notAllowed
	// moved: refused, and the next attempt goes elsewhere.
	moved
	// notFound: refused, for the user or the token does not exist or may not be seen.
	notFound
	// invalidated: refused, for what was made under the same retry token has been changed or deleted since.
	invalidated
	// throttled: refused, for there are too many requests.
	throttled
	// busy: refused, for something else is changing the user.
	busy
	// unreachable: nothing was sent, for no connection came about.
	unreachable
	// unusable: nothing was sent, and nothing ever will be.
	unusable
	// unsent: nothing was sent, for the person had no more patience.
	unsent
	// doubtful: the service may have done it.
	doubtful
)

// failure returns the code and the message of an answer that is an error, of IAM or of an identity domain, which tells it in
// SCIM's way: RFC 7644, section 3.12. Both are empty for a proxy's page.
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

// isCode reports whether a code is one of IAM's, or an identity domain's of the same name, such as
// error.common.common.accessDenied.
func isCode(code, want string) bool {
	return code == want || strings.HasSuffix(strings.ToLower(code), "."+strings.ToLower(want))
}

// requestID returns what OCI calls the request.
func (a *answer) requestID() string {
	return shorten(outside.Sentence(a.header.Get("opc-request-id")), 200)
}

// judge returns what an answer means. What counts is the status of the response: bodies are known to hold others.
func judge(a *answer) verdict {
	code, _ := a.failure()
	switch {
	case a.succeeded():
		return succeeded
	case a.status == http.StatusTooManyRequests:
		return throttled
	case a.status == http.StatusForbidden && isCode(code, codeNotAllowed):
		return notAllowed
	case a.status == http.StatusNotFound:
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

// judgeFault returns what it means that there was no answer.
func judgeFault(err error, sent bool) verdict {
	var transport *url.Error
	switch {
	case sent:
		return doubtful
	case !errors.As(err, &transport), isCertificateError(err):
		// It could not be built or signed, or whatever answers there is not the service.
		return unusable
	default:
		return unreachable
	}
}

func isCertificateError(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &verification) || errors.As(err, &authority)
}

// longestRetryAfter bounds what a service may ask for.
const longestRetryAfter = 5 * time.Minute

// retryAfter reads the Retry-After header in its form of seconds, the one that OCI uses (RFC 9110, section 10.2.3). It is 0
// if the header is absent or makes no sense.
func retryAfter(a *answer) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(a.header.Get("Retry-After")))
	if err != nil || seconds <= 0 {
		return 0
	}
	return time.Duration(min(seconds, int(longestRetryAfter/time.Second))) * time.Second
}
