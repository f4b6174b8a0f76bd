package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// configFile is one profile of the OCI configuration file:
// https://docs.oracle.com/iaas/Content/API/Concepts/sdkconfig.htm.
type configFile struct {
	path     outside.Text // empty if there is no home directory and no variable names a file
	variable string       // the environment variable that names the file, or empty
	absent   bool         // the file does not exist
	profile  outside.Text
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
	// mostProfiles limits how many profiles an error names.
	mostProfiles = 20
)

// findConfigFile returns the path of the configuration file, and the environment variable that names it, if one does. It looks
// where the CLI is told to look, then where OCI's SDKs look, in their order. The working directory is not searched: without a
// home directory and without a variable that names a file, the path is empty.
func (s *sources) findConfigFile() (path outside.Text, variable string) {
	if named := s.env(cliConfigFileVariable); named != "" {
		return s.path(named), cliConfigFileVariable
	}
	usual := s.below(".oci", "config")
	if exists(usual) {
		return usual, ""
	}
	if named := s.env(configFileVariable); named != "" {
		return s.path(named), configFileVariable
	}
	if old := s.below(".oraclebmc", "config"); exists(old) {
		return old, ""
	}
	return usual, ""
}

// below returns the path of a file in a folder of the home directory, or "" if there is no such directory.
func (s *sources) below(folder, name string) outside.Text {
	if s.home == "" {
		return ""
	}
	return outside.Text(filepath.Join(s.home, folder, name))
}

// exists reports whether a file exists. It also reports true if that cannot be found out: reading the file then says why.
func exists(path outside.Text) bool {
	if path == "" {
		return false
	}
	_, err := os.Stat(string(path))
	return !errors.Is(err, fs.ErrNotExist)
}

// readConfigFile reads one profile: the one that was asked for, or else DEFAULT. If the profile cannot be read, the problem of the file
// says why. That matters only if the program asks for the profile, or if something is missing without it.
func (s *sources) readConfigFile(asked finding) {
	file := &s.file
	file.path, file.variable = s.findConfigFile()
	file.absent, file.profile = !exists(file.path), defaultProfile
	cannot := ""
	if asked.value != "" {
		file.profile = asked.value
		cannot = fmt.Sprintf("profile %q (from %s) cannot be read, since ", asked.value, asked.origin)
	}
	if file.absent && cannot == "" && (file.variable == "" || file.path.Secret() == "") {
		return
	}
	parsed, err := file.read()
	found := false
	file.shared = parsed[defaultProfile]
	file.keys, found = parsed[string(file.profile)]
	switch {
	case file.path == "":
		file.problem = fmt.Errorf("%sthere is no home directory for .oci/config to be in: set the environment variable %s", cannot,
			configFileVariable)
	case file.absent && file.variable == "":
		file.problem = fmt.Errorf("%sthere is no file %s", cannot, file.path)
	case errors.Is(err, fs.ErrNotExist):
		file.problem = fmt.Errorf("%sthere is no file %s, which the environment variable %s names", cannot, file.path, file.variable)
	case err != nil && file.variable != "":
		file.problem = fmt.Errorf("the OCI configuration file, which the environment variable %s names: %w", file.variable, err)
	case err != nil:
		file.problem = fmt.Errorf("the OCI configuration file: %w", err)
	case !found && cannot != "":
		file.problem = fmt.Errorf("there is no profile %q (from %s) in %s, which has %s", asked.value, asked.origin, file.path, namesOf(parsed))
	case !found:
		file.problem = fmt.Errorf("%s has no profile %s; it has %s: set configFileProfile", file.path, defaultProfile, namesOf(parsed))
	}
}

// read returns the keys of each profile in the file.
func (f configFile) read() (map[string]map[string]string, error) {
	content, err := readFile(f.path)
	if err != nil {
		return nil, err
	}
	if _, kind := findPrivateKey(string(content)); kind != "" {
		return nil, fmt.Errorf("%s is in PEM format (%s), and has no profile", f.path, outside.Sentence(kind))
	}
	parsed, err := parseProfiles(string(content))
	if err != nil {
		return nil, fmt.Errorf("%s could not be read: %w", f.path, err)
	}
	return parsed, nil
}

// The CLI's own configuration file. See https://docs.oracle.com/iaas/Content/API/SDKDocs/cliconfigure.htm.
const (
	cliFileVariable = "OCI_CLI_RC_FILE"
	cliFileSettings = "OCI_CLI_SETTINGS"
)

// readCLIFile reads the CLI's own configuration file: the section with the name of the profile, which counts before the profile. If no
// profile is asked for, the file may name one. The variable counts only if the usual file does not exist, as in the CLI.
func (s *sources) readCLIFile(asked finding) (configFile, finding, error) {
	var file configFile
	for _, path := range []outside.Text{s.below(".oci", "oci_cli_rc"), s.path(s.env(cliFileVariable)), s.below(".oci", "cli-defaults")} {
		if file.path == "" && exists(path) {
			file.path = path
		}
	}
	if file.path == "" {
		return file, asked, nil
	}
	parsed, err := file.read()
	if err != nil {
		return file, asked, fmt.Errorf("the configuration file of OCI's CLI: %w", err)
	}
	file.settings = parsed[cliFileSettings]
	if named := file.settings["default_profile"]; asked.value == "" && named != "" {
		asked = finding{outside.Text(named), file.path.String()}
	}
	if file.profile = asked.value; file.profile == "" {
		file.profile = defaultProfile
	}
	found := false
	if file.keys, found = parsed[string(file.profile)]; found {
		file.shared = parsed[defaultProfile]
	}
	return file, asked, nil
}

// parseProfiles returns the keys of each profile, in lower case, and their values. No line continues on the next, whatever it
// ends in: a pass phrase may contain any character, and must not become part of a value that is shown. Errors quote nothing.
func parseProfiles(content string) (map[string]map[string]string, error) {
	parsed := map[string]map[string]string{}
	profile := defaultProfile
	number := 0
	for line := range strings.Lines(content) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			end := strings.LastIndexByte(line, ']')
			if end < 0 {
				return nil, fmt.Errorf("line %d begins with [, as the name of a profile does, but has no closing ]", number)
			}
			profile = strings.TrimSpace(line[1:end])
			if parsed[profile] == nil {
				parsed[profile] = map[string]string{}
			} else if profile != defaultProfile { // which OCI's tools read as one
				return nil, fmt.Errorf("line %d begins a profile that is there already, and OCI's tools do not agree on which one counts", number)
			}
			continue
		}
		at := strings.IndexAny(line, "=:")
		if at <= 0 {
			continue // OCI's tools skip such lines too
		}
		if parsed[profile] == nil {
			parsed[profile] = map[string]string{}
		}
		parsed[profile][strings.ToLower(strings.TrimSpace(line[:at]))] = strings.TrimSpace(line[at+1:])
	}
	return parsed, nil
}

// namesOf lists the names of the profiles for an error, at most mostProfiles of them.
func namesOf(parsed map[string]map[string]string) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(parsed)) {
		names = append(names, outside.Text(name).String())
	}
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > mostProfiles:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostProfiles], ", "), len(names)-mostProfiles)
	default:
		return strings.Join(names, ", ")
	}
}

// Keys of the file that belong to no property.
const (
	// securityTokenKey names the file with the security token of a session.
	securityTokenKey = "security_token_file"
	// authenticationTypeKey says how to sign in. Without it, the other keys of the profile do.
	authenticationTypeKey = "authentication_type"
	// delegationTokenKey names the file with the delegation token of the user for whom an instance signs.
	delegationTokenKey = "delegation_token_file"
)

// value returns the value of a key, from the profile or else from DEFAULT, or "".
func (f configFile) value(key string) outside.Text {
	if value, ok := lookup(f.keys, key); ok {
		return value
	}
	value, _ := lookup(f.shared, key)
	return value
}

// lookup finds a key in a profile. The pass phrase has two names.
func lookup(keys map[string]string, key string) (outside.Text, bool) {
	value, ok := keys[key]
	if !ok && key == propertyPrivateKeyPassword.Key {
		value, ok = keys["passphrase"]
	}
	return outside.Text(value), ok
}

// kind returns how the profile says to sign in, as a value of the property auth, or "" if it does not say. DEFAULT is asked only
// if the profile itself says nothing.
func (f configFile) kind() outside.Text {
	for _, keys := range []map[string]string{f.keys, f.shared} {
		switch {
		case keys[authenticationTypeKey] == "instance_principal" && f.value(delegationTokenKey) != "":
			return InstanceOBOUser
		case keys[authenticationTypeKey] != "":
			return outside.Text(keys[authenticationTypeKey])
		case keys[propertyUserOCID.Key] != "":
			return APIKey
		case keys[securityTokenKey] != "":
			return SecurityToken
		}
	}
	return ""
}

// String names the profile and the file.
func (f configFile) String() string {
	if f.path == "" {
		return fmt.Sprintf("profile %s of ~/.oci/config", f.profile)
	}
	return fmt.Sprintf("profile %s of %s", f.profile, f.path)
}

// described returns the same as String, and adds what keeps the file from being read.
func (f configFile) described() string {
	switch {
	case f.path == "", startsAtHome(f.path):
		return f.String() + " (but there is no home directory)"
	case f.absent && f.variable != "":
		return fmt.Sprintf("%s (which the environment variable %s names, and which does not exist)", f, f.variable)
	default:
		return f.String()
	}
}
