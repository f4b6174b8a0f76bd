package outside

import (
	"regexp"
	"strings"
)

var (
	privateKey = regexp.MustCompile(`(?i)PRIVATE KEY`)
	// frame matches the first or the last line of a PEM block.
	frame = regexp.MustCompile(`-----(BEGIN|END)`)
	// pemBlock matches a PEM block, or the rest of the text if the block does not end.
	pemBlock = regexp.MustCompile(`(?s)-----BEGIN.*?(-----END[^-]*-----|$)`)
	// token matches a JSON Web Token or a part of one. It begins with {" in base64.
	token = regexp.MustCompile(`eyJ[A-Za-z0-9_=-]{8,}(\.[A-Za-z0-9_=-]*)*`)
	// keyMaterial matches the beginning of a key or a certificate, DER in base64, up to the end of the line.
	keyMaterial = regexp.MustCompile(`MII[A-Za-z0-9+/=]{16,}`)
	// word matches what may be base64.
	word = regexp.MustCompile(`[A-Za-z0-9+/=_-]{20,}`)
	// userInfo matches the user name and the password in a URL, which need not be well-formed. Its group is the :// before them.
	userInfo = regexp.MustCompile(`(://)[^\s"]*(?:@|%40)`)
	// beforeAt matches everything up to the last @. Its group is the scheme.
	beforeAt = regexp.MustCompile(`(?is)^(https?://)?.*(?:@|%40)`)
)

// holdsRandomWord reports whether s contains a word that looks random.
func holdsRandomWord(s string) bool {
	for _, w := range word.FindAllString(s, -1) {
		if isRandom(w) {
			return true
		}
	}
	return false
}

// isRandom reports whether w, or a part of it between slashes, looks random. Names and identifiers do not. A word that begins
// with a slash is taken for a path, so only its parts are looked at.
func isRandom(w string) bool {
	if !strings.HasPrefix(w, "/") && looksRandom(w) {
		return true
	}
	for part := range strings.SplitSeq(w, "/") {
		if looksRandom(part) {
			return true
		}
	}
	return false
}

// looksRandom tells base64 from what people write. Both have upper-case letters, lower-case letters and digits. But people
// write words and numbers: in a name, most letters are in runs of three or more lower-case ones. In base64, only a fifth are.
func looksRandom(w string) bool {
	const shortest = 20
	if len(w) < shortest {
		return false
	}
	lower, upper, numbers, inWords, run := 0, 0, 0, 0, 0
	const none, small, capital, digit = 0, 1, 2, 3
	last := none
	for _, c := range []byte(w + "/") {
		kind := none
		switch {
		case 'a' <= c && c <= 'z':
			kind = small
			lower++
		case 'A' <= c && c <= 'Z':
			kind = capital
			upper++
		case '0' <= c && c <= '9':
			kind = digit
		}
		if kind == digit && last != digit {
			numbers++
		}
		if kind == small {
			run++
		} else {
			if run >= 3 {
				inWords += run
			}
			run = 0
		}
		last = kind
	}
	return lower > 0 && upper > 0 && numbers > 1 && inWords*100 < (lower+upper)*55
}
