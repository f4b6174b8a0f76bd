package auth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// problem says what is wrong with one property of the provider's configuration. It never contains the value of a secret.
type problem struct {
	property string // the name in Pulumi's configuration, such as "privateKeyPath"
	text     string // what is wrong and how to put it right
	missing  bool   // the property is not set
}

// Error returns the property and what is wrong with it.
func (p *problem) Error() string { return p.property + ": " + p.text }

func wrong(p Property, format string, args ...any) *problem {
	return &problem{property: p.Name, text: fmt.Sprintf(format, args...)}
}

// problems is everything that is wrong with the provider's configuration.
type problems []*problem

// Error returns the problems, one to a line. If there are several, a first line names the properties, because Pulumi's progress
// display shows only the first line.
func (p problems) Error() string {
	if len(p) == 1 {
		return p[0].Error()
	}
	lines := []string{strings.Trim(p.enumerate(true, "not set")+", "+p.enumerate(false, "invalid"), ", ") + ":"}
	for _, problem := range p {
		lines = append(lines, problem.Error())
	}
	return strings.Join(lines, "\n")
}

// enumerate says what the properties are that are missing, or those that are set and wrong, or returns "" if there are none.
func (p problems) enumerate(missing bool, what string) string {
	var names []string
	for _, problem := range p {
		if problem.missing == missing {
			names = append(names, problem.property)
		}
	}
	switch last := len(names) - 1; last {
	case -1:
		return ""
	case 0:
		return names[0] + " is " + what
	default:
		return strings.Join(names[:last], ", ") + " and " + names[last] + " are " + what
	}
}

// require returns the value of a property, and notes a problem if it is missing or wrong.
func (s *sources) require(p Property) safetext.Text { return s.check(p, s.find(p)) }

// check returns the value of what was found, and notes a problem if it is missing or wrong.
func (s *sources) check(p Property, found finding) safetext.Text {
	if found.value == "" {
		s.note(s.missing(p))
	} else if p.Check != nil {
		if err := p.Check(string(found.value)); err != nil {
			s.note(wrong(p, "%v (from %s)", err, found.origin))
		}
	}
	return found.value
}

// note notes a problem unless it is nil.
func (s *sources) note(problem *problem) {
	if problem != nil {
		s.problems = append(s.problems, problem)
	}
}

// err returns the problems as an error, or nil. If there is no profile to find what is missing in, the error says that.
func (s *sources) err() error {
	if len(s.problems) == 0 {
		return nil
	}
	if missing := s.problems.enumerate(true, "not set"); missing != "" && s.file.problem != nil {
		others := slices.DeleteFunc(s.problems, func(p *problem) bool { return p.missing })
		return append(problems{wrong(propertyConfigFileProfile, "%s, and %v", missing, s.file.problem)}, others...)
	}
	return s.problems
}
