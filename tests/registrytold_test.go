package tests

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
)

// These tests are about what a person is told if a login to the registry fails.

// told calls a function in a program, and returns its error.
func (s *testStack) told(function string, arguments map[string]any) string {
	s.t.Helper()
	var told string
	s.mustUp(func(m *deploytest.ResourceMonitor) error {
		_, err := invoke(m, function, arguments)
		require.Error(s.t, err)
		told = err.Error()
		return nil
	})
	requireNoValue(s.t, told)
	return told
}

// TestWhatEachPersonIsToldOfALoginThatFails has a user of each kind, and everything that goes wrong with a login.
func TestWhatEachPersonIsToldOfALoginThatFails(t *testing.T) {
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
		s := newStackIn(newWorldWith(t, config))
		users := s.oci.Users()
		other := users[1]
		person := person
		s.user = users[0].ID
		arguments := map[string]any{"waitUntilReady": true, "waitTimeoutSeconds": 300}
		if person.domain != "" {
			s.user = users[2].ID
			s.domainURL = s.oci.Domains()[0].URL
			arguments["domainUrl"] = s.domainURL
		}
		arguments["userId"] = s.user
		token := s.oci.AddToken(s.user, "ci")
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
				besides: map[string]any{"password": canary + "wrong"},
				tells:   []string{"as " + person.atRegistry, older, "set username to it", lists, token.ID},
				not:     []string{"None of the user's auth tokens"},
			},
			"a token of somebody else": {
				besides: map[string]any{"password": s.oci.AddToken(other.ID, "hers").Value},
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
				tells:   []string{"the registry " + s.host() + " has not answered in time (1 try). Check the network and the region, or try again later"},
				not:     []string{lists, "refuses"},
			},
			"a registry with a fault": {
				fault: emulator.Fault{Operation: "RegistryLogin", Status: 503},
				tells: []string{"answers 503 Service Unavailable", "(3 tries in a row)"},
				not:   []string{lists, "refuses"},
			},
		} {
			s.oci.ClearFaults()
			if test.fault.Operation != "" {
				s.oci.Inject(test.fault)
			}
			began := time.Now()
			told := s.told(getRegistryLogin, with(test.besides))
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

func TestTheStateOfATokenThatDoesNotWorkIsSaid(t *testing.T) {
	t.Parallel()
	for _, api := range []api{{name: "IAM"}, sales} {
		s := api.newStack(t)
		arguments := map[string]any{
			"userId": s.user, "password": canary + "wrong", "waitUntilReady": true, "waitTimeoutSeconds": 0,
		}
		if s.domainURL != "" {
			arguments["domainUrl"] = s.domainURL
		}
		assert.Contains(t, s.told(getRegistryLogin, arguments), "OCI lists no auth token of the user")
		token := s.oci.AddToken(s.user, "ci")
		assert.Contains(t, s.told(getRegistryLogin, arguments), "OCI lists these auth tokens of the user")
		spoil := func(token *emulator.Token) { token.LifecycleState = "INACTIVE" }
		if s.domainURL != "" {
			expired := s.clock.Now().Add(-time.Hour)
			spoil = func(token *emulator.Token) { token.TimeExpires = &expired }
		}
		s.oci.EditToken(s.user, token.ID, spoil)
		assert.Contains(t, s.told(getRegistryLogin, arguments), "None of the user's auth tokens works, because each is inactive or expired")
	}
}

func TestTheDomainOfAUserIsLookedFor(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	for function, arguments := range map[string]map[string]any{
		"ociauthtoken:index:getAuthTokens": {},
		getRegistryUser:                    {},
		getRegistryLogin:                   {"password": canary},
	} {
		arguments["userId"] = s.user
		told := s.told(function, arguments)
		assert.Contains(t, told, `The user is in the identity domain "sales": set domainUrl to `+s.domainURL, function)
	}
}

func TestAUserWhoseDomainIsNotKnownStillHasAName(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	s.oci.Inject(emulator.Fault{Operation: "ListUsers", Omit: []string{"domainOcid"}})
	s.mustUp(func(m *deploytest.ResourceMonitor) error {
		names, err := invoke(m, getRegistryUser, map[string]any{"userId": s.user, "domainUrl": s.domainURL})
		assert.Equal(t, s.oci.Namespace()+"/sales", names["username"])
		return err
	})
	assert.Contains(t, s.diagnostics(), "the user name for the registry is without the domain's name")
}

func TestCancelEndsALoginToARegistryThatNeverAnswers(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	world := newWorldWith(t, emulator.Config{Sleep: func(ctx context.Context, _ time.Duration) error {
		close(arrived)
		<-ctx.Done()
		return ctx.Err()
	}})
	w := &wire{world: world, plugin: world.configured(map[string]any{"endpoint": world.url})}
	w.oci.Inject(emulator.Fault{Operation: "RegistryLogin", Delay: emulator.Duration(time.Hour)})
	ended := make(chan error, 1)
	go func() {
		_, err := w.plugin.Invoke(context.Background(), &pulumirpc.InvokeRequest{Tok: getRegistryLogin, Args: properties(t, map[string]any{
			"password": canary, "waitUntilReady": true,
		})})
		ended <- err
	}()
	<-arrived
	_, err := w.plugin.Cancel(context.Background(), &emptypb.Empty{})
	require.NoError(t, err)
	require.ErrorContains(t, <-ended, "stopped waiting for the registry")
}

// engineLog is the engine's side of a plugin's log.
type engineLog struct {
	pulumirpc.UnimplementedEngineServer
	said said
}

// Log collects a message.
func (e *engineLog) Log(_ context.Context, request *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	_, err := e.said.Write([]byte(request.GetMessage() + "\n"))
	return &emptypb.Empty{}, err
}

// listen makes the plugin log to the result.
func (p *process) listen() *engineLog {
	p.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(p.t, err)
	log, server := &engineLog{}, grpc.NewServer()
	pulumirpc.RegisterEngineServer(server, log)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	p.t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	_, err = p.plugin.Attach(context.Background(), &pulumirpc.PluginAttach{Address: listener.Addr().String()})
	require.NoError(p.t, err)
	return log
}

// names returns what a function returns to a plugin in a corporate network, and what the plugin logs.
func (c *corporate) names(function string, configuration, arguments map[string]any, environment ...string) (map[string]any, string) {
	c.t.Helper()
	p := c.start(append(environment, "OCI_DEFAULT_CERTS_PATH="+c.authorities))
	defer p.ended()
	log := p.listen()
	require.NoError(c.t, p.configure(configuration))
	answer, err := p.plugin.Invoke(context.Background(), &pulumirpc.InvokeRequest{Tok: function, Args: properties(c.t, arguments)})
	require.NoError(c.t, err)
	names, err := plugin.UnmarshalProperties(answer.GetReturn(), plugin.MarshalOptions{}) // without the marks of secrets
	require.NoError(c.t, err)
	return names.Mappable(), log.said.String()
}

func TestTheHostsOfTheRegistry(t *testing.T) {
	c := newCorporate(t)
	arguments := map[string]any{"username": "alice", "namespace": "ns"}
	names, said := c.names(getRegistryUser, nil, arguments)
	assert.Equal(t, "ocir.us-phoenix-1.oci.oraclecloud.com", names["server"])
	assert.Equal(t, "phx.ocir.io", names["alias"])
	assert.Empty(t, said)

	const schema = `OCI_REGION_METADATA={"realmKey":"oc99","realmDomainComponent":"new-realm.com","regionKey":"NHJ","regionIdentifier":"us-new-1"}`
	for _, region := range []string{"NHJ", "nhj", "us-new-1"} {
		names, _ = c.names(getRegistryUser, map[string]any{"region": region}, arguments, schema)
		assert.Equal(t, "ocir.us-new-1.oci.new-realm.com", names["server"], region)
		names, _ = c.names(getRegistryUser, nil, map[string]any{"username": "alice", "namespace": "ns", "region": region}, schema)
		assert.Equal(t, "ocir.us-new-1.oci.new-realm.com", names["server"], region)
	}
	names, _ = c.names(getRegistryUser, nil, arguments, "OCI_domain_name_override=new-realm.com")
	assert.Equal(t, "ocir.us-phoenix-1.oci.new-realm.com", names["server"])

	arguments["password"] = canary
	names, _ = c.names(getRegistryLogin, nil, arguments)
	for _, host := range []string{"ocir.us-phoenix-1.oci.oraclecloud.com", "us-phoenix-1.ocir.io", "phx.ocir.io"} {
		assert.Contains(t, names["dockerConfigJson"], `"`+host+`":`)
	}

	c.oci.Inject(emulator.Fault{Operation: "ListRegionSubscriptions", Status: 400, Code: "InvalidParameter", Message: "No."})
	names, said = c.names(getRegistryLogin, nil, arguments)
	assert.NotContains(t, names, "alias")
	assert.Contains(t, names["dockerConfigJson"], `"us-phoenix-1.ocir.io":`)
	assert.NotContains(t, names["dockerConfigJson"], "phx")
	assert.Contains(t, strings.ReplaceAll(said, "\n", " "), "the key of region us-phoenix-1 is not known, so the short name of the registry is left out: could not find out the regions")
}

// TestTheSDKsWarnOfThePlainForm reads what editors show of the functions, up to the example.
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
			content, err := os.ReadFile("../sdk/" + path)
			require.NoError(t, err)
			_, shown, _ := strings.Cut(string(content), begin)
			shown, _, _ = strings.Cut(shown, "Example Usage")
			for _, part := range []string{
				"get_registry_" + strings.ToLower(function) + "_output", "GetRegistry" + function + "Output",
				"to the state in plain text", "In Go, the plain form always fails",
			} {
				assert.Contains(t, shown, part, path)
			}
		}
	}
}

func TestNoExampleCallsThePlainForm(t *testing.T) {
	t.Parallel()
	plain := regexp.MustCompile(`\.getRegistry(Login|Token)\(\{|\bget_registry_(login|token)\(|\.GetRegistry(Login|Token)\(ctx|GetRegistry(Login|Token)\.InvokeAsync\(|` +
		`getRegistry(Login|Token)Plain\(`)
	for _, root := range []string{"../examples", "../docs", "../provider", "../README.md"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path)
			assert.NotRegexp(t, plain, string(content), path)
			return err
		}))
	}
}
