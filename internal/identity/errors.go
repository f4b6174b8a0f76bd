package identity

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// Codes of OCI's errors that need a treatment of their own, from
// https://docs.oracle.com/iaas/Content/API/References/apierrors.htm and from recorded traffic.
const (
	codeIncorrectState        = "IncorrectState"
	codeInvalidatedRetryToken = "InvalidatedRetryToken"
	codeUserCapacityExceeded  = "UserCapacityExceeded"
	codeLimitExceeded         = "LimitExceeded"
)

// errIncompleteAnswer is an answer of success that lacks what it must have.
var errIncompleteAnswer = errors.New("OCI's answer lacks the token's id or value")

// Error is a call that failed: what was tried, what OCI said, and what to do.
type Error struct {
	// Operation is the call's name in the API, such as CreateAuthToken.
	Operation string
	// UserID is the OCID of the user whose tokens the call was about.
	UserID string
	// Region is the name of the region that was called.
	Region string
	// Status, Code, Message and RequestID are OCI's answer. Status is 0 when there was none that could be read.
	Status                   int
	Code, Message, RequestID string
	// Ambiguous is true when OCI may have carried out the call all the same.
	Ambiguous bool
	// Attempts counts how often the call was made.
	Attempts int
	// Stopped says why no further attempt was made although one was due: the context's cause. Else nil.
	Stopped error

	doing string // the call in words
	where string // the region and endpoint
	cause error  // what failed when there was no answer
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
	if e.Status == 0 {
		return fmt.Sprintf("could not %s in %s: %v", e.doing, e.where, e.cause)
	}
	said := fmt.Sprintf("%d %s", e.Status, e.Code)
	if e.Message != "" {
		said += fmt.Sprintf(" %q", e.Message)
	}
	if e.RequestID != "" {
		said += fmt.Sprintf(" (opc-request-id %s)", e.RequestID)
	}
	return fmt.Sprintf("could not %s in %s: OCI answered %s", e.doing, e.where, said)
}

// remedy says what the person at the terminal can do.
func (e *Error) remedy() string {
	switch {
	case errors.Is(e.cause, errThrottled):
		return "Try again later, with a longer timeout, or with a lower --parallel"
	case e.Status == 0:
		return "Check the network, the region and, if it is set, the endpoint in the provider's configuration"
	case e.Code == codeUserCapacityExceeded || e.Code == codeLimitExceeded:
		return "A user holds at most two auth tokens: delete one that is no longer used, or import it into this program"
	case e.Status == http.StatusBadRequest:
		return "The arguments are not what OCI expects: OCI's message says which"
	case e.Status == http.StatusUnauthorized:
		return "Check userOcid, tenancyOcid, fingerprint and the private key in the provider's configuration against " +
			"the user's API keys in the Console, and that this machine's clock is right to within 5 minutes"
	case e.Status == http.StatusForbidden:
		return "Auth tokens are created, changed and deleted in the tenancy's home region only, and which one that is, or " +
			"where it answers, could not be found out: set the provider's region to the home region, or, if an endpoint " +
			"is set, put {region} in it"
	case e.Status == http.StatusNotFound:
		return "OCI does not tell missing from forbidden: check that the OCID is right and in this tenancy, and that a " +
			"policy lets the calling user manage the user's credentials"
	case e.Code == codeIncorrectState:
		return "The user is being changed by something else: try again later"
	case e.Status == http.StatusTooManyRequests:
		return "OCI throttles this user or tenancy: try again later, or with a lower --parallel"
	case e.Status >= http.StatusInternalServerError:
		return "This is a fault of the service or of a proxy on the way: try again later, and give Oracle the " +
			"opc-request-id if it stays"
	default:
		return ""
	}
}

// failure makes an Error of a failed attempt.
func (c *Client) failure(
	op operation, at *regional, response *http.Response, err error, attempts int, ambiguous bool,
) *Error {
	failure := &Error{
		Operation: op.name, UserID: op.userID, Region: at.region, Ambiguous: ambiguous, Attempts: attempts,
		doing: op.doing, where: at.String(), cause: err,
	}
	var service common.ServiceError
	if errors.As(err, &service) {
		failure.Status = service.GetHTTPStatusCode()
		failure.Code = service.GetCode()
		failure.Message = oneLine(service.GetMessage())
		failure.RequestID = service.GetOpcRequestID()
		failure.cause = nil
	} else if response != nil {
		// The SDK's error may quote the answer, and the answer to a creation holds the token.
		failure.cause = errors.New("OCI's answer could not be read")
		if errors.Is(err, errIncompleteAnswer) {
			failure.cause = errIncompleteAnswer
		}
	}
	return failure
}

// stopped makes an Error of a call that ended while it waited for its turn.
func (c *Client) stopped(op operation, at *regional, attempts int, ambiguous bool, why error) *Error {
	failure := c.failure(op, at, nil, errThrottled, attempts-1, ambiguous)
	failure.Stopped = why
	return failure
}

// errThrottled is what keeps a call from being made at all.
var errThrottled = errors.New("OCI throttles this user or tenancy, and its turn had not come")

// IsNotFound tells whether OCI answered 404: the thing does not exist, or may not be seen by the caller.
func IsNotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

// IsLimitExceeded tells whether the user already has as many tokens as OCI allows.
func IsLimitExceeded(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && (failure.Code == codeUserCapacityExceeded || failure.Code == codeLimitExceeded)
}

func hasStatus(err error, status int) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Status == status
}

// IsAmbiguous tells whether OCI may have carried out the call although it failed.
func IsAmbiguous(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Ambiguous
}

// isCode tells whether err is the SDK's error for an answer with that code.
func isCode(err error, code string) bool {
	var service common.ServiceError
	return errors.As(err, &service) && service.GetCode() == code
}

func isCertificateError(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &verification) || errors.As(err, &authority)
}

// oneLine keeps OCI's words whole, and a proxy's page from filling the screen.
func oneLine(s string) string {
	const longest = 1000
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return string(runes)
}
