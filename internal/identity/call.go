package identity

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
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

// operation says what a call is for, and what it sends.
type operation struct {
	name   string // as the API spells it, such as CreateAuthToken
	doing  string // as a sentence spells it, such as "list the auth tokens of user ocid1..."
	userID string
	// writes is true for a call that changes something. It goes wherever writes go.
	writes bool
	// at is where a call that only reads goes.
	at *regional
	// urgent calls go before all others where OCI throttles.
	urgent  bool
	request request
	// read takes what it needs of an answer of success. Its error means that the answer makes no sense. It must not quote
	// the answer, which may hold a token.
	read func(*answer) error
}

// call makes attempts until one succeeds, fails for good, or ctx ends.
func (c *Client) call(ctx context.Context, op operation) error {
	began := c.clock.Now()
	faults, unreached := 0, 0
	for attempts := 1; ; attempts++ {
		failure := c.attempt(ctx, ctx, op)
		if failure == nil {
			return nil
		}
		failure.Attempts = attempts
		again := false
		switch failure.verdict {
		case moved:
			continue
		case doubtful, busy:
			faults++
			again = faults < faultAttempts
		case unreachable:
			unreached++
			again = unreached < unreachableAttempts
		case throttled:
			again = c.clock.Now().Sub(began) <= throttleBudget
		}
		if ctx.Err() != nil {
			failure.Stopped = context.Cause(ctx)
			return failure
		}
		if !again {
			return failure
		}
		if err := c.pause(ctx, failure, faults+unreached); err != nil {
			failure.Stopped = err
			return failure
		}
	}
}

// attempt makes one request when its time has come. Nil means that it has succeeded. The request is given up before it is
// sent, but not after, when patience ends; ctx ends it at any time.
func (c *Client) attempt(ctx, patience context.Context, op operation) *Error {
	at := op.at
	if op.writes {
		at = c.writer()
	}
	if err := c.pace.wait(patience, op.urgent, c.report); err != nil {
		return c.failed(op, at, stopped, err)
	}
	reply, sent, err := at.sender.send(ctx, patience, op.request)
	if reply == nil {
		verdict := judgeFault(err, sent)
		if !sent && (ctx.Err() != nil || patience.Err() != nil) {
			verdict = stopped
		}
		if sent {
			c.pace.wasAdmitted()
		}
		return c.failed(op, at, verdict, err)
	}
	verdict := judge(reply)
	if verdict == throttled {
		c.pace.wasRefused(retryAfter(reply))
	} else {
		c.pace.wasAdmitted()
	}
	if verdict == succeeded {
		if err := op.read(reply); err != nil {
			return c.unreadable(op, at, reply, err)
		}
		if op.writes {
			c.isHome(at)
		}
		return nil
	}
	failure := c.refused(op, at, verdict, reply)
	if verdict == notAllowed && op.writes {
		c.reroute(patience, at, failure)
	}
	return failure
}

// reroute goes to the home region after a write was refused elsewhere. If that leads to another place than the one that has
// refused, the failure's verdict becomes moved.
func (c *Client) reroute(ctx context.Context, refusedAt *regional, failure *Error) {
	home, err := c.homeRegion(ctx, failure.Message)
	switch {
	case err != nil:
		failure.noHome = err
	case home != refusedAt && home.region != refusedAt.region:
		c.report("auth tokens are written in the tenancy's home region: going to " + home.region)
		failure.verdict = moved
	}
}

// pause waits before the next attempt, and says so. It waits for longer with each failure of the same kind in a row.
func (c *Client) pause(ctx context.Context, failure *Error, alike int) error {
	pause := backoff(alike)
	if failure.verdict == throttled {
		// The pace of all calls holds this one back too, so there is little to add.
		pause = backoff(1)
	}
	if failure.retryAfter > 0 {
		pause = failure.retryAfter
	}
	c.report(fmt.Sprintf("%s; trying again in %s", failure.happened(), pause.Round(100*time.Millisecond)))
	return c.clock.Sleep(ctx, pause)
}

// backoff is exponentially longer with each failure, with jitter.
func backoff(failures int) time.Duration {
	pause := longestBackoff
	if doublings := max(failures, 1) - 1; doublings < 6 {
		pause = firstBackoff << doublings
	}
	jitter, err := rand.Int(rand.Reader, big.NewInt(int64(pause/2)))
	if err != nil {
		return pause // it never fails
	}
	return pause/2 + time.Duration(jitter.Int64())
}

// verdict is what an attempt has come to.
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
	// stopped: nothing was sent, for the person had no more patience.
	stopped
	// doubtful: the service may have done it.
	doubtful
)

// judge tells what an answer means. What counts is the status of the response: bodies are known to hold others.
func judge(a *answer) verdict {
	code, _ := a.failure()
	switch {
	case a.succeeded():
		return succeeded
	case a.status == http.StatusTooManyRequests:
		return throttled
	case a.status == http.StatusForbidden && code == codeNotAllowed:
		return notAllowed
	case a.status == http.StatusNotFound:
		return notFound
	case a.status == http.StatusConflict && code == codeIncorrectState:
		return busy
	case a.status == http.StatusConflict && code == codeInvalidatedRetryToken:
		return invalidated
	case a.status == http.StatusNotImplemented:
		return refused
	case a.status >= http.StatusInternalServerError, a.status == http.StatusRequestTimeout, a.status < 200:
		return doubtful
	default:
		return refused
	}
}

// judgeFault tells what it means that there was no answer.
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

// retryAfter reads the Retry-After header in its form of seconds, the one that OCI uses (RFC 9110, section 10.2.3). It is 0
// if the header is absent or makes no sense.
func retryAfter(a *answer) time.Duration {
	seconds, err := strconv.Atoi(strings.TrimSpace(a.header.Get("Retry-After")))
	if err != nil || seconds <= 0 {
		return 0
	}
	return time.Duration(min(seconds, int(longestRetryAfter/time.Second))) * time.Second
}

// randomID makes an identifier in the form of OCI's request ids.
func randomID() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // it never fails
	return strings.ToUpper(hex.EncodeToString(random))
}
