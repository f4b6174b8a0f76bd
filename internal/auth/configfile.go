package auth

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// configFile is one profile of the OCI configuration file:
// https://docs.oracle.com/iaas/Content/API/Concepts/sdkconfig.htm.
type configFile struct {
	path     safetext.Text
	variable string // the environment variable that names the file, or empty
	profile  safetext.Text
	keys     map[string]string // of the profile itself
	shared   map[string]string // of the profile DEFAULT, whose keys every profile inherits
	settings map[string]string // of the CLI, in a file of its own
	problem  error             // why the profile cannot be read, or nil
}

const (
	// defaultProfile is the profile that is read when none is named.
	defaultProfile = "DEFAULT"
	// cliConfigFileVariable is the environment variable that tells OCI's CLI where the file is.
	cliConfigFileVariable = "OCI_CLI_CONFIG_FILE"
	// configFileVariable tells OCI's SDKs where the file is. They read it only if ~/.oci/config does not exist.
	configFileVariable = "OCI_CONFIG_FILE"
	// cliFileVariable tells OCI's CLI where its own configuration file is:
	// https://docs.oracle.com/iaas/Content/API/SDKDocs/cliconfigure.htm.
	cliFileVariable = "OCI_CLI_RC_FILE"
)

// findConfigFile returns the path of the configuration file, and the environment variable that names it, if one does. It looks
// where the CLI is told to look, then where OCI's SDKs look, in their order. The working directory is not searched.
func (s *sources) findConfigFile() (path safetext.Text, variable string) {
	usual, old := s.path("~/.oci/config"), s.path("~/.oraclebmc/config")
	cli, sdk := s.variable(cliConfigFileVariable).value, s.variable(configFileVariable).value
	switch {
	case cli != "":
		return s.path(cli), cliConfigFileVariable
	case sdk != "" && !exists(usual):
		return s.path(sdk), configFileVariable
	case exists(old) && !exists(usual):
		return old, ""
	default:
		return usual, ""
	}
}

// exists reports whether a file exists. Like OCI's tools, it takes a file in a folder that may not be searched for absent.
func exists(path safetext.Text) bool {
	_, err := os.Stat(string(path))
	return err == nil
}

// readConfigFile reads one profile: the one that was asked for, or else DEFAULT. If the profile cannot be read, the problem of the file
// says why. That matters only if the program asks for the profile, or if something is missing without it.
func (s *sources) readConfigFile(asked finding) {
	file := &s.file
	file.path, file.variable = s.findConfigFile()
	file.profile = cmp.Or(asked.value, defaultProfile)
	parsed, err := file.read()
	absent := errors.Is(err, fs.ErrNotExist)
	if absent && asked.value == "" {
		return
	}
	keys, found := parsed[string(file.profile)]
	if found { // else nothing is inherited: whoever asks for a profile does not ask for DEFAULT
		file.keys, file.shared = keys, parsed[defaultProfile]
	}
	named, by := defaultProfile, ""
	if asked.value != "" {
		named = fmt.Sprintf("%q (from %s)", asked.value, asked.origin)
	}
	homeless := strings.HasPrefix(string(file.path), "~")
	switch {
	case file.variable != "":
		by = ", which the environment variable " + file.variable + " names"
	case homeless:
		by = ", which the environment variable " + configFileVariable + " may name"
	}
	switch {
	case absent:
		file.problem = fmt.Errorf("profile %s cannot be read, since there is no file %s%s", named, file.path, by)
	case err != nil && homeless && asked.value != "":
		file.problem = fmt.Errorf("profile %s cannot be read: the OCI configuration file%s: %w", named, by, err)
	case err != nil:
		file.problem = fmt.Errorf("the OCI configuration file%s: %w", by, err)
	case !found:
		file.problem = fmt.Errorf("%s has no profile %s; it has %s: set configFileProfile", file.path, named, namesOf(parsed))
	}
}

// read returns the keys of each profile in the file.
func (f configFile) read() (map[string]map[string]string, error) {
	content, err := readFile(f.path)
	if err != nil {
		return nil, err
	}
	if _, kind := findPrivateKey(string(content)); kind != "" && !bytes.Contains(content, []byte("[")) {
		return nil, fmt.Errorf("%s is in PEM format (%s), and has no profile", f.path, safetext.Sentence(kind))
	}
	parsed, err := parseProfiles(string(content))
	if err != nil {
		return nil, fmt.Errorf("%s could not be read: %w", f.path, err)
	}
	return parsed, nil
}

// readCLIFile reads the CLI's own configuration file: the section with the name of the profile, which counts before the profile. If no
// profile is asked for, the file may name one. The variable counts only if the usual file does not exist. All that, and that a file
// which cannot be read says nothing, is as in the CLI.
func (s *sources) readCLIFile(asked finding) finding {
	paths := []safetext.Text{s.path("~/.oci/oci_cli_rc"), s.path(s.variable(cliFileVariable).value), s.path("~/.oci/cli-defaults")}
	at := slices.IndexFunc(paths, exists)
	if at < 0 {
		return asked
	}
	content, _ := readFile(paths[at])
	parsed, _ := parseProfiles(string(content))
	settings := parsed["OCI_CLI_SETTINGS"]
	if named := settings["default_profile"]; asked.value == "" && named != "" {
		asked = finding{value: safetext.Text(named), origin: paths[at].String()}
	}
	s.cliFile = configFile{path: paths[at], profile: cmp.Or(asked.value, defaultProfile), settings: settings}
	if keys, found := parsed[string(s.cliFile.profile)]; found {
		s.cliFile.keys, s.cliFile.shared = keys, parsed[defaultProfile]
	}
	return asked
}

// parseProfiles returns the keys of each profile, in lower case, and their values. No line continues on the next, whatever it
// ends in: a pass phrase may contain any character, and must not become part of a value that is shown. The error is the first thing that
// is wrong, and quotes nothing.
func parseProfiles(content string) (parsed map[string]map[string]string, err error) {
	parsed = map[string]map[string]string{}
	profile := defaultProfile
	for i, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		at, end := strings.IndexAny(line, "=:"), strings.LastIndexByte(line, ']')
		begins := strings.HasPrefix(line, "[")
		switch {
		case begins && end < 0:
			err = cmp.Or(err, fmt.Errorf("line %d begins with [, as the name of a profile does, but has no closing ]", i+1))
			continue
		case begins:
			profile = strings.TrimSpace(line[1:end])
			if parsed[profile] != nil && profile != defaultProfile { // OCI's tools read several DEFAULT as one
				err = cmp.Or(err, fmt.Errorf("line %d begins a profile that is there already, and each of OCI's tools takes another", i+1))
			}
		case at <= 0 || line[0] == '#' || line[0] == ';':
			continue // OCI's tools skip such lines too
		}
		if parsed[profile] == nil {
			parsed[profile] = map[string]string{}
		}
		if !begins {
			key := strings.ToLower(strings.TrimSpace(line[:at]))
			if key == "passphrase" { // which OCI's SDKs read too
				key = propertyPrivateKeyPassword.Key
			}
			parsed[profile][key] = strings.TrimSpace(line[at+1:])
		}
	}
	return parsed, err
}

// namesOf lists the names of the profiles for an error.
func namesOf(parsed map[string]map[string]string) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(parsed)) {
		names = append(names, safetext.Text(name).String())
	}
	return safetext.Sentence(cmp.Or(strings.Join(names, ", "), "none"))
}

// These are in the environment variables of OCI's CLI and in profiles, and no part of the provider's configuration: the files with the
// security token of a session, and with the delegation token of the user for whom an instance signs.
var (
	securityTokenFile   = Property{Key: "security_token_file", CLI: "OCI_CLI_SECURITY_TOKEN_FILE"}
	delegationTokenFile = Property{Key: "delegation_token_file", CLI: "OCI_CLI_DELEGATION_TOKEN_FILE"}
)

// value returns the value of a key, from the profile or else from DEFAULT, or "".
func (f configFile) value(key string) safetext.Text {
	if value, ok := f.keys[key]; ok {
		return safetext.Text(value)
	}
	return safetext.Text(f.shared[key])
}

// find returns the value of a key and the profile that it is in.
func (f configFile) find(key string) finding {
	if value := f.value(key); value != "" {
		return finding{value: value, origin: f.String()}
	}
	return finding{}
}

// kind returns how the profile says to sign in, as a value of the property auth, or "" if it does not say. DEFAULT is asked only
// if the profile itself says nothing.
func (f configFile) kind() safetext.Text {
	for _, keys := range []map[string]string{f.keys, f.shared} {
		switch said := keys["authentication_type"]; {
		case said == "instance_principal" && f.value(delegationTokenFile.Key) != "":
			return InstanceOBOUser
		case said != "":
			return safetext.Text(said)
		case keys[propertyUserOCID.Key] != "":
			return APIKey
		case keys[securityTokenFile.Key] != "":
			return SecurityToken
		}
	}
	return ""
}

// String names the profile and the file, and adds what keeps the file from being read.
func (f configFile) String() string {
	profile := fmt.Sprintf("profile %s of ", f.profile)
	switch {
	case startsAtHome(f.path):
		return profile + f.path.String() + " (but there is no home directory)"
	case f.variable != "" && !exists(f.path):
		return fmt.Sprintf("%s%s (which the environment variable %s names, and which does not exist)", profile, f.path, f.variable)
	default:
		return profile + f.path.String()
	}
}
