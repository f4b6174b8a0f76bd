package identity

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	// How many attempts each verdict allows in all, one a second.
	for v, attempts := range map[verdict]int{
		refused: 1, notAllowed: 1, notFound: 1, invalidated: 1, unusable: 1, unsent: 1, unreachable: unreachableAttempts,
		busy: faultAttempts, doubtful: faultAttempts, throttled: int(throttleBudget/time.Second) + 1,
	} {
		spent, made := newBudget(t.Context(), began), 1
		for spent.allows(v, began.Add(time.Duration(made)*time.Second)) {
			made++
		}
		assert.Equal(t, attempts, made, "verdict %d", v)
		assert.Equal(t, attempts, spent.alike, "verdict %d", v)
	}
	spent := newBudget(t.Context(), began)
	for range 100 {
		assert.True(t, spent.allows(throttled, began), "throttling uses up nothing of what there is for faults")
	}
	for range faultAttempts - 1 {
		assert.True(t, spent.allows(doubtful, began))
	}
	assert.False(t, spent.allows(doubtful, began))

	timed, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	assert.True(t, newBudget(timed, began).allows(throttled, began.Add(throttleBudget+time.Hour)), "the operation's timeout is the bound")
}

func TestMayGoOn(t *testing.T) {
	t.Parallel()
	// For how many seconds a creation goes on with the same verdict every second, unsent and doubtful.
	settle, user := int(settleWithin/time.Second), int(userWithin/time.Second)
	for v, seconds := range map[verdict][2]int{
		refused: {0, 2}, notAllowed: {0, 2}, unusable: {0, 2}, unsent: {0, 0}, notFound: {user, user}, invalidated: {2, 2},
		unreachable: {2, settle}, busy: {7, settle}, doubtful: {7, 7},
	} {
		for i, open := range []bool{false, true} {
			clock := &impatient{}
			creation := turn{creation: &creation{doubtful: open}, calls: caller{clock: clock}}
			spent, lasted := newBudget(t.Context(), clock.Now()), 0
			for clock.slept = time.Second; creation.mayGoOn(spent, v); clock.slept += time.Second {
				lasted++
			}
			assert.InDelta(t, seconds[i], lasted, 1, "verdict %d, doubtful %v", v, open)
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for failures, longest := range map[int]time.Duration{
		0: firstBackoff, 1: firstBackoff, 2: time.Second, 3: 2 * time.Second, 6: 16 * time.Second, 7: longestBackoff, 1000: longestBackoff,
	} {
		for attempts := range 20 {
			pause := backoff(failures, caller{seed: "seed"}.jitter("create", attempts))
			assert.LessOrEqual(t, pause, longest, failures)
			assert.GreaterOrEqual(t, pause, longest/2, failures)
		}
	}
}
