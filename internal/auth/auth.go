// Package auth signs in to OCI. It collects the properties of the provider's configuration from every place that they may come
// from, and turns them into credentials, which sign requests.
package auth

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"regexp"
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
	// Refreshable reports whether a request is to be signed again after a 401.
	common.RefreshableConfigurationProvider
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

// way is one way to sign in. A new one is a function in a file of its own, and a row of ways.
type way struct {
	name   string // the value of the property auth
	does   string // follows the name in the documentation
	signIn func(context.Context, *sources) (Credentials, error)
}

var ways []way

// The functions of the table use properties, and a property is checked against the table. So it is filled after they are initialized.
func init() {
	ways = []way{
		{APIKey, "signs with a user's API key", apiKeyCredentials},
		{SecurityToken, "uses a session that `oci session authenticate` has opened, in the profile that `configFileProfile` names",
			sessionCredentials},
		{InstancePrincipal, "signs as the instance that Pulumi runs on", instancePrincipal},
		{InstancePrincipalWithCerts, "signs as an instance whose certificates are in the files `ip_cert.pem`, `ip_key.pem`, " +
			"`intermediate.pem` and, if the key is encrypted, `leaf_passphrase`, in the working directory or in the folder that the " +
			"environment variable `test_certificates_location` names", instancePrincipalWithCerts},
		{InstanceOBOUser, "signs as the instance for the user of a delegation token, as Cloud Shell does", instanceOBOUser},
		{ResourcePrincipal, "signs as the function or other resource that Pulumi runs in", resourcePrincipal},
		{OKEWorkloadIdentity, "signs as the Kubernetes workload that Pulumi runs in", okeWorkloadIdentity},
		{WorkloadIdentityFederation, "exchanges the token of another issuer for one of OCI", workloadIdentityFederation},
	}
	for _, w := range ways {
		properties[0].Description += " `" + w.name + "` " + w.does + "."
	}
}

// Ways returns the names of the ways to sign in, in the order in which they are documented.
func Ways() []string {
	var names []string
	for _, w := range ways {
		names = append(names, w.name)
	}
	return names
}

// wayNamed returns the way that s spells, in any of its spellings. Case and underscores do not matter: OCI's CLI spells them api_key,
// security_token, instance_principal, and so on.
func wayNamed(s string) (way, bool) {
	for _, w := range ways {
		if strings.EqualFold(w.name, strings.ReplaceAll(s, "_", "")) {
			return w, true
		}
	}
	return way{}, false
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
// property from the first place that has it, in the order of docs/guides/signing-in.md. A request to OCI ends when ctx ends, and after a
// minute at the latest.
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
	asked := s.askedWay()
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

// askedWay returns the name of the way to sign in. The first place that says so decides. A place says so with the property auth, or by
// having all parts of an API key. A profile of the configuration file also says so by the other keys in it.
func (s *sources) askedWay() finding {
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
