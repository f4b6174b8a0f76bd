// Package auth finds out how the caller proves to OCI who it is: it collects the properties of the provider's
// configuration from all the places they may come from, and makes of them what signs requests.
package auth

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
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
}

// APIKey is the value of the property auth for signing with a user's API key, the default.
const APIKey = "ApiKey"

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
	for _, p := range properties {
		value := p.of(settings)
		if value == "" || p.check == nil {
			continue
		}
		if err := p.check(value); err != nil {
			problems = append(problems, wrong(p, "%v", err))
		}
	}
	return problems
}

// Resolve collects every property from the first place that has it: the settings, the environment variable
// TF_VAR_<name>, the environment variable OCI_<NAME>, the OCI configuration file. The error joins one *PropertyError for
// each property that is missing or wrong.
func Resolve(settings Settings, environment Environment) (common.ConfigurationProvider, error) {
	sources, err := newSources(settings, environment)
	if err != nil {
		return nil, err
	}
	if kind := sources.find(propertyAuth); kind.value != "" && !strings.EqualFold(kind.value, APIKey) {
		return nil, wrong(propertyAuth, "%q (from %s) is not a way to sign in that this provider knows: use %q",
			kind.value, kind.origin, APIKey)
	}
	return apiKeyCredentials(sources)
}

// apiKeyCredentials are what an API key needs: https://docs.oracle.com/iaas/Content/API/Concepts/apisigningkey.htm.
func apiKeyCredentials(s *sources) (common.ConfigurationProvider, error) {
	var problems []error
	required := func(p property) string {
		found := s.find(p)
		if found.value == "" {
			problems = append(problems, wrong(p, "is not set. %s", s.whereToSet(p)))
			return ""
		}
		if p.check != nil {
			if err := p.check(found.value); err != nil {
				problems = append(problems, wrong(p, "%v (from %s)", err, found.origin))
			}
		}
		return found.value
	}
	credentials := apiKey{
		tenancy:     required(propertyTenancyOCID),
		user:        required(propertyUserOCID),
		fingerprint: strings.ToLower(required(propertyFingerprint)),
		region:      required(propertyRegion),
	}
	key, problem := findPrivateKey(s)
	if problem != nil {
		problems = append(problems, problem)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
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
