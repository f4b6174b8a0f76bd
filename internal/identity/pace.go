package identity

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// slowest is the rate, in requests a second, that throttling slows this client down to at most.
	slowest = 0.5
	// onRefusal is what a refusal leaves of the rate, and onAdmission what an admission adds to it, a share of itself.
	onRefusal   = 0.85
	onAdmission = 0.01
	// unlimited is the rate at which a client that was throttled is taken as free again.
	unlimited = 200
	// worthSaying is the wait for a turn that is worth a line on the screen.
	worthSaying = 2 * time.Second
)

// pace keeps all calls of a client to the rate that OCI admits. OCI throttles by user and by tenancy, so one call that is
// refused speaks for all: without it, each would find out for itself and they would fight for what is admitted.
//
// Until the first refusal there is no limit. The first one sets the rate to what was admitted in the second before; then it
// rises a little with each admission and falls with each refusal, as TCP shares a line.
type pace struct {
	clock Clock

	mu       sync.Mutex
	rate     float64     // requests a second, 0 as long as there is no limit
	next     time.Time   // when the next request may go
	resume   time.Time   // when OCI wants to be called again
	admitted []time.Time // the admissions of the last second
	lowered  time.Time   // when the rate was last lowered
	queue    []*place    // who waits, in the order of their turns
}

// place is one place in the queue. The first one waits for its time to come, the others for their turn to be the first.
type place struct {
	urgent bool
	first  chan struct{} // closed when the place becomes the first
}

func newPace(clock Clock) *pace { return &pace{clock: clock} }

// wait returns when a request may go. It returns early, and gives its place back, when ctx ends. An urgent request goes
// before all that are not. If the wait is long, it is reported.
func (p *pace) wait(ctx context.Context, urgent bool, report func(string)) error {
	p.mu.Lock()
	if p.rate == 0 && len(p.queue) == 0 && !p.clock.Now().Before(p.resume) {
		p.mu.Unlock()
		return context.Cause(ctx)
	}
	own := p.join(urgent)
	if expected := p.expected(own); expected >= worthSaying {
		report(fmt.Sprintf("OCI throttles this user or tenancy: waiting about %s for a turn", expected.Round(time.Second)))
	}
	p.mu.Unlock()

	for {
		select {
		case <-p.turn(own):
		case <-ctx.Done():
			p.leave(own)
			return context.Cause(ctx)
		}
		delay, taken := p.take(own)
		if taken {
			return context.Cause(ctx)
		}
		if delay <= 0 {
			continue // something urgent has come first
		}
		if err := p.clock.Sleep(ctx, delay); err != nil {
			p.leave(own)
			return err
		}
	}
}

// turn is closed when the place is the first.
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
			// Who was the first waits for its turn again.
			p.queue[0].first = make(chan struct{})
		}
	}
	p.queue = slices.Insert(p.queue, at, own)
	if at == 0 {
		close(own.first)
	}
	return own
}

// take lets the first one go if its time has come. Otherwise it returns for how long there is nothing to do but wait.
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

// leave gives a place back.
func (p *pace) leave(own *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.remove(own)
}

// remove takes a place out of the queue and lets the next one know that it is the first. The caller holds the lock.
func (p *pace) remove(own *place) {
	at := slices.Index(p.queue, own)
	p.queue = slices.Delete(p.queue, at, at+1)
	if at == 0 && len(p.queue) > 0 {
		close(p.queue[0].first)
	}
}

// expected is about how long a place has to wait. The caller holds the lock.
func (p *pace) expected(own *place) time.Duration {
	wait := max(0, later(p.next, p.resume).Sub(p.clock.Now()))
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

// wasRefused notes a request that was throttled, and how long OCI wants to be left alone, or 0 if it does not say.
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
		// The requests that were under way together are one refusal.
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
