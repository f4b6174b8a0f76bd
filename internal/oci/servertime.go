package oci

import (
	"net/http"
	"sync"
	"time"
)

// serverTime is how far OCI's clock is ahead of this machine's.
type serverTime struct {
	mu     sync.Mutex
	offset time.Duration
	known  bool
}

// note reads the Date header of an answer of OCI, which counts whole seconds. Errors have it too. What answers without a request id is
// something on the way.
func (t *serverTime) note(header http.Header, now time.Time) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || header.Get("opc-request-id") == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.offset, t.known = date.Sub(now), true
}

// ahead returns how far OCI's clock is ahead, and whether that is known.
func (t *serverTime) ahead() (offset time.Duration, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.offset, t.known
}

// Ahead returns how far OCI's clock is ahead of this machine's, and whether that is known.
func (c *Client) Ahead() (offset time.Duration, known bool) { return c.time.ahead() }
