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

// Credentials sign with a key that was generated for these tests, as User in us-phoenix-1.
type Credentials struct {
	common.ConfigurationProvider
	key *rsa.PrivateKey
}

// NewCredentials returns the credentials of the tests of this process.
var NewCredentials = sync.OnceValue(func() Credentials {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return Credentials{common.NewRawConfigurationProvider(Tenancy, User, "us-phoenix-1", "aa", "", nil), key}
})

// PrivateRSAKey returns the key.
func (c Credentials) PrivateRSAKey() (*rsa.PrivateKey, error) { return c.key, nil }

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
