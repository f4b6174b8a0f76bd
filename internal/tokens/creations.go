package tokens

import (
	"sync"
	"time"
)

// creations holds every creation until it is handed over, and when a token of each user was last revoked. The zero value is ready to use.
type creations struct {
	open    sync.Map // *pending by entry
	revoked sync.Map // time.Time by UserRef
}

// entry is the key of a creation.
type entry struct {
	user     UserRef
	creation Creation
}

// begun returns the creation if it has begun, or begins it.
func (l *creations) begun(user UserRef, creation Creation) *pending {
	cr, _ := l.open.LoadOrStore(entry{user, creation}, newPending(creation))
	return cr.(*pending)
}

// forget removes a creation. Whoever asks for the same then creates another token.
func (l *creations) forget(user UserRef, creation Creation) { l.open.Delete(entry{user, creation}) }

// noteRevoked notes that a token of a user has just been revoked, and removes the creation of that token.
func (l *creations) noteRevoked(user UserRef, id string, now time.Time) {
	l.revoked.Store(user, now)
	l.open.Range(func(found, value any) bool {
		cr := value.(*pending)
		select {
		case cr.free <- struct{}{}:
			if cr.stage == answered && cr.seen.HasID(id) {
				l.open.CompareAndDelete(found, cr)
			}
			cr.release()
		default: // the creation is going on, so its token cannot have been deleted
		}
		return true
	})
}

// lastRevoked returns when a token of a user was last revoked, or the zero time.
func (l *creations) lastRevoked(user UserRef) time.Time {
	last, _ := l.revoked.Load(user)
	at, _ := last.(time.Time)
	return at
}
