package provider

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
)

// GetRegistryLogin is the function ociauthtoken:index:getRegistryLogin, which returns what one needs to log in to the OCI container
// registry.
type GetRegistryLogin struct {
	oci       *connection
	clock     identity.Clock
	userAgent string
}

// GetRegistryLoginArgs are the arguments of getRegistryLogin.
type GetRegistryLoginArgs struct {
	UserID    *string `pulumi:"userId,optional"`
	DomainURL *string `pulumi:"domainUrl,optional"`
	Region    *string `pulumi:"region,optional"`
	Namespace *string `pulumi:"namespace,optional"`
	Username  *string `pulumi:"username,optional"`
	// Password is empty rather than nil if the program passes a password that is null.
	Password           *string `pulumi:"password,optional"           provider:"secret"`
	WaitUntilReady     *bool   `pulumi:"waitUntilReady,optional"`
	WaitTimeoutSeconds *int    `pulumi:"waitTimeoutSeconds,optional"`
}

// GetRegistryLoginResult is what getRegistryLogin returns.
type GetRegistryLoginResult struct {
	Server           string  `pulumi:"server"`
	Alias            *string `pulumi:"alias,optional"`
	Namespace        string  `pulumi:"namespace"`
	Username         string  `pulumi:"username"`
	Auth             *string `pulumi:"auth,optional"             provider:"secret"`
	DockerConfigJSON *string `pulumi:"dockerConfigJson,optional" provider:"secret"`
}

var (
	_ infer.Fn[GetRegistryLoginArgs, GetRegistryLoginResult] = (*GetRegistryLogin)(nil)
	_ infer.Annotated                                        = (*GetRegistryLogin)(nil)
	_ infer.Annotated                                        = (*GetRegistryLoginArgs)(nil)
	_ infer.Annotated                                        = (*GetRegistryLoginResult)(nil)
)

const (
	getRegistryLoginToken = "ociauthtoken:index:getRegistryLogin" //nolint:gosec // the name of a function

	// readyWithin is the default for waitTimeoutSeconds, and longestReadyWithin the longest that it may be.
	readyWithin        = 5 * time.Minute
	longestReadyWithin = time.Hour
)

// getRegistryLoginDescription is generated from tools/docs/pages and tools/docs/snippets.
//
//go:embed getregistrylogin.md
var getRegistryLoginDescription string

// Annotate describes the function for the schema.
func (f *GetRegistryLogin) Annotate(a infer.Annotator) {
	a.SetToken("index", "getRegistryLogin")
	a.Describe(f, getRegistryLoginDescription)
}

// Annotate describes the arguments for the schema.
func (args *GetRegistryLoginArgs) Annotate(a infer.Annotator) {
	a.Describe(&args.UserID, "The OCID of the user who logs in. The default is the user that the provider signs in as.")
	a.Describe(&args.DomainURL, "The URL of the identity domain that the user is in, if it is not the Default domain.")
	a.Describe(&args.Region, "The region of the registry, by name (`us-phoenix-1`) or by key (`PHX`). The default is the "+
		"provider's region.")
	a.Describe(&args.Namespace, "The tenancy's Object Storage namespace. If it is not set, OCI is asked for it.")
	a.Describe(&args.Username, "The name under which the user signs in, with or without the namespace before it: "+
		"`alice@example.com`, `oracleidentitycloudservice/alice@example.com`, `Development/alice`. If it is not set, OCI is "+
		"asked for it.")
	a.Describe(&args.Password, "The value of an auth token of the user. With it, `auth` and `dockerConfigJson` are returned.")
	a.Describe(&args.WaitUntilReady, "Whether to wait until the registry accepts the login. It takes a few minutes to accept "+
		"a new token. Each try is a login, so there are few of them, with longer and longer pauses between them.")
	a.Describe(&args.WaitTimeoutSeconds, "How long to wait, in seconds, from 0 to 3600. The default is 300.")
}

// Annotate describes the result for the schema.
func (r *GetRegistryLoginResult) Annotate(a infer.Annotator) {
	a.Describe(&r.Server, "The host name of the registry, such as `ocir.us-phoenix-1.oci.oraclecloud.com`.")
	a.Describe(&r.Alias, "The short host name of the same registry, such as `phx.ocir.io`. It is absent outside of the "+
		"commercial realm, where there is none, and if OCI does not tell the caller the region's key.")
	a.Describe(&r.Namespace, "The tenancy's Object Storage namespace. It is the first part of the name of every image.")
	a.Describe(&r.Username, "The user name for the registry, with the namespace before it. After a wait, it is the name that "+
		"the registry has accepted.")
	a.Describe(&r.Auth, "User name and password in base64, as in Docker's configuration file. A secret.")
	a.Describe(&r.DockerConfigJSON, "Docker's configuration file after the login to `server` and `alias`. It is the content "+
		"of `~/.docker/config.json`, and of a Kubernetes secret of the type `kubernetes.io/dockerconfigjson`. A secret.")
}

// check returns what is wrong with the arguments, without a call.
func (args GetRegistryLoginArgs) check() error {
	var errs []error
	wrong := func(property string, err error) { errs = append(errs, fmt.Errorf("%s: %w", property, err)) }
	if args.UserID != nil {
		if err := ocid.Check(*args.UserID, ocid.User); err != nil {
			wrong("userId", err)
		}
	}
	if _, err := parseDomainURL(args.DomainURL); err != nil {
		errs = append(errs, err)
	}
	if args.Username != nil {
		if err := registry.CheckUsername(*args.Username); err != nil {
			wrong("username", err)
		}
	}
	if args.Namespace != nil {
		if err := registry.CheckNamespace(*args.Namespace); err != nil {
			wrong("namespace", err)
		}
	}
	waits := args.WaitUntilReady != nil && *args.WaitUntilReady
	switch {
	case args.Password != nil && *args.Password == "", args.Password == nil && waits:
		wrong("password", errors.New("there is none. OCI shows the value of an auth token once, in the answer to its creation, so "+
			"a token that was imported has no value: replace the token, or import it with its value, from a file for "+
			"\"pulumi import --file\""))
	case args.Password != nil && slices.ContainsFunc([]rune(*args.Password), isControl):
		wrong("password", errors.New("it contains a line break or another control character, and no auth token does: "+
			"remove it"))
	}
	if seconds := args.WaitTimeoutSeconds; seconds != nil && (*seconds < 0 || *seconds > int(longestReadyWithin.Seconds())) {
		wrong("waitTimeoutSeconds", fmt.Errorf("%d is not from 0 to %d", *seconds, int(longestReadyWithin.Seconds())))
	}
	return errors.Join(errs...)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// Invoke finds out the login and, if the program wants that, waits until the registry accepts it.
func (f *GetRegistryLogin) Invoke(
	ctx context.Context, req infer.FunctionRequest[GetRegistryLoginArgs],
) (infer.FunctionResponse[GetRegistryLoginResult], error) {
	type response = infer.FunctionResponse[GetRegistryLoginResult]

	args := req.Input
	if err := args.check(); err != nil {
		return response{}, err
	}
	client, err := f.oci.get()
	if err != nil {
		return response{}, err
	}
	listener := p.GetLogger(ctx)
	lookup := registryLookup{client: client, tenancy: client.Tenancy(listener), listener: listener, args: args}
	result, usernames, err := lookup.login(ctx)
	if err != nil {
		return response{}, err
	}
	if args.Password == nil {
		return response{Output: result}, nil
	}
	login := registry.Login{Server: result.Server, Username: result.Username, Password: registry.Password(*args.Password)}
	if args.WaitUntilReady != nil && *args.WaitUntilReady {
		wait := registry.Wait{
			Client: registry.NewClient(nil, f.userAgent), Clock: f.clock, Within: readyWithin, Report: listener.InfoStatus,
		}
		if args.WaitTimeoutSeconds != nil {
			wait.Within = time.Duration(*args.WaitTimeoutSeconds) * time.Second
		}
		if login.Username, err = wait.Until(ctx, login, usernames); err != nil {
			return response{}, lookup.explain(ctx, err)
		}
		result.Username = login.Username
	}
	var aliases []string
	if result.Alias != nil {
		aliases = append(aliases, *result.Alias)
	}
	result.Auth, result.DockerConfigJSON = new(login.Auth()), new(login.DockerConfig(aliases...))
	return response{Output: result}, nil
}

// registryLookup asks OCI for what the program does not set.
type registryLookup struct {
	client   *identity.Client
	tenancy  identity.Tenancy
	listener identity.Listener
	args     GetRegistryLoginArgs
}

// login returns the login without a password, and every name under which the user may have to log in.
func (l registryLookup) login(ctx context.Context) (GetRegistryLoginResult, []string, error) {
	var result GetRegistryLoginResult
	var err error
	if result.Server, result.Alias, err = l.hosts(ctx); err != nil {
		return result, nil, err
	}
	if result.Namespace = value(l.args.Namespace); result.Namespace == "" {
		if result.Namespace, err = l.tenancy.Namespace(ctx); err != nil {
			return result, nil, fmt.Errorf("%w. Or set namespace: the Console shows it under Tenancy details", err)
		}
	}
	if l.args.Username != nil {
		result.Username = registry.Username(result.Namespace, *l.args.Username)
		return result, []string{result.Username}, nil
	}
	user, err := l.user()
	if err != nil {
		return result, nil, err
	}
	account, err := user.Account(ctx)
	if err != nil {
		return result, nil, fmt.Errorf("%w. Or set username: the name under which the user signs in", err)
	}
	usernames := registry.Usernames(result.Namespace, registry.User{
		Name: account.Name, Email: account.Email, Domain: account.Domain,
	})
	result.Username = usernames[0]
	return result, usernames, nil
}

// hosts returns the host names of the registry. The local emulator is the registry too.
func (l registryLookup) hosts(ctx context.Context) (server string, alias *string, err error) {
	region, err := l.tenancy.Region(value(l.args.Region))
	if err != nil {
		return "", nil, fmt.Errorf("region: %w", err)
	}
	if local := l.tenancy.LocalHost(); local != "" {
		return local, nil, nil
	}
	at := registry.Region{Name: region.Name, Domain: region.Domain}
	if at.Key, err = l.tenancy.RegionKey(ctx, region.Name); err != nil {
		return "", nil, err
	}
	server, short := at.Hosts()
	if short != "" {
		alias = &short
	}
	return server, alias, nil
}

// user returns the user who logs in.
func (l registryLookup) user() (*identity.User, error) {
	id := value(l.args.UserID)
	if id == "" {
		if id = l.tenancy.CallerID(); id == "" {
			return nil, errors.New("userId: is not set, and the provider does not sign in as a user: set userId or username")
		}
	}
	domainURL, err := parseDomainURL(l.args.DomainURL)
	if err != nil {
		return nil, err
	}
	return l.client.User(identity.UserRef{ID: id, DomainURL: domainURL}, l.listener)
}

// explain adds what OCI says about the user's tokens to the error of a login that the registry has refused.
func (l registryLookup) explain(ctx context.Context, err error) error {
	var refused *registry.Refused
	if !errors.As(err, &refused) {
		return err
	}
	const remedy = "The registry takes a few minutes to accept a new token, and longer outside of the home region: try again later, " +
		"or set a longer waitTimeoutSeconds. The password may also be the value of another token, or the user may sign in under another " +
		"name: the Console shows it in the profile menu; set username to it"
	user, failed := l.user()
	if failed != nil {
		return fmt.Errorf("%w. %s", err, remedy)
	}
	tokens, failed := user.ListTokens(ctx, identity.Near)
	if failed != nil {
		return fmt.Errorf("%w. The user's tokens could not be listed: %w. %s", err, failed, remedy)
	}
	if !slices.ContainsFunc(tokens, func(t identity.AuthToken) bool { return t.State == identity.StateActive }) {
		return fmt.Errorf("%w. The user has no ACTIVE auth token, so the password cannot be the value of one", err)
	}
	return fmt.Errorf("%w. OCI lists these tokens of the user:\n%s\n%s", err, identity.Describe(tokens), remedy)
}

// notWithoutPassword tells a password that is null from one that the program does not pass: infer decodes both as nil. The value of
// a token that was imported is null.
func notWithoutPassword(provider p.Provider) p.Provider {
	invoke := provider.Invoke
	provider.Invoke = func(ctx context.Context, req p.InvokeRequest) (p.InvokeResponse, error) {
		if password, passed := req.Args.GetOk("password"); passed && password.IsNull() && req.Token == getRegistryLoginToken {
			req.Args = req.Args.Set("password", property.New(""))
		}
		return invoke(ctx, req)
	}
	return provider
}
