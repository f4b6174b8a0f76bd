// Command oci-identity-emulator runs a local OCI Identity service for trying out clients of auth tokens.
package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "oci-identity-emulator:", err)
		os.Exit(1)
	}
}

// errUsage is the error for an invalid command line. The reason has already been printed.
var errUsage = errors.New("usage")

// options are the command line.
type options struct {
	service   emulator.Config
	listen    string
	dir       string
	keyFile   string
	readyFile string
	listLags  map[string]time.Duration
	faults    []emulator.Fault
}

func parse(args []string, stderr io.Writer) (options, error) {
	o := options{listLags: map[string]time.Duration{}}
	flags := flag.NewFlagSet("oci-identity-emulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, "A local OCI Identity service for trying out clients of auth tokens. It keeps everything in memory.\n\n")
		flags.PrintDefaults()
	}
	list := func(target *[]string) func(string) error {
		return func(s string) error { *target = strings.Split(s, ","); return nil }
	}
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "the loopback `address` to listen on; port 0 means any free port")
	flags.StringVar(&o.dir, "dir", "", "the `folder` for the key and the OCI configuration file (default a temporary one)")
	flags.StringVar(&o.keyFile, "key", "", "a `file` with an RSA private key in PEM format to register, instead of a new key")
	flags.StringVar(&o.readyFile, "ready-file", "", "a `file` to write once the service listens; it says in JSON how to reach the service")
	flags.Func("users", "the `names` of the users, separated by commas (default alice)", list(&o.service.Users))
	flags.Func("domains", "the `names` of identity domains besides Default, separated by commas; each gets a user with the same name, and a port",
		list(&o.service.Domains))
	flags.Func("regions", "the `regions`, the home region first (default us-phoenix-1)", list(&o.service.Regions))
	flags.DurationVar(&o.service.ReplicationLag, "replication-lag", 0, "how `long` changes take to get from the home region to the others")
	flags.Func("list-lag", "how far the lists of a region lag behind, as `REGION=DURATION`; may be given more than once", func(s string) error {
		region, text, _ := strings.Cut(s, "=")
		lag, err := time.ParseDuration(text)
		if err != nil || lag < 0 {
			return fmt.Errorf("%q is not a region and a duration, such as us-phoenix-1=10s", s)
		}
		o.listLags[region] = lag
		return nil
	})
	flags.DurationVar(&o.service.CreatingFor, "creating-for", 0, "how `long` a new token stays CREATING")
	flags.IntVar(&o.service.CreatingLists, "creating", 0, "in how many `lists` a new token stays CREATING")
	flags.StringVar(&o.service.LimitCode, "limit-code", "", "the error `code` when a user would get a third token (default UserCapacityExceeded)")
	flags.DurationVar(&o.service.LimitLag, "limit-lag", 0, "how `long` a deleted token still counts as one of its user's two")
	flags.Float64Var(&o.service.RequestsPerSecond, "rate", 0, "how many `requests` per second are accepted; 0 means all")
	flags.Float64Var(&o.service.RequestsPerSecondPerUser, "rate-per-user", 0, "how many `requests` per second are accepted from each caller; 0 means all")
	flags.IntVar(&o.service.RetryAfter, "retry-after", 0, "the Retry-After of a 429, in `seconds`")
	flags.StringVar(&o.service.Namespace, "namespace", "", "the tenancy's Object Storage `namespace` (default a random one)")
	flags.StringVar(&o.service.Registry, "registry", "", "the `URL` of a registry that stores the images of the container registry")
	flags.DurationVar(&o.service.RegistryDelay, "registry-delay", 0, "how `long` the container registry takes to accept a new token")
	flags.Uint64Var(&o.service.Seed, "seed", 0, "the seed, a `number`, for faults with a probability")
	flags.Func("fault", "a fault in `JSON`, as docs/guides/emulator.md describes it; may be given more than once", func(s string) error {
		fault, err := emulator.ParseFault(strings.NewReader(s))
		o.faults = append(o.faults, fault)
		return err
	})
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, errUsage
	}
	if flags.NArg() > 0 {
		_, _ = fmt.Fprintf(stderr, "unexpected arguments %q: this command takes only flags\n", flags.Args())
		return o, errUsage
	}
	return o, nil
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	o.service.Log = stdout
	service, err := emulator.New(o.service)
	if err != nil {
		return err
	}
	defer service.Close()
	for region, lag := range o.listLags {
		if !slices.Contains(service.Regions(), region) {
			return fmt.Errorf("-list-lag: %q is not one of the regions %s", region, strings.Join(service.Regions(), ", "))
		}
		service.SetListLag(region, lag)
	}
	service.Inject(o.faults...)

	listener, err := listen(o.listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if o.dir == "" {
		temporary, err := os.MkdirTemp("", "oci-identity-emulator-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(temporary) }()
		o.dir = temporary
	}
	server := &http.Server{Handler: service, ReadHeaderTimeout: 10 * time.Second}
	domains, stopDomains, err := serveDomains(service, listener)
	defer stopDomains()
	if err != nil {
		return err
	}
	access, err := giveAccess(service, o, "http://"+listener.Addr().String())
	if err != nil {
		return err
	}
	access.Domains = domains
	if o.readyFile != "" {
		if err := access.writeTo(o.readyFile); err != nil {
			return fmt.Errorf("the ready file: %w", err)
		}
	}
	access.explain(stdout)

	stopServing := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopServing()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	_, _ = fmt.Fprintln(stdout, "stopped")
	return nil
}

// domainAccess is what a client needs to know about an identity domain.
type domainAccess struct {
	Name  string   `json:"name"`
	URL   string   `json:"url"`
	Users []string `json:"users"`
}

// serveDomains serves each identity domain until stop is called. The domains get the ports after that of the service. If one of these is
// taken, the domain gets any free port.
func serveDomains(service *emulator.Service, beside net.Listener) (domains []domainAccess, stop func(), err error) {
	var servers []*http.Server
	stop = func() {
		for _, server := range servers {
			_ = server.Close()
		}
	}
	main := beside.Addr().(*net.TCPAddr)
	host := main.IP.String()
	for i, domain := range service.Domains() {
		listener, err := listen(net.JoinHostPort(host, strconv.Itoa(main.Port+1+i)))
		if err != nil {
			// The port is taken, or there is no such port.
			if listener, err = listen(net.JoinHostPort(host, "0")); err != nil {
				return nil, stop, err
			}
		}
		access := domainAccess{Name: domain.Name, URL: "http://" + listener.Addr().String()}
		for _, user := range service.Users() {
			if user.Domain == domain.Name {
				access.Users = append(access.Users, user.ID)
			}
		}
		server := &http.Server{Handler: service.DomainAt(domain.Name, access.URL), ReadHeaderTimeout: 10 * time.Second}
		servers = append(servers, server)
		go func() { _ = server.Serve(listener) }()
		domains = append(domains, access)
	}
	return domains, stop, nil
}

// listen accepts only loopback addresses, because whoever can reach the service may do anything with it.
func listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("-listen: %q is not an address such as 127.0.0.1:8080", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("-listen: %q is not a loopback address, and only this machine may reach the service: use 127.0.0.1", host)
	}
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("-listen: another program already listens on %s: use another port, or 0 for any free port", address)
	}
	return listener, err
}

// access is all that a client needs to know.
type access struct {
	Endpoint    string   `json:"endpoint"`
	TenancyID   string   `json:"tenancyId"`
	Region      string   `json:"region"`
	Regions     []string `json:"regions"`
	Users       []string `json:"users"`
	Fingerprint string   `json:"fingerprint"`
	ConfigFile  string   `json:"configFile"`
	KeyFile     string   `json:"keyFile"`
	Namespace   string   `json:"namespace"`
	Registry    string   `json:"registry"`
	// RegistryKeys is a file with the keys with which a registry verifies the container registry's bearer tokens.
	RegistryKeys string `json:"registryKeys"`

	Domains []domainAccess `json:"domains,omitempty"`
}

// giveAccess registers a key for the first user, and writes it and an OCI configuration file into the folder.
func giveAccess(service *emulator.Service, o options, endpoint string) (access, error) {
	users := service.Users()
	credentials, err := service.NewCredentials(users[0].ID)
	if err == nil && o.keyFile != "" {
		var key *rsa.PrivateKey
		if key, err = readKey(o.keyFile); err == nil {
			credentials, err = service.CredentialsFor(users[0].ID, key)
		}
	}
	if err != nil {
		return access{}, err
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return access{}, fmt.Errorf("-dir: %w", err)
	}
	configFile, keyFile, err := credentials.WriteConfigFile(o.dir, "DEFAULT")
	if err != nil {
		return access{}, fmt.Errorf("-dir: %w", err)
	}
	registryKeys := filepath.Join(filepath.Dir(keyFile), "registry-keys.json")
	if err := os.WriteFile(registryKeys, service.RegistryKeys(), 0o600); err != nil {
		return access{}, fmt.Errorf("-dir: %w", err)
	}
	a := access{
		Endpoint: endpoint, TenancyID: service.TenancyID(), Region: credentials.Region, Regions: service.Regions(),
		Fingerprint: credentials.Fingerprint, ConfigFile: configFile, KeyFile: keyFile,
		Namespace: service.Namespace(), Registry: strings.TrimPrefix(endpoint, "http://"), RegistryKeys: registryKeys,
	}
	for _, user := range users {
		if user.Domain == "" {
			a.Users = append(a.Users, user.ID)
		}
	}
	return a, nil
}

func readKey(path string) (*rsa.PrivateKey, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the person who starts the command names the file
	if err != nil {
		return nil, fmt.Errorf("-key: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("-key: %s is not in PEM format", path)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("-key: %s is not an unencrypted RSA private key", path)
	}
	return key, nil
}

// writeTo writes the file atomically, so that nobody reads half of it.
func (a access) writeTo(path string) error {
	content, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	half := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	//nolint:gosec // the person who starts the command names the file
	if err := os.WriteFile(half, append(content, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(half, path)
}

// explain prints how to use the service.
func (a access) explain(w io.Writer) {
	_, _ = fmt.Fprintf(w, `OCI Identity listens on %[1]s, in %[2]s.

Users:
  %[3]s

The container registry listens there too. Log in to %[6]s as %[7]s/<user>.

With Pulumi:
  export OCI_CLI_CONFIG_FILE=%[4]s
  pulumi config set ociauthtoken:endpoint %[1]s

With the OCI CLI:
  oci --config-file %[4]s --endpoint %[1]s iam auth-token list --user-id %[5]s

`, a.Endpoint, strings.Join(a.Regions, ", "), strings.Join(a.Users, "\n  "), a.ConfigFile, a.Users[0], a.Registry, a.Namespace)
	for _, domain := range a.Domains {
		_, _ = fmt.Fprintf(w, "The identity domain %s is at %s. Its users:\n  %s\n\n", domain.Name, domain.URL, strings.Join(domain.Users, "\n  "))
	}
	_, _ = fmt.Fprintln(w, "Stop it with Ctrl-C. Users and tokens are then gone. Requests:")
}
