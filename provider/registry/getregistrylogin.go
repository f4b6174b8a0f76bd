package registry

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	ocir "github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
)

// GetRegistryLogin is the function ociauthtoken:index:getRegistryLogin, which returns a login to the OCI container registry with
// a password.
type GetRegistryLogin struct{ oci *connection.Connection }

// NewRegistryLogin returns the function.
func NewRegistryLogin(oci *connection.Connection) *GetRegistryLogin { return &GetRegistryLogin{oci} }

// GetRegistryLoginArgs are the arguments of getRegistryLogin.
type GetRegistryLoginArgs struct {
	GetRegistryUserArgs
	Password           string `pulumi:"password"                    provider:"secret"`
	WaitUntilReady     *bool  `pulumi:"waitUntilReady,optional"`
	WaitTimeoutSeconds *int   `pulumi:"waitTimeoutSeconds,optional"`
}

// GetRegistryLoginResult is what getRegistryLogin returns.
type GetRegistryLoginResult struct {
	GetRegistryUserResult
	Password         string `pulumi:"password"         provider:"secret"`
	Auth             string `pulumi:"auth"             provider:"secret"`
	DockerConfigJSON string `pulumi:"dockerConfigJson" provider:"secret"`
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
	a.Describe(&args.Password, "The value of an auth token of the user.")
	a.Describe(&args.WaitUntilReady, "Whether to wait until the registry accepts the login. It takes a minute or two to accept "+
		"a new token. Each try is a login, so there are few of them, with longer and longer pauses between them.")
	a.Describe(&args.WaitTimeoutSeconds, "How long to wait at most, in seconds, from 0 to 3600. The default is 300. With 0, the function "+
		"tries once.")
}

// Annotate describes the result for the schema.
func (r *GetRegistryLoginResult) Annotate(a infer.Annotator) {
	a.Describe(&r.Username, "The user name for the registry, with the namespace before it. After a wait, it is the name that "+
		"the registry has accepted.")
	a.Describe(&r.Password, "The `password`, as it was passed. What takes it from here waits until the registry accepts it, with "+
		"`waitUntilReady`. A secret.")
	a.Describe(&r.Auth, "User name and password in base64, as in Docker's configuration file. A secret.")
	a.Describe(&r.DockerConfigJSON, "Docker's configuration file after the login to every host name of the region's registry. In the "+
		"commercial realm these are `server`, `<region>.ocir.io` and `alias`. It is the content "+
		"of `~/.docker/config.json`, and of a Kubernetes secret of the type `kubernetes.io/dockerconfigjson`. A secret.")
}

// check returns what is wrong with the arguments, without a call.
func (args GetRegistryLoginArgs) check() error {
	errs := []error{args.GetRegistryUserArgs.check()}
	wrong := func(property string, err error) { errs = append(errs, fmt.Errorf("%s: %w", property, err)) }
	if args.Password == "" {
		wrong("password", errors.New("there is none. OCI shows the value of an auth token once, in the answer to its creation, so "+
			"a token that was imported has no value: replace the token, or import it with its value, from a file for "+
			"\"pulumi import --file\". If you need no password, getRegistryUser returns the names without one"))
	} else if strings.ContainsFunc(args.Password, isControl) {
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
	listener := p.GetLogger(ctx)
	lookup, err := newLookup(f.oci, listener, args.GetRegistryUserArgs)
	if err != nil {
		return response{}, err
	}
	names, err := lookup.names(ctx)
	if err != nil {
		return response{}, err
	}
	login := ocir.Login{Server: names.Server, Username: names.Username, Password: ocir.Password(args.Password)}
	if args.WaitUntilReady != nil && *args.WaitUntilReady {
		wait := ocir.Wait{Client: lookup.registry, Clock: f.oci.Clock(), Within: readyWithin, Report: listener.InfoStatus}
		if args.WaitTimeoutSeconds != nil {
			wait.Within = time.Duration(*args.WaitTimeoutSeconds) * time.Second
		}
		if login.Username, err = wait.Until(ctx, login, names.usernames); err != nil {
			return response{}, lookup.explain(ctx, err, names, f.oci.Clock().Now())
		}
		names.Username = login.Username
	}
	return response{Output: GetRegistryLoginResult{
		GetRegistryUserResult: names.GetRegistryUserResult,
		Password:              args.Password, Auth: login.Auth(), DockerConfigJSON: login.DockerConfig(names.hosts),
	}}, nil
}

// explain adds to the error of a login that the registry has refused what OCI says about the user, and what to do.
func (l registryLookup) explain(ctx context.Context, err error, names registryNames, now time.Time) error {
	var refused *ocir.Refused
	if !errors.As(err, &refused) {
		return err
	}
	var remedies []string
	add := func(remedy string) {
		if remedy != "" {
			remedies = append(remedies, remedy)
		}
	}
	if l.args.Username != nil && l.args.UserID != nil {
		add(l.explainUsername(ctx, names))
	}
	add("The registry takes a minute or two to accept a new token, and longer outside of the home region: try again later, or set a longer " +
		"waitTimeoutSeconds. The password may also be the value of an older token, or of another user's")
	switch {
	case l.args.Username == nil:
		add("The user may sign in under another name: the Console shows it in the profile menu; set username to it")
		add(l.explainTokens(ctx, now))
	case l.args.UserID == nil: // the name may be anybody's
		add("Set userId too, and this error says which tokens the user has, and what the user is called")
	default:
		add(l.explainTokens(ctx, now))
	}
	return fmt.Errorf("%w. %s", err, strings.Join(remedies, ". "))
}

// explainTokens says which tokens the user has, and whether the registry can accept one of them.
func (l registryLookup) explainTokens(ctx context.Context, now time.Time) string {
	user, err := l.user()
	if err != nil {
		return ""
	}
	tokens, err := user.ListTokens(ctx, identity.Near)
	if err != nil {
		return fmt.Sprintf("The user's tokens could not be listed: %v", user.Locate(ctx, err))
	}
	if len(tokens) == 0 {
		return "OCI lists no auth token of the user"
	}
	// Identity domains do not say in which state a token is.
	usable := func(t identity.AuthToken) bool {
		return t.IsLive() && t.State != identity.StateInactive && (t.TimeExpires == nil || now.Before(*t.TimeExpires))
	}
	if !slices.ContainsFunc(tokens, usable) {
		return "None of the user's auth tokens works, because each is inactive or expired: replace the one that this password is for:\n" + user.Describe(tokens)
	}
	return "OCI lists these auth tokens of the user:\n" + user.Describe(tokens)
}

// explainUsername says under which names OCI knows the user, if the program has set another one.
func (l registryLookup) explainUsername(ctx context.Context, names registryNames) string {
	known, err := l.usernames(ctx, names.Namespace)
	switch {
	case err != nil:
		return fmt.Sprintf("Whether username is right is not known: %v", err)
	case slices.Contains(known, names.Username):
		return ""
	}
	return fmt.Sprintf("By what OCI knows of the user, the user name is %s: leave username out, or set it to that", strings.Join(known, " or "))
}

// NotWithoutPassword passes an empty password for one that is missing or null, as the value of a token that was imported is. infer
// would refuse it before Invoke can say what to do.
func NotWithoutPassword(provider p.Provider) p.Provider {
	invoke := provider.Invoke
	provider.Invoke = func(ctx context.Context, req p.InvokeRequest) (p.InvokeResponse, error) {
		if req.Token == getRegistryLoginToken && req.Args.Get("password").IsNull() {
			req.Args = req.Args.Set("password", property.New(""))
		}
		return invoke(ctx, req)
	}
	return provider
}
