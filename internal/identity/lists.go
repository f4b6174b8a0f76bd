package identity

import (
	"context"
	"sync"
	"time"
)

// lists lets the reads of one user's tokens share what was listed. There is no call that gets one token, so without it a
// refresh would list a user's tokens once for each of them.
//
// A list answers one read of each token, for a minute: who reads the same token twice wants to see it twice. It answers none
// once this client has begun to write to the user after it began.
type lists struct {
	clock Clock

	mu    sync.Mutex
	users map[UserRef]*shared
}

// listLives is how long a list answers reads.
const listLives = time.Minute

// shared is the last list of a user, and what was written since.
type shared struct {
	last    *list
	writing int // the writes that are under way
}

// list is a list that is under way or done. What it found may be read once done is closed.
type list struct {
	began   time.Time
	done    chan struct{}
	tokens  []AuthToken
	err     error
	answers map[string]bool // the tokens whose reads it has answered
	waiting int             // the reads that wait for it
	cancel  context.CancelCauseFunc
}

func newLists(clock Clock) *lists { return &lists{clock: clock, users: map[UserRef]*shared{}} }

// of returns what is shared of a user. The caller holds the lock.
func (l *lists) of(user UserRef) *shared {
	s, ok := l.users[user]
	if !ok {
		s = &shared{}
		l.users[user] = s
	}
	return s
}

// writing notes that a write begins. What it returns is to be called when it ends.
func (l *lists) writing(user UserRef) (ended func()) {
	note := func(n int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		s := l.of(user)
		s.writing += n
		s.last = nil
	}
	note(1)
	return func() { note(-1) }
}

// read returns a list of the user's tokens for a read of one of them, or for a look at all if the id is empty. A look at all
// takes a list that is under way, and no older one. If there is nothing to share, it asks.
func (l *lists) read(
	ctx context.Context, user UserRef, id string, ask func(context.Context) ([]AuthToken, error),
) ([]AuthToken, error) {
	l.mu.Lock()
	s := l.of(user)
	taken := s.last
	if taken == nil || s.writing > 0 || !l.answers(taken, id) {
		taken = &list{began: l.clock.Now(), done: make(chan struct{}), answers: map[string]bool{}}
		s.last = taken
		// Whoever began it may be cancelled. The others still want to know.
		var asking context.Context
		asking, taken.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
		go l.run(asking, taken, ask)
	}
	taken.answers[id] = true
	taken.waiting++
	l.mu.Unlock()

	select {
	case <-taken.done:
		l.leave(taken)
	case <-ctx.Done():
		if others := l.leave(taken); others {
			return nil, context.Cause(ctx)
		}
		taken.cancel(context.Cause(ctx))
		<-taken.done // its error says what it waited for
	}
	return taken.tokens, taken.err
}

// answers reports whether a list may answer a read. The caller holds the lock.
func (l *lists) answers(taken *list, id string) bool {
	select {
	case <-taken.done:
		return id != "" && !taken.answers[id] && taken.err == nil && l.clock.Now().Sub(taken.began) < listLives
	default:
		return taken.waiting > 0 && (id == "" || !taken.answers[id])
	}
}

// run carries a list out.
func (*lists) run(ctx context.Context, taken *list, ask func(context.Context) ([]AuthToken, error)) {
	defer taken.cancel(nil)
	defer close(taken.done)
	taken.tokens, taken.err = ask(ctx)
}

// leave notes that a read does not wait any more, and reports whether others do.
func (l *lists) leave(taken *list) (others bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken.waiting--
	return taken.waiting > 0
}
