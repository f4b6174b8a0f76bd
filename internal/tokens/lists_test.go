package tokens

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

// asked counts the lists that were asked for. Each takes a second.
type asked struct{ times atomic.Int32 }

func (a *asked) list(ctx context.Context) ([]Token, error) {
	n := a.times.Add(1)
	if err := (oci.SystemClock{}).Sleep(ctx, time.Second); err != nil {
		return nil, errors.Join(errors.New("while listing"), err)
	}
	return []Token{{ID: string('a' + n - 1)}}, nil
}

func TestReadsOfOneUserShareAList(t *testing.T) {
	t.Parallel()
	user, other := UserRef{ID: "u"}, UserRef{ID: "v"}
	read := func(t *testing.T, l *lists, user UserRef, id string, a *asked) {
		t.Helper()
		_, err := l.read(t.Context(), user, id, a.list)
		require.NoError(t, err)
	}
	for name, test := range map[string]struct {
		story func(*testing.T, *lists, *asked)
		want  int32
	}{
		"two tokens, one after the other": {func(t *testing.T, l *lists, a *asked) {
			read(t, l, user, "1", a)
			read(t, l, user, "2", a)
		}, 1},
		"two tokens at once, and a look at all": {func(t *testing.T, l *lists, a *asked) {
			var all sync.WaitGroup
			for _, id := range []string{"1", "2", ""} {
				all.Go(func() { read(t, l, user, id, a) })
			}
			all.Wait()
		}, 1},
		"one token twice": {func(t *testing.T, l *lists, a *asked) {
			read(t, l, user, "1", a)
			read(t, l, user, "1", a)
			read(t, l, user, "2", a) // takes the second
		}, 2},
		"one token twice at once": {func(t *testing.T, l *lists, a *asked) {
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() { read(t, l, user, "1", a) })
			}
			all.Wait()
		}, 2},
		"a look at all later": {func(t *testing.T, l *lists, a *asked) {
			read(t, l, user, "1", a)
			read(t, l, user, "", a)
		}, 2},
		"another user": {func(t *testing.T, l *lists, a *asked) {
			read(t, l, user, "1", a)
			read(t, l, other, "2", a)
		}, 2},
		"a minute later": {func(t *testing.T, l *lists, a *asked) {
			read(t, l, user, "1", a)
			time.Sleep(time.Minute)
			read(t, l, user, "2", a)
		}, 2},
		"a write between": {func(t *testing.T, l *lists, a *asked) {
			read(t, l, user, "1", a)
			l.writing(user)()
			read(t, l, user, "2", a)
		}, 2},
		"a write by another user between": {func(t *testing.T, l *lists, a *asked) {
			read(t, l, user, "1", a)
			l.writing(other)()
			read(t, l, user, "2", a)
		}, 1},
		"during a write": {func(t *testing.T, l *lists, a *asked) {
			ended := l.writing(user)
			read(t, l, user, "1", a)
			read(t, l, user, "2", a)
			ended()
			read(t, l, user, "3", a)
		}, 3},
		"a write begins and ends while a list is under way": {func(t *testing.T, l *lists, a *asked) {
			var all sync.WaitGroup
			all.Go(func() { read(t, l, user, "1", a) })
			synctest.Wait()
			l.writing(user)()
			all.Go(func() { read(t, l, user, "2", a) })
			all.Wait()
		}, 2},
		"whoever began it is cancelled": {func(t *testing.T, l *lists, a *asked) {
			ctx, cancel := context.WithCancelCause(t.Context())
			var all sync.WaitGroup
			all.Go(func() {
				_, err := l.read(ctx, user, "1", a.list)
				assert.ErrorContains(t, err, "Ctrl-C")
			})
			synctest.Wait()
			all.Go(func() { read(t, l, user, "2", a) })
			synctest.Wait()
			cancel(errors.New("Ctrl-C"))
			all.Wait()
		}, 1},
		"all who wait are cancelled": {func(t *testing.T, l *lists, a *asked) {
			ctx, cancel := context.WithCancelCause(t.Context())
			var all sync.WaitGroup
			all.Go(func() {
				_, err := l.read(ctx, user, "1", a.list)
				assert.ErrorContains(t, err, "while listing")
				assert.ErrorContains(t, err, "Ctrl-C")
			})
			synctest.Wait()
			cancel(errors.New("Ctrl-C"))
			all.Wait()
			read(t, l, user, "2", a)
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &asked{}
				test.story(t, newLists(oci.SystemClock{}), a)
				assert.Equal(t, test.want, a.times.Load())
			})
		})
	}
}

func TestAListThatFailedAnswersNobodyElse(t *testing.T) {
	t.Parallel()
	l := newLists(oci.SystemClock{})
	_, err := l.read(t.Context(), UserRef{}, "1", func(context.Context) ([]Token, error) { return nil, errors.New("no") })
	require.ErrorContains(t, err, "no")
	_, err = l.read(t.Context(), UserRef{}, "2", func(context.Context) ([]Token, error) { return nil, nil })
	require.NoError(t, err)
}
