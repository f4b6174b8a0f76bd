package emulator

import (
	"net/http/httptest"
)

// Server is a service that listens.
type Server struct {
	*httptest.Server
	service *Service
	domains []*httptest.Server
}

// Start makes the service listen on a free port of 127.0.0.1, and each of its identity domains on another, until Close is called.
func (s *Service) Start() *Server {
	server := &Server{Server: httptest.NewServer(s), service: s}
	for _, d := range s.Domains() {
		listening := httptest.NewUnstartedServer(nil)
		listening.Config.Handler = s.DomainAt(d.Name, "http://"+listening.Listener.Addr().String())
		listening.Start()
		server.domains = append(server.domains, listening)
	}
	return server
}

// Close closes the service and stops listening.
func (s *Server) Close() {
	s.service.Close()
	s.Server.Close()
	for _, domain := range s.domains {
		domain.Close()
	}
}
