// Package auth signs in to OCI. It collects the properties of the provider's configuration from every place that they may come
// from, and turns them into credentials, which sign requests.
package auth

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"regexp"
	"slices"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
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

// The values of the property auth, as OCI's Terraform and Pulumi providers spell them.
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

// Way is one way to sign in. A new one is a function in a file of its own, and a row of ways.
type Way struct {
	Name   string // the value of the property auth
	CLI    string // what OCI's CLI calls it, or ""
	Does   string // follows the name in the documentation
	Tools  string // which of OCI's tools sign in like this too
	signIn func(context.Context, *sources) (Credentials, error)
}

var ways []Way

// The functions of the table use properties, and a property is checked against the table. So it is filled after they are initialized.
func init() {
	ways = []Way{
		{APIKey, "api_key", "signs with a user's API key", "CLI, SDKs, Terraform", apiKeyCredentials},
		{SecurityToken, "security_token", "uses a session that `oci session authenticate` has opened, in the profile that `configFileProfile` names",
			"CLI, SDKs, Terraform", sessionCredentials},
		{InstancePrincipal, "instance_principal", "signs as the instance that Pulumi runs on", "CLI, SDKs, Terraform", instancePrincipal},
		{InstancePrincipalWithCerts, "", "signs as an instance whose certificates are in the files `ip_cert.pem`, `ip_key.pem`, " +
			"`intermediate.pem` and, if the key is encrypted, `leaf_passphrase`, in the working directory or in the folder that the " +
			"environment variable `test_certificates_location` names", "Terraform", instancePrincipalWithCerts},
		{InstanceOBOUser, "instance_obo_user", "signs as the instance for the user of a delegation token, as Cloud Shell does",
			"CLI, SDKs", instanceOBOUser},
		{ResourcePrincipal, "resource_principal", "signs as the function or other resource that Pulumi runs in",
			"CLI, SDKs, Terraform", resourcePrincipal},
		{OKEWorkloadIdentity, "oke_workload_identity", "signs as the Kubernetes workload that Pulumi runs in",
			"CLI, SDKs, Terraform", okeWorkloadIdentity},
		{WorkloadIdentityFederation, "", "exchanges the token of another issuer for one of OCI", "Go SDK", workloadIdentityFederation},
	}
	for _, w := range ways {
		properties[0].Description += " `" + w.Name + "` " + w.Does + "."
	}
}

// Ways returns the ways to sign in, in the order in which they are documented.
func Ways() []Way { return slices.Clone(ways) }

// wayNamed returns the way that s spells, in any of its spellings. Case and underscores do not matter: OCI's CLI spells them api_key,
// security_token, instance_principal, and so on.
func wayNamed(s string) (Way, bool) {
	for _, w := range ways {
		if strings.EqualFold(w.Name, strings.ReplaceAll(s, "_", "")) {
			return w, true
		}
	}
	return Way{}, false
}

// hostName matches what may become a part of the host that signed requests go to.
var hostName = regexp.MustCompile(`^[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*$`)

// DomainName returns what replaces the domain name in the hosts of OCI's services, such as oraclecloud.com, or "".
func DomainName(environment Environment) (string, error) {
	named := (&sources{environment: environment}).terraformSetting("domain_name_override")
	if named.value != "" && !hostName.MatchString(string(named.value)) {
		return "", fmt.Errorf("%s holds no domain name, such as example.com", named.origin)
	}
	return string(named.value), nil
}

// Environment is what Resolve needs to know about the machine.
type Environment struct {
	// LookupEnv is os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// Setenv is os.Setenv. OCI's SDK reads some settings from the environment only.
	Setenv func(name, value string) error
	// HomeDir returns the home directory.
	HomeDir func() (string, error)
}

// Machine returns the environment of this process.
func Machine() Environment {
	return Environment{LookupEnv: os.LookupEnv, Setenv: os.Setenv, HomeDir: homeDir}
}

// homeDir returns the home directory, also for a service that is started without HOME, as OCI's tools do.
func homeDir() (string, error) {
	home, err := os.UserHomeDir()
	if current, found := user.Current(); err != nil && found == nil {
		return current.HomeDir, nil
	}
	return home, err
}

// Resolve finds out who the caller is and returns credentials, or an error that says what is missing or wrong. It takes every
// property from the first place that has it: the settings, the environment variables in the order of the table, the OCI
// configuration file. A request to OCI ends when ctx ends, and after a minute at the latest.
func Resolve(ctx context.Context, settings Settings, environment Environment) (Credentials, error) {
	s, err := newSources(settings, environment)
	if err != nil {
		return nil, err
	}
	if proxy := s.cliFile.settings["proxy"]; proxy != "" { // which the CLI prefers to the environment
		s.handToSDK("HTTPS_PROXY", safetext.Text(proxy))
	}
	if err := s.trustCertificates(); err != nil {
		return nil, err
	}
	asked := s.way()
	way, known := wayNamed(string(asked.value))
	if !known {
		return nil, wrong(propertyAuth, "%v (from %s)", checkWay(string(asked.value)), asked.origin)
	}
	if s.env("OCI_CLI_USE_INSTANCE_METADATA_SERVICE") != "" { // as OCI's CLI does
		learnRealm(ctx, s, string(s.find(propertyRegion).value))
	}
	credentials, err := way.signIn(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.delegated(credentials)
}

// way returns how to sign in. The first place that says so decides. A place says so with the property auth, or by having all
// parts of an API key. A profile of the configuration file also says so by the other keys in it.
func (s *sources) way() finding {
	for _, places := range s.order {
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
	problems problems
}

// require returns the value of a property, and notes a problem if it is missing or wrong.
func (r *requirement) require(p Property) safetext.Text { return r.check(p, r.find(p)) }

// check returns the value of what was found, and notes a problem if it is missing or wrong.
func (r *requirement) check(p Property, found finding) safetext.Text {
	if found.value == "" {
		r.add(r.missing(p))
	} else if p.Check != nil {
		if err := p.Check(string(found.value)); err != nil {
			r.add(wrong(p, "%v (from %s)", err, found.origin))
		}
	}
	return found.value
}

// add notes a problem unless it is nil.
func (r *requirement) add(problem *problem) {
	if problem != nil {
		r.problems = append(r.problems, problem)
	}
}

// err returns the problems as an error, or nil. If there is no profile to find what is missing in, the error says that.
func (r *requirement) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	if missing := r.problems.enumerate(true, "not set"); missing != "" && r.file.problem != nil {
		others := slices.DeleteFunc(r.problems, func(p *problem) bool { return p.missing })
		return append(problems{wrong(propertyConfigFileProfile, "%s, and %v", missing, r.file.problem)}, others...)
	}
	return r.problems
}
