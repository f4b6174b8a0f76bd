package oci

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	// slowest is the lowest rate that throttling slows this client down to, in requests a second.
	slowest = 0.5
	// onRefusal is the factor by which a refusal lowers the rate. onAdmission is the share by which an admission raises it.
	onRefusal   = 0.85
	onAdmission = 0.01
	// unlimited is the rate above which a throttled client has no limit any more.
	unlimited = 200
	// worthSaying is the shortest wait that is reported.
	worthSaying = 2 * time.Second
)

// limiter limits all calls of a client to the rate that OCI admits. OCI throttles by user and by tenancy, so a refusal of one call
// concerns all of them. Without the limiter, each call would find that out for itself, and the calls would compete for the same rate.
//
// There is no limit until the first refusal. It sets the rate to the number of requests that were admitted in the second before.
// Each admission then raises the rate a little, and each refusal lowers it, as in TCP's congestion control.
type limiter struct {
	clock Clock
	rate  *rate.Limiter
	// turn is held by the first of those that wait. The others wait for it, in order. Urgent requests do not.
	turn    chan struct{}
	waiting atomic.Int32

	mu       sync.Mutex
	resume   time.Time   // when OCI may be called again, according to Retry-After
	admitted []time.Time // the admissions of the last second
	lowered  time.Time   // when the rate was last lowered
}

func newLimiter(clock Clock) *limiter {
	return &limiter{clock: clock, rate: rate.NewLimiter(rate.Inf, 1), turn: make(chan struct{}, 1)}
}

// wait returns when a request may go. If ctx ends, it returns early. Urgent requests go before all others. A long wait is reported.
func (l *limiter) wait(ctx context.Context, urgent bool, report func(string)) error {
	ahead := l.waiting.Add(1)
	defer l.waiting.Add(-1)
	if urgent {
		ahead = 1
	}
	if expected := l.expected(ahead); expected >= worthSaying {
		report(fmt.Sprintf("OCI throttles this user or tenancy: waiting about %s for a turn", expected.Round(time.Second)))
	}
	if !urgent {
		select {
		case l.turn <- struct{}{}:
			defer func() { <-l.turn }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	place := l.rate.ReserveN(l.clock.Now(), 1)
	for {
		now := l.clock.Now()
		delay := max(place.DelayFrom(now), l.untilResumed(now))
		if delay <= 0 {
			return context.Cause(ctx)
		}
		if !urgent {
			place.CancelAt(now) // for an urgent request that may come meanwhile
		}
		if err := l.clock.Sleep(ctx, delay); err != nil {
			if urgent {
				place.CancelAt(l.clock.Now())
			}
			return err
		}
		if !urgent {
			place = l.rate.ReserveN(l.clock.Now(), 1)
		}
	}
}

// expected returns about how long the last of so many requests has to wait.
func (l *limiter) expected(requests int32) time.Duration {
	now := l.clock.Now()
	lacking := max(0, float64(requests)-l.rate.TokensAt(now)) / float64(l.rate.Limit())
	return max(l.untilResumed(now), time.Duration(lacking*float64(time.Second)))
}

// untilResumed returns how long OCI may not be called, according to Retry-After.
func (l *limiter) untilResumed(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, l.resume.Sub(now))
}

// wasAdmitted notes a request that was not refused.
func (l *limiter) wasAdmitted() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	l.forget(now)
	l.admitted = append(l.admitted, now)
	if faster := l.rate.Limit() * (1 + onAdmission); faster < unlimited {
		l.rate.SetLimitAt(now, faster)
	} else {
		l.rate.SetLimitAt(now, rate.Inf)
	}
}

// wasRefused notes a request that was throttled, and the Retry-After of the answer, or 0.
func (l *limiter) wasRefused(alone time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	l.forget(now)
	if until := now.Add(alone); until.After(l.resume) {
		l.resume = until
	}
	switch limit := l.rate.Limit(); {
	case limit == rate.Inf:
		l.rate.SetLimitAt(now, max(rate.Limit(len(l.admitted)), slowest))
		l.rate.AllowN(now, 1) // the refused request was one
	case now.Sub(l.lowered) < time.Second:
		// Refusals of concurrent requests count once.
		return
	default:
		l.rate.SetLimitAt(now, max(limit*onRefusal, slowest))
	}
	l.lowered = now
}

// forget drops the admissions that are older than a second.
func (l *limiter) forget(now time.Time) {
	old := 0
	for old < len(l.admitted) && now.Sub(l.admitted[old]) > time.Second {
		old++
	}
	l.admitted = slices.Delete(l.admitted, 0, old)
}
