package oci

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
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

// pace limits all calls of a client to the rate that OCI admits. OCI throttles by user and by tenancy, so a refusal of one call
// concerns all of them. Without pace, each call would find that out for itself, and the calls would compete for the same rate.
//
// There is no limit until the first refusal. It sets the rate to the number of requests that were admitted in the second before.
// Each admission then raises the rate a little, and each refusal lowers it, as in TCP's congestion control.
type pace struct {
	clock Clock

	mu       sync.Mutex
	rate     float64     // requests a second, or 0 while there is no limit
	next     time.Time   // when the next request may go
	resume   time.Time   // when OCI may be called again, according to Retry-After
	admitted []time.Time // the admissions of the last second
	lowered  time.Time   // when the rate was last lowered
	queue    []*place    // the waiting requests, in order
}

// place is one place in the queue. The first one waits until its time comes, the others wait to become the first.
type place struct {
	urgent bool
	first  chan struct{} // closed when the place becomes the first
}

func newPace(clock Clock) *pace { return &pace{clock: clock} }

// wait returns when a request may go. If ctx ends, it leaves the queue and returns early. Urgent requests go before all others. A
// long wait is reported.
func (p *pace) wait(ctx context.Context, urgent bool, report func(string)) error {
	own, expected := p.enter(urgent)
	if own == nil {
		return context.Cause(ctx)
	}
	defer p.leave(own)
	if expected >= worthSaying {
		report(fmt.Sprintf("OCI throttles this user or tenancy: waiting about %s for a turn", expected.Round(time.Second)))
	}
	for {
		select {
		case <-p.turn(own):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		delay, taken := p.take(own)
		if taken {
			return context.Cause(ctx)
		}
		if delay <= 0 {
			continue // an urgent request has come before this one
		}
		if err := p.clock.Sleep(ctx, delay); err != nil {
			return err
		}
	}
}

// enter returns a place in the queue and about how long it has to wait, or nil if the request may go at once.
func (p *pace) enter(urgent bool) (own *place, expected time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if p.rate == 0 && len(p.queue) == 0 && !now.Before(p.resume) {
		return nil, 0
	}
	own = p.join(urgent)
	return own, p.expected(own, now)
}

// turn returns a channel that is closed when the place becomes the first.
func (p *pace) turn(own *place) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return own.first
}

// join puts a place at the end of its part of the queue. The caller holds the lock.
func (p *pace) join(urgent bool) *place {
	own := &place{urgent: urgent, first: make(chan struct{})}
	at := len(p.queue)
	if urgent {
		at = 0
		for at < len(p.queue) && p.queue[at].urgent {
			at++
		}
		if at == 0 && len(p.queue) > 0 {
			// The place that was the first has to wait for its turn again.
			p.queue[0].first = make(chan struct{})
		}
	}
	p.queue = slices.Insert(p.queue, at, own)
	if at == 0 {
		close(own.first)
	}
	return own
}

// take lets the first place go if its time has come. Otherwise it returns how long to wait.
func (p *pace) take(own *place) (delay time.Duration, taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if p.queue[0] != own {
		return 0, false
	}
	if due := later(p.next, p.resume); now.Before(due) {
		return due.Sub(now), false
	}
	p.remove(own)
	if p.rate > 0 {
		p.next = now.Add(p.interval())
	}
	return 0, true
}

// leave removes a place from the queue, if it is still there.
func (p *pace) leave(own *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.Contains(p.queue, own) {
		p.remove(own)
	}
}

// remove removes a place from the queue and tells the next one that it is the first. The caller holds the lock.
func (p *pace) remove(own *place) {
	at := slices.Index(p.queue, own)
	p.queue = slices.Delete(p.queue, at, at+1)
	if at == 0 && len(p.queue) > 0 {
		close(p.queue[0].first)
	}
}

// expected returns about how long a place has to wait. The caller holds the lock.
func (p *pace) expected(own *place, now time.Time) time.Duration {
	wait := max(0, later(p.next, p.resume).Sub(now))
	if p.rate > 0 {
		wait += time.Duration(slices.Index(p.queue, own)) * p.interval()
	}
	return wait
}

func (p *pace) interval() time.Duration { return time.Duration(float64(time.Second) / p.rate) }

// wasAdmitted notes a request that was not refused.
func (p *pace) wasAdmitted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	p.forget(now)
	p.admitted = append(p.admitted, now)
	if p.rate == 0 {
		return
	}
	if p.rate *= 1 + onAdmission; p.rate >= unlimited {
		p.rate = 0
	}
}

// wasRefused notes a request that was throttled, and the Retry-After of the answer, or 0.
func (p *pace) wasRefused(alone time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	p.forget(now)
	p.resume = later(p.resume, now.Add(alone))
	switch {
	case p.rate == 0:
		p.rate = max(float64(len(p.admitted)), slowest)
		p.next = now.Add(p.interval())
	case now.Sub(p.lowered) < time.Second:
		// Refusals of concurrent requests count once.
		return
	default:
		p.rate = max(p.rate*onRefusal, slowest)
	}
	p.lowered = now
}

// forget drops the admissions that are older than a second.
func (p *pace) forget(now time.Time) {
	old := 0
	for old < len(p.admitted) && now.Sub(p.admitted[old]) > time.Second {
		old++
	}
	p.admitted = slices.Delete(p.admitted, 0, old)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
