// Package registry is the functions for the OCI container registry: getRegistryUser, getRegistryLogin and getRegistryToken.
package registry

import (
	"fmt"

	"github.com/pulumi/pulumi-go-provider/infer"

	ocir "github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
)

// Functions returns the functions.
func Functions(oci *connection.Connection) []infer.InferredFunction {
	return []infer.InferredFunction{
		infermend.FunctionOf(&GetRegistryUser{oci}),
		infermend.FunctionOf(&GetRegistryLogin{oci}),
		infermend.FunctionOf(&GetRegistryToken{oci}),
	}
}

// Place is the arguments that say which registry it is.
type Place struct {
	Region    *string `pulumi:"region,optional"`
	Namespace *string `pulumi:"namespace,optional"`
}

// Annotate describes the arguments for the schema.
func (args *Place) Annotate(a infer.Annotator) {
	a.Describe(&args.Region, "The region of the registry, by name (`us-phoenix-1`) or by key (`PHX`). The default is the "+
		"provider's region.")
	a.Describe(&args.Namespace, "The tenancy's Object Storage namespace. If it is not set, OCI is asked for it.")
}

// check returns what is wrong with the arguments, without a call.
func (args Place) check() error {
	if args.Namespace == nil {
		return nil
	}
	return of("namespace", ocir.CheckNamespace(*args.Namespace))
}

// of names the argument that an error is about.
func of(argument string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", argument, err)
	}
	return nil
}

// Names are the names that a login takes.
type Names struct {
	Server    string `pulumi:"server"`
	Namespace string `pulumi:"namespace"`
	Username  string `pulumi:"username"`
}

// Annotate describes the names for the schema.
func (r *Names) Annotate(a infer.Annotator) {
	a.Describe(&r.Server, "The host name of the registry, such as `ocir.us-phoenix-1.oci.oraclecloud.com`.")
	a.Describe(&r.Namespace, "The tenancy's Object Storage namespace. It is the first part of the name of every image.")
}

// Login is a login with a password.
type Login struct {
	Password         string `pulumi:"password"         provider:"secret"`
	Auth             string `pulumi:"auth"             provider:"secret"`
	DockerConfigJSON string `pulumi:"dockerConfigJson" provider:"secret"`
}

// Annotate describes the login for the schema.
func (r *Login) Annotate(a infer.Annotator) {
	a.Describe(&r.Auth, "User name and password in base64, as in Docker's configuration file. A secret.")
	a.Describe(&r.DockerConfigJSON, "Docker's configuration file after the login to every host name of the region's registry. In the "+
		"commercial realm these are `server`, `<region>.ocir.io` and the short one, such as `phx.ocir.io`. It is the content "+
		"of `~/.docker/config.json`, and of a Kubernetes secret of the type `kubernetes.io/dockerconfigjson`. A secret.")
}

// loginWith returns the login in all its forms.
func loginWith(login ocir.Login, hosts []string) Login {
	return Login{Password: string(login.Password), Auth: login.Auth(), DockerConfigJSON: login.DockerConfig(hosts)}
}
