package emulator

import (
	"slices"
	"time"
)

// tokensPerUser is how many auth tokens a user holds at most.
const tokensPerUser = 2

// retryTokensLive is how long an opc-retry-token replays the first answer.
const retryTokensLive = 24 * time.Hour

// longestLag is how long a deleted token is kept for the lists of regions that lag.
const longestLag = 24 * time.Hour

// Token is an auth token as the service keeps it.
type Token struct {
	ID string
	// SCIMID is what an identity domain calls the token besides.
	SCIMID         string
	UserID         string
	Description    string
	Value          string
	LifecycleState string
	InactiveStatus *int64
	TimeCreated    time.Time
	TimeExpires    *time.Time
	ETag           string
	// RequestID is the opc-request-id of the request that made it. It is empty if it was made behind everyone's back.
	RequestID string

	creatingLists int       // how many more lists show it as CREATING
	creatingUntil time.Time // until when it is CREATING
	hiddenLists   int       // how many more lists do not show it

	// For the lists of regions that lag: when it was made, last changed and deleted, and how it was before the change.
	added, changed, deleted time.Time
	before                  *Token
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
	at   time.Time
	wish wish
	made Token
}

// wish is what a creation asks for.
type wish struct {
	description string
	expires     time.Time // zero for never
}

// create makes a token, or answers as before if the retry token says so. The caller holds the lock.
func (s *Service) create(u *user, c *call, w wish) (Token, *failure) {
	retryToken := c.Header.Get("opc-retry-token")
	now := s.config.Clock()
	if before, ok := u.retries[retryToken]; ok && retryToken != "" && now.Sub(before.at) < retryTokensLive {
		if before.wish != w || u.token(before.made.ID) == nil {
			return Token{}, invalidatedRetryToken
		}
		return before.made, nil
	}
	if len(u.tokens) >= tokensPerUser {
		return Token{}, s.limitExceeded()
	}
	t := s.add(u, w.description)
	t.RequestID = c.requestID
	if !w.expires.IsZero() {
		t.TimeExpires = &w.expires
	}
	if c.domain == nil {
		t.creatingLists, t.creatingUntil = s.config.CreatingLists, now.Add(s.config.CreatingFor)
		if t.creatingLists > 0 || s.config.CreatingFor > 0 {
			t.LifecycleState = "CREATING"
		}
	}
	if retryToken != "" {
		u.retries[retryToken] = retry{at: now, wish: w, made: *t}
	}
	return *t, nil
}

// add puts a new ACTIVE token under a user. The caller holds the lock.
func (s *Service) add(u *user, description string) *Token {
	now := s.config.Clock()
	t := &Token{
		ID: newOCID("credential"), SCIMID: randomHex(16), UserID: u.ID, Description: description, Value: s.config.TokenValue(),
		LifecycleState: "ACTIVE", TimeCreated: now.Truncate(time.Millisecond), ETag: randomHex(20), added: now,
	}
	u.tokens = append(u.tokens, t)
	return t
}

// list is what a region shows of a user's tokens. The caller holds the lock.
func (s *Service) list(u *user, region string) []Token {
	var seen []Token
	now, lag := s.config.Clock(), s.lag(region)
	for _, t := range u.tokens {
		if now.Sub(t.added) < lag {
			continue
		}
		if t.hiddenLists > 0 {
			t.hiddenLists--
			continue
		}
		t.settle(now)
		if t.before != nil && region != s.home() && now.Sub(t.changed) < lag {
			seen = append(seen, *t.before)
			continue
		}
		seen = append(seen, *t)
		if t.LifecycleState == "CREATING" && t.creatingLists > 0 {
			t.creatingLists--
			t.settle(now)
		}
	}
	if region == s.home() {
		return seen
	}
	for _, t := range u.deleted {
		if now.Sub(t.added) >= lag && now.Sub(t.deleted) < lag {
			seen = append(seen, *t)
		}
	}
	return seen
}

// settle makes a token ACTIVE once it has been CREATING for long enough.
func (t *Token) settle(now time.Time) {
	if t.LifecycleState == "CREATING" && t.creatingLists <= 0 && !now.Before(t.creatingUntil) {
		t.LifecycleState = "ACTIVE"
	}
}

// lag is how far the lists of a region lag behind. The caller holds the lock.
func (s *Service) lag(region string) time.Duration {
	if lag, ok := s.lists[region]; ok {
		return lag
	}
	if region == s.home() {
		return 0
	}
	return s.config.ReplicationLag
}

// SetListLag sets how far the lists of a region lag behind, from now on. A new token is missing from them for so long; outside
// the home region, a changed one is shown as it was, and a deleted one is still there.
func (s *Service) SetListLag(region string, lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists[region] = lag
}

func (u *user) token(id string) *Token {
	for _, t := range u.tokens {
		if t.ID == id || t.SCIMID == id {
			return t
		}
	}
	return nil
}

func (u *user) drop(t *Token, now time.Time) {
	t.deleted = now
	u.deleted = slices.DeleteFunc(append(u.deleted, t), func(old *Token) bool { return now.Sub(old.deleted) > longestLag })
	u.tokens = slices.DeleteFunc(u.tokens, func(other *Token) bool { return other == t })
}

// Tokens are a user's tokens as they are, values included.
func (s *Service) Tokens(userID string) []Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	var tokens []Token
	if u := s.user(userID); u != nil {
		for _, t := range u.tokens {
			t.settle(s.config.Clock())
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
	if t == nil {
		return false
	}
	u.drop(t, s.config.Clock())
	return true
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

// SetCreatingFor sets how long a new token is CREATING, from now on.
func (s *Service) SetCreatingFor(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.CreatingFor = d
}

// Authenticate tells whether a value is that of a user's active token, as a service that takes auth tokens would.
func (s *Service) Authenticate(userID, value string) bool {
	return slices.ContainsFunc(s.Tokens(userID), func(t Token) bool {
		return t.Value == value && t.LifecycleState == "ACTIVE" && (t.TimeExpires == nil || s.config.Clock().Before(*t.TimeExpires))
	})
}

// randomValue makes a value of 20 characters with the punctuation that the real ones have.
func randomValue() string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	const punctuation = "(){}<>[]#:;.,-_+!?@$%^&*~"
	return randomFrom(alphabet+punctuation, 18) + randomFrom(punctuation, 2)
}
