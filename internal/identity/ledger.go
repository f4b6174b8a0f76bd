package identity

import "sync"

// ledger keeps every creation until it is handed over.
type ledger struct {
	mu   sync.Mutex
	open map[entry]*creation
}

// entry is what a creation is found by.
type entry struct {
	user UserRef
	wish Wish
}

// creation returns the creation that the same wish has begun, or begins one.
func (l *ledger) creation(user UserRef, wish Wish) *creation {
	l.mu.Lock()
	defer l.mu.Unlock()
	cr, ok := l.open[entry{user, wish}]
	if !ok {
		cr = newCreation(user, wish)
		l.open[entry{user, wish}] = cr
	}
	return cr
}

// forget ends a creation: the next wish of the same is for another token.
func (l *ledger) forget(user UserRef, wish Wish) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, entry{user, wish})
}

// forgetToken ends the creation of a token that has been deleted since.
func (l *ledger) forgetToken(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for found, cr := range l.open {
		select {
		case cr.free <- struct{}{}:
			if cr.answered() && cr.seen.ID == id {
				delete(l.open, found)
			}
			cr.release()
		default: // somebody is going on with it, so it is not a token that could be deleted
		}
	}
}
