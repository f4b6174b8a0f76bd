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
	usual := s.belowHome(".oci")
	if exists(usual) {
		return usual, ""
	}
	if named := s.env(configFileVariable); named != "" {
		return s.path(named), configFileVariable
	}
	if old := s.belowHome(".oraclebmc"); exists(old) {
		return old, ""
	}
	return usual, ""
}

// belowHome returns the path of the configuration file in a folder of the home directory, or "" if there is no such directory.
func (s *sources) belowHome(folder string) outside.Text {
	if s.home == "" {
		return ""
	}
	return outside.Text(filepath.Join(s.home, folder, "config"))
}

// exists reports whether a file exists. It also reports true if that cannot be found out: reading the file then says why.
func exists(path outside.Text) bool {
	if path == "" {
		return false
	}
	_, err := os.Stat(string(path))
	return !errors.Is(err, fs.ErrNotExist)
}

// readConfigFile reads one profile: the one that was asked for, or else DEFAULT. A missing file or profile is an error only if a
// profile was asked for.
func (s *sources) readConfigFile(asked finding) (configFile, error) {
	path, variable := s.findConfigFile()
	file := configFile{path: path, variable: variable, absent: !exists(path), profile: asked.value}
	if asked.value == "" {
		file.profile = defaultProfile
	}
	if file.absent && asked.value == "" && (variable == "" || path.Secret() == "") {
		return file, nil
	}
	cannot := fmt.Sprintf("profile %q (from %s) cannot be read", asked.value, asked.origin)
	switch {
	case path == "":
		return file, fmt.Errorf("%s, since there is no home directory for .oci/config to be in: set the environment variable %s",
			cannot, configFileVariable)
	case file.absent && variable == "":
		return file, fmt.Errorf("%s, since there is no file %s", cannot, path)
	}
	content, err := readFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file, fmt.Errorf("%s, since there is no file %s, which the environment variable %s names", cannot, path, variable)
	case err != nil && variable != "":
		return file, fmt.Errorf("the OCI configuration file, which the environment variable %s names: %w", variable, err)
	case err != nil:
		return file, fmt.Errorf("the OCI configuration file: %w", err)
	}
	parsed, err := parseProfiles(string(content))
	if err != nil {
		return file, fmt.Errorf("%s could not be read: %w", path, err)
	}
	found := false
	file.shared = parsed[defaultProfile]
	if file.keys, found = parsed[string(file.profile)]; !found && asked.value != "" {
		return file, fmt.Errorf("there is no profile %q (from %s) in %s, which has %s", asked.value, asked.origin, path, namesOf(parsed))
	}
	return file, nil
}

// parseProfiles returns the keys of each profile, in lower case, and their values. No line continues on the next, whatever it
// ends in: a pass phrase may contain any character, and must not become part of a value that is shown. Errors quote nothing.
func parseProfiles(content string) (map[string]map[string]string, error) {
	parsed := map[string]map[string]string{}
	profile := defaultProfile
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(content, "\ufeff")) {
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
