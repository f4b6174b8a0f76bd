// Package outside makes text from outside safe to show in messages: properties, environment variables, paths, names in files,
// messages of other programs. The result is valid UTF-8 without control characters, cut to a readable length. It contains no
// key, no token and no password of a URL, because people paste those into the wrong places.
package outside

import (
	"strings"
	"unicode"
)

// Text is text from outside. With %s, %q and %v it prints what may be shown of it. Converting it with string(t) gives the
// original text, which does not belong in a message.
type Text string

// String returns what may be shown of t.
func (t Text) String() string {
	if kind := t.Secret(); kind != "" {
		return "[" + kind + ", not shown]"
	}
	return printable(userInfo.ReplaceAllString(string(t), "$1…@"), longestText)
}

// The kinds of secrets that Secret tells apart, worded for messages.
const (
	PrivateKey = "a private key"
	PEM        = "a key or a certificate"
	Token      = "a token"
	Part       = "a part of a key or of a token"
)

// Secret returns the kind of secret that t contains, or "" if t looks harmless. It does not recognize passwords.
func (t Text) Secret() string {
	s := string(t)
	switch {
	case privateKey.MatchString(s):
		return PrivateKey
	case frame.MatchString(s):
		return PEM
	case token.MatchString(s):
		return Token
	case keyMaterial.MatchString(s), holdsRandomWord(s):
		return Part
	default:
		return ""
	}
}

// URL is text from outside that is meant to be a URL. It may be anything.
type URL string

// String returns what may be shown of u. It leaves out everything before the last @ except for http:// or https://, and the
// query and the fragment.
func (u URL) String() string {
	s := string(u)
	if before := beforeAt.FindStringSubmatch(s); before != nil {
		s = before[1] + "…@" + s[len(before[0]):]
	}
	if end := strings.IndexAny(s, "?#"); end >= 0 {
		s = s[:end] + "…"
	}
	return Text(s).String()
}

// Sentence returns what may be shown of a message that somebody else wrote, such as the error of a library or the message in an
// answer from OCI. It returns a single line and replaces secrets with an ellipsis.
func Sentence(s string) string {
	s = pemBlock.ReplaceAllString(s, "…")
	s = userInfo.ReplaceAllString(s, "$1…@")
	s = token.ReplaceAllString(s, "…")
	s = keyMaterial.ReplaceAllString(s, "…")
	s = word.ReplaceAllStringFunc(s, func(w string) string {
		if isRandom(w) {
			return "…"
		}
		return w
	})
	return printable(strings.Join(strings.Fields(s), " "), longestSentence)
}

const (
	longestText     = 256
	longestSentence = 1000
)

// printable returns s as valid UTF-8 without control characters, cut to the given number of characters.
func printable(s string, longest int) string {
	var out strings.Builder
	n := 0
	for _, r := range s {
		if n == longest {
			return out.String() + "…"
		}
		if !unicode.IsPrint(r) {
			r = unicode.ReplacementChar
		}
		out.WriteRune(r)
		n++
	}
	return out.String()
}
