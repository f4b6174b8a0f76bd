package harness

import (
	"strings"
	"sync"
)

// Messages collects what several goroutines write.
type Messages struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (m *Messages) Write(text []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.Write(text)
}

// String returns what was written so far.
func (m *Messages) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()
}
