// Package ocitest has what tests give to a client of OCI: credentials, a clock and a listener.
package ocitest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
)

const (
	// Tenancy is the OCID of the tenancy of the credentials.
	Tenancy = "ocid1.tenancy.oc1..t"
	// User is the OCID of the user of the credentials.
	User = "ocid1.user.oc1..u"
)

// Credentials sign with a key that was generated for these tests.
type Credentials struct{ key *rsa.PrivateKey }

// NewCredentials returns the credentials of the tests of this process.
var NewCredentials = sync.OnceValue(func() Credentials {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return Credentials{key}
})

// TenancyOCID returns Tenancy.
func (Credentials) TenancyOCID() (string, error) { return Tenancy, nil }

// UserOCID returns User.
func (Credentials) UserOCID() (string, error) { return User, nil }

// KeyFingerprint returns a fingerprint.
func (Credentials) KeyFingerprint() (string, error) { return "aa", nil }

// KeyID returns the id of the key.
func (Credentials) KeyID() (string, error) { return "key", nil }

// Region returns us-phoenix-1.
func (Credentials) Region() (string, error) { return "us-phoenix-1", nil }

// PrivateRSAKey returns the key.
func (c Credentials) PrivateRSAKey() (*rsa.PrivateKey, error) { return c.key, nil }

// AuthType returns nothing.
func (Credentials) AuthType() (common.AuthConfig, error) { return common.AuthConfig{}, nil }

// Clock is a clock on which sleeping takes no time.
type Clock struct {
	mu    sync.Mutex
	slept time.Duration
}

// Now returns the machine's time and what was slept.
func (c *Clock) Now() time.Time { return time.Now().Add(c.Slept()) }

// Sleep adds d to what was slept, and returns at once.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept += d
	return context.Cause(ctx)
}

// Slept returns how long all sleeps would have taken.
func (c *Clock) Slept() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slept
}

// Silence is a listener that nobody hears.
type Silence struct{}

// InfoStatus does nothing.
func (Silence) InfoStatus(string) {}

// Warning does nothing.
func (Silence) Warning(string) {}
