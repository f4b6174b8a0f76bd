package auth

import (
	"fmt"
	"strings"
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
