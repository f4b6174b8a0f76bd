package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"gopkg.in/ini.v1"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// configFile is one profile of the OCI configuration file.
type configFile struct {
	path    outside.Text // empty if there is no home directory for the file to be in
	profile outside.Text
	section *ini.Section // nil if the file does not exist
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
	// A pass phrase may hold any character, comment signs and quotes among them.
	parsed, err := ini.LoadSources(ini.LoadOptions{
		IgnoreInlineComment: true, PreserveSurroundedQuote: true, SkipUnrecognizableLines: true, InsensitiveKeys: true,
	}, content)
	if err != nil {
		// The error quotes the line, and in this file any line may hold a secret.
		return file, fmt.Errorf("%s is not an OCI configuration file, in which profiles begin with a line such as [%s] and the "+
			"others are of the form key=value", path, defaultProfile)
	}
	file.section, err = parsed.GetSection(string(file.profile))
	if err != nil && asked != "" {
		return file, fmt.Errorf("there is no profile %q in %s, which has %s", asked, path, profiles(parsed))
	}
	return file, nil
}

// profiles names the profiles that have any key. The ini package always reports a DEFAULT section.
func profiles(content *ini.File) string {
	var names []string
	for _, section := range content.Sections() {
		if len(section.Keys()) > 0 {
			names = append(names, outside.Text(section.Name()).String())
		}
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
	if f.section == nil || key == "" {
		return ""
	}
	if key == propertyPrivateKeyPassword.key && !f.section.HasKey(key) {
		key = "passphrase"
	}
	if !f.section.HasKey(key) {
		return ""
	}
	return outside.Text(f.section.Key(key).Value())
}

// String says which profile of which file this is.
func (f configFile) String() string {
	if f.path == "" {
		return fmt.Sprintf("profile %s of ~/.oci/config (but there is no home directory)", f.profile)
	}
	return fmt.Sprintf("profile %s of %s", f.profile, f.path)
}
