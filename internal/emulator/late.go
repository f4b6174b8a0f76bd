package emulator

import "time"

// performLate checks the caller now, and carries out the call later, when nobody waits for the answer. If the service is closed
// before that, the call is not carried out.
func (s *Service) performLate(c *call, late time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.admit(c) != nil || s.ctx.Err() != nil {
		return
	}
	alone := *c // the journal reads the original
	s.late.Go(func() {
		if s.config.Sleep(s.ctx, late) != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		_, _ = s.carryOut(&alone)
	})
}
