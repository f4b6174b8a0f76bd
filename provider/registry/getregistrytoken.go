package registry

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	ocir "github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// GetRegistryToken is the function ociauthtoken:index:getRegistryToken, which returns a login to the OCI container registry that is
// valid for about an hour, for whoever the provider signs in as.
type GetRegistryToken struct{ oci *connection.Connection }

// NewRegistryToken returns the function.
func NewRegistryToken(oci *connection.Connection) *GetRegistryToken { return &GetRegistryToken{oci} }

// GetRegistryTokenArgs are the arguments of getRegistryToken.
type GetRegistryTokenArgs struct {
	Region    *string `pulumi:"region,optional"`
	Namespace *string `pulumi:"namespace,optional"`
	Scope     *string `pulumi:"scope,optional"`
}

// GetRegistryTokenResult is what getRegistryToken returns.
type GetRegistryTokenResult struct {
	Server           string `pulumi:"server"`
	Namespace        string `pulumi:"namespace"`
	Username         string `pulumi:"username"`
	Password         string `pulumi:"password"         provider:"secret"`
	Auth             string `pulumi:"auth"             provider:"secret"`
	DockerConfigJSON string `pulumi:"dockerConfigJson" provider:"secret"`
	TimeExpires      string `pulumi:"timeExpires"`
}

var (
	_ infer.Fn[GetRegistryTokenArgs, GetRegistryTokenResult] = (*GetRegistryToken)(nil)
	_ infer.Annotated                                        = (*GetRegistryToken)(nil)
	_ infer.Annotated                                        = (*GetRegistryTokenArgs)(nil)
	_ infer.Annotated                                        = (*GetRegistryTokenResult)(nil)
)

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
	a.Describe(&args.Region, "The region of the registry, by name (`us-phoenix-1`) or by key (`PHX`). The default is the "+
		"provider's region.")
	a.Describe(&args.Namespace, "The tenancy's Object Storage namespace. If it is not set, OCI is asked for it.")
	a.Describe(&args.Scope, "What the login is for, in the words of the registry: `repository:<namespace>/<name>:pull,push`. Spaces "+
		"separate several repositories. The default is everything that the policies allow.")
}

// Annotate describes the result for the schema.
func (r *GetRegistryTokenResult) Annotate(a infer.Annotator) {
	a.Describe(&r.Server, "The host name of the registry, such as `ocir.us-phoenix-1.oci.oraclecloud.com`.")
	a.Describe(&r.Namespace, "The tenancy's Object Storage namespace. It is the first part of the name of every image.")
	a.Describe(&r.Username, "The user name for the registry, which is `BEARER_TOKEN` whoever has signed.")
	a.Describe(&r.Password, "The password for the registry, which is valid for about an hour. A secret.")
	a.Describe(&r.Auth, "User name and password in base64, as in Docker's configuration file. A secret.")
	a.Describe(&r.DockerConfigJSON, "Docker's configuration file after the login to every host name of the region's registry. In the "+
		"commercial realm these are `server`, `<region>.ocir.io` and the short one, such as `phx.ocir.io`. A secret.")
	a.Describe(&r.TimeExpires, "When the registry stops accepting the password, by this machine's clock, in the format of RFC 3339.")
}

// check returns what is wrong with the arguments, without a call.
func (args GetRegistryTokenArgs) check() error {
	var errs []error
	wrong := func(property string, err error) { errs = append(errs, fmt.Errorf("%s: %w", property, err)) }
	if args.Namespace != nil {
		if err := ocir.CheckNamespace(*args.Namespace); err != nil {
			wrong("namespace", err)
		}
	}
	if args.Scope != nil {
		if err := ocir.CheckScope(*args.Scope); err != nil {
			wrong("scope", err)
		}
	}
	return errors.Join(errs...)
}

// Invoke asks for a new password each time. None is kept.
func (f *GetRegistryToken) Invoke(
	ctx context.Context, req infer.FunctionRequest[GetRegistryTokenArgs],
) (infer.FunctionResponse[GetRegistryTokenResult], error) {
	type response = infer.FunctionResponse[GetRegistryTokenResult]
	args := req.Input
	if err := args.check(); err != nil {
		return response{}, err
	}
	lookup, err := newLookup(f.oci, p.GetLogger(ctx), GetRegistryUserArgs{Region: args.Region, Namespace: args.Namespace})
	if err != nil {
		return response{}, err
	}
	var names registryNames
	if err := lookup.findRegistry(ctx, &names); err != nil {
		return response{}, err
	}
	access, err := lookup.tenancy.AccessToken(ctx, identity.Access{Region: names.region, Host: names.Server, Scope: token.OrEmpty(args.Scope)})
	if err != nil {
		return response{}, err
	}
	login := ocir.Login{Server: names.Server, Username: ocir.BearerUser, Password: ocir.Password(access.Value)}
	return response{Output: GetRegistryTokenResult{
		Server: names.Server, Namespace: names.Namespace, Username: login.Username, Password: string(access.Value), Auth: login.Auth(),
		DockerConfigJSON: login.DockerConfig(names.hosts), TimeExpires: access.TimeExpires.UTC().Format(time.RFC3339),
	}}, nil
}
