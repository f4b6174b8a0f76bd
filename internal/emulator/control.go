package emulator

import (
	"encoding/json"
	"net/http"
	"strings"
)

// controlPath is the prefix of the paths that control the service itself. They need no signature, because the service listens on
// loopback addresses only.
const controlPath = "/_emulator/"

// serveControl answers requests that control the service itself:
//
//	GET, POST, DELETE /_emulator/faults              shows, adds or ends faults
//	GET, DELETE       /_emulator/journal             shows or forgets the requests so far
//	GET, POST         /_emulator/users               shows the users, or adds one
//	DELETE            /_emulator/users/{id}          removes a user with all tokens
//	PUT               /_emulator/users/{id}/repositories   limits what the registry lets a user do: [], ["pull"] or ["pull", "push"]
//	GET, POST         /_emulator/users/{id}/tokens   shows the tokens without their values, or adds one
//	DELETE            /_emulator/users/{id}/tokens/{id}
func (s *Service) serveControl(w http.ResponseWriter, r *http.Request) {
	switch parts := strings.Split(strings.TrimPrefix(r.URL.Path, controlPath), "/"); {
	case len(parts) == 1 && parts[0] == "faults":
		s.controlFaults(w, r)
	case len(parts) == 1 && parts[0] == "journal":
		s.controlJournal(w, r)
	case len(parts) == 1 && parts[0] == "users":
		s.controlUsers(w, r)
	case len(parts) == 2 && parts[0] == "users" && r.Method == http.MethodDelete:
		if !s.RemoveUser(parts[1]) {
			http.Error(w, "no such user", http.StatusNotFound)
		}
	case len(parts) == 3 && parts[0] == "users" && parts[2] == "repositories" && r.Method == http.MethodPut:
		var actions []string
		if err := json.NewDecoder(r.Body).Decode(&actions); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.LimitRepositories(parts[1], actions...)
	case len(parts) == 3 && parts[0] == "users" && parts[2] == "tokens":
		s.controlTokens(w, r, parts[1])
	case len(parts) == 4 && parts[0] == "users" && parts[2] == "tokens" && r.Method == http.MethodDelete:
		if !s.DeleteToken(parts[1], parts[3]) {
			http.Error(w, "no such user or token", http.StatusNotFound)
		}
	default:
		http.NotFound(w, r)
	}
}

func (s *Service) controlFaults(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		writeJSON(w, s.Faults())
	case http.MethodPost:
		fault, err := ParseFault(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.Inject(fault)
	case http.MethodDelete:
		s.ClearFaults()
	default:
		http.Error(w, "GET, POST or DELETE", http.StatusMethodNotAllowed)
	}
}

func (s *Service) controlJournal(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		writeJSON(w, s.Journal())
	case http.MethodDelete:
		s.ResetJournal()
	default:
		http.Error(w, "GET or DELETE", http.StatusMethodNotAllowed)
	}
}

func (s *Service) controlUsers(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		writeJSON(w, s.Users())
	case http.MethodPost:
		var body User
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		known := body.Domain == "" || s.domain(body.Domain) != nil
		s.mu.Unlock()
		if body.Name == "" || !known {
			http.Error(w, "a user needs a name, and the domain must exist", http.StatusBadRequest)
			return
		}
		writeJSON(w, s.AddUserIn(body.Domain, body.Name))
	default:
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}

func (s *Service) controlTokens(w http.ResponseWriter, r *http.Request, userID string) {
	s.mu.Lock()
	u := s.user(userID)
	s.mu.Unlock()
	if u == nil {
		http.Error(w, "no such user", http.StatusNotFound)
		return
	}
	switch r.Method {
	case http.MethodGet:
		tokens := []wire{}
		for _, t := range s.Tokens(userID) {
			tokens = append(tokens, s.wire(&t, false))
		}
		writeJSON(w, tokens)
	case http.MethodPost:
		var body struct{ Description string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		t := s.AddToken(userID, body.Description)
		writeJSON(w, s.wire(&t, false))
	default:
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}
