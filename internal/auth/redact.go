package auth

import (
	"encoding/base64"
	"errors"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

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
	for _, name := range []string{"RPST", "PRIVATE_PEM", "PRIVATE_PEM_PASSPHRASE"} {
		for _, of := range []string{"", "_FOR_LEAF_RESOURCE"} {
			if value := string(s.env("OCI_RESOURCE_PRINCIPAL_" + name + of)); !filepath.IsAbs(value) { // a path is no secret
				known = append(known, value)
			}
		}
	}
	return known
}

// plain matches the words of a message that are shown: words of a language, names of variables, properties and errors, numbers and
// addresses, and the ids of requests. A token or a key is longer, or mixes letters and digits.
var plain = regexp.MustCompile(`^([A-Za-z]{1,24}([-'/][A-Za-z]{1,24}){0,3}|[A-Z0-9]+(_[A-Z0-9]+)+|[a-z]+([_.][a-z0-9]+){1,6}|[a-z]{1,4}[0-9]{1,4}|` +
	`[0-9][0-9.:/%-]{0,20}|[0-9A-F]{32}(/[0-9A-F]{32}){0,2})$`)

// clean returns err with the words that may be shown, and an ellipsis in place of all others. It leaves out the secrets that r lists,
// whatever they look like.
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
	var shown []string
	for _, word := range strings.Fields(text) {
		core := strings.Trim(word, `()[]{}<>"'.,:;!?`)
		switch {
		case core == "", plain.MatchString(core):
		case safetext.URL(core).String() == core:
		case strings.Contains(core, "://") && strings.Contains(safetext.URL(core).String(), "://"):
			word = safetext.URL(core).String()
		default:
			word = gone
		}
		if word != gone || len(shown) == 0 || shown[len(shown)-1] != gone {
			shown = append(shown, word)
		}
	}
	return errors.New(safetext.Sentence(strings.Join(shown, " ")))
}
