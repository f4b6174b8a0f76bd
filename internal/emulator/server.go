package emulator

import (
	"net/http/httptest"
)

// Server is a service that listens.
type Server struct {
	*httptest.Server
}

// Start lets the service listen at a free port of 127.0.0.1, until Close is called.
func (s *Service) Start() *Server {
	return &Server{httptest.NewServer(s)}
}
