package oci

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/singleflight"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/panics"
)

// Shared lets calls for the same thing share one that is under way. The zero value is ready to use.
type Shared[T any] struct{ group singleflight.Group }

// outcome is what a call has come to.
type outcome[T any] struct {
	value     T
	err       error
	cancelled bool // by whoever began it
}

// Do returns what call returns, or what a call with the same key returns that is under way. If that one was cancelled by whoever began it,
// Do makes another. If the call panics, so does Do.
func (s *Shared[T]) Do(ctx context.Context, key string, call func(context.Context) (T, error)) (T, error) {
	for {
		var own atomic.Bool
		answer := s.group.DoChan(key, func() (any, error) {
			own.Store(true)
			value, err := caught(ctx, call)
			return outcome[T]{value, err, err != nil && ctx.Err() != nil}, nil
		})
		var result singleflight.Result
		select {
		case result = <-answer:
		case <-ctx.Done():
			if !own.Load() {
				return call(ctx) // It asks nothing any more, and its error says what for.
			}
			result = <-answer // Its error says what the call was waiting for.
		}
		done, _ := result.Val.(outcome[T])
		if panicked, ok := done.err.(*panics.Panic); ok { //nolint:errorlint // the call's own error may wrap one
			panic(panicked)
		}
		if own.Load() || !done.cancelled {
			return done.value, done.err
		}
	}
}

// Forget lets the next call for the key begin, even if one is under way.
func (s *Shared[T]) Forget(key string) { s.group.Forget(key) }

// caught turns a panic of the call into an error, which passes from one goroutine to the others.
func caught[T any](ctx context.Context, call func(context.Context) (T, error)) (value T, err error) {
	defer panics.Catch(&err)
	return call(ctx)
}
