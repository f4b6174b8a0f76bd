package tokens

import (
	"context"
	"sync"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/panics"
)

// lists lets reads of a user's tokens share a list. There is no call for a single token, so without lists a refresh would list a
// user's tokens once for each of them.
//
// A list answers one read of each token, for a minute. A second read of the same token wants a newer list. A list answers no more
// reads once this client has begun to write to the user.
type lists struct {
	clock oci.Clock

	mu    sync.Mutex
	users map[UserRef]*shared
}

// listLives is how long a list answers reads.
const listLives = time.Minute

// shared is the last list of a user, and the number of writes under way.
type shared struct {
	last    *list
	writing int // the writes that are under way
}

// list is a list that is under way or done. The fields tokens and err may be read once done is closed.
type list struct {
	began   time.Time
	done    chan struct{}
	tokens  []Token
	err     error
	answers map[string]bool // the ids of the tokens whose reads it has answered
	waiting int             // the reads that wait for it
	cancel  context.CancelCauseFunc
}

func newLists(clock oci.Clock) *lists { return &lists{clock: clock, users: map[UserRef]*shared{}} }

// of returns what is shared for a user. The caller holds the lock.
func (l *lists) of(user UserRef) *shared {
	s, ok := l.users[user]
	if !ok {
		s = &shared{}
		l.users[user] = s
	}
	return s
}

// writing notes that a write begins. It returns a function to call when the write ends.
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

// read returns a list of the user's tokens, for a read of the token with the given id, or of all tokens if the id is empty. A read of
// all tokens shares only a list that is under way. If there is no list to share, read calls ask.
func (l *lists) read(
	ctx context.Context, user UserRef, id string, ask func(context.Context) ([]Token, error),
) ([]Token, error) {
	taken := l.join(ctx, user, id, ask)
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

// join returns the list that answers a read, and begins it if there is none to share.
func (l *lists) join(ctx context.Context, user UserRef, id string, ask func(context.Context) ([]Token, error)) *list {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.of(user)
	taken := s.last
	if taken == nil || s.writing > 0 || !l.answers(taken, id) {
		taken = &list{began: l.clock.Now(), done: make(chan struct{}), answers: map[string]bool{}}
		s.last = taken
		// The read that began the list may be cancelled while others wait for it.
		var asking context.Context
		asking, taken.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
		go l.run(asking, taken, ask)
	}
	taken.answers[id] = true
	taken.waiting++
	return taken
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

// run asks for the list.
func (*lists) run(ctx context.Context, taken *list, ask func(context.Context) ([]Token, error)) {
	defer taken.cancel(nil)
	defer close(taken.done)
	defer panics.Catch(&taken.err)
	taken.tokens, taken.err = ask(ctx)
}

// leave notes that a read no longer waits for the list, and reports whether others do.
func (l *lists) leave(taken *list) (others bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken.waiting--
	return taken.waiting > 0
}
