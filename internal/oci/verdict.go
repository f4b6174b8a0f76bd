package oci

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
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

// Verdict is the outcome of one attempt at a call.
type Verdict int

const (
	// Succeeded means that the service has carried out the call.
	Succeeded Verdict = iota
	// Refused means that the service has not carried out the call, and that repeating it does not help.
	Refused
	// NotAllowed is a refusal because this is not the home region.
	NotAllowed
	// Moved is a refusal after which the next attempt goes elsewhere.
	Moved
	// NotFound is a refusal because the user or the token does not exist, or the caller may not see it.
	NotFound
	// Invalidated is a refusal because the token that the same retry token created has been changed or deleted since.
	Invalidated
	// Throttled is a refusal because there are too many requests.
	Throttled
	// Busy is a refusal because something else is changing the user.
	Busy
	// Unreachable means that nothing was sent because there was no connection.
	Unreachable
	// Unusable means that nothing was sent, and that another attempt would fail too.
	Unusable
	// Unsent means that nothing was sent because the operation was cancelled or ran out of time.
	Unsent
	// Doubtful means that the service may have carried out the call.
	Doubtful
)

// failure returns the code and the message of an error, from IAM or from an identity domain. Errors of domains have SCIM's form: RFC
// 7644, section 3.12. Both results are empty for the error page of a proxy.
func (a *Answer) failure() (code, message string) {
	said := Fields(a.Body)
	code = cmp.Or(Text(said["code"]), Text(Fields(said["urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error"])["messageId"]))
	message = cmp.Or(Text(said["message"]), Text(said["detail"]))
	return safetext.Shorten(safetext.Sentence(code), 100), safetext.Sentence(message)
}

// isCode reports whether a code is the wanted one of IAM, or the code with the same name of an identity domain, such as
// error.common.common.accessDenied.
func isCode(code, want string) bool {
	return code == want || strings.HasSuffix(strings.ToLower(code), "."+strings.ToLower(want))
}

// requestID returns OCI's id of the request.
func (a *Answer) requestID() string {
	return safetext.Shorten(safetext.Sentence(a.Header.Get("opc-request-id")), 200)
}

// saysNotFound reports whether OCI itself says that something does not exist, or that the caller may not see it. A proxy, a captive
// portal or a wrong endpoint may answer with 404 too.
func (a *Answer) saysNotFound() bool {
	code, _ := a.failure()
	return a.Status == http.StatusNotFound && a.complete() == nil && (code == codeNotFound || a.isSCIMError())
}

// schemaError is the schema of an identity domain's errors.
const schemaError = "urn:ietf:params:scim:api:messages:2.0:Error"

// isSCIMError reports whether the answer has the form of an identity domain's errors.
func (a *Answer) isSCIMError() bool {
	schemas := Field[[]string](Fields(a.Body)["schemas"])
	return schemas != nil && slices.Contains(*schemas, schemaError)
}

// IsNotFound reports whether OCI itself says that the user or the token does not exist, or that the caller may not see it.
func IsNotFound(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Verdict == NotFound
}

// judge returns what an answer means. It uses the status of the response, because the status in a body is known to differ.
func judge(a *Answer) Verdict {
	code, _ := a.failure()
	switch {
	case a.Status >= 200 && a.Status <= 299:
		return Succeeded
	case a.Status == http.StatusTooManyRequests:
		return Throttled
	case a.Status == http.StatusForbidden && isCode(code, codeNotAllowed):
		return NotAllowed
	case a.saysNotFound():
		return NotFound
	case a.Status == http.StatusConflict && isCode(code, codeIncorrectState):
		return Busy
	case a.Status == http.StatusConflict && isCode(code, codeInvalidatedRetryToken):
		return Invalidated
	case a.Status == http.StatusNotImplemented:
		return Refused
	case a.Status >= http.StatusInternalServerError, a.Status == http.StatusRequestTimeout, a.Status < 200:
		return Doubtful
	default:
		return Refused
	}
}

// judgeFault returns what an error without an answer means.
func judgeFault(err error, sent bool) Verdict {
	var transport *url.Error
	switch {
	case sent:
		return Doubtful
	case !errors.As(err, &transport), web.IsCertificateError(err):
		// The request could not be built or signed, or the server is not the service.
		return Unusable
	default:
		return Unreachable
	}
}

// longestRetryAfter is the longest wait that Retry-After can ask for.
const longestRetryAfter = 5 * time.Minute

// retryAfter returns the Retry-After header in seconds, the form that OCI uses (RFC 9110, section 10.2.3). It returns 0 if the header
// is absent or malformed.
func retryAfter(a *Answer) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(a.Header.Get("Retry-After")))
	if err != nil || seconds <= 0 {
		return 0
	}
	return time.Duration(min(seconds, int(longestRetryAfter/time.Second))) * time.Second
}
