package harness

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// PluginVersion is the version of the provider under test.
const PluginVersion = "1.2.3"

// World is everything around the provider under test: a local OCI, and the environment of the machine.
type World struct {
	T    *testing.T
	OCI  *emulator.Service
	URL  string // of OCI
	User string // the OCID of the user whose tokens are managed
	// DomainURL is the URL of the user's identity domain. If it is empty, the user is in Default, and makes the calls.
	DomainURL   string
	Credentials emulator.Credentials // of the user who makes the calls
	Clock       *Clock               // the provider's, if it runs in this process
	// Env holds the environment variables of the machine.
	Env map[string]string
	// SetProcessEnv sets a variable of the process, for what OCI's SDK reads from there.
	SetProcessEnv func(name, value string) error
	// LookupPanics makes every look at the environment panic.
	LookupPanics bool
	// Home is the home directory of the machine. If it is empty, there is none.
	Home string
}

// NewWorld starts a local OCI with one user, who makes the calls, and whose credentials are in the environment.
func NewWorld(t *testing.T) *World {
	t.Helper()
	return NewWorldWith(t, emulator.Config{})
}

// NewWorldWith starts a local OCI with a configuration.
func NewWorldWith(t *testing.T, config emulator.Config) *World {
	t.Helper()
	config.TokenValue = CanaryValue
	oci, err := emulator.New(config)
	require.NoError(t, err)
	server := oci.Start()
	t.Cleanup(server.Close)

	w := &World{T: t, OCI: oci, URL: server.URL, Clock: NewClock(), Home: t.TempDir()}
	w.SetProcessEnv = func(string, string) error { return nil } // other tests run at the same time
	w.User = oci.Users()[0].ID
	w.Credentials, err = oci.CredentialsFor(w.User, callerKey())
	require.NoError(t, err)
	w.Env = map[string]string{
		"OCI_TENANCY_OCID": w.Credentials.TenancyID,
		"OCI_USER_OCID":    w.Credentials.UserID,
		"OCI_FINGERPRINT":  w.Credentials.Fingerprint,
		"OCI_PRIVATE_KEY":  w.Credentials.PrivateKeyPEM,
		"OCI_REGION":       w.Credentials.Region,
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

// Calls counts the requests that OCI has had for an operation since the journal was last reset.
func (w *World) Calls(operation string) int {
	n := 0
	for _, request := range w.OCI.Journal() {
		if request.Operation == operation {
			n++
		}
	}
	return n
}

// Writes counts the requests that could have changed something.
func (w *World) Writes() int {
	return w.Calls("CreateAuthToken") + w.Calls("UpdateAuthToken") + w.Calls("DeleteAuthToken")
}

// Tokens returns the user's tokens in OCI, with their values.
func (w *World) Tokens() []emulator.Token { return w.OCI.Tokens(w.User) }

// OnlyToken returns the user's only token.
func (w *World) OnlyToken() emulator.Token {
	w.T.Helper()
	tokens := w.Tokens()
	require.Len(w.T, tokens, 1)
	return tokens[0]
}

// Gate holds back the answer to the next request for an operation. It returns a channel that is closed once the request has been carried
// out, and a function that releases the answer.
func (w *World) Gate(operation string) (arrived <-chan struct{}, release func()) {
	came, open := make(chan struct{}), make(chan struct{})
	w.OCI.Inject(emulator.Fault{Operation: operation, Times: 1, Hold: func() {
		close(came)
		<-open
	}})
	return came, sync.OnceFunc(func() { close(open) })
}

// Inputs returns the arguments of a token for a user.
func (w *World) Inputs(userID, description string) resource.PropertyMap {
	inputs := resource.NewPropertyMapFromMap(map[string]any{"userId": userID, "description": description})
	if w.DomainURL != "" {
		inputs["domainUrl"] = resource.NewProperty(w.DomainURL)
	}
	return inputs
}

// AddUser creates another user, in the same domain as the first one.
func (w *World) AddUser(name string) string {
	w.T.Helper()
	if w.DomainURL == "" {
		return w.OCI.AddUser(name).ID
	}
	return w.OCI.AddUserIn(w.OCI.Domains()[0].Name, name).ID
}

// RegionsOf returns the regions in which an operation was called, in order.
func (w *World) RegionsOf(operation string) []string {
	var regions []string
	for _, request := range w.OCI.Journal() {
		if request.Operation == operation {
			regions = append(regions, request.Region)
		}
	}
	return regions
}

// RetryTokens returns the retry tokens that creations were sent with.
func (w *World) RetryTokens() map[string]bool {
	sent := map[string]bool{}
	for _, request := range w.OCI.Journal() {
		if request.Operation == "CreateAuthToken" {
			sent[request.RetryToken] = true
		}
	}
	return sent
}
