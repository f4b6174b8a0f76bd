package identity

import (
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

	// pollEvery is the pause between two looks at the same thing.
	pollEvery = 2 * time.Second
)

// Listener receives messages while a call is made.
type Listener interface {
	// InfoStatus receives a short message about what the call waits for.
	InfoStatus(message string)
	// Warning receives a message about something that a person has to do.
	Warning(message string)
}

// caller makes calls of any kind, one request at a time.
type caller struct {
	clock    Clock
	pace     *pace
	listener Listener
	// time records OCI's time from the answers. It may be nil.
	time *serverTime
	// seed is a random string of the client, from which the jitter of pauses is computed.
	seed string
}

// operation says what a call is for, what it sends, and where.
type operation struct {
	doing   string // as a sentence spells it, such as "list the auth tokens of user ocid1..."
	creates bool   // whether it creates a token
	// urgent calls go before all others if OCI throttles.
	urgent  bool
	to      route
	request request
	// read reads the answer of a call that has succeeded. It returns an error if the answer makes no sense. The error must not
	// quote the answer, which may contain a token.
	read func(*answer) error
}

// route is where an operation goes.
type route interface {
	// next returns where the next attempt goes.
	next() *service
	// worked notes that an attempt has succeeded at a service.
	worked(at *service)
	// elsewhere returns where to go after a refusal, such as one that names the home region. It returns nil if there is no other
	// place.
	elsewhere(ctx context.Context, refusedAt *service, message string) (*service, error)
}

// call makes attempts until one succeeds, fails for good, or ctx ends.
func (c caller) call(ctx context.Context, op operation) error {
	spent := newBudget(ctx, c.clock.Now())
	for attempts := 1; ; attempts++ {
		failure := c.try(ctx, op)
		if failure == nil {
			return nil
		}
		failure.attempts = attempts
		switch {
		case failure.verdict == moved:
			continue
		case ctx.Err() != nil:
			failure.stopped = context.Cause(ctx)
			return failure
		case !spent.allows(failure.verdict, c.clock.Now()):
			return failure
		}
		if err := c.pause(ctx, failure, spent.alike, op.doing); err != nil {
			failure.stopped = err
			return failure
		}
	}
}

// budget limits how many attempts are made, and for how long.
type budget struct {
	began time.Time
	// timed reports whether the operation has a timeout.
	timed bool
	// after counts the attempts by their verdicts.
	after map[verdict]int
	// last is the last verdict, and alike counts how often in a row it has come.
	last  verdict
	alike int
}

// newBudget returns a budget for calls that end with ctx.
func newBudget(ctx context.Context, now time.Time) *budget {
	_, timed := ctx.Deadline()
	return &budget{began: now, timed: timed, after: map[verdict]int{}}
}

// allows counts an attempt with the given verdict, and reports whether another attempt is allowed.
func (b *budget) allows(v verdict, now time.Time) bool {
	if v != b.last {
		b.last, b.alike = v, 0
	}
	b.alike++
	b.after[v]++
	switch v {
	case doubtful, busy:
		return b.after[v] < faultAttempts
	case unreachable:
		return b.after[v] < unreachableAttempts
	case throttled:
		return b.timed || now.Sub(b.began) <= throttleBudget
	default:
		return false
	}
}

// try waits for its turn and makes one request. It returns nil if the request has succeeded.
func (c caller) try(ctx context.Context, op operation) *callError {
	at := op.to.next()
	patience := ctx
	if op.request.unlessOver != nil {
		patience = op.request.unlessOver
	}
	if err := c.pace.wait(patience, op.urgent, c.listener.InfoStatus); err != nil {
		return op.failed(at, unsent, err)
	}
	reply, sent, err := at.sender.send(ctx, op.request)
	if reply == nil {
		verdict := judgeFault(err, sent)
		if !sent && (ctx.Err() != nil || patience.Err() != nil) {
			verdict = unsent
		}
		if sent {
			c.pace.wasAdmitted()
		}
		return op.failed(at, verdict, err)
	}
	if c.time != nil {
		c.time.note(reply.header, c.clock.Now())
	}
	verdict := judge(reply)
	if verdict == throttled {
		c.pace.wasRefused(retryAfter(reply))
	} else {
		c.pace.wasAdmitted()
	}
	if verdict == succeeded {
		if err := op.read(reply); err != nil {
			return op.unreadable(at, reply, err)
		}
		op.to.worked(at)
		return nil
	}
	failure := op.refused(at, verdict, reply)
	if verdict == notAllowed {
		c.reroute(patience, op.to, at, failure)
	}
	return failure
}

// reroute looks for another place to go to after a refusal. If there is one, it changes the verdict of the failure to moved.
func (c caller) reroute(ctx context.Context, to route, refusedAt *service, failure *callError) {
	home, err := to.elsewhere(ctx, refusedAt, failure.message)
	switch {
	case err != nil:
		failure.noHome = err
	case home != nil && home != refusedAt && home.region != refusedAt.region:
		c.listener.InfoStatus("auth tokens can be changed in the tenancy's home region only: calling " + home.region)
		failure.verdict = moved
	}
}

// pause waits before the next attempt, and tells the listener. With each failure of the same kind in a row it waits longer. The key
// distinguishes calls that are made at the same time.
func (c caller) pause(ctx context.Context, failure *callError, alike int, key string) error {
	if failure.verdict == throttled {
		// The pace of all calls delays this one already, so a short pause is enough.
		alike = 1
	}
	pause := backoff(alike, c.jitter(key, failure.attempts))
	if failure.retryAfter > 0 {
		pause = failure.retryAfter
	}
	c.listener.InfoStatus(fmt.Sprintf("%s; trying again in %s", failure.happened(), pause.Round(100*time.Millisecond)))
	return c.clock.Sleep(ctx, pause)
}

// poll looks until a look reports that it is done or fails, and at most so many times, with a pause in between. Waiting, if it is not
// empty, is what the listener is told.
func (c caller) poll(ctx context.Context, looks int, waiting string, look func() (done bool, err error)) error {
	for n := 1; ; n++ {
		if done, err := look(); done || err != nil || n == looks {
			return err
		}
		if waiting != "" {
			c.listener.InfoStatus(waiting)
		}
		if err := c.clock.Sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
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
func (c caller) jitter(key string, attempts int) float64 {
	hash := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", c.seed, key, attempts))
	return float64(binary.BigEndian.Uint64(hash[:])) / math.MaxUint64
}

// failed returns the error for an attempt without an answer.
func (op operation) failed(at *service, v verdict, cause error) *callError {
	return &callError{doing: op.doing, where: at.String(), creates: op.creates, verdict: v, cause: cause, attempts: 1}
}

// refused returns the error for an attempt whose answer is an error.
func (op operation) refused(at *service, v verdict, a *answer) *callError {
	failure := op.failed(at, v, nil)
	failure.status = a.status
	failure.code, failure.message = a.failure()
	failure.requestID = a.requestID()
	if a.status == http.StatusUnauthorized {
		failure.signer = at.sender.signer()
	}
	if v == throttled || v == doubtful || v == busy {
		failure.retryAfter = retryAfter(a)
	}
	return failure
}

// unreadable returns the error for an attempt that has succeeded, but whose answer makes no sense.
func (op operation) unreadable(at *service, a *answer, why error) *callError {
	failure := op.refused(at, doubtful, a)
	// The answer to a creation contains the token, so it is not quoted.
	failure.code, failure.message, failure.retryAfter = "", "", 0
	failure.cause = fmt.Errorf("the answer could not be read: %w", why)
	if a.cut != nil {
		failure.cause = fmt.Errorf("the answer could not be read: %w", a.cut)
	}
	return failure
}
