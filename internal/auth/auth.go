// Package auth finds out how the caller proves to OCI who it is: it collects the properties of the provider's
// configuration from all the places they may come from, and makes of them what signs requests.
package auth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
	_ "github.com/ociauthtoken/pulumi-ociauthtoken/internal/sdklog" // what is signed in with passes through the SDK
)

// Settings are the properties of the provider's configuration that say who the caller is. An empty string means that the
// property is not set there, and may come from the environment or from the OCI configuration file.
type Settings struct {
	Auth               string
	TenancyOCID        string
	UserOCID           string
	Fingerprint        string
	PrivateKey         string
	PrivateKeyPath     string
	PrivateKeyPassword string
	Region             string
	ConfigFileProfile  string

	// The rest is for WorkloadIdentityFederation alone.

	WorkloadIdentityTokenPath       string
	TokenExchangeAuth               string
	TokenExchangeClientID           string
	TokenExchangeClientSecret       string
	TokenExchangeDomainURL          string
	TokenExchangePublicKey          string
	TokenExchangeRequestedTokenType string
	TokenExchangeResourceType       string
	TokenExchangeRPSTExpiration     string
	TokenExchangeSubjectTokenType   string
}

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

// checkKind says what is wrong with a value of the property auth.
func checkKind(s string) error {
	if slices.ContainsFunc(kinds, func(kind string) bool { return strings.EqualFold(kind, s) }) {
		return nil
	}
	return fmt.Errorf("%q is not a way to sign in that this provider knows: use one of %s", outside.Text(s), strings.Join(kinds, ", "))
}

// PropertyError is something wrong with one property of the provider's configuration.
type PropertyError struct {
	// Property is the name as in Pulumi's configuration, such as "privateKeyPath".
	Property string
	// Problem is a sentence with the remedy. It never holds the value of a secret.
	Problem string
}

// Error is the property and what is wrong with it.
func (e *PropertyError) Error() string { return e.Property + ": " + e.Problem }

func wrong(p property, format string, args ...any) *PropertyError {
	return &PropertyError{Property: p.name, Problem: fmt.Sprintf(format, args...)}
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

// Check finds what can be seen to be wrong with settings by themselves, before any other source is looked at: it is for
// previews, in which some settings may not be known yet.
func Check(settings Settings) []*PropertyError {
	var problems []*PropertyError
	for _, p := range checked {
		if value := p.of(settings); value != "" {
			if err := p.check(value); err != nil {
				problems = append(problems, wrong(p, "%v", err))
			}
		}
	}
	return problems
}

// Resolve collects every property from the first place that has it: the settings, the environment variable
// TF_VAR_<name>, the environment variable OCI_<NAME>, the OCI configuration file. The error joins one *PropertyError for
// each property that is missing or wrong. Whatever has to be asked of OCI is given up when ctx ends, or within patience.
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
	problems []error
}

// require is the value of a property that must be there and must be right.
func (r *requirement) require(p property) outside.Text {
	found := r.find(p)
	if found.value == "" {
		r.problems = append(r.problems, wrong(p, "is not set. %s", r.whereToSet(p)))
		return ""
	}
	if p.check != nil {
		if err := p.check(string(found.value)); err != nil {
			r.problems = append(r.problems, wrong(p, "%v (from %s)", err, found.origin))
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

// err joins the problems.
func (r *requirement) err() error { return errors.Join(r.problems...) }

// apiKeyCredentials are what an API key needs: https://docs.oracle.com/iaas/Content/API/Concepts/apisigningkey.htm.
func apiKeyCredentials(_ context.Context, s *sources) (common.ConfigurationProvider, error) {
	r := &requirement{sources: s}
	credentials := apiKey{
		tenancy:     string(r.require(propertyTenancyOCID)),
		user:        string(r.require(propertyUserOCID)),
		fingerprint: strings.ToLower(string(r.require(propertyFingerprint))),
		region:      string(r.require(propertyRegion)),
	}
	key, problem := findPrivateKey(s)
	r.add(problem)
	if err := r.err(); err != nil {
		return nil, err
	}
	if own := fingerprint(&key.PublicKey); own != credentials.fingerprint {
		return nil, wrong(propertyFingerprint, "is %s, but the private key from %s has the fingerprint %s: "+
			"one of the two belongs to another API key", credentials.fingerprint, key.origin, own)
	}
	credentials.key = key.PrivateKey
	return credentials, nil
}

func checkUser(s string) error    { return ocid.Check(s, ocid.User) }
func checkTenancy(s string) error { return ocid.Check(s, ocid.Tenancy) }
