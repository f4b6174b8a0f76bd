package auth

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// finding is a property's value and, in words, where it was found. Its value is empty if it was not found.
type finding struct {
	value  outside.Text
	origin string
}

// source is one place that properties come from.
type source struct {
	// name returns what to call the place of a property, such as "the environment variable OCI_REGION".
	name func(Property) string
	// lookup returns the value that the place has for a property, or "".
	lookup func(Property) outside.Text
}

// find returns a property from this place.
func (s source) find(p Property) finding {
	if value := s.lookup(p); value != "" {
		return finding{value, s.name(p)}
	}
	return finding{}
}

// sources are all the places that properties come from. The first one that has a property counts.
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
	s := &sources{home: home, environment: environment}
	s.inOrder = []source{{
		name:   func(Property) string { return "the provider's configuration" },
		lookup: func(p Property) outside.Text { return outside.Text(settings[p.Name]) },
	}}
	for _, variable := range []func(Property) string{Property.terraformVariable, Property.ociVariable, Property.cliVariable} {
		s.inOrder = append(s.inOrder, source{
			name:   func(p Property) string { return "the environment variable " + variable(p) },
			lookup: func(p Property) outside.Text { return s.env(variable(p)) },
		})
	}

	profile := s.find(propertyConfigFileProfile)
	s.file, err = readConfigFile(s.configFilePath(), profile.value)
	if err != nil {
		return nil, wrong(propertyConfigFileProfile, "%v", err)
	}
	s.inOrder = append(s.inOrder, source{
		name:   func(Property) string { return s.file.String() },
		lookup: func(p Property) outside.Text { return s.file.value(p.Key) },
	})
	return s, nil
}

// find returns a property from the first place that has it.
func (s *sources) find(p Property) finding {
	for _, source := range s.inOrder {
		if found := source.find(p); found.value != "" {
			return found
		}
	}
	return finding{}
}

// missing returns the error for a property that must be set and is not.
func (s *sources) missing(p Property) *PropertyError {
	problem := wrong(p, "is not set. %s", s.whereToSet(p))
	problem.missing = true
	return problem
}

// whereToSet names the places that a property could come from.
func (s *sources) whereToSet(p Property) string {
	secret := ""
	if p.Secret {
		secret = " --secret"
	}
	places := fmt.Sprintf(`Set it with "pulumi config set%s ociauthtoken:%s ...", or set the environment variable %s (or %s)`,
		secret, p.Name, p.ociVariable(), strings.Join(p.otherVariables(), ", "))
	if p.Key != "" {
		places += fmt.Sprintf(`, or "%s" in %s`, p.Key, s.file)
	}
	return places
}

// env returns the value of an environment variable, or "".
func (s *sources) env(name string) outside.Text {
	value, _ := s.environment.LookupEnv(name)
	return outside.Text(value)
}

// path puts the home directory in place of a leading tilde. Where there is no home directory, readFile says so.
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
