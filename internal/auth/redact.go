package auth

import (
	"encoding/base64"
	"errors"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// secretVariables are the environment variables that may hold a key, a pass phrase or a token. They may also hold the path of a
// file, which is no secret.
var secretVariables = []string{
	"OCI_RESOURCE_PRINCIPAL_RPST", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE",
	"OCI_RESOURCE_PRINCIPAL_RPST_FOR_LEAF_RESOURCE", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_FOR_LEAF_RESOURCE",
	"OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE_FOR_LEAF_RESOURCE",
}

// shortestSecret is the length of the shortest secret that is taken out of errors. A shorter one would be found inside words.
const shortestSecret = 4

// redactor takes secrets out of the SDK's errors, because the SDK quotes tokens that it cannot parse. It lists the secrets.
type redactor []string

// newRedactor returns a redactor for the secrets in s.
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
	// quotedToken matches a token that the SDK could not parse and has quoted.
	quotedToken = regexp.MustCompile(`(?s)token string ".*": `)
	// longWord matches an OCID, and what may be a token or a part of one.
	longWord = regexp.MustCompile(`ocid1(\.[A-Za-z0-9_-]*){3,}|[A-Za-z0-9+=_-]{24,}(\.[A-Za-z0-9+=_-]+)*`)
	// longName matches long words that are no tokens: an OCID, the id of a request, the name of a variable, a part of a path.
	longName = regexp.MustCompile(`^(ocid1\..*|[0-9A-Fa-f]{32}|[A-Z0-9]+(_[A-Z0-9]+)+|[a-z_-]+(\.[a-z]+)*)$`)
)

// clean returns err without the secrets that r lists, and without whatever else looks like a secret.
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
