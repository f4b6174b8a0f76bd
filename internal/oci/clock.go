package oci

import (
	"context"
	"fmt"
	"time"
)

// Clock tells the time and waits. Tests replace it, so that they do not have to wait.
type Clock interface {
	// Now returns the current time.
	Now() time.Time
	// Sleep returns nil after d has passed, or the context's error as soon as the context ends.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the machine's own clock.
type SystemClock struct{}

// Now returns the current time.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep returns nil after d has passed, or the context's error as soon as the context ends.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Poll calls look, with the number of the look from 1 on, until it returns an error or no pause. After each other look it waits for the
// pause.
func Poll(ctx context.Context, clock Clock, look func(n int) (pause time.Duration, err error)) error {
	for n := 1; ; n++ {
		pause, err := look(n)
		if err != nil || pause == 0 {
			return err
		}
		if err := clock.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("waiting was stopped: %w", err)
		}
	}
}

// Outliving returns a context that ends when grace has passed since ctx ended.
func Outliving(ctx context.Context, clock Clock, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stopWatching := context.AfterFunc(ctx, func() {
		if clock.Sleep(longer, grace) == nil {
			cancel(context.Cause(ctx))
		}
	})
	return longer, func() {
		stopWatching()
		cancel(context.Canceled)
	}
}
