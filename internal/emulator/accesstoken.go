package emulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	// bearerUser is the user name to which an access token is the password.
	bearerUser = "BEARER_TOKEN"
	// accessTokenLives is how long an access token is valid.
	accessTokenLives = time.Hour
)

// accessToken is what a login to the registry allows, by an access token or by an auth token.
type accessToken struct {
	callerID string
	// scope limits the login. Empty means everything that the caller may do.
	scope   string
	expires time.Time
}

// isSigned reports whether a request has a signature, which may be wrong.
func isSigned(r *http.Request) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Signature")
}

// getAccessToken gives the caller a password for the registry, as containerregistry.GetAccessToken of OCI's SDKs has it. The caller
// of this holds the lock.
func (s *Service) getAccessToken(c *call) answer {
	issued := accessToken{c.callerID, c.URL.Query().Get("scope"), s.config.Clock().Add(accessTokenLives)}
	value := s.config.TokenValue()
	s.registry.accessTokens[value] = issued
	return answer{status: http.StatusOK, body: map[string]any{
		"token": value, "access_token": value, "scope": issued.scope, "expires_in": int(accessTokenLives.Seconds()),
	}}
}

// LimitRepositories limits what the registry lets a caller do, as policies do: nothing, "pull", or "pull" and "push". Without a limit
// it is everything below the tenancy's namespace.
func (s *Service) LimitRepositories(callerID string, actions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.registry.actions[callerID] = actions
}

// allows reports whether the scope of a login includes an action.
func (a *accessToken) allows(repository, action string) bool {
	return a.scope == "" || slices.ContainsFunc(repositories(a.scope), func(r repositoryScope) bool {
		return r.name == repository && slices.Contains(r.actions, action)
	})
}

// repositoryScope is a scope about a repository: https://distribution.github.io/distribution/spec/auth/scope/.
type repositoryScope struct {
	name    string
	actions []string
}

// repositories returns the repositories in a scope.
func repositories(scope string) []repositoryScope {
	var found []repositoryScope
	for one := range strings.FieldsSeq(scope) {
		if parts := strings.Split(one, ":"); len(parts) == 3 && parts[0] == "repository" {
			found = append(found, repositoryScope{parts[1], strings.Split(parts[2], ",")})
		}
	}
	return found
}
