// Package outside makes what comes from outside fit to be shown: properties, variables, paths, names in files, the words of
// other programs. What is shown is valid UTF-8 without control characters, is cut to a length that can be read, and holds no
// key, no token and no password of a URL, since people paste those into the wrong places.
package outside

import (
	"strings"
	"unicode"
)

// Text is a text from outside. It prints as what may be shown of it, with %s, %q and %v alike; string(t) is the text itself,
// and not for messages.
type Text string

// String returns what may be shown.
func (t Text) String() string {
	if kind := t.Secret(); kind != "" {
		return "[" + kind + ", not shown]"
	}
	return printable(userInfo.ReplaceAllString(string(t), "$1…@"), longestText)
}

// The kinds of secrets that a text may hold, in words.
const (
	PrivateKey = "a private key"
	PEM        = "a key or a certificate"
	Token      = "a token"
	Part       = "a part of a key or of a token"
)

// Secret returns the kind of secret that the text holds, which must not be shown. It is empty if the text looks harmless. A
// password looks harmless.
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

// URL is a text from outside that should be a URL, and may be anything.
type URL string

// String returns what may be shown: before the last @ no more than http:// or https://, and nothing of a query.
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

// Sentence returns what may be shown of the words of others, such as an error of a library or a message of OCI's, in one
// line. What must not be shown is left out of it.
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

// printable returns valid UTF-8 without control characters, cut to a number of characters.
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
