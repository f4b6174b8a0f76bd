// Package tests contains the whole-system tests. They run the provider between the real engine and a local OCI Identity service over
// HTTP.
package tests

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
)

// canary is part of every token value in these tests, so that a leak can be searched for.
const canary = "c4n4rY"

// pluginVersion is the version of the provider under test.
const pluginVersion = "1.2.3"

// world is everything around the provider under test: a local OCI, and the environment of the machine.
type world struct {
	// setProcessEnv sets a variable of the process, for what OCI's SDK reads from there.
	setProcessEnv func(name, value string) error
	t             *testing.T
	oci           *emulator.Service
	url           string
	stop          func()
	user          string // the OCID of the user whose tokens are managed
	// domainURL is the URL of the user's identity domain. If it is empty, the user is in Default, and makes the calls.
	domainURL string
	creds     emulator.Credentials
	clock     *testClock
	// env holds the environment variables of the machine.
	env map[string]string
	// lookupPanics makes every look at the environment panic.
	lookupPanics bool
	// home is the home directory of the machine. If it is empty, there is none.
	home string
}

// newWorld starts a local OCI with one user, whose credentials are in the environment.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, emulator.Config{})
}

// newWorldWith starts a local OCI with a configuration.
func newWorldWith(t *testing.T, config emulator.Config) *world {
	t.Helper()
	config.TokenValue = canaryValue
	oci, err := emulator.New(config)
	require.NoError(t, err)
	server := oci.Start()
	t.Cleanup(server.Close)

	w := &world{t: t, oci: oci, url: server.URL, stop: server.Close, clock: newTestClock(), home: t.TempDir()}
	w.setProcessEnv = func(string, string) error { return nil } // other tests run at the same time
	w.user = oci.Users()[0].ID
	w.creds, err = oci.CredentialsFor(w.user, callerKey())
	require.NoError(t, err)
	w.env = map[string]string{
		"OCI_TENANCY_OCID": w.creds.TenancyID,
		"OCI_USER_OCID":    w.creds.UserID,
		"OCI_FINGERPRINT":  w.creds.Fingerprint,
		"OCI_PRIVATE_KEY":  w.creds.PrivateKeyPEM,
		"OCI_REGION":       w.creds.Region,
	}
	return w
}

// callerKey returns the key of the caller in every world. There is only one, and it is short, because generating keys and signing with
// them would otherwise take most of the tests' time. tests/contract signs with keys of the length that OCI requires.
var callerKey = newKey()

// newKey returns a function that generates a key when it is first called, and then returns it.
func newKey() func() *rsa.PrivateKey {
	return sync.OnceValue(func() *rsa.PrivateKey {
		key, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			panic(err)
		}
		return key
	})
}

// canaryValue returns a token's value of 20 characters that contains the canary, and punctuation as OCI's tokens do.
func canaryValue() string { return `({;#` + canary + `<:>` + rand.Text()[:7] }

// provider creates the provider under test, as main does.
func (w *world) provider() p.Provider {
	w.t.Helper()
	under, err := provider.New(provider.Options{
		Version: pluginVersion,
		Clock:   w.clock,
		Environment: auth.Environment{
			LookupEnv: func(name string) (string, bool) {
				if w.lookupPanics {
					panic(canary)
				}
				value, ok := w.env[name]
				return value, ok
			},
			HomeDir: func() (string, error) {
				if w.home == "" {
					return "", errors.New("$HOME is not defined")
				}
				return w.home, nil
			},
			Setenv: w.setProcessEnv,
		},
	})
	require.NoError(w.t, err)
	return under
}

// serve runs a new provider with gRPC on loopback, as the engine starts a plugin for each provider.
func (w *world) serve() pulumirpc.ResourceProviderClient {
	w.t.Helper()
	server, err := provider.Server(w.provider(), pluginVersion)(nil)
	require.NoError(w.t, err)
	stop := make(chan bool)
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stop,
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(s, server)
			return nil
		},
	})
	require.NoError(w.t, err)
	connection, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", handle.Port),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(w.t, err)
	w.t.Cleanup(func() {
		_ = connection.Close()
		close(stop)
		assert.NoError(w.t, <-handle.Done)
	})
	return pulumirpc.NewResourceProviderClient(connection)
}

// calls counts the requests that OCI has had for an operation since the journal was last reset.
func (w *world) calls(operation string) int {
	n := 0
	for _, request := range w.oci.Journal() {
		if request.Operation == operation {
			n++
		}
	}
	return n
}

// writes counts the requests that could have changed something.
func (w *world) writes() int {
	return w.calls("CreateAuthToken") + w.calls("UpdateAuthToken") + w.calls("DeleteAuthToken")
}

// tokens returns the user's tokens in OCI, with their values.
func (w *world) tokens() []emulator.Token { return w.oci.Tokens(w.user) }

// onlyToken returns the user's only token.
func (w *world) onlyToken() emulator.Token {
	w.t.Helper()
	tokens := w.tokens()
	require.Len(w.t, tokens, 1)
	return tokens[0]
}

// canaries holds the canary as plaintext, and the parts of it that show in base64, for each position that it may start at.
var canaries = []string{
	canary,
	base64.RawStdEncoding.EncodeToString([]byte(canary)),
	base64.RawStdEncoding.EncodeToString([]byte("##" + canary + "#"))[3:10],
	base64.RawStdEncoding.EncodeToString([]byte("#" + canary + "##"))[2:9],
}

// requireNoValue fails if the text contains any part of a token's value.
func requireNoValue(t *testing.T, text string) {
	t.Helper()
	requireNone(t, text, canary)
}

// requireNone fails if the text contains any of the canaries.
func requireNone(t *testing.T, text string, canaries ...string) {
	t.Helper()
	for _, canary := range canaries {
		if at := strings.Index(text, canary); at >= 0 {
			t.Fatalf("a token's value is in clear near %q", strings.ReplaceAll(text[max(0, at-200):at], canary, "…"))
		}
	}
}

// testClock is a clock on which sleeping takes no time.
type testClock struct {
	mu    sync.Mutex
	ahead time.Duration
	slept time.Duration
	// asleep, if it is set, receives every sleep. A sleep then lasts until its context ends.
	asleep chan time.Duration
	// onSleep, if it is set, is called after each sleep.
	onSleep func()
	// panicking makes every question for the time panic.
	panicking atomic.Bool
}

func newTestClock() *testClock { return &testClock{} }

func (c *testClock) Now() time.Time {
	if c.panicking.Load() {
		panic(canary)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *testClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	asleep := c.asleep
	c.mu.Unlock()
	if asleep != nil {
		asleep <- d
		<-ctx.Done()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.advance(d)
	c.mu.Lock()
	c.slept += d
	c.mu.Unlock()
	if c.onSleep != nil {
		c.onSleep()
	}
	return nil
}

// tellSleeps makes every sleep from now on last until its context ends, and sends its duration to asleep. tellSleeps(nil) ends that.
func (c *testClock) tellSleeps(asleep chan time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asleep = asleep
}

// advance advances the clock.
func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// gate holds back the answer to the next request for an operation. It returns a channel that is closed once the request has been carried
// out, and a function that releases the answer.
func (w *world) gate(operation string) (arrived <-chan struct{}, release func()) {
	came, open := make(chan struct{}), make(chan struct{})
	w.oci.Inject(emulator.Fault{Operation: operation, Times: 1, Hold: func() {
		close(came)
		<-open
	}})
	return came, sync.OnceFunc(func() { close(open) })
}
