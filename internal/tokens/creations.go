package tokens

import (
	"sync"
	"time"
)

// creations holds every creation until it is handed over, and when a token of each user was last revoked.
type creations struct {
	mu      sync.Mutex
	open    map[entry]*pending
	revoked map[UserRef]time.Time
}

// entry is the key of a creation.
type entry struct {
	user     UserRef
	creation Creation
}

func newCreations() *creations {
	return &creations{open: map[entry]*pending{}, revoked: map[UserRef]time.Time{}}
}

// begun returns the creation if it has begun, or begins it.
func (l *creations) begun(user UserRef, creation Creation) *pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	cr, ok := l.open[entry{user, creation}]
	if !ok {
		cr = newPending(creation)
		l.open[entry{user, creation}] = cr
	}
	return cr
}

// forget removes a creation. Whoever asks for the same then creates another token.
func (l *creations) forget(user UserRef, creation Creation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, entry{user, creation})
}

// noteRevoked notes that a token of a user has just been revoked.
func (l *creations) noteRevoked(user UserRef, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revoked[user] = now
}

// lastRevoked returns when a token of a user was last revoked, or the zero time.
func (l *creations) lastRevoked(user UserRef) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.revoked[user]
}

// forgetToken removes the creation of a token that has been deleted.
func (l *creations) forgetToken(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for found, cr := range l.open {
		select {
		case cr.free <- struct{}{}:
			if cr.stage == answered && cr.seen.HasID(id) {
				delete(l.open, found)
			}
			cr.release()
		default: // the creation is going on, so its token cannot have been deleted
		}
	}
}
