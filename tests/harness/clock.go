package harness

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Clock is a clock on which sleeping takes no time. It does not show the time of this machine: how fast that is changes no test.
type Clock struct {
	mu  sync.Mutex
	now time.Time
	// Slept is how long the provider has slept on this clock.
	Slept time.Duration
	// Asleep, if it is set, receives every sleep. A sleep then lasts until its context ends.
	Asleep chan time.Duration
	// OnSleep, if it is set, is called after each sleep.
	OnSleep func()
	// Panicking makes every question for the time panic.
	Panicking atomic.Bool
}

// NewClock returns a clock that begins with the time of this machine.
func NewClock() *Clock { return &Clock{now: time.Now()} }

// Now implements the provider's clock. Each time that it is asked, a millisecond has passed, so that no two events are at once.
func (c *Clock) Now() time.Time {
	if c.Panicking.Load() {
		panic(Canary)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// Sleep implements the provider's clock.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	asleep := c.Asleep
	c.mu.Unlock()
	if asleep != nil {
		asleep <- d
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.Advance(d)
	c.mu.Lock()
	c.Slept += d
	c.mu.Unlock()
	if c.OnSleep != nil {
		c.OnSleep()
	}
	return nil
}

// TellSleeps makes every sleep from now on last until its context ends, and sends its duration to asleep. TellSleeps(nil) ends that.
func (c *Clock) TellSleeps(asleep chan time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Asleep = asleep
}

// Advance advances the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Day is a day of 24 hours.
const Day = 24 * time.Hour
