// Package auth finds out how the caller proves to OCI who it is. It collects the properties of the provider's configuration
// from every place that they may come from, and makes credentials of them, which sign requests.
package auth

import (
	"context"
	"os"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
	_ "github.com/ociauthtoken/pulumi-ociauthtoken/internal/sdklog" // secrets pass through the SDK, which logs them
)

// Settings are what the program says about the properties of the table, by their names. A property that is absent or empty
// may come from the environment or from the OCI configuration file.
type Settings map[string]string

// The values of the property auth, as OCI's Terraform and Pulumi providers spell them. Case does not matter.
const (
	APIKey                     = "ApiKey"
	SecurityToken              = "SecurityToken"
	InstancePrincipal          = "InstancePrincipal"
	InstancePrincipalWithCerts = "InstancePrincipalWithCerts"
	ResourcePrincipal          = "ResourcePrincipal"
	OKEWorkloadIdentity        = "OKEWorkloadIdentity"
	WorkloadIdentityFederation = "WorkloadIdentityFederation"
)

// kinds are the values of the property auth.
var kinds = []string{
	APIKey, SecurityToken, InstancePrincipal, InstancePrincipalWithCerts, ResourcePrincipal, OKEWorkloadIdentity,
	WorkloadIdentityFederation,
}

// resolvers make credentials for each kind, by its name in lower case.
func resolvers() map[string]func(context.Context, *sources) (common.ConfigurationProvider, error) {
	return map[string]func(context.Context, *sources) (common.ConfigurationProvider, error){
		strings.ToLower(APIKey):                     apiKeyCredentials,
		strings.ToLower(SecurityToken):              sessionCredentials,
		strings.ToLower(InstancePrincipal):          instancePrincipal,
		strings.ToLower(InstancePrincipalWithCerts): instancePrincipalWithCerts,
		strings.ToLower(ResourcePrincipal):          resourcePrincipal,
		strings.ToLower(OKEWorkloadIdentity):        okeWorkloadIdentity,
		strings.ToLower(WorkloadIdentityFederation): workloadIdentityFederation,
	}
}

// Environment is what Resolve reads from the machine.
type Environment struct {
	// LookupEnv is os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// HomeDir is os.UserHomeDir.
	HomeDir func() (string, error)
}

// Machine is the environment of this process.
func Machine() Environment {
	return Environment{LookupEnv: os.LookupEnv, HomeDir: os.UserHomeDir}
}

// Check returns what is wrong with settings by themselves, without a look at any other source. It is for previews, in which
// some settings may not be known yet.
func Check(settings Settings) []*PropertyError {
	var problems []*PropertyError
	for _, p := range properties {
		if value := settings[p.Name]; value != "" && p.Check != nil {
			if err := p.Check(value); err != nil {
				problems = append(problems, wrong(p, "%v", err))
			}
		}
	}
	return problems
}

// Resolve takes every property from the first place that has it: the settings, the environment variables of the table in
// their order, the OCI configuration file. It returns credentials, or an error that is a *PropertyError or Problems. Whatever
// has to be asked of OCI is given up when ctx ends, or after a minute.
func Resolve(ctx context.Context, settings Settings, environment Environment) (common.ConfigurationProvider, error) {
	sources, err := newSources(settings, environment)
	if err != nil {
		return nil, err
	}
	asked := sources.find(propertyAuth)
	if asked.value == "" {
		asked.value = APIKey
	}
	resolve, ok := resolvers()[strings.ToLower(string(asked.value))]
	if !ok {
		return nil, wrong(propertyAuth, "%v (from %s)", checkKind(string(asked.value)), asked.origin)
	}
	return resolve(ctx, sources)
}

// requirement collects what is missing or wrong among the properties that a way to sign in needs.
type requirement struct {
	*sources
	problems Problems
}

// require returns the value of a property that must be there and must be right.
func (r *requirement) require(p Property) outside.Text {
	found := r.find(p)
	if found.value == "" {
		r.add(r.missing(p))
		return ""
	}
	if p.Check != nil {
		if err := p.Check(string(found.value)); err != nil {
			r.add(wrong(p, "%v (from %s)", err, found.origin))
		}
	}
	return found.value
}

// add notes a problem, if there is one.
func (r *requirement) add(problem *PropertyError) {
	if problem != nil {
		r.problems = append(r.problems, problem)
	}
}

// err returns the problems as an error, or nil.
func (r *requirement) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return r.problems
}
