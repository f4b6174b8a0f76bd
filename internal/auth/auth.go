// Package auth signs in to OCI. It collects the properties of the provider's configuration from every place that they may come
// from, and turns them into credentials, which sign requests.
package auth

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
	_ "github.com/ociauthtoken/pulumi-ociauthtoken/internal/sdklog" // secrets pass through the SDK, which logs them
)

// Settings are the properties that the program sets, by name. A property that is absent or empty may come from the environment
// or from the OCI configuration file.
type Settings map[string]string

// Credentials sign requests.
type Credentials interface {
	common.ConfigurationProvider
	// String says who signs, and where the parts of the credentials were found. It contains no secret.
	fmt.Stringer
}

// The values of the property auth, as OCI's Terraform and Pulumi providers spell them. Case and underscores do not matter: OCI's
// CLI spells them api_key, security_token, instance_principal, and so on.
const (
	APIKey                     = "ApiKey"
	SecurityToken              = "SecurityToken"
	InstancePrincipal          = "InstancePrincipal"
	InstancePrincipalWithCerts = "InstancePrincipalWithCerts"
	InstanceOBOUser            = "InstanceOBOUser"
	ResourcePrincipal          = "ResourcePrincipal"
	OKEWorkloadIdentity        = "OKEWorkloadIdentity"
	WorkloadIdentityFederation = "WorkloadIdentityFederation"
)

// kinds lists the values of the property auth.
var kinds = []string{
	APIKey, SecurityToken, InstancePrincipal, InstancePrincipalWithCerts, InstanceOBOUser, ResourcePrincipal, OKEWorkloadIdentity,
	WorkloadIdentityFederation,
}

// kindNamed returns the value of the property auth that s spells, in any of its spellings, or "" if there is none.
func kindNamed(s string) string {
	for _, kind := range kinds {
		if strings.EqualFold(kind, strings.ReplaceAll(s, "_", "")) {
			return kind
		}
	}
	return ""
}

// signIn returns credentials of one kind.
func signIn(ctx context.Context, kind string, s *sources) (Credentials, error) {
	switch kind {
	case SecurityToken:
		return sessionCredentials(s)
	case InstancePrincipal:
		return instancePrincipal(ctx, s)
	case InstancePrincipalWithCerts:
		return instancePrincipalWithCerts(ctx, s)
	case InstanceOBOUser:
		return instanceOBOUser(ctx, s)
	case ResourcePrincipal:
		return resourcePrincipal(ctx, s)
	case OKEWorkloadIdentity:
		return okeWorkloadIdentity(ctx, s)
	case WorkloadIdentityFederation:
		return workloadIdentityFederation(ctx, s)
	default:
		return apiKeyCredentials(s)
	}
}

// Environment is what Resolve needs to know about the machine.
type Environment struct {
	// LookupEnv is os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// Setenv is os.Setenv. OCI's SDK reads some settings from the environment only.
	Setenv func(name, value string) error
	// HomeDir is os.UserHomeDir.
	HomeDir func() (string, error)
}

// Machine returns the environment of this process.
func Machine() Environment {
	return Environment{LookupEnv: os.LookupEnv, Setenv: os.Setenv, HomeDir: os.UserHomeDir}
}

// Check returns what is wrong with the settings themselves. It looks at no other source. It is for previews, in which some
// settings may not be known yet.
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

// Resolve finds out who the caller is and returns credentials, or an error that says what is missing or wrong. It takes every
// property from the first place that has it: the settings, the environment variables in the order of the table, the OCI
// configuration file. A request to OCI ends when ctx ends, and after a minute at the latest.
func Resolve(ctx context.Context, settings Settings, environment Environment) (Credentials, error) {
	s, err := newSources(settings, environment)
	if err != nil {
		return nil, err
	}
	if err := s.trustCertificates(); err != nil {
		return nil, err
	}
	asked := s.kind()
	kind := kindNamed(string(asked.value))
	if kind == "" {
		return nil, wrong(propertyAuth, "%v (from %s)", checkKind(string(asked.value)), asked.origin)
	}
	credentials, err := signIn(ctx, kind, s)
	if err != nil {
		return nil, err
	}
	return s.delegated(credentials)
}

// kind returns how to sign in. The first place that says so decides. A place says so with the property auth, or by having all
// parts of an API key. A profile of the configuration file also says so by the other keys in it.
func (s *sources) kind() finding {
	for _, places := range s.candidates() {
		if asked := firstOf(propertyAuth, places...); asked.value != "" {
			return asked
		}
		if s.identityIn(places...).isWhole() {
			break
		}
	}
	return finding{value: APIKey}
}

// requirement collects what is missing or wrong among the properties that one way of signing in needs.
type requirement struct {
	*sources
	problems Problems
}

// require returns the value of a property, and notes a problem if it is missing or wrong.
func (r *requirement) require(p Property) outside.Text { return r.check(p, r.find(p)) }

// check returns the value of what was found, and notes a problem if it is missing or wrong.
func (r *requirement) check(p Property, found finding) outside.Text {
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

// add notes a problem unless it is nil.
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
