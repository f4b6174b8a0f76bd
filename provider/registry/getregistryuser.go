package registry

import (
	"context"
	_ "embed"
	"errors"

	"github.com/pulumi/pulumi-go-provider/infer"

	ocir "github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// GetRegistryUser is the function ociauthtoken:index:getRegistryUser, which returns the names that a login to the OCI container
// registry takes.
type GetRegistryUser struct{ oci *connection.Connection }

// GetRegistryUserArgs are the arguments of getRegistryUser.
type GetRegistryUserArgs struct {
	UserID    *string `pulumi:"userId,optional"`
	DomainURL *string `pulumi:"domainUrl,optional"`
	Place
	Username *string `pulumi:"username,optional"`
}

// GetRegistryUserResult is what getRegistryUser returns.
type GetRegistryUserResult struct {
	Names
	Alias *string `pulumi:"alias,optional"`
}

// getRegistryUserDescription is generated from tools/docs/pages and tools/docs/snippets.
//
//go:embed getregistryuser.md
var getRegistryUserDescription string

// Annotate describes the function for the schema.
func (f *GetRegistryUser) Annotate(a infer.Annotator) {
	a.SetToken("index", "getRegistryUser")
	a.Describe(f, getRegistryUserDescription)
}

// Annotate describes the arguments for the schema.
func (args *GetRegistryUserArgs) Annotate(a infer.Annotator) {
	a.Describe(&args.UserID, "The OCID of the user who logs in. The default is the user that the provider signs in as.")
	a.Describe(&args.DomainURL, "The URL of the identity domain that the user is in, if it is not the Default domain.")
	a.Describe(&args.Username, "The name under which the user signs in, with or without the namespace before it: "+
		"`alice@example.com`, `oracleidentitycloudservice/alice@example.com`, `Development/alice`. If it is not set, OCI is "+
		"asked for it. `BEARER_TOKEN` goes with a password of `getRegistryToken`, and gets no namespace before it.")
}

// Annotate describes the result for the schema.
func (r *GetRegistryUserResult) Annotate(a infer.Annotator) {
	a.Describe(&r.Alias, "The short host name of the same registry, such as `phx.ocir.io`. It is absent outside of the "+
		"commercial realm, where there is none, and if OCI does not tell the caller the region's key. A "+
		"status line then says why.")
	a.Describe(&r.Username, "The user name for the registry, with the namespace before it.")
}

// check returns what is wrong with the arguments, without a call.
func (args GetRegistryUserArgs) check() error {
	_, wrong := token.UserOf(args.UserID, args.DomainURL)
	errs := []error{wrong, args.Place.check()}
	if args.Username != nil {
		errs = append(errs, of("username", ocir.CheckUsername(*args.Username)))
	}
	return errors.Join(errs...)
}

// Invoke finds out the names. It does not log in.
func (f *GetRegistryUser) Invoke(
	ctx context.Context, req infer.FunctionRequest[GetRegistryUserArgs],
) (infer.FunctionResponse[GetRegistryUserResult], error) {
	type response = infer.FunctionResponse[GetRegistryUserResult]

	if err := req.Input.check(); err != nil {
		return response{}, err
	}
	look, err := newLookup(ctx, f.oci, req.Input)
	if err != nil {
		return response{}, err
	}
	names, err := look.names(ctx)
	if err != nil {
		return response{}, err
	}
	return response{Output: names.GetRegistryUserResult}, nil
}
