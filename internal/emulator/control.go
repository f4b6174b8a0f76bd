package emulator

import (
	"encoding/json"
	"errors"
	"net/http"
)

// controlPath is the prefix of the paths that control the service itself. They need no signature, because the service listens on
// loopback addresses only.
const controlPath = "/_emulator/"

// newControl returns the handler for requests that control the service itself.
func (s *Service) newControl() http.Handler {
	mux := http.NewServeMux()
	on := func(method, path string, answer func(r *http.Request) (any, error)) {
		mux.HandleFunc(method+" "+controlPath+path, func(w http.ResponseWriter, r *http.Request) {
			switch body, err := answer(r); {
			case errors.Is(err, errNotThere):
				http.Error(w, err.Error(), http.StatusNotFound)
			case err != nil:
				http.Error(w, err.Error(), http.StatusBadRequest)
			case body != nil:
				writeJSON(w, body)
			}
		})
	}
	on("GET", "faults", func(*http.Request) (any, error) { return s.Faults(), nil })
	on("POST", "faults", func(r *http.Request) (any, error) {
		fault, err := ParseFault(r.Body)
		if err == nil {
			s.Inject(fault)
		}
		return nil, err
	})
	on("DELETE", "faults", func(*http.Request) (any, error) { s.ClearFaults(); return nil, nil })
	on("GET", "journal", func(*http.Request) (any, error) { return s.Journal(), nil })
	on("DELETE", "journal", func(*http.Request) (any, error) { s.ResetJournal(); return nil, nil })
	on("GET", "users", func(*http.Request) (any, error) { return s.Users(), nil })
	on("POST", "users", func(r *http.Request) (any, error) {
		var body User
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		s.mu.Lock()
		known := body.Domain == "" || s.domain(body.Domain) != nil
		s.mu.Unlock()
		if body.Name == "" || !known {
			return nil, errors.New("a user needs a name, and the domain must exist")
		}
		return s.AddUserIn(body.Domain, body.Name), nil
	})
	on("GET", "users/{user}", func(*http.Request) (any, error) { return nil, errNotThere }) // the list has all that there is
	on("DELETE", "users/{user}", func(r *http.Request) (any, error) { return nil, there(s.RemoveUser(r.PathValue("user"))) })
	// This limits what the registry lets a user do: [], ["pull"] or ["pull", "push"].
	on("PUT", "users/{user}/repositories", func(r *http.Request) (any, error) {
		var actions []string
		if err := json.NewDecoder(r.Body).Decode(&actions); err != nil {
			return nil, err
		}
		s.LimitRepositories(r.PathValue("user"), actions...)
		return nil, nil
	})
	on("GET", "users/{user}/tokens", func(r *http.Request) (any, error) {
		tokens := []wire{} // without their values
		for _, t := range s.Tokens(r.PathValue("user")) {
			tokens = append(tokens, s.wire(&t, false))
		}
		return tokens, s.checkUser(r)
	})
	on("POST", "users/{user}/tokens", func(r *http.Request) (any, error) {
		if err := s.checkUser(r); err != nil {
			return nil, err
		}
		var body struct{ Description string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		t := s.AddToken(r.PathValue("user"), body.Description)
		return s.wire(&t, false), nil
	})
	on("DELETE", "users/{user}/tokens/{token}", func(r *http.Request) (any, error) {
		return nil, there(s.DeleteToken(r.PathValue("user"), r.PathValue("token")))
	})
	return mux
}

// errNotThere is the error for a user or a token that does not exist.
var errNotThere = errors.New("no such user or token")

func there(found bool) error {
	if !found {
		return errNotThere
	}
	return nil
}

func (s *Service) checkUser(r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return there(s.user(r.PathValue("user")) != nil)
}
