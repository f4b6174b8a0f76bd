package registry

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	ocir "github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// GetRegistryLogin is the function ociauthtoken:index:getRegistryLogin, which returns a login to the OCI container registry with
// a password.
type GetRegistryLogin struct{ oci *connection.Connection }

// GetRegistryLoginArgs are the arguments of getRegistryLogin.
type GetRegistryLoginArgs struct {
	GetRegistryUserArgs
	// Password is nil if a token that was imported is passed.
	Password           *string `pulumi:"password,optional"           provider:"secret" schema:"required"`
	WaitUntilReady     *bool   `pulumi:"waitUntilReady,optional"`
	WaitTimeoutSeconds *int    `pulumi:"waitTimeoutSeconds,optional"`
}

// GetRegistryLoginResult is what getRegistryLogin returns.
type GetRegistryLoginResult struct {
	GetRegistryUserResult
	Login
}

const (
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
}

// check returns what is wrong with the arguments, without a call.
func (args GetRegistryLoginArgs) check() error {
	errs := []error{args.GetRegistryUserArgs.check()}
	wrong := func(property string, err error) { errs = append(errs, of(property, err)) }
	if token.OrEmpty(args.Password) == "" {
		wrong("password", errors.New("there is none. OCI shows the value of an auth token once, in the answer to its creation, so "+
			"a token that was imported has no value: replace the token, or import it with its value, from a file for "+
			"\"pulumi import --file\". If you need no password, getRegistryUser returns the names without one"))
	} else if strings.ContainsFunc(*args.Password, isControl) {
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
	look, err := newLookup(ctx, f.oci, args.GetRegistryUserArgs)
	if err != nil {
		return response{}, err
	}
	names, err := look.names(ctx)
	if err != nil {
		return response{}, err
	}
	login := ocir.Login{Server: names.Server, Username: names.Username, Password: ocir.Password(*args.Password)}
	if args.WaitUntilReady != nil && *args.WaitUntilReady {
		wait := ocir.Wait{Client: look.registry, Clock: f.oci.Clock(), Within: readyWithin, Report: p.GetLogger(ctx).InfoStatus}
		if args.WaitTimeoutSeconds != nil {
			wait.Within = time.Duration(*args.WaitTimeoutSeconds) * time.Second
		}
		if login.Username, err = wait.Until(ctx, login, names.usernames); err != nil {
			return response{}, look.explain(ctx, err, names, f.oci.Clock().Now())
		}
		names.Username = login.Username
	}
	return response{Output: GetRegistryLoginResult{
		GetRegistryUserResult: names.GetRegistryUserResult, Login: loginWith(login, names.hosts),
	}}, nil
}
