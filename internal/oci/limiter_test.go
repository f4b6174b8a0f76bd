package oci

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

func silently(string) {}

// throttledLimiter returns a limiter that has just been refused. It admits a request every two seconds.
func throttledLimiter() *limiter {
	p := newLimiter(SystemClock{})
	p.wasRefused(0)
	return p
}

func TestLimiterLetsEverythingPassUntilTheFirstRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, began := newLimiter(SystemClock{}), time.Now()
		for range 1000 {
			require.NoError(t, p.wait(t.Context(), false, silently))
			p.wasAdmitted()
		}
		assert.Zero(t, time.Since(began))
	})
}

func TestLimiterStartsFromWhatWasAdmittedInTheLastSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newLimiter(SystemClock{})
		for range 10 {
			p.wasAdmitted()
		}
		p.wasRefused(0)
		began := time.Now()
		for range 10 {
			require.NoError(t, p.wait(t.Context(), false, silently))
		}
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestLimiterFallsWithRefusalsAndRisesWithAdmissions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newLimiter(SystemClock{})
		for range 100 {
			p.wasAdmitted()
		}
		p.wasRefused(0)
		p.wasRefused(0)
		assert.InDelta(t, 100, float64(p.rate.Limit()), 0, "what was under way together is one refusal")
		time.Sleep(time.Second)
		p.wasRefused(0)
		assert.InDelta(t, 85, float64(p.rate.Limit()), 0.01)
		for range 30 {
			time.Sleep(time.Second)
			p.wasRefused(0)
		}
		assert.InDelta(t, slowest, float64(p.rate.Limit()), 0.2)
		for range 1000 {
			p.wasAdmitted()
		}
		assert.InDelta(t, float64(rate.Inf), float64(p.rate.Limit()), 0, "free again")
	})
}

func TestUrgentRequestsGoBeforeAllOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := throttledLimiter()
		var (
			mu    sync.Mutex
			order []string
			all   sync.WaitGroup
		)
		join := func(name string, urgent bool) {
			all.Go(func() {
				assert.NoError(t, p.wait(t.Context(), urgent, silently))
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
			})
			synctest.Wait()
		}
		for i := range 5 {
			join(fmt.Sprint(i), false)
		}
		time.Sleep(time.Second) // the first is asleep in the middle of its wait
		join("urgent", true)
		join("urgent too", true)
		all.Wait()
		assert.Equal(t, []string{"urgent", "urgent too", "0", "1", "2", "3", "4"}, order)
	})
}

func TestWhoIsCancelledGivesItsPlaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := throttledLimiter()
		ctx, cancel := context.WithCancelCause(t.Context())
		var all sync.WaitGroup
		gone := errors.New("gone")
		for range 60 {
			all.Go(func() { assert.ErrorIs(t, p.wait(ctx, false, silently), gone) })
		}
		synctest.Wait()
		began := time.Now()
		cancel(gone)
		all.Wait()
		assert.Zero(t, time.Since(began))

		require.NoError(t, p.wait(t.Context(), true, silently))
		assert.LessOrEqual(t, time.Since(began), 2*time.Second, "sixty places are not waited for")
		assert.Zero(t, p.waiting.Load())
	})
}

// TestWhoIsCancelledGivesOnePlaceBack cancels a request while it waits. The next one is not admitted earlier because of that.
func TestWhoIsCancelledGivesOnePlaceBack(t *testing.T) {
	for _, urgent := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p, began := throttledLimiter(), time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			require.ErrorIs(t, p.wait(ctx, urgent, silently), context.DeadlineExceeded)
			require.NoError(t, p.wait(t.Context(), urgent, silently))
			assert.Equal(t, 2*time.Second, time.Since(began))
		})
	}
}

func TestAWaitThatIsLongIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newLimiter(SystemClock{})
		p.wasRefused(17 * time.Second)
		var said string
		began := time.Now()
		require.NoError(t, p.wait(t.Context(), false, func(message string) { said = message }))
		assert.Equal(t, 17*time.Second, time.Since(began))
		assert.Contains(t, said, "about 17s")
	})
}
