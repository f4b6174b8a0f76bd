package auth

import (
	"errors"
	"regexp"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// plain matches the words of a message that are shown: words of a language, names of variables, properties and errors, numbers and
// addresses, and the ids of requests. A token or a key is longer, or mixes letters and digits.
var plain = regexp.MustCompile(`^([A-Za-z]{1,24}([-'/][A-Za-z]{1,24}){0,3}|[A-Z0-9]+(_[A-Z0-9]+)+|[a-z]+([_.][a-z0-9]+){1,6}|[a-z]{1,4}[0-9]{1,4}|` +
	`[0-9][0-9.:/%-]{0,20}|[0-9A-F]{32}(/[0-9A-F]{32}){0,2})$`)

// clean returns an error of the SDK with the words that may be shown, and an ellipsis in place of all others: the SDK quotes answers and
// tokens that it cannot parse.
func clean(err error) error {
	const gone = "…"
	var shown []string
	for _, word := range strings.Fields(err.Error()) {
		core := strings.Trim(word, `()[]{}<>"'.,:;!?`)
		switch url := safetext.URL(core).String(); {
		case core == "", core == url, plain.MatchString(core):
		case strings.Contains(url, "://"):
			word = url
		default:
			word = gone
		}
		if word != gone || len(shown) == 0 || shown[len(shown)-1] != gone {
			shown = append(shown, word)
		}
	}
	return errors.New(safetext.Sentence(strings.Join(shown, " ")))
}
