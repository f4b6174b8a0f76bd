package token

import (
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
)

// Meanings are what the tag "means" of an argument or an output may be. Texts of some meanings have several forms: their function returns
// one form for all that mean the same. A text that is not of the kind means itself.
var Meanings = map[string]func(string) string{
	"user":        nil, // the OCID of the user whose token it is
	"token":       nil, // the OCID of a token
	"description": nil,
	"domain":      canonicalDomainURL,
	"time":        canonicalTime,
}

// canonicalDomainURL returns the URL of an identity domain in canonical form.
func canonicalDomainURL(s string) string {
	if canonical, err := hosts.ParseDomainURL(s); err == nil {
		return canonical
	}
	return s
}

// canonicalTime returns a time in UTC, without trailing zeros.
func canonicalTime(s string) string {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC().Format(time.RFC3339Nano)
	}
	return s
}
