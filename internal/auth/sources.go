package auth

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// property is one property of the configuration, under the names it has in each place.
type property struct {
	// name is Pulumi's, such as "tenancyOcid".
	name string
	// variable is the part that the environment variables share, such as "tenancy_ocid": TF_VAR_tenancy_ocid and
	// OCI_TENANCY_OCID are the names that OCI's Terraform and Pulumi providers read.
	variable string
	// key is its key in the OCI configuration file, such as "tenancy", or empty if it cannot come from there.
	key string
	// of picks the property from the settings.
	of func(Settings) string
	// check says what is wrong with a value, or is nil. Errors go to the screen: secrets have none.
	check func(string) error
}

var (
	propertyAuth = property{"auth", "auth", "",
		func(s Settings) string { return s.Auth }, checkKind}
	propertyTenancyOCID = property{"tenancyOcid", "tenancy_ocid", "tenancy",
		func(s Settings) string { return s.TenancyOCID }, checkTenancy}
	propertyUserOCID = property{"userOcid", "user_ocid", "user",
		func(s Settings) string { return s.UserOCID }, checkUser}
	propertyFingerprint = property{"fingerprint", "fingerprint", "fingerprint",
		func(s Settings) string { return s.Fingerprint }, checkFingerprint}
	propertyPrivateKey = property{"privateKey", "private_key", "",
		func(s Settings) string { return s.PrivateKey }, nil}
	propertyPrivateKeyPath = property{"privateKeyPath", "private_key_path", "key_file",
		func(s Settings) string { return s.PrivateKeyPath }, nil}
	propertyPrivateKeyPassword = property{"privateKeyPassword", "private_key_password", "pass_phrase",
		func(s Settings) string { return s.PrivateKeyPassword }, nil}
	propertyRegion = property{"region", "region", "region",
		func(s Settings) string { return s.Region }, checkRegion}
	propertyConfigFileProfile = property{"configFileProfile", "config_file_profile", "",
		func(s Settings) string { return s.ConfigFileProfile }, nil}

	propertyWorkloadIdentityTokenPath = property{"workloadIdentityTokenPath", "workload_identity_token_path", "",
		func(s Settings) string { return s.WorkloadIdentityTokenPath }, nil}
	propertyTokenExchangeAuth = property{"tokenExchangeAuth", "token_exchange_auth", "",
		func(s Settings) string { return s.TokenExchangeAuth }, checkTokenExchangeAuth}
	propertyTokenExchangeClientID = property{"tokenExchangeClientId", "token_exchange_client_id", "",
		func(s Settings) string { return s.TokenExchangeClientID }, nil}
	propertyTokenExchangeClientSecret = property{"tokenExchangeClientSecret", "token_exchange_client_secret", "",
		func(s Settings) string { return s.TokenExchangeClientSecret }, nil}
	propertyTokenExchangeDomainURL = property{"tokenExchangeDomainUrl", "token_exchange_domain_url", "",
		func(s Settings) string { return s.TokenExchangeDomainURL }, checkDomainURL}
	propertyTokenExchangePublicKey = property{"tokenExchangePublicKey", "token_exchange_public_key", "",
		func(s Settings) string { return s.TokenExchangePublicKey }, nil}
	propertyTokenExchangeRequestedTokenType = property{
		"tokenExchangeRequestedTokenType", "token_exchange_requested_token_type", "",
		func(s Settings) string { return s.TokenExchangeRequestedTokenType }, nil}
	propertyTokenExchangeResourceType = property{"tokenExchangeResourceType", "token_exchange_resource_type", "",
		func(s Settings) string { return s.TokenExchangeResourceType }, nil}
	propertyTokenExchangeRPSTExpiration = property{"tokenExchangeRpstExp", "token_exchange_rpst_exp", "",
		func(s Settings) string { return s.TokenExchangeRPSTExpiration }, nil}
	propertyTokenExchangeSubjectTokenType = property{"tokenExchangeSubjectTokenType", "token_exchange_subject_token_type", "",
		func(s Settings) string { return s.TokenExchangeSubjectTokenType }, nil}
)

// checked are the properties that can be checked by themselves.
var checked = []property{
	propertyAuth, propertyTenancyOCID, propertyUserOCID, propertyFingerprint, propertyRegion, propertyTokenExchangeAuth,
	propertyTokenExchangeDomainURL,
}

// finding is a property's value and, in words, where it was found.
type finding struct {
	value  outside.Text
	origin string
}

// source is one place that properties come from.
type source struct {
	name   func(property) string
	lookup func(property) outside.Text
}

// sources are all the places, the first one that has a property counting.
type sources struct {
	inOrder     []source
	file        configFile
	home        string // empty if there is none
	environment Environment
}

func newSources(settings Settings, environment Environment) (*sources, error) {
	home, err := environment.HomeDir()
	if err != nil || !filepath.IsAbs(home) {
		// Without a home directory there is no configuration file, and other sources may do. A relative one would be a
		// part of whatever directory this program happens to run in.
		home = ""
	}
	variable := func(name func(property) string) source {
		return source{
			name:   func(p property) string { return "the environment variable " + name(p) },
			lookup: func(p property) outside.Text { return lookup(environment, name(p)) },
		}
	}
	s := &sources{home: home, environment: environment}
	s.inOrder = []source{
		{
			name:   func(property) string { return "the provider's configuration" },
			lookup: func(p property) outside.Text { return outside.Text(p.of(settings)) },
		},
		variable(terraformVariable),
		variable(ociVariable),
	}

	profile := s.find(propertyConfigFileProfile)
	s.file, err = readConfigFile(s.configFilePath(), profile.value)
	if err != nil {
		return nil, wrong(propertyConfigFileProfile, "%v", err)
	}
	s.inOrder = append(s.inOrder, source{
		name:   func(property) string { return s.file.String() },
		lookup: func(p property) outside.Text { return s.file.value(p.key) },
	})
	return s, nil
}

func terraformVariable(p property) string { return "TF_VAR_" + p.variable }
func ociVariable(p property) string       { return "OCI_" + strings.ToUpper(p.variable) }

// find returns the property from the first place that has it. Its value is empty if none has.
func (s *sources) find(p property) finding {
	for _, source := range s.inOrder {
		if found := s.findIn(source, p); found.value != "" {
			return found
		}
	}
	return finding{}
}

func (*sources) findIn(source source, p property) finding {
	value := source.lookup(p)
	if value == "" {
		return finding{}
	}
	return finding{value, source.name(p)}
}

// whereToSet names the places that a missing property could come from.
func (s *sources) whereToSet(p property) string {
	places := fmt.Sprintf(`Set it with "pulumi config set%s ociauthtoken:%s ...", or set the environment variable %s (or %s)`,
		secretFlag(p), p.name, ociVariable(p), terraformVariable(p))
	if p.key != "" {
		places += fmt.Sprintf(`, or "%s" in %s`, p.key, s.file)
	}
	return places
}

func secretFlag(p property) string {
	switch p.name {
	case propertyPrivateKey.name, propertyPrivateKeyPassword.name, propertyTokenExchangeClientSecret.name:
		return " --secret"
	default:
		return ""
	}
}

func lookup(environment Environment, name string) outside.Text {
	value, _ := environment.LookupEnv(name)
	return outside.Text(value)
}

// env is an environment variable that has no property of its own, or empty.
func (s *sources) env(name string) outside.Text { return lookup(s.environment, name) }

// path puts the home directory in place of a tilde. Where there is none, readFile says so.
func (s *sources) path(path outside.Text) outside.Text {
	if s.home != "" && startsAtHome(path) {
		return outside.Text(filepath.Join(s.home, string(path[1:])))
	}
	return path
}

// startsAtHome reports whether a path begins with a tilde that stands for the home directory.
func startsAtHome(path outside.Text) bool {
	return path == "~" || strings.HasPrefix(string(path), "~/") || strings.HasPrefix(string(path), "~"+string(filepath.Separator))
}

// fingerprintPattern is 16 bytes in hexadecimal with colons between them.
var fingerprintPattern = regexp.MustCompile(`^([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}$`)

func checkFingerprint(s string) error {
	if !fingerprintPattern.MatchString(s) {
		return fmt.Errorf("%q is not a fingerprint: it is 16 bytes in hexadecimal with colons between them, "+
			"as the Console shows it beside the API key", outside.Text(s))
	}
	return nil
}

// regionPattern takes names such as us-phoenix-1 and keys such as PHX, and those of regions yet to come.
var regionPattern = regexp.MustCompile(`^[a-zA-Z]+(-[a-zA-Z0-9]+)*$`)

func checkRegion(s string) error {
	if !regionPattern.MatchString(s) {
		return fmt.Errorf("%q is not a region: use a name such as us-phoenix-1 or a key such as PHX", outside.Text(s))
	}
	return nil
}
