package oci

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"time"
)

const (
	// faultAttempts bounds the attempts after faults. With the backoff below they take up to a minute.
	faultAttempts = 8
	// unreachableAttempts bounds the attempts without a connection. It is small, so that a wrong endpoint is reported soon.
	unreachableAttempts = 3
	// throttleBudget bounds how long a throttled call goes on if the operation has no timeout.
	throttleBudget = 20 * time.Minute

	firstBackoff   = 500 * time.Millisecond
	longestBackoff = 30 * time.Second

	// PollEvery is the pause between two looks at the same thing.
	PollEvery = 2 * time.Second
)

// Call says what a call is for, what it sends, and where.
type Call struct {
	Doing   string // as a sentence spells it, such as "list the auth tokens of user ocid1..."
	Creates bool   // whether it creates a token
	// Urgent calls go before all others if OCI throttles.
	Urgent bool
	// To is where the call goes. Nil means to OCI Identity in the home region, which is found out if OCI refuses the call elsewhere.
	To      *Service
	Request Request
	// Read reads the answer of a call that has succeeded. It returns an error if the answer makes no sense. The error must not
	// quote the answer, which may contain a token. The answer is complete, save that to a creation: what can be read of that is read.
	Read func(*Answer) error
}

// Do makes attempts until one succeeds, fails for good, or ctx ends.
func (c Caller) Do(ctx context.Context, call Call) error {
	spent := NewBudget(ctx, c.Clock.Now())
	var failure *Error
	for {
		attempt := c.Try(ctx, call)
		if attempt == nil {
			return nil
		}
		failure = attempt.After(failure)
		switch {
		case failure.Verdict == Moved:
			continue
		case ctx.Err() != nil:
			failure.Stopped = context.Cause(ctx)
			return failure
		case !spent.Allows(failure.Verdict, c.Clock.Now()):
			return failure
		}
		if err := c.Pause(ctx, failure, spent.Alike, call.Doing); err != nil {
			failure.Stopped = err
			return failure
		}
	}
}

// Budget limits how many attempts are made, and for how long.
type Budget struct {
	Began time.Time
	// timed reports whether the operation has a timeout.
	timed bool
	// After counts the attempts by their verdicts.
	After map[Verdict]int
	// last is the last verdict, and Alike counts how often in a row it has come.
	last  Verdict
	Alike int
}

// NewBudget returns a budget for calls that end with ctx.
func NewBudget(ctx context.Context, now time.Time) *Budget {
	_, timed := ctx.Deadline()
	return &Budget{Began: now, timed: timed, After: map[Verdict]int{}}
}

// Allows counts an attempt with the given verdict, and reports whether another attempt is allowed.
func (b *Budget) Allows(v Verdict, now time.Time) bool {
	if v != b.last {
		b.last, b.Alike = v, 0
	}
	b.Alike++
	b.After[v]++
	switch v {
	case Doubtful, Busy:
		return b.After[v] < faultAttempts
	case Unreachable:
		return b.After[v] < unreachableAttempts
	case Throttled:
		return b.timed || now.Sub(b.Began) <= throttleBudget
	default:
		return false
	}
}

// Try waits for its turn and makes one request. It returns nil if the request has succeeded.
func (c Caller) Try(ctx context.Context, call Call) *Error {
	at := call.To
	if at == nil {
		at = c.Writer()
	}
	patience := ctx
	if call.Request.UnlessOver != nil {
		patience = call.Request.UnlessOver
	}
	if err := at.limiter.wait(patience, call.Urgent, c.InfoStatus); err != nil {
		return call.failed(at, Unsent, err)
	}
	reply, sent, err := at.send(ctx, call.Request)
	if reply == nil {
		verdict := judgeFault(err, sent)
		if !sent && (ctx.Err() != nil || patience.Err() != nil) {
			verdict = Unsent
		}
		if sent {
			at.limiter.wasAdmitted()
		}
		return call.failed(at, verdict, err)
	}
	c.noteTime(reply.Header)
	verdict := judge(reply)
	if verdict == Throttled {
		at.limiter.wasRefused(retryAfter(reply))
	} else {
		at.limiter.wasAdmitted()
	}
	if verdict == Succeeded {
		if err := call.read(reply); err != nil {
			return call.unreadable(at, reply, err)
		}
		if call.To == nil {
			c.home.Store(at)
		}
		return nil
	}
	failure := call.refused(at, verdict, reply)
	if verdict == NotAllowed && call.To == nil {
		c.moveHome(patience, at, failure)
	}
	return failure
}

// read reads the answer of a call that has succeeded.
func (call Call) read(a *Answer) error {
	if err := a.complete(); err != nil && !call.Creates {
		return err
	}
	return call.Read(a)
}

// moveHome looks for the home region after a refusal in another region. If it finds it, it changes the verdict of the failure to Moved.
func (c Caller) moveHome(ctx context.Context, refusedAt *Service, failure *Error) {
	home, err := c.findHome(ctx, failure.message)
	switch {
	case err != nil:
		failure.noHome = err
	case home.Region != refusedAt.Region:
		c.InfoStatus("auth tokens can be changed in the tenancy's home region only: calling " + home.Region)
		failure.Verdict = Moved
	}
}

// Pause waits before the next attempt, and tells the listener. With each failure of the same kind in a row it waits longer. The key
// distinguishes calls that are made at the same time.
func (c Caller) Pause(ctx context.Context, failure *Error, alike int, key string) error {
	if failure.Verdict == Throttled {
		// The limiter of all calls delays this one already, so a short pause is enough.
		alike = 1
	}
	pause := backoff(alike, c.jitter(key, failure.Attempts))
	if failure.retryAfter > 0 {
		pause = failure.retryAfter
	}
	c.InfoStatus(fmt.Sprintf("%s; trying again in %s", failure.happened(), pause.Round(100*time.Millisecond)))
	return c.Clock.Sleep(ctx, pause)
}

// Poll looks until a look reports that it is done or fails, and at most so many times, with a pause in between. Waiting, if it is not
// empty, is what the listener is told.
func (c Caller) Poll(ctx context.Context, looks int, waiting string, look func() (done bool, err error)) error {
	return Poll(ctx, c.Clock, func(n int) (time.Duration, error) {
		if done, err := look(); done || err != nil || n == looks {
			return 0, err
		}
		if waiting != "" {
			c.InfoStatus(waiting)
		}
		return PollEvery, nil
	})
}

// backoff returns a pause that doubles with each failure. Jitter, from 0 to 1, shortens it by up to a half.
func backoff(failures int, jitter float64) time.Duration {
	pause := longestBackoff
	if doublings := max(failures, 1) - 1; doublings < 6 {
		pause = firstBackoff << doublings
	}
	return pause - time.Duration(jitter*float64(pause/2))
}

// jitter returns a number from 0 to 1 for the pause after an attempt. It depends on the client, the call and the attempt. It does not
// depend on the order of concurrent calls, so that a simulation is repeatable.
func (c Caller) jitter(key string, attempts int) float64 {
	hash := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", c.seed, key, attempts))
	return float64(binary.BigEndian.Uint64(hash[:])) / math.MaxUint64
}

// failed returns the error for an attempt without an answer.
func (call Call) failed(at *Service, v Verdict, cause error) *Error {
	return &Error{doing: call.Doing, where: at.String(), creates: call.Creates, Verdict: v, cause: cause, Attempts: 1}
}

// refused returns the error for an attempt whose answer is an error.
func (call Call) refused(at *Service, v Verdict, a *Answer) *Error {
	failure := call.failed(at, v, nil)
	failure.Status = a.Status
	failure.code, failure.message = a.failure()
	failure.requestID = a.requestID()
	if a.Status == http.StatusUnauthorized {
		failure.signer = at.client.signedBy()
	}
	if v == Throttled || v == Doubtful || v == Busy {
		failure.retryAfter = retryAfter(a)
	}
	return failure
}

// unreadable returns the error for an attempt that has succeeded, but whose answer makes no sense.
func (call Call) unreadable(at *Service, a *Answer, why error) *Error {
	// The answer to a creation contains the token, so it is not quoted.
	failure := call.failed(at, Doubtful, fmt.Errorf("the answer could not be read: %w", cmp.Or(a.Cut, why)))
	failure.Status, failure.requestID = a.Status, a.requestID()
	return failure
}
