package emulator

import (
	"net/http/httptest"
)

// Server is a service that listens.
type Server struct {
	*httptest.Server
	service *Service
}

// Start lets the service listen at a free port of 127.0.0.1, until Close is called.
func (s *Service) Start() *Server {
	return &Server{httptest.NewServer(s), s}
}

// Close ends the service and stops listening.
func (s *Server) Close() {
	s.service.Close()
	s.Server.Close()
}
