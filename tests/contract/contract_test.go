// Package contract tests the emulator with OCI's own clients, which have their own signatures and parsers. If a client and the emulator
// disagree, the client is right.
package contract

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/identity"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// seen is what a client reports about the life of a token.
type seen struct {
	ID           string   `json:"id"`
	ValueSHA256  string   `json:"valueSHA256"`
	State        string   `json:"state"`
	Created      string   `json:"created"`
	Third        string   `json:"third"`
	Listed       []string `json:"listed"`
	ListedValues int      `json:"listedValues"`
	Updated      string   `json:"updated"`
	UpdatedValue bool     `json:"updatedValue"`
	Stale        string   `json:"stale"`
	Again        string   `json:"again"`
	Left         int      `json:"left"`
	UnknownKey   string   `json:"unknownKey"`
}

// service is a local OCI with one user, and the values of the tokens that it has created.
type service struct {
	*emulator.Service
	url, user, configFile string

	mu     sync.Mutex
	values []string
}

// makeValue returns a new value with punctuation as in OCI's tokens, and records it.
func (s *service) makeValue() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = append(s.values, fmt.Sprintf("(}<>#{:;%012d", len(s.values)))
	return s.values[len(s.values)-1]
}

// made returns the values of the tokens so far.
func (s *service) made() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.values)
}

func newService(t *testing.T) *service {
	t.Helper()
	return newServiceWith(t, emulator.Config{})
}

func newServiceWith(t *testing.T, config emulator.Config) *service {
	t.Helper()
	s := &service{}
	config.TokenValue = s.makeValue
	var err error
	s.Service, err = emulator.New(config)
	require.NoError(t, err)
	server := s.Start()
	t.Cleanup(server.Close)
	s.url, s.user = server.URL, s.Users()[0].ID
	credentials, err := s.NewCredentials(s.user)
	require.NoError(t, err)
	s.configFile, _, err = credentials.WriteConfigFile(t.TempDir(), "DEFAULT")
	require.NoError(t, err)
	return s
}

// check compares what a client has seen with what the service did.
func (s *service) check(t *testing.T, got seen) {
	t.Helper()
	s.checkFirst(t, got.ID, got.ValueSHA256, got.Created)
	assert.Equal(t, "ACTIVE", got.State)
	assert.Equal(t, "409 UserCapacityExceeded", got.Third)
	assert.Equal(t, []string{"one", "two"}, got.Listed)
	assert.Zero(t, got.ListedValues)
	assert.Equal(t, "new", got.Updated)
	assert.False(t, got.UpdatedValue)
	assert.Equal(t, "412 NoEtagMatch", got.Stale)
	assert.Equal(t, "404 NotAuthorizedOrNotFound", got.Again)
	assert.Zero(t, got.Left)
	assert.Equal(t, "401 NotAuthenticated", got.UnknownKey)
	assert.Empty(t, s.Tokens(s.user))
}

// checkFirst compares what a client has seen of the first token with the token.
func (s *service) checkFirst(t *testing.T, ocid, valueSHA256, created string) {
	t.Helper()
	assert.Equal(t, hashed(s.made()[0]), valueSHA256, "the client has the value, punctuation and all")
	assert.Regexp(t, `^ocid1\.credential\.oc1\.\.`, ocid)
	at, err := time.Parse(time.RFC3339, strings.Replace(created, "+00:00", "Z", 1))
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), at, 5*time.Minute)
}

// hashed returns the hash of a value. The clients report values in this form.
func hashed(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// installed returns a folder with an installed client. The client is installed once, from the files in a folder of this package.
func installed(t *testing.T, source string, commands ...[]string) string {
	t.Helper()
	key := ""
	require.NoError(t, filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		key += path + "\n" + string(content)
		return err
	}))
	return toolchain.Cached(t, "contract-"+source, key, func(folder string) {
		require.NoError(t, os.CopyFS(folder, os.DirFS(source)))
		for _, command := range commands {
			toolchain.Run(t, folder, nil, command[0], command[1:]...)
		}
	})
}

// environment returns an environment without what this machine sets for OCI's tools, and without its files for them.
func environment(t *testing.T) []string {
	t.Helper()
	return []string{"PATH=" + toolchain.Path(), "HOME=" + t.TempDir(), "TMPDIR=" + os.TempDir()}
}

// output runs a command and returns its standard output.
func output(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolchain.Limit)
	defer cancel()
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Dir, command.Env = dir, environment(t)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	require.NoError(t, command.Run(), "%s\n%s%s", command, &stdout, &stderr)
	return stdout.Bytes()
}

// lifecycle runs a client's program and parses the last line that it prints, which says what it has seen.
func lifecycle[T seen | seenInDomain](t *testing.T, s *service, dir string, program ...string) T {
	t.Helper()
	printed := output(t, dir, append(program, s.url, s.configFile, s.user)...)
	for _, value := range s.made() {
		require.NotContains(t, string(printed), value)
	}
	lines := bytes.Split(bytes.TrimSpace(printed), []byte("\n"))
	var got T
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &got), string(printed))
	return got
}

// python returns the folder with Python and the OCI CLI, in an environment that has OCI's SDK.
func python(t *testing.T) string {
	t.Helper()
	return toolchain.Python(t, "contract-python", "python/requirements.txt") + "/bin"
}

// TestPython drives the emulator with OCI's Python SDK, and with the OCI CLI, which comes with it.
func TestPython(t *testing.T) {
	t.Parallel()
	bin := python(t)
	t.Run("SDK", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.check(t, lifecycle[seen](t, s, "python", bin+"/python", "lifecycle.py"))
	})
	t.Run("CLI", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		s.check(t, newCLI(t, s).lifecycle())
	})
}

// typescript returns the folder with the programs that use OCI's SDK for TypeScript.
func typescript(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("typescript")))
	require.NoError(t, os.Symlink(toolchain.NodeModules(t, "tests/contract/typescript"), dir+"/node_modules"))
	return dir
}

func TestTypeScript(t *testing.T) {
	t.Parallel()
	dir := typescript(t)
	s := newService(t)
	s.check(t, lifecycle[seen](t, s, dir, "node", "lifecycle.mjs"))
}

// java returns the folder with the programs that use OCI's SDK for Java, and the command that runs one of them.
func java(t *testing.T, program string) (dir string, command []string) {
	t.Helper()
	toolchain.Need(t, "java", "mvn")
	dir = installed(t, "java", []string{"mvn", "--quiet", "--batch-mode", "package"})
	return dir, []string{"java", "-cp", "target/classes:target/libraries/*", program}
}

func TestJava(t *testing.T) {
	t.Parallel()
	dir, program := java(t, "Lifecycle")
	s := newService(t)
	s.check(t, lifecycle[seen](t, s, dir, program...))
}

// cli is the OCI CLI.
type cli struct {
	t *testing.T
	s *service
	// commands takes a command for python/cli.py, and results has what became of it.
	commands *json.Encoder
	results  *json.Decoder
}

// newCLI starts the CLI. It is started once for all commands, because that takes most of a command's time.
func newCLI(t *testing.T, s *service) cli {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), toolchain.Limit)
	command := exec.CommandContext(ctx, python(t)+"/python", "cli.py")
	command.Dir, command.Stderr = "python", os.Stderr
	command.Env = append(environment(t), "OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING=True", "SUPPRESS_LABEL_WARNING=True")
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		assert.NoError(t, stdin.Close())
		assert.NoError(t, command.Wait())
		cancel()
	})
	return cli{t, s, json.NewEncoder(stdin), json.NewDecoder(stdout)}
}

// cliAnswer is what the CLI prints: the data, or the status and the code of an error.
type cliAnswer struct {
	Data   json.RawMessage `json:"data"`
	ETag   string          `json:"etag"`
	Status int             `json:"status"`
	Code   string          `json:"code"`
}

// refusal returns the status and the code of an error.
func (a cliAnswer) refusal() string { return fmt.Sprintf("%d %s", a.Status, a.Code) }

// run runs a command of the CLI.
func (c cli) run(env map[string]string, args ...string) (answer cliAnswer) {
	c.t.Helper()
	printed, stderr := c.command(env, append([]string{"--endpoint", c.s.url}, args...)...)
	if stderr != "" {
		_, text, _ := strings.Cut(stderr, "ServiceError:")
		begin, end := strings.Index(text, "{"), strings.LastIndex(text, "}")
		require.True(c.t, begin >= 0 && end > begin, stderr)
		printed = text[begin : end+1]
	}
	if strings.TrimSpace(printed) != "" {
		require.NoError(c.t, json.Unmarshal([]byte(printed), &answer), printed)
	}
	return answer
}

// command runs a command of the CLI, and returns what it prints. The second result is empty if the command has succeeded.
func (c cli) command(env map[string]string, args ...string) (stdout, stderr string) {
	c.t.Helper()
	arguments := append([]string{"--config-file", c.s.configFile, "--no-retry"}, args...)
	require.NoError(c.t, c.commands.Encode(map[string]any{"arguments": arguments, "environment": env}))
	var result struct {
		Status         int
		Stdout, Stderr string
	}
	require.NoError(c.t, c.results.Decode(&result))
	if result.Status == 0 {
		return result.Stdout, ""
	}
	return result.Stdout, result.Stderr
}

// tokens runs a command of the CLI on the user's auth tokens.
func (c cli) tokens(env map[string]string, args ...string) cliAnswer {
	c.t.Helper()
	return c.run(env, append(append([]string{"iam", "auth-token"}, args...), "--user-id", c.s.user)...)
}

// cliToken is a token as the CLI prints it.
type cliToken struct {
	ID             string `json:"id"`
	Description    string `json:"description"`
	LifecycleState string `json:"lifecycle-state"`
	TimeCreated    string `json:"time-created"`
	Token          string `json:"token"`
}

func decode[T any](t *testing.T, data json.RawMessage) T {
	t.Helper()
	var decoded T
	if len(data) > 0 { // the CLI prints nothing for an empty list
		require.NoError(t, json.Unmarshal(data, &decoded), string(data))
	}
	return decoded
}

func (c cli) lifecycle() seen {
	c.t.Helper()
	created := c.tokens(nil, "create", "--description", "one")
	first := decode[cliToken](c.t, created.Data)
	c.tokens(nil, "create", "--description", "two")
	got := seen{ID: first.ID, ValueSHA256: hashed(first.Token), State: first.LifecycleState, Created: first.TimeCreated}
	got.Third = c.tokens(nil, "create", "--description", "three").refusal()
	listed := decode[[]cliToken](c.t, c.tokens(nil, "list").Data)
	for _, token := range listed {
		got.Listed = append(got.Listed, token.Description)
		if token.Token != "" {
			got.ListedValues++
		}
	}
	slices.Sort(got.Listed)
	updated := decode[cliToken](c.t, c.tokens(nil, "update", "--auth-token-id", first.ID, "--description", "new").Data)
	got.Updated, got.UpdatedValue = updated.Description, updated.Token != ""
	got.Stale = c.tokens(nil, "delete", "--force", "--auth-token-id", first.ID, "--if-match", created.ETag).refusal()
	for _, token := range listed {
		c.tokens(nil, "delete", "--force", "--auth-token-id", token.ID)
	}
	got.Again = c.tokens(nil, "delete", "--force", "--auth-token-id", first.ID).refusal()
	got.Left = len(decode[[]cliToken](c.t, c.tokens(nil, "list").Data))
	got.UnknownKey = c.tokens(map[string]string{"OCI_CLI_FINGERPRINT": strings.Repeat("00:", 15) + "00"}, "list").refusal()
	return got
}

// TestGo drives the emulator with OCI's Go SDK and its defaults, not in the way that the provider uses it.
func TestGo(t *testing.T) {
	t.Parallel()
	s, ctx := newService(t), t.Context()
	config, err := common.ConfigurationProviderFromFile(s.configFile, "")
	require.NoError(t, err)
	client := goClient(t, s, config)
	create := func(description string) (identity.CreateAuthTokenResponse, error) {
		return client.CreateAuthToken(ctx, identity.CreateAuthTokenRequest{
			UserId: &s.user, CreateAuthTokenDetails: identity.CreateAuthTokenDetails{Description: &description},
		})
	}
	remove := func(id string, etag *string) error {
		_, err := client.DeleteAuthToken(ctx, identity.DeleteAuthTokenRequest{UserId: &s.user, AuthTokenId: &id, IfMatch: etag})
		return err
	}

	first, err := create("one")
	require.NoError(t, err)
	_, err = create("two")
	require.NoError(t, err)
	got := seen{
		ID: *first.Id, ValueSHA256: hashed(*first.Token), State: string(first.LifecycleState),
		Created: first.TimeCreated.Format(time.RFC3339),
	}
	_, err = create("three")
	got.Third = goRefusal(err)
	list, err := client.ListAuthTokens(ctx, identity.ListAuthTokensRequest{UserId: &s.user})
	require.NoError(t, err)
	for _, token := range list.Items {
		got.Listed = append(got.Listed, *token.Description)
		if token.Token != nil {
			got.ListedValues++
		}
	}
	updated, err := client.UpdateAuthToken(ctx, identity.UpdateAuthTokenRequest{
		UserId: &s.user, AuthTokenId: first.Id, UpdateAuthTokenDetails: identity.UpdateAuthTokenDetails{Description: common.String("new")},
	})
	require.NoError(t, err)
	got.Updated, got.UpdatedValue = *updated.Description, updated.Token != nil
	got.Stale = goRefusal(remove(*first.Id, first.Etag))
	for _, token := range list.Items {
		require.NoError(t, remove(*token.Id, nil))
	}
	got.Again = goRefusal(remove(*first.Id, nil))
	list, err = client.ListAuthTokens(ctx, identity.ListAuthTokensRequest{UserId: &s.user})
	require.NoError(t, err)
	got.Left = len(list.Items)

	// Another tenancy does not know the key.
	stranger := goClient(t, newService(t), config)
	_, err = stranger.ListAuthTokens(ctx, identity.ListAuthTokensRequest{UserId: &s.user})
	got.UnknownKey = goRefusal(err)
	s.check(t, got)
}

func goClient(t *testing.T, s *service, config common.ConfigurationProvider) identity.IdentityClient {
	t.Helper()
	client, err := identity.NewIdentityClientWithConfigurationProvider(config)
	require.NoError(t, err)
	client.Host = s.url
	never := common.NoRetryPolicy()
	client.Configuration.RetryPolicy = &never
	return client
}

func goRefusal(err error) string {
	if failure, ok := common.IsServiceError(err); ok {
		return fmt.Sprintf("%d %s", failure.GetHTTPStatusCode(), failure.GetCode())
	}
	return fmt.Sprint(err)
}
