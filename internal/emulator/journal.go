package emulator

import (
	"fmt"
	"time"
)

// Request is a request that the service has received. It contains no body, and no value of a token.
type Request struct {
	Time       time.Time `json:"time"`
	Region     string    `json:"region"`
	Method     string    `json:"method"`
	Path       string    `json:"path"`
	Operation  string    `json:"operation,omitempty"`
	UserID     string    `json:"userId,omitempty"`
	RetryToken string    `json:"retryToken,omitempty"`
	RequestID  string    `json:"requestId,omitempty"`
	UserAgent  string    `json:"userAgent,omitempty"`
	// CallerID is the user whose signature was verified, or who has delegated the signing. It is empty if none was.
	CallerID string `json:"callerId,omitempty"`
	// TokenID is the token that the request names, or that it has created.
	TokenID string `json:"tokenId,omitempty"`
	// Status is the status of the answer, and Code the code of the error. A status of 0 means that there was no answer.
	Status int    `json:"status"`
	Code   string `json:"code,omitempty"`
	// Fault reports whether a fault applied.
	Fault bool `json:"fault,omitempty"`
}

// Journal returns all requests since the start or the last ResetJournal, in the order of their answers.
func (s *Service) Journal() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.journal...)
}

// ResetJournal removes all requests from the journal.
func (s *Service) ResetJournal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = nil
}

func (s *Service) record(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = append(s.journal, r)
	if s.config.Log == nil {
		return
	}
	answer := fmt.Sprint(r.Status)
	if r.Status == 0 {
		answer = "dropped"
	}
	_, _ = fmt.Fprintf(s.config.Log, "%s %s %s %s: %s\n", timestamp(r.Time), r.Region, r.Method, r.Path, answer)
}
