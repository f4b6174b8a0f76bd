// Package examples runs the unchanged examples in examples/, in every language, with a local OCI Identity service.
package examples

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// canary is part of every token value in these tests, so that a leak can be searched for.
const canary = "c4n4rY"

// namespace is the beginning of the users' names at the registry. The length of both users' names makes the canary start at a group of
// three bytes.
const namespace = "mynamespace"

// canaryInBase64 is the part of the canary that shows in base64: the one that begins and ends with a group of three bytes.
var canaryInBase64 = base64.StdEncoding.EncodeToString([]byte("#" + canary + "<:"))

// world is a local OCI with two users, the first of whom makes the calls.
type world struct {
	t     *testing.T
	oci   *emulator.Service
	url   string
	users [2]string // their OCIDs
	names [2]string // their names at the registry
	// ociConfig is the file with the first user's credentials.
	ociConfig string
	// ahead is how far OCI's clock is ahead of this machine's.
	ahead *atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ahead := &atomic.Int64{}
	oci, err := emulator.New(emulator.Config{
		Clock:      func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
		ClockSkew:  2 * time.Hour, // The plugin signs by this machine's clock.
		Users:      []string{"alice", "carol"},
		Namespace:  namespace,
		TokenValue: func() string { return `({;#` + canary + `<:>` + rand.Text()[:7] },
	})
	require.NoError(t, err)
	server := oci.Start()
	t.Cleanup(server.Close)
	w := &world{t: t, oci: oci, url: server.URL, ahead: ahead}
	for i, user := range oci.Users() {
		w.users[i], w.names[i] = user.ID, namespace+"/"+user.Name
	}
	credentials, err := oci.CredentialsFor(w.users[0], callerKey())
	require.NoError(t, err)
	w.ociConfig, _, err = credentials.WriteConfigFile(t.TempDir(), "DEFAULT")
	require.NoError(t, err)
	return w
}

// callerKey returns the key of the caller in every world, because generating one takes longer than a pulumi command.
var callerKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// onlyToken returns the only token of a user. The other user must have none.
func (w *world) onlyToken(user string) emulator.Token {
	w.t.Helper()
	require.Len(w.t, w.tokens(), 1)
	require.Len(w.t, w.oci.Tokens(user), 1)
	return w.oci.Tokens(user)[0]
}

// tokens returns all tokens in OCI.
func (w *world) tokens() []emulator.Token {
	return append(w.oci.Tokens(w.users[0]), w.oci.Tokens(w.users[1])...)
}

// calls counts the requests that OCI has had for an operation.
func (w *world) calls(operation string) int {
	n := 0
	for _, request := range w.oci.Journal() {
		if request.Operation == operation {
			n++
		}
	}
	return n
}

// requireNoValue fails if the text contains any part of a token's value, as plaintext or in the base64 of Docker's configuration.
func requireNoValue(t *testing.T, where, text string) {
	t.Helper()
	if strings.Contains(text, canary) || strings.Contains(text, canaryInBase64) {
		t.Fatalf("%s: a token's value is in clear", where)
	}
}

// requireNoValueBelow fails if any file in a folder contains a part of a token's value.
func requireNoValueBelow(t *testing.T, folder string) {
	t.Helper()
	files := 0
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		requireNoValue(t, path, string(content))
		files++
		return err
	}))
	require.NotZero(t, files, "%s is empty", folder)
}
