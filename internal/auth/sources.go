package auth

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// finding is the value of a property and, in origin, where it was found, as worded in messages. The value is empty if the property
// was not found.
type finding struct {
	value  outside.Text
	origin string
}

// source is a place that properties come from.
type source struct {
	// name returns what messages call the place of a property, such as "the environment variable OCI_REGION".
	name func(Property) string
	// lookup returns the value of a property in this place, or "".
	lookup func(Property) outside.Text
}

// find returns what this place says about a property.
func (s source) find(p Property) finding {
	if value := s.lookup(p); value != "" {
		return finding{value, s.name(p)}
	}
	return finding{}
}

// sources are all the places that properties come from.
type sources struct {
	program             source
	terraform, oci, cli source // environment variables: TF_VAR_..., OCI_... and OCI_CLI_...
	profile             source // of the OCI configuration file
	// order holds the places in order of precedence, in the groups that may name a whole identity.
	order [][]source
	// profileNamedByProgram is true if the program names the profile, and not the environment.
	profileNamedByProgram bool
	file                  configFile
	cliFile               configFile // of the CLI alone
	home                  string     // empty if there is none
	environment           Environment
}

func newSources(settings Settings, environment Environment) (*sources, error) {
	home, err := environment.HomeDir()
	if err != nil || !filepath.IsAbs(home) {
		// Without a home directory there is no configuration file, but other sources may be enough. A relative home directory
		// would depend on the directory that this program happens to run in.
		home = ""
	}
	s := &sources{home: home, environment: environment}
	variables := func(variable func(Property) string) source {
		return source{
			name:   func(p Property) string { return "the environment variable " + variable(p) },
			lookup: func(p Property) outside.Text { return s.env(variable(p)) },
		}
	}
	s.program = source{
		name:   func(Property) string { return "the provider's configuration" },
		lookup: func(p Property) outside.Text { return outside.Text(settings[p.Name]) },
	}
	s.terraform = variables(Property.terraformVariable)
	s.oci = variables(Property.ociVariable)
	s.cli = variables(Property.cliVariable)
	s.profile = source{
		name:   func(Property) string { return s.file.String() },
		lookup: s.inProfile,
	}

	cliFile := source{
		name: func(Property) string { return s.cliFile.String() },
		lookup: func(p Property) outside.Text {
			if p.CLIFile == "" {
				return ""
			}
			return s.cliFile.value(p.CLIFile)
		},
	}

	profile := firstOf(propertyConfigFileProfile, s.program, s.terraform, s.oci, s.cli)
	if s.cliFile, profile, err = s.readCLIFile(profile); err != nil {
		return nil, err
	}
	s.readConfigFile(profile)
	s.order = [][]source{{s.program}, {s.terraform}, {s.oci}, {s.terraform, s.oci}, {s.cli, cliFile}, {cliFile, s.profile}}
	if s.profileNamedByProgram = s.program.lookup(propertyConfigFileProfile) != ""; s.profileNamedByProgram {
		if s.file.problem != nil {
			return nil, wrong(propertyConfigFileProfile, "%v", s.file.problem)
		}
		last := len(s.order) - 1
		s.order = slices.Insert(s.order[:last], 1, s.order[last]) // a choice of the program comes before the environment
	}
	return s, nil
}

// inProfile returns the value of a property in the profile, or "". The property auth follows from the keys of the profile, unless
// the program sets a part of an API key.
func (s *sources) inProfile(p Property) outside.Text {
	if p.Name == propertyAuth.Name && partsIn(s.program).isEmpty() {
		return s.file.kind()
	}
	if p.Key == "" {
		return ""
	}
	return s.file.value(p.Key)
}

// inOrder returns all places in order of precedence.
func (s *sources) inOrder() []source { return slices.Concat(s.order...) }

// find returns a property from the first place that has it.
func (s *sources) find(p Property) finding { return firstOf(p, s.inOrder()...) }

func firstOf(p Property, places ...source) finding {
	for _, place := range places {
		if found := place.find(p); found.value != "" {
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
		places += fmt.Sprintf(`, or "%s" in %s`, p.Key, s.file.described())
	}
	return places
}

// env returns the value of an environment variable, or "".
func (s *sources) env(name string) outside.Text {
	if name == "" {
		return ""
	}
	value, _ := s.environment.LookupEnv(name)
	return outside.Text(value)
}

// terraformSetting returns the value of a setting that OCI's Terraform provider reads from the environment only, and the
// environment variable that it was found in. The provider spells such names in lower case, even after a prefix.
func (s *sources) terraformSetting(name string) (value outside.Text, variable string) {
	for _, variable := range []string{"TF_VAR_" + name, "OCI_" + name, "OCI_" + strings.ToUpper(name), name} {
		if value := s.env(variable); value != "" {
			return value, variable
		}
	}
	return "", ""
}

// path replaces a leading tilde with the home directory. If there is no home directory, it returns the path unchanged, and readFile
// returns the error.
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
