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
	// faultAttempts bounds the repeats after faults: with the backoff below, about two minutes.
	faultAttempts = 8
	// unreachableAttempts bounds them where no connection comes about: a wrong endpoint should be said soon.
	unreachableAttempts = 3
	// throttleBudget bounds how long one call lets itself be throttled when nothing else bounds it.
	throttleBudget = 20 * time.Minute

	firstBackoff   = 500 * time.Millisecond
	longestBackoff = 30 * time.Second
)

// Listener hears what a call has to tell while it is made.
type Listener interface {
	// InfoStatus hears, in a short sentence, of something that is waited for.
	InfoStatus(message string)
	// Warning hears of something that a person has to look after.
	Warning(message string)
}

// caller makes calls of any kind, one request at a time.
type caller struct {
	clock    Clock
	pace     *pace
	listener Listener
	// time hears what the answers tell of OCI's time, or is nil.
	time *serverTime
	// seed is what the jitter of pauses is made from: a random text of each client.
	seed string
}

// operation says what a call is for, what it sends, and where.
type operation struct {
	doing   string // as a sentence spells it, such as "list the auth tokens of user ocid1..."
	creates bool   // whether it is to create a token
	// urgent calls go before all others where OCI throttles.
	urgent  bool
	to      route
	request request
	// read takes what it needs of an answer of success. Its error means that the answer makes no sense. It must not quote
	// the answer, which may hold a token.
	read func(*answer) error
}

// route is where an operation goes.
type route interface {
	// next returns where the next attempt goes.
	next() *service
	// worked notes that an attempt has succeeded somewhere.
	worked(at *service)
	// elsewhere returns where to go after a refusal, such as one that says to go to the home region. Nil means that there is
	// no other place.
	elsewhere(ctx context.Context, refusedAt *service, message string) (*service, error)
}

// call makes attempts until one succeeds, fails for good, or ctx ends.
func (c caller) call(ctx context.Context, op operation) error {
	spent := newBudget(c.clock.Now())
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

// budget is what may be spent on attempts.
type budget struct {
	began time.Time
	// after counts the attempts that came to each verdict.
	after map[verdict]int
	// last is the last verdict, and alike how often in a row it was that one.
	last  verdict
	alike int
}

func newBudget(now time.Time) *budget { return &budget{began: now, after: map[verdict]int{}} }

// allows counts an attempt that came to a verdict, and reports whether another one is worth it.
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
		return now.Sub(b.began) <= throttleBudget
	default:
		return false
	}
}

// try makes one request when its time has come. Nil means that it has succeeded.
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

// reroute goes elsewhere after a refusal that says so. If there is another place than the one that has refused, the
// failure's verdict becomes moved.
func (c caller) reroute(ctx context.Context, to route, refusedAt *service, failure *callError) {
	home, err := to.elsewhere(ctx, refusedAt, failure.message)
	switch {
	case err != nil:
		failure.noHome = err
	case home != nil && home != refusedAt && home.region != refusedAt.region:
		c.listener.InfoStatus("auth tokens are written in the tenancy's home region: going to " + home.region)
		failure.verdict = moved
	}
}

// pause waits before the next attempt, and says so. It waits for longer with each failure of the same kind in a row. The key tells
// calls apart that may be made at one moment.
func (c caller) pause(ctx context.Context, failure *callError, alike int, key string) error {
	if failure.verdict == throttled {
		// The pace of all calls holds this one back too, so there is little to add.
		alike = 1
	}
	pause := backoff(alike, c.jitter(key, failure.attempts))
	if failure.retryAfter > 0 {
		pause = failure.retryAfter
	}
	c.listener.InfoStatus(fmt.Sprintf("%s; trying again in %s", failure.happened(), pause.Round(100*time.Millisecond)))
	return c.clock.Sleep(ctx, pause)
}

// backoff returns a pause that doubles with each failure. Jitter, from 0 to 1, shortens it by up to a half.
func backoff(failures int, jitter float64) time.Duration {
	pause := longestBackoff
	if doublings := max(failures, 1) - 1; doublings < 6 {
		pause = firstBackoff << doublings
	}
	return pause - time.Duration(jitter*float64(pause/2))
}

// jitter returns a number from 0 to 1 for the pause after an attempt. It depends on the client, the call and the attempt, and not on
// the order of calls that go on at one moment, so that a simulation can repeat what it has seen.
func (c caller) jitter(key string, attempts int) float64 {
	hash := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", c.seed, key, attempts))
	return float64(binary.BigEndian.Uint64(hash[:])) / math.MaxUint64
}

// failed returns the error of an attempt without an answer.
func (op operation) failed(at *service, v verdict, cause error) *callError {
	return &callError{doing: op.doing, where: at.String(), creates: op.creates, verdict: v, cause: cause, attempts: 1}
}

// refused returns the error of an attempt whose answer is one.
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

// unreadable returns the error of an attempt whose answer is one of success, and makes no sense.
func (op operation) unreadable(at *service, a *answer, why error) *callError {
	failure := op.refused(at, doubtful, a)
	// The answer to a creation holds the token: its words are not shown.
	failure.code, failure.message, failure.retryAfter = "", "", 0
	failure.cause = fmt.Errorf("the answer could not be read: %w", why)
	if a.cut != nil {
		failure.cause = fmt.Errorf("the answer could not be read: %w", a.cut)
	}
	return failure
}
