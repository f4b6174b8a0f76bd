package oci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/web"
)

// Error is the error of a call: what was tried, what OCI answered, and what to do.
type Error struct {
	doing   string  // the call in words, such as "list the auth tokens of user ocid1..."
	where   string  // the region and endpoint
	creates bool    // whether the call was to create a token
	Verdict Verdict // what the last attempt has come to
	// Status, code, message and requestID are OCI's answer. The status is 0 when there was none.
	Status                   int
	code, message, requestID string
	// Attempts counts how often the call was made.
	Attempts int
	// Stopped is the cause of the context if it ended before another attempt. Otherwise it is nil.
	Stopped    error
	cause      error         // what failed when there was no answer, or none that could be read
	retryAfter time.Duration // how long OCI asks to wait, or 0
	signer     string        // who signed, and where each part of the credentials comes from
	noHome     error         // why the home region could not be found out, or nil
	Hint       string        // advice on where else the user may be, or on how to do with two tokens, or empty
}

// After returns the failure of an attempt that was made after another one. If nothing was sent since, that is the earlier failure, which
// says what OCI has answered.
func (e *Error) After(earlier *Error) *Error {
	if earlier == nil {
		return e
	}
	if e.Verdict == Unsent && earlier.Verdict != Moved {
		return earlier
	}
	e.Attempts = earlier.Attempts + 1
	return e
}

// Error returns what happened and what to do, in sentences.
func (e *Error) Error() string {
	var s strings.Builder
	s.WriteString(e.happened())
	if e.Attempts > 1 {
		fmt.Fprintf(&s, ", at the last of %d attempts", e.Attempts)
	}
	if e.Stopped != nil && !errors.Is(e.cause, e.Stopped) {
		fmt.Fprintf(&s, "; stopped trying: %v", e.Stopped)
	}
	if advice := e.advice(); advice != "" {
		s.WriteString(". ")
		s.WriteString(advice)
	}
	return s.String()
}

// Unwrap returns the transport's error and the reason for stopping, if there are any.
func (e *Error) Unwrap() error { return errors.Join(e.cause, e.Stopped) }

// happened returns what was tried and how it failed.
func (e *Error) happened() string {
	tried := fmt.Sprintf("could not %s in %s", e.doing, e.where)
	switch {
	case e.Status == 0 && e.Verdict == Unsent:
		return fmt.Sprintf("%s: nothing was sent: %s", tried, safetext.Sentence(reason(e.cause)))
	case e.Status == 0:
		return fmt.Sprintf("%s: %s", tried, safetext.Sentence(reason(e.cause)))
	}
	said := fmt.Sprintf("%d %s", e.Status, e.code)
	if e.code == "" {
		said = fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	}
	if e.message != "" {
		said += fmt.Sprintf(" %q", e.message)
	}
	if e.requestID != "" {
		said += fmt.Sprintf(" (opc-request-id %s)", e.requestID)
	}
	if e.cause != nil {
		return fmt.Sprintf("%s: OCI answered %s, and %s", tried, said, safetext.Sentence(e.cause.Error()))
	}
	return fmt.Sprintf("%s: OCI answered %s", tried, said)
}

// advice returns what the person can do.
func (e *Error) advice() string {
	switch {
	case e.Verdict == Unsent, e.Status == 0 && e.Stopped != nil:
		return ""
	case e.Status == 0 && web.Advice(e.cause) != "":
		return web.Advice(e.cause)
	case e.Status == 0:
		return "Check the network, the region and, if they are set, the endpoint in the provider's configuration and domainUrl"
	case e.LimitExceeded() && e.Hint != "":
		return e.Hint
	case e.LimitExceeded():
		return "A user can have at most two auth tokens: delete one that is no longer used, or import it into this program. " +
			"If this creation was to replace a token, that token still works. To revoke it before the new one is created, use the " +
			"resource option deleteBeforeReplace"
	case e.cause != nil:
		return "Something on the way may have changed the answer: check the network, a proxy if there is one, and the endpoint " +
			"in the provider's configuration"
	case e.Status >= 300 && e.Status <= 399:
		return "Redirects are not followed, because the request is signed for OCI only: check the endpoint in the provider's " +
			"configuration, and the proxy if there is one"
	case e.Status == http.StatusBadRequest:
		return "The arguments are not what OCI expects: OCI's message says which"
	case e.Status == http.StatusUnauthorized && isCode(e.code, codeAccessDenied):
		return "The identity domain does not let the caller do this. To manage tokens of others, the caller needs " +
			"the role Identity Domain Administrator or Security Administrator of that domain, or a policy such as \"Allow group " +
			"<group> to manage domains in tenancy\". To manage one's own, sign in as the user that userId names"
	case e.Status == http.StatusUnauthorized:
		return "The request was signed by " + e.signer + ". Check that OCI knows it (a user's API keys are in the Console), and that " +
			"this machine's clock is right to within 5 minutes"
	case e.Verdict == NotAllowed && e.noHome != nil:
		return fmt.Sprintf("Auth tokens can be created, changed and deleted in the tenancy's home region only, and the provider "+
			"could not call it (%v): set the provider's region to the home region, or, if an endpoint is set, put {region} in it", e.noHome)
	case e.Verdict == NotAllowed:
		return "Auth tokens can be created, changed and deleted in the tenancy's home region only: set the provider's region to " +
			"the home region, or, if an endpoint is set, put {region} in it"
	case e.Status == http.StatusForbidden:
		return "The caller may not do this: check the policies of the tenancy and, if there is a proxy, its rules"
	case e.Status == http.StatusNotFound && e.Verdict != NotFound:
		return "This is not how OCI says that something is missing: check the endpoint in the provider's configuration, domainUrl, and " +
			"the proxy if there is one"
	case e.Status == http.StatusNotFound:
		return "OCI gives the same answer whether something is missing or forbidden: check that the OCID is right and in this tenancy, and that a " +
			"policy lets the calling user manage the user's credentials" + e.Hint
	case e.Verdict == Busy:
		return "The user is being changed by something else: try again later"
	case e.Verdict == Throttled:
		return "OCI throttles this user or tenancy: try again later, with a longer timeout, or with a lower --parallel"
	case e.Verdict == Invalidated:
		return "The token that an earlier request created was changed or deleted since: run \"pulumi up\" again"
	case e.Status == http.StatusConflict:
		return "Something else changes the user or the token, or prevents this change: OCI's message says what. Then try again"
	case e.Status == http.StatusRequestEntityTooLarge:
		return "The request is longer than OCI, or a proxy on the way, accepts: shorten the description, and check the proxy if there is one"
	case e.Verdict == Doubtful, e.Status >= http.StatusInternalServerError:
		return "This is a fault of the service or of a proxy on the way: try again later, and give Oracle the " +
			"opc-request-id if it persists"
	default:
		return "OCI is not known to answer this call so: check the endpoint in the provider's configuration, domainUrl, and the proxy if " +
			"there is one"
	}
}

// IsLimitExceeded reports whether an error says that the user already has as many tokens as OCI allows.
func IsLimitExceeded(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.LimitExceeded()
}

// LimitExceeded reports whether the user already has as many tokens as OCI allows. Other limits have the same codes.
func (e *Error) LimitExceeded() bool {
	if !e.creates || (e.Status != http.StatusBadRequest && e.Status != http.StatusConflict) {
		return false
	}
	// The code of an identity domain is not known, so several are accepted.
	return isCode(e.code, codeUserCapacityExceeded) || isCode(e.code, codeLimitExceeded) ||
		(strings.HasPrefix(e.code, "error.") && !strings.HasPrefix(e.code, "error.common.validation.") && aboutALimit.MatchString(e.code))
}

// aboutALimit matches the error codes of a domain that are about a limit.
var aboutALimit = regexp.MustCompile(`(?i)limit|maximum|capacity|quota`)

// reason returns why a request had no answer, without the request's URL.
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
	return err.Error()
}

// UnlessRefused returns the error of a call, or nil if OCI itself has refused to answer.
func (e *Error) UnlessRefused() error {
	if e.code != "" && (e.Verdict == NotFound || e.Verdict == Refused) {
		return nil
	}
	return e
}

// WithHint adds advice on where a user may be to the error of a call that has not found the user.
func WithHint(err error, hint string) error {
	var failure *Error
	if !errors.As(err, &failure) || failure.Verdict != NotFound {
		return err
	}
	located := *failure
	located.Hint = hint
	return &located
}
