// Package emulator is a local OCI Identity for auth tokens. It behaves over HTTP as the real service is known to behave, checks the
// signature of every request, and can be told to fail.
//
// It is built from what is known about the service, and imports neither the provider's packages nor OCI's SDK, so that it can
// contradict them. docs/internals/emulator.md lists each behaviour with its source.
package emulator

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config describes a service. The zero value is a tenancy with one user and the home region us-phoenix-1.
type Config struct {
	// Users are the names of the users that exist from the start. Empty means one user, "alice".
	Users []string
	// Domains are the names of the identity domains besides Default. Each has one user from the start, of the same name. Empty
	// means that there are none.
	Domains []string
	// Regions are the regions that the tenancy subscribes to. The first is its home region, where users and their tokens
	// are created, changed and deleted, and the one that requests without a region in their path go to. Empty means
	// us-phoenix-1 alone.
	Regions []string
	// ReplicationLag is how long other regions take to show a write. SetListLag sets it for one region.
	ReplicationLag time.Duration
	// CreatingLists is how many lists show a new token as CREATING before it becomes ACTIVE.
	CreatingLists int
	// CreatingFor is how long a new token is CREATING before it becomes ACTIVE.
	CreatingFor time.Duration
	// LimitCode is the code of the answer to a third token: UserCapacityExceeded (with status 409), or LimitExceeded (400),
	// which some tenancies answer. Empty means UserCapacityExceeded.
	LimitCode string
	// LimitLag is how long a deleted token still counts as one of its user's two.
	LimitLag time.Duration
	// RequestsPerSecond is how many requests a second are admitted. The others are answered with 429. 0 means all.
	RequestsPerSecond float64
	// RequestsPerSecondPerUser is how many of them are admitted for each calling user. 0 means all.
	RequestsPerSecondPerUser float64
	// RetryAfter is the Retry-After header of a 429, in seconds. 0 means that there is none.
	RetryAfter int
	// Namespace is the tenancy's Object Storage namespace, which is also the first part of user names at the container registry.
	// Empty means a random one.
	Namespace string
	// Registry is the URL of a container registry to forward to. Empty means that there is none, so that clients can only log in.
	Registry string
	// RegistryDelay is how long the container registry takes to accept a new token.
	RegistryDelay time.Duration
	// TokenValue returns the value of a new token. Nil means random values.
	TokenValue func() string
	// Clock returns the time. Nil means time.Now.
	Clock func() time.Time
	// ClockSkew is how far the date of a request may differ from the service's time. 0 means 5 minutes.
	ClockSkew time.Duration
	// Sleep waits for a delay that a fault asks for. Nil means a timer.
	Sleep func(context.Context, time.Duration) error
	// Log gets a line for each request, without bodies. Nil means no log.
	Log io.Writer
	// Seed is the seed of the random choices of faults with a probability.
	Seed uint64
}

// User is a user of the tenancy.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Domain is the name of the identity domain that the user is in. Empty means Default.
	Domain string `json:"domain,omitempty"`
	// Email is the user's e-mail address, or empty.
	Email string `json:"email,omitempty"`
}

// Service is a local OCI Identity. It is an http.Handler, and safe for concurrent use.
type Service struct {
	config  Config
	tenancy string

	mu      sync.Mutex
	users   []*user
	domains []*Domain
	keys    map[string]apiKey // by the key id in a request's Authorization
	// delegations are the users who let others sign, by the token that says so.
	delegations map[string]delegation
	faults      faults
	journal     []Request
	bucket      bucket
	buckets     map[string]*bucket       // by the user who calls
	lists       map[string]time.Duration // how far the lists of a region lag, where it was set

	registry registryDoor
	control  http.Handler

	ctx   context.Context // ends when the service is closed
	close context.CancelFunc
	late  sync.WaitGroup // the requests that are carried out after the client has left
}

// user is a User with what belongs to it.
type user struct {
	User
	scimID  string
	tokens  []*Token
	deleted []*Token         // the tokens that lagging regions may still list, and that the limit may still count
	retries map[string]retry // by opc-retry-token
	denied  bool
	// registryName is the name at the registry, without the namespace, if it differs from the default.
	registryName string
}

// New returns a service.
func New(config Config) (*Service, error) {
	if len(config.Users) == 0 {
		config.Users = []string{"alice"}
	}
	if len(config.Regions) == 0 {
		config.Regions = []string{"us-phoenix-1"}
	}
	if config.LimitCode == "" {
		config.LimitCode = "UserCapacityExceeded"
	}
	if config.Namespace == "" {
		config.Namespace = randomFrom("abcdefghijklmnopqrstuvwxyz0123456789", 12)
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	if config.ClockSkew == 0 {
		config.ClockSkew = clockSkew
	}
	if config.Sleep == nil {
		config.Sleep = sleep
	}
	if config.TokenValue == nil {
		config.TokenValue = randomValue
	}
	for _, region := range config.Regions {
		if _, ok := regionKeys[region]; !ok {
			return nil, fmt.Errorf("unknown region %q: this service knows %s", region, strings.Join(knownRegions(), ", "))
		}
	}
	if config.LimitCode != "UserCapacityExceeded" && config.LimitCode != "LimitExceeded" {
		return nil, errors.New("LimitCode is UserCapacityExceeded or LimitExceeded")
	}
	s := &Service{
		config: config, tenancy: newOCID("tenancy"), keys: map[string]apiKey{}, buckets: map[string]*bucket{},
		lists: map[string]time.Duration{},
	}
	var err error
	if s.registry, err = newRegistryDoor(config.Registry); err != nil {
		return nil, err
	}
	s.control = s.newControl()
	s.ctx, s.close = context.WithCancel(context.Background())
	s.faults.seed(config.Seed)
	for _, name := range config.Users {
		s.AddUser(name)
	}
	for _, name := range config.Domains {
		if name == "" || name == "Default" || s.domain(name) != nil {
			return nil, fmt.Errorf("%q is not the name of another identity domain", name)
		}
		s.domains = append(s.domains, &Domain{ID: newOCID("domain"), Name: name})
		s.AddUserIn(name, name)
	}
	return s, nil
}

// Close drops the late requests that have not been carried out, and ends endless answers. It waits for requests that are being
// carried out.
func (s *Service) Close() {
	s.mu.Lock()
	s.close()
	s.mu.Unlock()
	s.late.Wait()
}

// Wait waits until every late request has been carried out.
func (s *Service) Wait() { s.late.Wait() }

// TenancyID returns the OCID of the tenancy.
func (s *Service) TenancyID() string { return s.tenancy }

// Users returns the users that exist, oldest first.
func (s *Service) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := make([]User, len(s.users))
	for i, u := range s.users {
		users[i] = u.User
	}
	return users
}

// AddUser creates a user of the Default domain.
func (s *Service) AddUser(name string) User { return s.AddUserIn("", name) }

// AddUserIn creates a user of an identity domain, which must exist.
func (s *Service) AddUserIn(domain, name string) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := &user{User: User{ID: newOCID("user"), Name: name, Domain: domain}, scimID: randomHex(16), retries: map[string]retry{}}
	s.users = append(s.users, u)
	return u.User
}

// MoveUser moves a user of the Default domain to another domain, with the tokens, as Oracle moves users. It reports whether both
// exist.
func (s *Service) MoveUser(id, domain string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(id)
	if u == nil || s.domain(domain) == nil {
		return false
	}
	u.Domain = domain
	return true
}

// SetEmail sets the e-mail address of a user, who must exist.
func (s *Service) SetEmail(userID, email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user(userID).Email = email
}

// RemoveUser deletes a user with all tokens. It reports whether the user existed.
func (s *Service) RemoveUser(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.users)
	s.users = slices.DeleteFunc(s.users, func(u *user) bool { return u.ID == id })
	return len(s.users) < before
}

// Deny takes the permission to see and change this user's tokens from everyone. From now on the answer is 404 or, in an identity
// domain, 401.
func (s *Service) Deny(userID string) { s.setDenied(userID, true) }

// Allow gives back the permission that Deny took.
func (s *Service) Allow(userID string) { s.setDenied(userID, false) }

func (s *Service) setDenied(userID string, denied bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.user(userID); u != nil {
		u.denied = denied
	}
}

// user finds a user. The caller holds the lock.
func (s *Service) user(id string) *user {
	for _, u := range s.users {
		if u.ID == id {
			return u
		}
	}
	return nil
}

// newOCID returns an identifier with 60 random characters, as in OCI.
func newOCID(kind string) string {
	return "ocid1." + kind + ".oc1.." + "aaaaaaaa" + randomFrom("abcdefghijklmnopqrstuvwxyz234567", 52)
}

// randomFrom returns n random characters of an alphabet, which has at most 256.
func randomFrom(alphabet string, n int) string {
	text := make([]byte, 0, n)
	var random [64]byte
	for len(text) < n {
		_, _ = rand.Read(random[:]) // it never fails
		for _, b := range random {
			if limit := 256 - 256%len(alphabet); int(b) < limit && len(text) < n {
				text = append(text, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(text)
}

func randomHex(bytes int) string {
	random := make([]byte, bytes)
	_, _ = rand.Read(random) // it never fails
	return hex.EncodeToString(random)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
