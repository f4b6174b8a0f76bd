package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gopkg.in/ini.v1"
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
type finding struct{ value, origin string }

// source is one place that properties come from.
type source struct {
	name   func(property) string
	lookup func(property) string
}

// sources are all the places, the first one that has a property counting.
type sources struct {
	inOrder   []source
	file      configFile
	home      string
	lookupEnv func(string) (string, bool)
}

func newSources(settings Settings, environment Environment) (*sources, error) {
	home, err := environment.HomeDir()
	if err != nil {
		// Without a home directory there is no configuration file, and other sources may do.
		home = ""
	}
	variable := func(name func(property) string) source {
		return source{
			name: func(p property) string { return "the environment variable " + name(p) },
			lookup: func(p property) string {
				value, _ := environment.LookupEnv(name(p))
				return value
			},
		}
	}
	s := &sources{home: home, lookupEnv: environment.LookupEnv}
	s.inOrder = []source{
		{
			name:   func(property) string { return "the provider's configuration" },
			lookup: func(p property) string { return p.of(settings) },
		},
		variable(terraformVariable),
		variable(ociVariable),
	}

	profile := s.find(propertyConfigFileProfile)
	s.file, err = readConfigFile(configFilePath(environment, home), profile.value)
	if err != nil {
		return nil, wrong(propertyConfigFileProfile, "%v", err)
	}
	s.inOrder = append(s.inOrder, source{
		name:   func(property) string { return s.file.String() },
		lookup: func(p property) string { return s.file.value(p.key) },
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

// env is an environment variable that has no property of its own, or empty.
func (s *sources) env(name string) string {
	value, _ := s.lookupEnv(name)
	return value
}

// path makes a path absolute that starts with a tilde.
func (s *sources) path(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && s.home != "" {
		return filepath.Join(s.home, rest)
	}
	return path
}

// configFile is one profile of the OCI configuration file.
type configFile struct {
	path    string
	profile string
	section *ini.Section // nil if the file does not exist
}

// defaultProfile is the profile that is read when none is named.
const defaultProfile = "DEFAULT"

// configFilePath is where the configuration file is: $OCI_CONFIG_FILE, else ~/.oci/config.
func configFilePath(environment Environment, home string) string {
	if path, ok := environment.LookupEnv("OCI_CONFIG_FILE"); ok && path != "" {
		return path
	}
	return filepath.Join(home, ".oci", "config")
}

// readConfigFile reads one profile. A file or profile that does not exist is an error only if the profile was asked for.
func readConfigFile(path, asked string) (configFile, error) {
	file := configFile{path: path, profile: asked}
	if asked == "" {
		file.profile = defaultProfile
	}
	// A pass phrase may hold any character, comment signs and quotes among them.
	content, err := ini.LoadSources(ini.LoadOptions{
		IgnoreInlineComment: true, PreserveSurroundedQuote: true, SkipUnrecognizableLines: true, InsensitiveKeys: true,
	}, path)
	if errors.Is(err, fs.ErrNotExist) {
		if asked == "" {
			return file, nil
		}
		return file, fmt.Errorf("profile %q is asked for, but there is no file %s", asked, path)
	}
	if err != nil {
		return file, fmt.Errorf("%s could not be read: %w", path, err)
	}
	file.section, err = content.GetSection(file.profile)
	if err != nil && asked != "" {
		return file, fmt.Errorf("there is no profile %q in %s, which has %s",
			asked, path, strings.Join(profiles(content), ", "))
	}
	return file, nil
}

// profiles are the names of the profiles that have any key. The ini package always reports a DEFAULT section.
func profiles(content *ini.File) []string {
	var names []string
	for _, section := range content.Sections() {
		if len(section.Keys()) > 0 {
			names = append(names, section.Name())
		}
	}
	return names
}

// value is the value of a key, or empty. The keys with two spellings are found under either.
func (f configFile) value(key string) string {
	if f.section == nil || key == "" {
		return ""
	}
	if key == propertyPrivateKeyPassword.key && !f.section.HasKey(key) {
		key = "passphrase"
	}
	if !f.section.HasKey(key) {
		return ""
	}
	return f.section.Key(key).Value()
}

// String says which profile of which file this is.
func (f configFile) String() string { return fmt.Sprintf("profile %s of %s", f.profile, f.path) }

// fingerprintPattern is 16 bytes in hexadecimal with colons between them.
var fingerprintPattern = regexp.MustCompile(`^([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}$`)

func checkFingerprint(s string) error {
	if !fingerprintPattern.MatchString(s) {
		return fmt.Errorf("%q is not a fingerprint: it is 16 bytes in hexadecimal with colons between them, "+
			"as the Console shows it beside the API key", s)
	}
	return nil
}

// regionPattern takes names such as us-phoenix-1 and keys such as PHX, and those of regions yet to come.
var regionPattern = regexp.MustCompile(`^[a-zA-Z]+(-[a-zA-Z0-9]+)*$`)

func checkRegion(s string) error {
	if !regionPattern.MatchString(s) {
		return fmt.Errorf("%q is not a region: use a name such as us-phoenix-1 or a key such as PHX", s)
	}
	return nil
}

func readFile(path string) ([]byte, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the person who configures the provider names the file
	if err != nil {
		var failure *fs.PathError
		if errors.As(err, &failure) {
			return nil, fmt.Errorf("%s could not be read: %w", path, failure.Err)
		}
	}
	return content, err
}
