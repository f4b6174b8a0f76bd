package auth

import (
	"fmt"
	"strings"
)

// PropertyError says what is wrong with one property of the provider's configuration.
type PropertyError struct {
	// Property is the name in Pulumi's configuration, such as "privateKeyPath".
	Property string
	// Problem says what is wrong and how to put it right. It never contains the value of a secret.
	Problem string
	// missing is true if the property is not set.
	missing bool
}

// Error returns the property and what is wrong with it.
func (e *PropertyError) Error() string { return e.Property + ": " + e.Problem }

func wrong(p Property, format string, args ...any) *PropertyError {
	return &PropertyError{Property: p.Name, Problem: fmt.Sprintf(format, args...)}
}

// Problems is everything that is wrong with the provider's configuration.
type Problems []*PropertyError

// Error returns the problems, one to a line. If there are several, a first line names the properties, because Pulumi's progress
// display shows only the first line.
func (p Problems) Error() string {
	if len(p) == 1 {
		return p[0].Error()
	}
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.Error()
	}
	var summary []string
	if missing := p.names(true); len(missing) > 0 {
		summary = append(summary, enumerate(missing)+"not set")
	}
	if bad := p.names(false); len(bad) > 0 {
		summary = append(summary, enumerate(bad)+"invalid")
	}
	return strings.Join(summary, ", ") + ":\n" + strings.Join(lines, "\n")
}

// names returns the properties that are missing, or those that are set and wrong.
func (p Problems) names(missing bool) []string {
	var names []string
	for _, problem := range p {
		if problem.missing == missing {
			names = append(names, problem.Property)
		}
	}
	return names
}

// Unwrap returns each of the problems.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i, problem := range p {
		errs[i] = problem
	}
	return errs
}

// enumerate joins names with commas and "and", and adds the verb.
func enumerate(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0] + " is "
	}
	return strings.Join(names[:last], ", ") + " and " + names[last] + " are "
}
