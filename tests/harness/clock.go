package harness

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Clock is a clock on which sleeping takes no time.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
	// Slept is how long the provider has slept on this clock.
	Slept time.Duration
	// Asleep, if it is set, receives every sleep. A sleep then lasts until its context ends.
	Asleep chan time.Duration
	// OnSleep, if it is set, is called after each sleep.
	OnSleep func()
	// Panicking makes every question for the time panic.
	Panicking atomic.Bool
}

// NewClock returns a clock that shows the time of this machine until it is advanced.
func NewClock() *Clock { return &Clock{} }

// Now implements the provider's clock.
func (c *Clock) Now() time.Time {
	if c.Panicking.Load() {
		panic(Canary)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
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
	c.ahead += d
}

// Day is a day of 24 hours.
const Day = 24 * time.Hour
