package oci

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
	for v, attempts := range map[Verdict]int{
		Refused: 1, NotAllowed: 1, NotFound: 1, Invalidated: 1, Unusable: 1, Unsent: 1, Unreachable: unreachableAttempts,
		Busy: faultAttempts, Doubtful: faultAttempts, Throttled: int(throttleBudget/time.Second) + 1,
	} {
		spent, made := NewBudget(t.Context(), began), 1
		for spent.Allows(v, began.Add(time.Duration(made)*time.Second)) {
			made++
		}
		assert.Equal(t, attempts, made, "verdict %d", v)
		assert.Equal(t, attempts, spent.Alike, "verdict %d", v)
	}
	spent := NewBudget(t.Context(), began)
	for range 100 {
		assert.True(t, spent.Allows(Throttled, began), "throttling uses up nothing of what there is for faults")
	}
	for range faultAttempts - 1 {
		assert.True(t, spent.Allows(Doubtful, began))
	}
	assert.False(t, spent.Allows(Doubtful, began))

	timed, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	assert.True(t, NewBudget(timed, began).Allows(Throttled, began.Add(throttleBudget+time.Hour)), "the operation's timeout is the bound")
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for failures, longest := range map[int]time.Duration{
		0: firstBackoff, 1: firstBackoff, 2: time.Second, 3: 2 * time.Second, 6: 16 * time.Second, 7: longestBackoff, 1000: longestBackoff,
	} {
		for attempts := range 20 {
			pause := backoff(failures, Caller{Client: &Client{seed: "seed"}}.jitter("create", attempts))
			assert.LessOrEqual(t, pause, longest, failures)
			assert.GreaterOrEqual(t, pause, longest/2, failures)
		}
	}
}
