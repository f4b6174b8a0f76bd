package identity

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// slowest is the rate, in requests a second, that throttling slows this client down to at most.
	slowest = 0.5
	// onRefusal is what a refusal leaves of the rate, and onAdmission what an admission adds to it, a share of itself.
	onRefusal   = 0.85
	onAdmission = 0.01
	// unlimited is the rate at which a client that was throttled is taken as free again.
	unlimited = 200
)

// pace keeps all calls of a client to the rate that OCI admits. OCI throttles by user and by tenancy, so one call that is
// refused speaks for all: without it, each would find out for itself and they would fight for what is admitted.
//
// Until the first refusal there is no limit. The first one sets the rate to what was admitted in the second before; then it
// rises a little with each admission and falls with each refusal, as TCP shares a line. The zero value is ready for use.
type pace struct {
	mu       sync.Mutex
	limiter  *rate.Limiter // nil as long as there is no limit
	admitted []time.Time   // the admissions of the last second
	lowered  time.Time     // when the rate was last lowered
	resume   time.Time     // when OCI wants to be called again
}

// wait lets a request pass when its time has come.
func (p *pace) wait(ctx context.Context, clock Clock) error {
	p.mu.Lock()
	now := clock.Now()
	delay := p.resume.Sub(now)
	if p.limiter != nil {
		delay = max(delay, p.limiter.ReserveN(now, 1).DelayFrom(now))
	}
	p.mu.Unlock()
	if delay <= 0 {
		return nil
	}
	return clock.Sleep(ctx, delay)
}

// wasAdmitted notes a request that was not refused.
func (p *pace) wasAdmitted(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	p.admitted = append(p.admitted, now)
	if p.limiter == nil {
		return
	}
	if faster := p.limiter.Limit() * (1 + onAdmission); faster < unlimited {
		p.limiter.SetLimitAt(now, faster)
	} else {
		p.limiter = nil
	}
}

// wasRefused notes a request that was throttled, and how long OCI wants to be left alone, if it says so.
func (p *pace) wasRefused(now time.Time, retryAfter time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	if retryAfter > 0 {
		p.resume = later(p.resume, now.Add(retryAfter))
	}
	switch {
	case p.limiter == nil:
		p.limiter = rate.NewLimiter(rate.Limit(max(float64(len(p.admitted)), slowest)), 1)
	case now.Sub(p.lowered) < time.Second:
		// The requests that were under way together are one refusal.
		return
	default:
		p.limiter.SetLimitAt(now, max(p.limiter.Limit()*onRefusal, slowest))
	}
	p.lowered = now
}

// forget drops the admissions that are older than a second.
func (p *pace) forget(now time.Time) {
	old := 0
	for old < len(p.admitted) && now.Sub(p.admitted[old]) > time.Second {
		old++
	}
	p.admitted = p.admitted[old:]
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
