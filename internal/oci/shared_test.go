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

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/panics"
)

func TestCallsForTheSameShareOne(t *testing.T) {
	t.Parallel()
	cancelled := errors.New("Ctrl-C")
	type shared struct {
		*Shared[int]
		t     *testing.T
		asked int
		all   sync.WaitGroup
	}
	// ask makes a call that takes a second.
	ask := func(s *shared, ctx context.Context, key string) {
		s.all.Go(func() {
			asked, err := s.Do(ctx, key, func(ctx context.Context) (int, error) {
				if ctx.Err() != nil {
					return 0, context.Cause(ctx)
				}
				s.asked++
				n := s.asked
				return n, SystemClock{}.Sleep(ctx, time.Second)
			})
			if ctx.Err() != nil {
				assert.ErrorIs(s.t, err, cancelled)
				return
			}
			assert.NoError(s.t, err)
			assert.NotZero(s.t, asked)
		})
		synctest.Wait()
	}
	for name, test := range map[string]struct {
		story func(s *shared, ctx context.Context, cancel func())
		want  int
		takes time.Duration
	}{
		"two at once": {func(s *shared, ctx context.Context, _ func()) {
			ask(s, ctx, "a")
			ask(s, ctx, "a")
		}, 1, time.Second},
		"one after the other": {func(s *shared, ctx context.Context, _ func()) {
			ask(s, ctx, "a")
			s.all.Wait()
			ask(s, ctx, "a")
		}, 2, 2 * time.Second},
		"two things": {func(s *shared, ctx context.Context, _ func()) {
			ask(s, ctx, "a")
			ask(s, ctx, "b")
		}, 2, time.Second},
		"forgotten while it is under way": {func(s *shared, ctx context.Context, _ func()) {
			ask(s, ctx, "a")
			s.Forget("a")
			ask(s, ctx, "a")
			ask(s, ctx, "a")
		}, 2, time.Second},
		"whoever began it is cancelled": {func(s *shared, ctx context.Context, cancel func()) {
			ask(s, ctx, "a")
			ask(s, s.t.Context(), "a")
			ask(s, s.t.Context(), "a")
			cancel()
		}, 2, time.Second},
		"whoever waits is cancelled": {func(s *shared, ctx context.Context, cancel func()) {
			ask(s, s.t.Context(), "a")
			ask(s, ctx, "a")
			cancel()
		}, 1, time.Second},
		"all are cancelled": {func(s *shared, ctx context.Context, cancel func()) {
			ask(s, ctx, "a")
			ask(s, ctx, "a")
			cancel()
		}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &shared{Shared: &Shared[int]{}, t: t}
				ctx, cancel := context.WithCancelCause(t.Context())
				began := time.Now()
				test.story(s, ctx, func() { cancel(cancelled) })
				s.all.Wait()
				assert.Equal(t, test.want, s.asked)
				assert.Equal(t, test.takes, time.Since(began))
				cancel(nil)
			})
		})
	}
}

// TestWhoeverStopsWaitingForASharedCallSaysWhatFor cancels one who waits, and one who has been cancelled before.
func TestWhoeverStopsWaitingForASharedCallSaysWhatFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s Shared[int]
		ask := func(ctx context.Context) error {
			_, err := s.Do(ctx, "a", func(ctx context.Context) (int, error) {
				if err := (SystemClock{}).Sleep(ctx, time.Hour); err != nil {
					return 0, fmt.Errorf("could not ask: %w", err)
				}
				return 1, nil
			})
			return err
		}
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() { assert.NoError(t, ask(t.Context())) })
		synctest.Wait()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it took too long"))
		defer cancel()
		assert.EqualError(t, ask(ctx), "could not ask: it took too long")
		assert.EqualError(t, ask(ctx), "could not ask: it took too long")
	})
}

func TestAPanicOfASharedCallIsThatOfWhoeverWaits(t *testing.T) {
	t.Parallel()
	var err error
	func() {
		defer panics.Catch(&err)
		_, _ = new(Shared[int]).Do(t.Context(), "", func(context.Context) (int, error) { panic("secret") })
	}()
	require.ErrorContains(t, err, "the provider has a bug")
	require.ErrorContains(t, err, "TestAPanicOfASharedCall")
	assert.NotContains(t, err.Error(), "secret")
}
