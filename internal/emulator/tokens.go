package emulator

import (
	"slices"
	"time"
)

// tokensPerUser is how many auth tokens a user can have.
const tokensPerUser = 2

// retryTokensLive is how long an opc-retry-token replays the first answer.
const retryTokensLive = 24 * time.Hour

// longestLag is how long a deleted token is kept for what lags behind: the lists of regions, and the limit.
const longestLag = 24 * time.Hour

// Token is an auth token as the service keeps it.
type Token struct {
	ID string
	// SCIMID is the id that an identity domain gives the token besides the OCID.
	SCIMID         string
	UserID         string
	Description    string
	Value          string
	LifecycleState string
	InactiveStatus *int64
	TimeCreated    time.Time
	TimeExpires    *time.Time
	ETag           string
	// RequestID is the opc-request-id of the request that created the token. It is empty if AddToken did.
	RequestID string

	creatingLists int       // how many more lists show it as CREATING
	creatingUntil time.Time // until when it is CREATING
	hiddenLists   int       // how many more lists do not show it

	// For lists that lag behind: when the token was created, last changed and deleted, and what it was before the change.
	added, changed, deleted time.Time
	before                  *Token
}

// wire is a token as it is encoded in JSON. Null fields are left out.
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

// retry is the first answer to a request with an opc-retry-token.
type retry struct {
	at   time.Time
	wish wish
	made Token
}

// wish holds the arguments of a creation.
type wish struct {
	description string
	expires     time.Time // zero for never
}

// create creates a token, or repeats the first answer if the retry token is known. The caller holds the lock.
func (s *Service) create(u *user, c *call, w wish) (Token, *failure) {
	retryToken := c.Header.Get("opc-retry-token")
	now := s.config.Clock()
	if before, ok := u.retries[retryToken]; ok && retryToken != "" && now.Sub(before.at) < retryTokensLive {
		if before.wish != w || u.token(before.made.ID) == nil {
			return Token{}, invalidatedRetryToken
		}
		return before.made, nil
	}
	if u.counted(now, s.config.LimitLag) >= tokensPerUser {
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

// counted returns how many of a user's tokens count for the limit: those that exist, and those that were deleted less than lag ago.
func (u *user) counted(now time.Time, lag time.Duration) int {
	n := len(u.tokens)
	for _, t := range u.deleted {
		if now.Sub(t.deleted) < lag {
			n++
		}
	}
	return n
}

// add adds a new ACTIVE token to a user. The caller holds the lock.
func (s *Service) add(u *user, description string) *Token {
	now := s.config.Clock()
	t := &Token{
		ID: newOCID("credential"), SCIMID: randomHex(16), UserID: u.ID, Description: description, Value: s.config.TokenValue(),
		LifecycleState: "ACTIVE", TimeCreated: now.Truncate(time.Millisecond), ETag: randomHex(20), added: now,
	}
	u.tokens = append(u.tokens, t)
	return t
}

// list returns a user's tokens as a region shows them. The caller holds the lock.
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

// lag returns how far the lists of a region lag behind. The caller holds the lock.
func (s *Service) lag(region string) time.Duration {
	if lag, ok := s.lists[region]; ok {
		return lag
	}
	if region == s.home() {
		return 0
	}
	return s.config.ReplicationLag
}

// SetListLag sets how far the lists of a region lag behind, from now on. For that long, new tokens are missing from them. Outside of
// the home region, they also show changed tokens as they were, and still show deleted ones.
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

// Tokens returns a user's current tokens with their values.
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

// AddToken adds a token without a request, even beyond the limit. The user must exist.
func (s *Service) AddToken(userID, description string) Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.add(s.user(userID), description)
}

// DeleteToken deletes a token without a request. It reports whether the token existed.
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

// EditToken changes a token without a request. It reports whether the token exists.
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

// HideFromLists hides a token from the next lists of its user's tokens, as if they lagged behind.
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

// SetLimitLag sets how long a deleted token still counts as one of its user's two, from now on.
func (s *Service) SetLimitLag(lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.LimitLag = lag
}

// Authenticate reports whether a value belongs to an active token of a user. A service that accepts auth tokens would check that.
func (s *Service) Authenticate(userID, value string) bool { return s.authenticates(userID, value, 0) }

// authenticates does the same for a service that takes a while to accept a new token.
func (s *Service) authenticates(userID, value string, delay time.Duration) bool {
	now := s.config.Clock()
	return slices.ContainsFunc(s.Tokens(userID), func(t Token) bool {
		return t.Value == value && t.LifecycleState == "ACTIVE" && (t.TimeExpires == nil || now.Before(*t.TimeExpires)) && now.Sub(t.added) >= delay
	})
}

// randomValue returns a value of 20 characters with the punctuation of real values.
func randomValue() string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	const punctuation = "(){}<>[]#:;.,-_+!?@$%^&*~"
	return randomFrom(alphabet+punctuation, 18) + randomFrom(punctuation, 2)
}
