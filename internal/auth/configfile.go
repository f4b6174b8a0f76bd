package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// configFile is one profile of the OCI configuration file.
type configFile struct {
	path    outside.Text // empty if there is no home directory for the file to be in
	profile outside.Text
	keys    map[string]string
}

const (
	// defaultProfile is the profile that is read when none is named.
	defaultProfile = "DEFAULT"
	// configFileVariable is the environment variable that names the file.
	configFileVariable = "OCI_CONFIG_FILE"
	// mostProfiles is how many profiles are named in an error.
	mostProfiles = 20
)

// configFilePath is where the configuration file is: $OCI_CONFIG_FILE, else ~/.oci/config. It is empty without a home
// directory: the working directory is none.
func (s *sources) configFilePath() outside.Text {
	if path := s.env(configFileVariable); path != "" {
		return s.path(path)
	}
	if s.home == "" {
		return ""
	}
	return outside.Text(filepath.Join(s.home, ".oci", "config"))
}

// readConfigFile reads one profile. A file or profile that does not exist is an error only if the profile was asked for.
func readConfigFile(path, asked outside.Text) (configFile, error) {
	file := configFile{path: path, profile: asked}
	if asked == "" {
		file.profile = defaultProfile
	}
	if path == "" {
		if asked == "" {
			return file, nil
		}
		return file, fmt.Errorf("profile %q is asked for, but there is no home directory in which .oci/config could be: "+
			"set the environment variable %s", asked, configFileVariable)
	}
	content, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if asked == "" {
			return file, nil
		}
		return file, fmt.Errorf("profile %q is asked for, but there is no file %s", asked, path)
	}
	if err != nil {
		return file, fmt.Errorf("the OCI configuration file, which %s names if it is set: %w", configFileVariable, err)
	}
	parsed, err := parseProfiles(string(content))
	if err != nil {
		return file, fmt.Errorf("%s could not be read: %w", path, err)
	}
	found := false
	if file.keys, found = parsed[string(file.profile)]; !found && asked != "" {
		return file, fmt.Errorf("there is no profile %q in %s, which has %s", asked, path, namesOf(parsed))
	}
	return file, nil
}

// parseProfiles takes a file apart: for each profile its keys, in small letters, and their values. No line goes on in the
// next, whatever it ends in: a pass phrase may hold any character, and must not become a part of what is shown. Its errors
// quote nothing.
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
				return nil, fmt.Errorf("line %d begins a profile as [%s] does, but has no closing bracket", number, defaultProfile)
			}
			profile = strings.TrimSpace(line[1:end])
			if parsed[profile] == nil {
				parsed[profile] = map[string]string{}
			}
			continue
		}
		at := strings.IndexAny(line, "=:")
		if at <= 0 {
			continue // OCI's tools pass over such lines too
		}
		if parsed[profile] == nil {
			parsed[profile] = map[string]string{}
		}
		parsed[profile][strings.ToLower(strings.TrimSpace(line[:at]))] = strings.TrimSpace(line[at+1:])
	}
	return parsed, nil
}

// namesOf names the profiles, as far as there is room.
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

// value is the value of a key, or empty. The keys with two spellings are found under either.
func (f configFile) value(key string) outside.Text {
	if _, ok := f.keys[key]; !ok && key == propertyPrivateKeyPassword.Key {
		key = "passphrase"
	}
	return outside.Text(f.keys[key])
}

// String says which profile of which file this is.
func (f configFile) String() string {
	if f.path == "" {
		return fmt.Sprintf("profile %s of ~/.oci/config (but there is no home directory)", f.profile)
	}
	return fmt.Sprintf("profile %s of %s", f.profile, f.path)
}
