package auth

import (
	"encoding/base64"
	"errors"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// secretVariables are the environment variables that may hold a key, a pass phrase or a token. Where such a one is the path
// of a file instead, it is no secret.
var secretVariables = []string{
	"OCI_RESOURCE_PRINCIPAL_RPST", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE",
	"OCI_RESOURCE_PRINCIPAL_RPST_FOR_LEAF_RESOURCE", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_FOR_LEAF_RESOURCE",
	"OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE_FOR_LEAF_RESOURCE",
}

// shortestSecret is the shortest text that is taken out of errors: what is shorter would be found in words.
const shortestSecret = 4

// redactor takes secrets out of the errors of the SDK, which quotes tokens that it cannot parse.
type redactor []string

// newRedactor knows the secrets that the sources hold.
func newRedactor(s *sources) redactor {
	client, secret := string(s.find(propertyTokenExchangeClientID).value), string(s.find(propertyTokenExchangeClientSecret).value)
	known := redactor{secret, string(s.find(propertyPrivateKeyPassword).value)}
	if secret != "" {
		known = append(known, base64.StdEncoding.EncodeToString([]byte(client+":"+secret)))
	}
	for _, name := range secretVariables {
		if value := string(s.env(name)); !filepath.IsAbs(value) {
			known = append(known, value)
		}
	}
	return known
}

var (
	// quotedToken is how the SDK quotes a token that it cannot parse.
	quotedToken = regexp.MustCompile(`(?s)token string ".*": `)
	// longWord is an OCID, or what may be a token or a part of one.
	longWord = regexp.MustCompile(`ocid1(\.[A-Za-z0-9_-]*){3,}|[A-Za-z0-9+=_-]{24,}(\.[A-Za-z0-9+=_-]+)*`)
	// longName is what is long and no token: an OCID, a request's id, the name of a variable, or a part of a path.
	longName = regexp.MustCompile(`^(ocid1\..*|[0-9A-Fa-f]{32}|[A-Z0-9]+(_[A-Z0-9]+)+|[a-z_-]+(\.[a-z]+)*)$`)
)

// clean is an error without secrets: those that are known, and whatever looks like one.
func (r redactor) clean(err error) error {
	const gone = "…"
	text := err.Error()
	for _, secret := range r {
		for _, form := range []string{secret, strings.TrimSpace(secret)} {
			if len(form) >= shortestSecret {
				text = strings.ReplaceAll(text, form, gone)
			}
		}
	}
	text = quotedToken.ReplaceAllString(text, `token string "`+gone+`": `)
	text = longWord.ReplaceAllStringFunc(outside.Sentence(text), func(word string) string {
		if longName.MatchString(word) {
			return word
		}
		return gone
	})
	return errors.New(text)
}
