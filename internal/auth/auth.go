// Package auth finds out how the caller proves to OCI who it is. It collects the properties of the provider's configuration
// from every place that they may come from, and makes credentials of them, which sign requests.
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

// Settings are what the program says about the properties of the table, by their names. A property that is absent or empty
// may come from the environment or from the OCI configuration file.
type Settings map[string]string

// Credentials sign requests.
type Credentials interface {
	common.ConfigurationProvider
	// String says who signs, and where each part of that was found. It holds no secret.
	fmt.Stringer
}

// The values of the property auth, as OCI's Terraform and Pulumi providers spell them. Case does not matter, nor do underscores:
// OCI's CLI spells them api_key, security_token, instance_principal, and so on.
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

// kinds are the values of the property auth.
var kinds = []string{
	APIKey, SecurityToken, InstancePrincipal, InstancePrincipalWithCerts, InstanceOBOUser, ResourcePrincipal, OKEWorkloadIdentity,
	WorkloadIdentityFederation,
}

// kindNamed returns the value of the property auth that is spelled in one way or another, or "".
func kindNamed(s string) string {
	for _, kind := range kinds {
		if strings.EqualFold(kind, strings.ReplaceAll(s, "_", "")) {
			return kind
		}
	}
	return ""
}

// signIn makes credentials of one kind.
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

// Environment is the machine, as far as Resolve deals with it.
type Environment struct {
	// LookupEnv is os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// Setenv is os.Setenv: OCI's SDK reads some of what it needs from the environment and from nowhere else.
	Setenv func(name, value string) error
	// HomeDir is os.UserHomeDir.
	HomeDir func() (string, error)
}

// Machine is the environment of this process.
func Machine() Environment {
	return Environment{LookupEnv: os.LookupEnv, Setenv: os.Setenv, HomeDir: os.UserHomeDir}
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

// Resolve finds out who the caller is. It takes every property from the first place that has it: the settings, the environment
// variables of the table in their order, the OCI configuration file. It returns credentials, or an error that says what is
// missing or wrong. Whatever has to be asked of OCI is given up when ctx ends, or after a minute.
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

// kind returns how to sign in: as the first place says that says something about it. A place says so by the property auth, or
// by having all that an API key needs; a profile of the configuration file also by what it holds.
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

// requirement collects what is missing or wrong among the properties that a way to sign in needs.
type requirement struct {
	*sources
	problems Problems
}

// require returns the value of a property that must be there and must be right.
func (r *requirement) require(p Property) outside.Text { return r.check(p, r.find(p)) }

// check returns what was found of a property that must be there and must be right.
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
