package identity

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
)

const (
	// faultAttempts bounds the repeats after faults: with the backoff below, about two minutes.
	faultAttempts = 8
	// unreachableAttempts bounds them where no connection comes about: a wrong endpoint should be said soon.
	unreachableAttempts = 3
	// throttleBudget bounds how long one call lets itself be throttled when nothing else bounds it.
	throttleBudget = 20 * time.Minute

	firstBackoff   = 500 * time.Millisecond
	longestBackoff = 30 * time.Second
	// longestRetryAfter bounds what a service may ask for.
	longestRetryAfter = 5 * time.Minute
)

// operation says what a call is for.
type operation struct {
	name   string // as the API spells it, such as CreateAuthToken
	doing  string // as a sentence spells it, such as "list the auth tokens of user ocid1..."
	userID string
	// writes is true for a call that changes something. It goes wherever writes go.
	writes bool
	// at is where a call that only reads goes.
	at *regional
}

// call makes attempts until one succeeds, fails for good, or there is no more time.
//
// Attempts run under ctx. Once patience ends, nothing is waited for any more, save one thing: while it is open whether a
// write has happened, attempts go on under ctx to find out.
func (c *Client) call(ctx, patience context.Context, op operation, try attempt) error {
	began := c.clock.Now()
	ambiguous := false
	for attempts := 1; ; attempts++ {
		at := op.at
		if op.writes {
			at = c.writer()
		}
		waiting := patience
		if ambiguous {
			waiting = ctx
		}
		if err := c.pace.wait(waiting, c.clock); err != nil {
			return c.stopped(op, at, attempts, ambiguous, err)
		}
		response, err := try(ctx, at) //nolint:bodyclose // the SDK has read and closed it
		verdict := judge(response, err)
		if verdict.remedy == slowDown {
			asked, _ := retryAfter(response)
			c.pace.wasRefused(c.clock.Now(), asked)
		} else {
			c.pace.wasAdmitted(c.clock.Now())
		}
		if err == nil {
			return nil
		}
		if op.writes && c.reroute(ctx, at, err) {
			continue
		}
		ambiguous = ambiguous || (op.writes && verdict.ambiguous)
		failure := c.failure(op, at, response, err, attempts, ambiguous)

		if verdict.remedy == giveUp || attempts >= verdict.attempts() || ctx.Err() != nil ||
			(verdict.remedy == slowDown && c.clock.Now().Sub(began) > throttleBudget) {
			failure.Stopped = context.Cause(ctx)
			return failure
		}
		pause := verdict.pause(response, attempts)
		reportProgress(patience, failure.waiting(pause))
		waiting = patience
		if ambiguous && patience.Err() != nil {
			waiting = ctx
		}
		if err := c.clock.Sleep(waiting, pause); err != nil && (!ambiguous || ctx.Err() != nil) {
			failure.Stopped = err
			return failure
		}
	}
}

// remedy is what to do about a failed attempt.
type remedy int

const (
	giveUp   remedy = iota
	again           // a fault that passes
	slowDown        // throttled
	connect         // no connection came about
	renewed         // repeat at once: the request has been changed
)

// verdict is what a failed attempt means.
type verdict struct {
	remedy remedy
	// ambiguous means that the request may have reached the service and may have been carried out.
	ambiguous bool
}

func (v verdict) attempts() int {
	switch v.remedy {
	case connect:
		return unreachableAttempts
	case slowDown:
		return int(^uint(0) >> 1)
	default:
		return faultAttempts
	}
}

// pause is how long to wait before the next attempt: what the service asks for, else exponentially more with jitter.
func (v verdict) pause(response *http.Response, attempts int) time.Duration {
	switch v.remedy {
	case renewed:
		return 0
	case slowDown:
		// The pace of all calls holds this one back too, so there is little to add.
		attempts = 1
	}
	if response != nil {
		if asked, ok := retryAfter(response); ok {
			return min(asked, longestRetryAfter)
		}
	}
	backoff := longestBackoff
	if doublings := attempts - 1; doublings < 6 {
		backoff = firstBackoff << doublings
	}
	return backoff/2 + rand.N(backoff/2+1) //nolint:gosec // jitter needs no secrecy
}

// judge tells what a failed attempt means.
func judge(response *http.Response, err error) verdict {
	if err == nil {
		return verdict{}
	}
	var service common.ServiceError
	if errors.As(err, &service) {
		return judgeAnswer(service)
	}
	if response != nil {
		// An answer of success that could not be read.
		return verdict{again, true}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return verdict{again, true}
	}
	var transport *url.Error
	if !errors.As(err, &transport) {
		// The request was never sent: it could not be built or signed.
		return verdict{giveUp, false}
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return verdict{connect, false}
	}
	if isCertificateError(err) {
		return verdict{giveUp, false}
	}
	return verdict{again, true}
}

func judgeAnswer(service common.ServiceError) verdict {
	switch status := service.GetHTTPStatusCode(); {
	case status == http.StatusTooManyRequests:
		return verdict{slowDown, false}
	case status == http.StatusConflict && service.GetCode() == codeIncorrectState:
		return verdict{again, false}
	case status == http.StatusConflict && service.GetCode() == codeInvalidatedRetryToken:
		return verdict{renewed, false}
	case status == http.StatusNotImplemented:
		return verdict{giveUp, false}
	case status >= 500, status == http.StatusRequestTimeout:
		return verdict{again, true}
	default:
		return verdict{giveUp, false}
	}
}

// retryAfter reads the Retry-After header in its form of seconds, the one that OCI uses (RFC 9110, section 10.2.3).
func retryAfter(response *http.Response) (time.Duration, bool) {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0, false
	}
	return time.Duration(seconds) * time.Second, true
}

// waiting is the line that a person sees while the next attempt is waited for.
func (e *Error) waiting(pause time.Duration) string {
	return fmt.Sprintf("%s; trying again in %s", e.happened(), pause.Round(100*time.Millisecond))
}
