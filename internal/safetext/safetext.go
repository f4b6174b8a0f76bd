// Package safetext chooses what messages show of text from outside: properties, environment variables, paths, names in files, messages
// of other programs. People paste keys, tokens and passwords into the wrong places. So text is shown only if it has a form that these
// do not have, and of any other text only the length is. The result is valid UTF-8 without control characters, cut to a readable length.
package safetext

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is text from outside. With %s, %q and %v it prints what may be shown of it: words, OCIDs, fingerprints, times and paths as they are, and of
// anything else how long it is. Converting it with string(t) gives the original text, which does not belong in a message.
type Text string

// forms are the forms of text that is shown.
var forms = []*regexp.Regexp{
	// Names such as DEFAULT, us-phoenix-1 and instance_principal. A pass phrase of words has more of them.
	regexp.MustCompile(`^` + oneWord + `([_-]` + oneWord + `){0,2}([_-]?[0-9]{1,2})?$`),
	// Versions.
	regexp.MustCompile(`^[0-9]{1,2}(\.[0-9]{1,2}){0,2}$`),
	// OCIDs.
	regexp.MustCompile(`^ocid[0-9a-z]{0,4}[.:]([0-9a-zA-Z_-]*[.:]){2,}[0-9a-zA-Z_-]+$`),
	// Fingerprints of keys.
	regexp.MustCompile(`^([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}$`),
	// Times.
	regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[ 0-9TZtz:.+-]*$`),
	// Files below the working directory, whose names end as those of keys and certificates do.
	regexp.MustCompile(`^[\w@.-]+(/[\w@.-]+)*\.(pem|key|crt|cer|txt)$`),
}

// oneWord matches a word in lower case, in upper case, or with a capital. It is shorter than an auth token, which has 20 characters.
const oneWord = `([a-z]{1,16}|[A-Z]{1,16}|[A-Z][a-z]{1,15})`

// pathForm matches paths: ~, or what begins with ~/, ./, ../ or C:\, or with a folder such as /home. A key in base64 may begin with a
// slash too.
var pathForm = regexp.MustCompile(`^(~|\.{1,2}|[a-zA-Z]:|/[a-zA-Z][a-z]{2,16}(\.[a-z]{1,8})?)([/\\][\p{L}\p{N} ._@-]*)*$`)

// isShown reports whether t has one of the forms.
func (t Text) isShown() bool {
	return utf8.RuneCountInString(string(t)) <= longestText &&
		(isPath(string(t)) || slices.ContainsFunc(forms, func(form *regexp.Regexp) bool { return form.MatchString(string(t)) }))
}

// isPath reports whether s is a path without overlong names. Were their length a part of the form, every start of the plugin would compile
// all letters of Unicode once for each character.
func isPath(s string) bool {
	names := strings.FieldsFunc(s, func(r rune) bool { return r == '/' || r == '\\' })
	return pathForm.MatchString(s) &&
		!slices.ContainsFunc(names, func(name string) bool { return utf8.RuneCountInString(name) > longestName })
}

// String returns what may be shown of t.
func (t Text) String() string {
	if t.isShown() {
		return string(t)
	}
	switch n := utf8.RuneCountInString(string(t)); n {
	case 0:
		return "an empty text"
	case 1:
		return "a text of 1 character"
	default:
		return fmt.Sprintf("a text of %d characters", n)
	}
}

// Format puts what is shown as it is into quotes if the verb is %q.
func (t Text) Format(f fmt.State, verb rune) { format(f, verb, t.isShown(), t.String()) }

func format(f fmt.State, verb rune, quotable bool, shown string) {
	if verb == 'q' && quotable {
		_, _ = fmt.Fprintf(f, "%q", shown)
		return
	}
	_, _ = f.Write([]byte(shown))
}

// URL is text from outside that is meant to be a URL. It may be anything.
type URL string

// host and path match the parts of a URL that are shown.
var (
	host = regexp.MustCompile(`^[a-zA-Z0-9.:{}\[\]-]+$`)
	path = regexp.MustCompile(`^[a-zA-Z0-9._~{}/-]{0,100}$`)
)

// parts returns scheme and host of u, and its path if that is plain. It reports false if u is not a URL, or may have a user name or a
// password.
func (u URL) parts() (string, bool) {
	parsed, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(string(u)))
	if err != nil || parsed.Host == "" || parsed.User != nil || strings.ContainsAny(string(u), "@%") || len(u) > longestText {
		return "", false
	}
	rest := strings.TrimPrefix(string(u), parsed.Scheme+"://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if !host.MatchString(rest[:end]) {
		return "", false
	}
	shown := parsed.Scheme + "://" + rest[:end]
	if behind := rest[end:]; path.MatchString(behind) {
		shown += behind
	} else {
		shown += "/…"
	}
	return shown, true
}

// String returns what may be shown of u: scheme, host and path. Of text that is no URL it returns what may be shown of a Text.
func (u URL) String() string {
	if shown, ok := u.parts(); ok {
		return shown
	}
	return Text(u).String()
}

// Format is like that of Text.
func (u URL) Format(f fmt.State, verb rune) {
	_, ok := u.parts()
	format(f, verb, ok || Text(u).isShown(), u.String())
}

// The kinds of secrets that Secret tells apart, worded for messages.
const (
	PrivateKey = "a private key"
	PEM        = "a key or a certificate"
	Token      = "a token"
)

// Secret returns the kind of secret that t is by its own account, or "". It is for telling a person what to do. What is shown does
// not depend on it.
func (t Text) Secret() string {
	switch s := string(t); {
	case strings.Contains(s, "PRIVATE KEY"):
		return PrivateKey
	case strings.Contains(s, "-----BEGIN"), strings.Contains(s, "-----END"):
		return PEM
	case strings.HasPrefix(strings.TrimPrefix(s, "ST$"), "eyJ"):
		return Token
	default:
		return ""
	}
}

var (
	// userInfo matches the user name and the password in a URL, which need not be well-formed. Its group is the :// before them.
	userInfo = regexp.MustCompile(`(://)[^\s"]*(?:@|%40)`)
	// malformed matches a part of an answer that net/http could not read and has quoted. It may contain a token.
	malformed = regexp.MustCompile(`(malformed[^"]*)".*`)
)

// Sentence returns what may be shown of a message that somebody else wrote, such as the error of a library or the message in an
// answer from OCI. It returns a single line, without what libraries quote of URLs and answers.
func Sentence(s string) string {
	s = userInfo.ReplaceAllString(s, "$1…@")
	s = malformed.ReplaceAllString(s, "$1…")
	return Shorten(strings.Map(printable, strings.Join(strings.Fields(s), " ")), longestSentence)
}

const (
	longestText     = 256
	longestName     = 80
	longestSentence = 1000
)

// printable returns r, or what stands for it if it is a control character.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return unicode.ReplacementChar
}

// Shorten cuts s to the given number of characters.
func Shorten(s string, longest int) string {
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return s
}
