package auth

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// finding is a value, and where it was found. It is the zero finding if nothing was found.
type finding struct {
	value  safetext.Text
	origin string // as worded in messages
	// property is the name of the property, and place the source that has it, if the value is that of a property.
	property string
	place    *source
}

// source is a place that properties come from.
type source struct {
	// name returns what messages call the place of a property, such as "the environment variable OCI_REGION".
	name func(Property) string
	// lookup returns the value of a property in this place, or "".
	lookup func(Property) safetext.Text
}

// find returns what this place says about a property. A blank value says nothing.
func (s *source) find(p Property) finding {
	value, origin := p.Trim(string(s.lookup(p))), s.name(p)
	if !p.Secret && strings.IndexAny(value, `"'`) == 0 { // which a shell would remove
		origin += ", where it is in quotation marks"
	}
	if value != "" {
		return finding{safetext.Text(value), origin, p.Name, s}
	}
	return finding{}
}

// sources are all the places that properties come from.
type sources struct {
	program      *source
	cli, profile *source // the environment variables OCI_CLI_..., and the profile of the OCI configuration file
	// order holds the places in order of precedence, in the groups that may name a whole identity.
	order [][]*source
	// profileNamedByProgram is true if the program names the profile, and not the environment.
	profileNamedByProgram bool
	file                  configFile
	cliFile               configFile // of the CLI alone
	home                  string     // empty if there is none
	environment           Environment
	problems              problems // found so far
}

func newSources(settings Settings, environment Environment) (*sources, error) {
	home, _ := environment.HomeDir()
	if !filepath.IsAbs(home) {
		// Without a home directory there is no configuration file, but other sources may be enough. A relative home directory
		// would depend on the directory that this program happens to run in.
		home = ""
	}
	s := &sources{home: home, environment: environment}
	variables := func(variable func(Property) string) *source {
		return &source{
			name:   func(p Property) string { return "the environment variable " + variable(p) },
			lookup: func(p Property) safetext.Text { return s.env(variable(p)) },
		}
	}
	s.program = &source{
		name:   func(Property) string { return "the provider's configuration" },
		lookup: func(p Property) safetext.Text { return safetext.Text(settings[p.Name]) },
	}
	terraform, oci := variables(Property.terraformVariable), variables(Property.ociVariable)
	s.cli = variables(func(p Property) string { return p.CLI })
	s.profile = &source{name: func(Property) string { return s.file.String() }, lookup: s.inProfile}
	cliFile := &source{
		name:   func(Property) string { return s.cliFile.String() },
		lookup: func(p Property) safetext.Text { return s.cliFile.value(p.CLIFile) },
	}

	profile := firstOf(propertyConfigFileProfile, s.program, terraform, oci, s.cli)
	s.profileNamedByProgram = profile.place == s.program
	s.readConfigFile(s.readCLIFile(profile))
	s.order = [][]*source{{s.program}, {terraform}, {oci}, {terraform, oci}, {s.cli, cliFile}, {cliFile, s.profile}}
	if s.profileNamedByProgram {
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
func (s *sources) inProfile(p Property) safetext.Text {
	if p.Name == propertyAuth.Name {
		if parts := s.identityIn(); parts[theUser].value+parts[theFingerprint].value+parts[theKey].value == "" {
			return s.file.kind()
		}
	}
	return s.file.value(p.Key)
}

// inOrder returns all places in order of precedence.
func (s *sources) inOrder() []*source { return slices.Concat(s.order...) }

// find returns a property from the first place that has it.
func (s *sources) find(p Property) finding { return firstOf(p, s.inOrder()...) }

func firstOf(p Property, places ...*source) finding {
	for _, place := range places {
		if found := place.find(p); found.value != "" {
			return found
		}
	}
	return finding{}
}

// missing returns the error for a property that must be set and is not.
func (s *sources) missing(p Property) *problem {
	return &problem{p.Name, "is not set. " + s.whereToSet(p), true}
}

// whereToSet names the places that a property could come from.
func (s *sources) whereToSet(p Property) string {
	secret := ""
	if p.Secret {
		secret = " --secret"
	}
	places := fmt.Sprintf(`Set it with "pulumi config set%s ociauthtoken:%s ...", or set one of the environment variables %s`,
		secret, p.Name, strings.Join(p.Variables(), ", "))
	if p.Key != "" {
		places += fmt.Sprintf(`, or "%s" in %s`, p.Key, s.file)
	}
	return places
}

// env returns the value of an environment variable, or "".
func (s *sources) env(name string) safetext.Text {
	value, _ := s.environment.LookupEnv(name)
	return safetext.Text(value)
}

// variable returns the first of the environment variables that is set, without white space around it.
func (s *sources) variable(names ...string) finding {
	for _, name := range names {
		if value := strings.TrimSpace(string(s.env(name))); value != "" {
			return finding{value: safetext.Text(value), origin: "the environment variable " + name}
		}
	}
	return finding{}
}

// terraformSetting returns a setting that OCI's Terraform provider reads from the environment only. The provider spells such names in
// lower case, even after a prefix.
func (s *sources) terraformSetting(name string) finding {
	return s.variable("TF_VAR_"+name, "OCI_"+name, "OCI_"+strings.ToUpper(name), name)
}

// inCLIOrProfile returns a property that only the CLI's variables and profiles have. Like the CLI, it takes the variable before the profile,
// unless the program names the profile.
func (s *sources) inCLIOrProfile(p Property) finding {
	if s.profileNamedByProgram {
		return firstOf(p, s.profile, s.cli)
	}
	return firstOf(p, s.cli, s.profile)
}

// path replaces a leading tilde with the home directory. If there is no home directory, it returns the path unchanged, and readFile
// returns the error.
func (s *sources) path(path safetext.Text) safetext.Text {
	if s.home != "" && startsAtHome(path) {
		return safetext.Text(filepath.Join(s.home, string(path[1:])))
	}
	return path
}

// startsAtHome reports whether a path begins with a tilde that stands for the home directory.
func startsAtHome(path safetext.Text) bool {
	return path == "~" || strings.HasPrefix(string(path), "~/") || strings.HasPrefix(string(path), "~"+string(filepath.Separator))
}
