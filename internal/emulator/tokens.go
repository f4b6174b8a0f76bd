package emulator

import (
	"slices"
	"time"
)

// tokensPerUser is how many auth tokens a user holds at most.
const tokensPerUser = 2

// retryTokensLive is how long an opc-retry-token replays the first answer.
const retryTokensLive = 24 * time.Hour

// Token is an auth token as the service keeps it.
type Token struct {
	ID             string
	UserID         string
	Description    string
	Value          string
	LifecycleState string
	InactiveStatus *int64
	TimeCreated    time.Time
	TimeExpires    *time.Time
	ETag           string

	creatingLists int       // how many more lists show it as CREATING
	hiddenLists   int       // how many more lists do not show it
	changed       time.Time // when it was last written, for regions that lag
}

// wire is a token as it goes over the wire. Fields that are null are left out.
type wire struct {
	Token          string `json:"token,omitempty"`
	ID             string `json:"id"`
	UserID         string `json:"userId"`
	CompartmentID  string `json:"compartmentId"`
	Description    string `json:"description"`
	TimeCreated    string `json:"timeCreated"`
	TimeExpires    string `json:"timeExpires,omitempty"`
	LifecycleState string `json:"lifecycleState"`
	InactiveStatus *int64 `json:"inactiveStatus,omitempty"`
}

func (s *Service) wire(t *Token, withValue bool) wire {
	w := wire{
		ID: t.ID, UserID: t.UserID, CompartmentID: s.tenancy, Description: t.Description,
		TimeCreated: timestamp(t.TimeCreated), LifecycleState: t.LifecycleState, InactiveStatus: t.InactiveStatus,
	}
	if withValue {
		w.Token = t.Value
	}
	if t.TimeExpires != nil {
		w.TimeExpires = timestamp(*t.TimeExpires)
	}
	return w
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// retry is what an opc-retry-token stands for.
type retry struct {
	at          time.Time
	description string
	tokenID     string
	answer      wire
	etag        string
}

// create makes a token, or answers as before if the retry token says so. The caller holds the lock.
func (s *Service) create(u *user, retryToken, description string) (wire, string, *failure) {
	now := s.config.Clock()
	if before, ok := u.retries[retryToken]; ok && retryToken != "" && now.Sub(before.at) < retryTokensLive {
		if before.description != description || u.token(before.tokenID) == nil {
			return wire{}, "", invalidatedRetryToken
		}
		return before.answer, before.etag, nil
	}
	if len(u.tokens) >= tokensPerUser {
		return wire{}, "", s.limitExceeded()
	}
	t := s.add(u, description)
	t.creatingLists = s.config.CreatingLists
	if t.creatingLists > 0 {
		t.LifecycleState = "CREATING"
	}
	answer := s.wire(t, true)
	if retryToken != "" {
		u.retries[retryToken] = retry{at: now, description: description, tokenID: t.ID, answer: answer, etag: t.ETag}
	}
	return answer, t.ETag, nil
}

// add puts a new ACTIVE token under a user. The caller holds the lock.
func (s *Service) add(u *user, description string) *Token {
	now := s.config.Clock()
	t := &Token{
		ID: newOCID("credential"), UserID: u.ID, Description: description, Value: s.config.TokenValue(),
		LifecycleState: "ACTIVE", TimeCreated: now.Truncate(time.Millisecond), ETag: randomHex(20), changed: now,
	}
	u.tokens = append(u.tokens, t)
	return t
}

// list is what a region shows of a user's tokens. The caller holds the lock.
func (s *Service) list(u *user, region string) []wire {
	seen := []wire{}
	for _, t := range u.tokens {
		if region != s.home() && s.config.Clock().Sub(t.changed) < s.config.ReplicationLag {
			continue
		}
		if t.hiddenLists > 0 {
			t.hiddenLists--
			continue
		}
		seen = append(seen, s.wire(t, false))
		if t.LifecycleState == "CREATING" {
			if t.creatingLists--; t.creatingLists <= 0 {
				t.LifecycleState = "ACTIVE"
			}
		}
	}
	return seen
}

func (u *user) token(id string) *Token {
	for _, t := range u.tokens {
		if t.ID == id {
			return t
		}
	}
	return nil
}

func (u *user) drop(t *Token) {
	u.tokens = slices.DeleteFunc(u.tokens, func(other *Token) bool { return other == t })
}

// Tokens are a user's tokens as they are, values included.
func (s *Service) Tokens(userID string) []Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	var tokens []Token
	if u := s.user(userID); u != nil {
		for _, t := range u.tokens {
			tokens = append(tokens, *t)
		}
	}
	return tokens
}

// AddToken makes a token behind everyone's back, past the limit too. The user must exist.
func (s *Service) AddToken(userID, description string) Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.add(s.user(userID), description)
}

// DeleteToken deletes a token behind everyone's back. It tells whether there was one.
func (s *Service) DeleteToken(userID, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(userID)
	if u == nil {
		return false
	}
	t := u.token(id)
	u.drop(t)
	return t != nil
}

// EditToken changes a token behind everyone's back. It tells whether there was one.
func (s *Service) EditToken(userID, id string, edit func(*Token)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(userID)
	if u == nil || u.token(id) == nil {
		return false
	}
	edit(u.token(id))
	return true
}

// HideFromLists keeps a token out of the next lists of its user's tokens, as a list that lags does.
func (s *Service) HideFromLists(userID, id string, lists int) {
	s.EditToken(userID, id, func(t *Token) { t.hiddenLists = lists })
}

// SetCreatingLists sets how many lists show a new token as CREATING, from now on.
func (s *Service) SetCreatingLists(lists int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.CreatingLists = lists
}

// Authenticate tells whether a value is that of a user's active token, as a service that takes auth tokens would.
func (s *Service) Authenticate(userID, value string) bool {
	return slices.ContainsFunc(s.Tokens(userID), func(t Token) bool {
		return t.Value == value && t.LifecycleState == "ACTIVE"
	})
}

// randomValue makes a value of 20 characters with the punctuation that the real ones have.
func randomValue() string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	const punctuation = "(){}<>[]#:;.,-_+!?@$%^&*~"
	return randomFrom(alphabet+punctuation, 18) + randomFrom(punctuation, 2)
}
