package registry_test

import (
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests are about what a person is told if a login to the registry fails.

// told calls a function in a program, and returns its error.
func told(s *inprocess.Stack, function string, arguments map[string]any) string {
	s.T.Helper()
	var told string
	s.MustUp(func(m *deploytest.ResourceMonitor) error {
		_, err := inprocess.Invoke(m, function, arguments)
		require.Error(s.T, err)
		told = err.Error()
		return nil
	})
	harness.RequireNoValue(s.T, told)
	return told
}

// TestTheErrorOfALoginThatFailsSaysWhy has a user of each kind, and everything that goes wrong with a login.
func TestTheErrorOfALoginThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	const (
		older = "The password may also be the value of an older token, or of another user's"
		lists = "OCI lists these auth tokens of the user:\n  "
		waits = "set a longer waitTimeoutSeconds"
	)
	for _, person := range []struct{ name, domain, atRegistry string }{
		{"alice", "", "ns/alice"},
		{"oracleidentitycloudservice/bob@example.com", "", "ns/oracleidentitycloudservice/bob@example.com"},
		{"sales", "sales", "ns/sales/sales"},
	} {
		config := emulator.Config{Namespace: "ns", Users: []string{person.name, "mallory"}}
		if person.domain != "" {
			config.Users, config.Domains = []string{"admin", "mallory"}, []string{person.domain}
		}
		var s *inprocess.Stack
		config.Sleep = func(ctx context.Context, _ time.Duration) error {
			s.Clock.Advance(time.Second) // The try ends after waitTimeoutSeconds of this machine's time.
			<-ctx.Done()
			return ctx.Err()
		}
		s = inprocess.NewStack(harness.NewWorldWith(t, config))
		users := s.OCI.Users()
		other := users[1]
		person := person
		s.User = users[0].ID
		arguments := map[string]any{"waitUntilReady": true, "waitTimeoutSeconds": 300}
		if person.domain != "" {
			s.User = users[2].ID
			s.DomainURL = s.OCI.Domains()[0].URL
			arguments["domainUrl"] = s.DomainURL
		}
		arguments["userId"] = s.User
		token := s.OCI.AddToken(s.User, "ci")
		with := func(besides map[string]any) map[string]any {
			all := map[string]any{"password": token.Value}
			for _, more := range []map[string]any{arguments, besides} {
				for name, value := range more {
					all[name] = value
				}
			}
			return all
		}
		for name, test := range map[string]struct {
			besides     map[string]any
			fault       emulator.Fault
			tells, not  []string
			listsTokens bool
		}{
			"a wrong name": {
				besides: map[string]any{"username": "bob"},
				tells: []string{
					"refuses the login after 4m45s and 6 tries, as ns/bob: it answers 401 Unauthorized",
					"By what OCI knows of the user, the user name is " + person.atRegistry + ": leave username out, or set it to that", lists, token.ID,
				},
				not: []string{"None of the user's auth tokens"},
			},
			"a wrong name of nobody knows whom": {
				besides: map[string]any{"username": "bob", "userId": nil},
				tells: []string{
					"as ns/bob", "Set userId too, and this error says which tokens the user has, and what the user is called",
				},
				not: []string{"OCI lists", "None of", token.ID},
			},
			"a wrong token": {
				besides: map[string]any{"password": harness.Canary + "wrong"},
				tells:   []string{"as " + person.atRegistry, older, "set username to it", lists, token.ID},
				not:     []string{"None of the user's auth tokens"},
			},
			"a token of somebody else": {
				besides: map[string]any{"password": s.OCI.AddToken(other.ID, "hers").Value},
				tells:   []string{"as " + person.atRegistry, older, lists, token.ID},
				not:     []string{"None of the user's auth tokens"},
			},
			"a registry that is slow to accept a token": {
				fault: emulator.Fault{Operation: "RegistryLogin", Status: 401},
				tells: []string{"The registry takes a minute or two to accept a new token", waits, lists, token.ID},
				not:   []string{"None of the user's auth tokens"},
			},
			"a registry that never answers": {
				besides: map[string]any{"waitTimeoutSeconds": 1},
				fault:   emulator.Fault{Operation: "RegistryLogin", Delay: emulator.Duration(time.Hour)},
				tells:   []string{"the registry " + host(s.World) + " has not answered in time (1 try). Check the network and the region, or try again later"},
				not:     []string{lists, "refuses"},
			},
			"a registry with a fault": {
				fault: emulator.Fault{Operation: "RegistryLogin", Status: 503},
				tells: []string{"answers 503 Service Unavailable", "(3 tries in a row)"},
				not:   []string{lists, "refuses"},
			},
		} {
			s.OCI.ClearFaults()
			if test.fault.Operation != "" {
				s.OCI.Inject(test.fault)
			}
			began := time.Now()
			told := told(s, inprocess.GetRegistryLogin, with(test.besides))
			assert.Less(t, time.Since(began), 10*time.Second, "%s, %s", person.name, name)
			t.Logf("%s, %s:\n%s", person.name, name, told)
			for _, part := range test.tells {
				assert.Contains(t, told, part, "%s, %s", person.name, name)
			}
			for _, part := range test.not {
				assert.NotContains(t, told, part, "%s, %s", person.name, name)
			}
		}
	}
}

func TestTheErrorOfALoginSaysWhichTokensTheUserHas(t *testing.T) {
	t.Parallel()
	for _, a := range []harness.API{harness.IAM, harness.IdentityDomain} {
		s := inprocess.NewStack(a.NewWorld(t))
		arguments := map[string]any{
			"userId": s.User, "password": harness.Canary + "wrong", "waitUntilReady": true, "waitTimeoutSeconds": 0,
		}
		if s.DomainURL != "" {
			arguments["domainUrl"] = s.DomainURL
		}
		assert.Contains(t, told(s, inprocess.GetRegistryLogin, arguments), "OCI lists no auth token of the user")
		token := s.OCI.AddToken(s.User, "ci")
		assert.Contains(t, told(s, inprocess.GetRegistryLogin, arguments), "OCI lists these auth tokens of the user")
		spoil := func(token *emulator.Token) { token.LifecycleState = "INACTIVE" }
		if s.DomainURL != "" {
			expired := s.Clock.Now().Add(-time.Hour)
			spoil = func(token *emulator.Token) { token.TimeExpires = &expired }
		}
		s.OCI.EditToken(s.User, token.ID, spoil)
		assert.Contains(t, told(s, inprocess.GetRegistryLogin, arguments), "None of the user's auth tokens works, because each is inactive or expired")
	}
}

func TestCancelEndsALoginToARegistryThatNeverAnswers(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	world := harness.NewWorldWith(t, emulator.Config{Sleep: func(ctx context.Context, _ time.Duration) error {
		close(arrived)
		<-ctx.Done()
		return ctx.Err()
	}})
	w := inprocess.NewPlugin(world)
	w.OCI.Inject(emulator.Fault{Operation: "RegistryLogin", Delay: emulator.Duration(time.Hour)})
	ended := make(chan error, 1)
	go func() {
		_, err := w.Client.Invoke(context.Background(), &pulumirpc.InvokeRequest{Tok: inprocess.GetRegistryLogin, Args: harness.Properties(t, map[string]any{
			"password": harness.Canary, "waitUntilReady": true,
		})})
		ended <- err
	}()
	<-arrived
	_, err := w.Client.Cancel(context.Background(), &emptypb.Empty{})
	require.NoError(t, err)
	require.ErrorContains(t, <-ended, "stopped waiting for the registry")
}

// engineLog is the engine's side of a plugin's log.
type engineLog struct {
	pulumirpc.UnimplementedEngineServer
	said harness.Messages
}

// Log collects a message.
func (e *engineLog) Log(_ context.Context, request *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	_, err := e.said.Write([]byte(request.GetMessage() + "\n"))
	return &emptypb.Empty{}, err
}

// listen makes the plugin log to the result.
func listen(p *harness.Process) *engineLog {
	p.T.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(p.T, err)
	log, server := &engineLog{}, grpc.NewServer()
	pulumirpc.RegisterEngineServer(server, log)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	p.T.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	_, err = p.Client.Attach(context.Background(), &pulumirpc.PluginAttach{Address: listener.Addr().String()})
	require.NoError(p.T, err)
	return log
}

// namesBehindProxy returns what a function returns to a plugin in a corporate network, and what the plugin logs.
func namesBehindProxy(c *harness.CorporateNetwork, function string, configuration, arguments map[string]any, environment ...string) (map[string]any, string) {
	c.T.Helper()
	p := c.Start(append(environment, "OCI_DEFAULT_CERTS_PATH="+c.Authorities))
	defer p.End()
	log := listen(p)
	require.NoError(c.T, p.Configure(configuration))
	answer, err := p.Client.Invoke(context.Background(), &pulumirpc.InvokeRequest{Tok: function, Args: harness.Properties(c.T, arguments)})
	require.NoError(c.T, err)
	names, err := plugin.UnmarshalProperties(answer.GetReturn(), plugin.MarshalOptions{}) // without the marks of secrets
	require.NoError(c.T, err)
	return names.Mappable(), log.said.String()
}

// TestTheSDKsWarnOfThePlainForm reads what editors show of the functions, up to the example. Where a login for an hour does not belong comes
// first.
func TestTheSDKsWarnOfThePlainForm(t *testing.T) {
	t.Parallel()
	for function, begin := range map[string]string{
		"Login": "Returns a login to the OCI container registry (OCIR) with a password", "Token": "Returns a login to the OCI container registry (OCIR) that",
	} {
		for _, path := range []string{
			"go/ociauthtoken/getRegistry" + function + ".go", "python/pulumi_ociauthtoken/get_registry_" + strings.ToLower(function) + ".py",
			"nodejs/getRegistry" + function + ".ts", "dotnet/GetRegistry" + function + ".cs",
			"java/src/main/java/io/github/ociauthtoken/OciauthtokenFunctions.java",
		} {
			_, shown, _ := strings.Cut(toolchain.ReadFile(t, "sdk/"+path), begin)
			shown, _, _ = strings.Cut(shown, "Example Usage")
			for _, part := range []string{
				"get_registry_" + strings.ToLower(function) + "_output", "GetRegistry" + function + "Output",
				"to the state in plain text", "In Go, the plain form always fails",
			} {
				assert.Contains(t, shown, part, path)
			}
			if function == "Token" {
				warning := strings.Index(shown, "Do not put it into a Kubernetes pull secret, a variable of a CI system")
				assert.True(t, warning > 0 && warning < strings.Index(shown, "plain form"), "%s does not say first where it does not belong", path)
				assert.Contains(t, shown, "Use a `RotatingAuthToken` there", path)
			}
		}
	}
}

func TestNoExampleCallsThePlainForm(t *testing.T) {
	t.Parallel()
	plain := regexp.MustCompile(`\.getRegistry(Login|Token)\(\{|\bget_registry_(login|token)\(|\.GetRegistry(Login|Token)\(ctx|GetRegistry(Login|Token)\.InvokeAsync\(|` +
		`getRegistry(Login|Token)Plain\(`)
	for _, root := range []string{"examples", "docs", "provider", "README.md"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(toolchain.Root, root), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path)
			assert.NotRegexp(t, plain, string(content), path)
			return err
		}))
	}
}
