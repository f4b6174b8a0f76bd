package registry

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"

	ocir "github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
)

// GetRegistryToken is the function ociauthtoken:index:getRegistryToken, which returns a login to the OCI container registry that is
// valid for about an hour, for whoever the provider signs in as.
type GetRegistryToken struct{ oci *connection.Connection }

// GetRegistryTokenArgs are the arguments of getRegistryToken.
type GetRegistryTokenArgs struct {
	Place
	Scope *string `pulumi:"scope,optional"`
}

// GetRegistryTokenResult is what getRegistryToken returns.
type GetRegistryTokenResult struct {
	Names
	Login
	TimeExpires string `pulumi:"timeExpires"`
}

// getRegistryTokenDescription is generated from tools/docs/pages and tools/docs/snippets.
//
//go:embed getregistrytoken.md
var getRegistryTokenDescription string

// Annotate describes the function for the schema.
func (f *GetRegistryToken) Annotate(a infer.Annotator) {
	a.SetToken("index", "getRegistryToken")
	a.Describe(f, getRegistryTokenDescription)
}

// Annotate describes the arguments for the schema.
func (args *GetRegistryTokenArgs) Annotate(a infer.Annotator) {
	a.Describe(&args.Scope, "What the login is for, in the words of the registry: `repository:<namespace>/<name>:pull,push`. Spaces "+
		"separate several repositories. The default is everything that the policies allow.")
}

// Annotate describes the result for the schema.
func (r *GetRegistryTokenResult) Annotate(a infer.Annotator) {
	a.Describe(&r.Username, "The user name for the registry, which is `BEARER_TOKEN` whoever has signed.")
	a.Describe(&r.Password, "The password for the registry, which is valid for about an hour. A secret.")
	a.Describe(&r.TimeExpires, "When the registry stops accepting the password, by this machine's clock, in the format of RFC 3339.")
}

// check returns what is wrong with the arguments, without a call, or else the scope as the registry reads it.
func (args GetRegistryTokenArgs) check() (scope string, err error) {
	if args.Scope != nil {
		scope, err = ocir.ParseScope(*args.Scope)
	}
	return scope, errors.Join(args.Place.check(), of("scope", err))
}

// Invoke asks for a new password each time. None is kept.
func (f *GetRegistryToken) Invoke(
	ctx context.Context, req infer.FunctionRequest[GetRegistryTokenArgs],
) (infer.FunctionResponse[GetRegistryTokenResult], error) {
	type response = infer.FunctionResponse[GetRegistryTokenResult]
	args := req.Input
	scope, err := args.check()
	if err != nil {
		return response{}, err
	}
	look, err := newLookup(ctx, f.oci, GetRegistryUserArgs{Place: args.Place})
	if err != nil {
		return response{}, err
	}
	var names loginNames
	if err := look.findRegistry(ctx, &names); err != nil {
		return response{}, err
	}
	access, err := look.tenancy.AccessToken(ctx, ocir.Access{Region: names.region, Host: names.Server, Scope: scope})
	if err != nil {
		return response{}, err
	}
	login := ocir.Login{Server: names.Server, Username: ocir.BearerUser, Password: access.Value}
	names.Username = login.Username
	return response{Output: GetRegistryTokenResult{
		Names: names.Names, Login: loginWith(login, names.hosts), TimeExpires: access.TimeExpires.UTC().Format(time.RFC3339),
	}}, nil
}
