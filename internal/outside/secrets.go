package outside

import (
	"regexp"
	"strings"
)

var (
	privateKey = regexp.MustCompile(`(?i)PRIVATE KEY`)
	// frame is the first or the last line of a PEM.
	frame = regexp.MustCompile(`-----(BEGIN|END)`)
	// pemBlock is a PEM, or what there is of it.
	pemBlock = regexp.MustCompile(`(?s)-----BEGIN.*?(-----END[^-]*-----|$)`)
	// token is a JSON Web Token, which begins with {" in base64, or a part of one.
	token = regexp.MustCompile(`eyJ[A-Za-z0-9_=-]{8,}(\.[A-Za-z0-9_=-]*)*`)
	// keyMaterial is the beginning of a key or a certificate in DER form and base64, to the end of the line.
	keyMaterial = regexp.MustCompile(`MII[A-Za-z0-9+/=]{16,}`)
	// word is what may be base64.
	word = regexp.MustCompile(`[A-Za-z0-9+/=_-]{20,}`)
	// userInfo is that of a URL, well-formed or not, after what comes before it.
	userInfo = regexp.MustCompile(`(://)[^\s"]*(?:@|%40)`)
	// beforeAt is all that is before the last @ and the scheme in it.
	beforeAt = regexp.MustCompile(`(?is)^(https?://)?.*(?:@|%40)`)
)

// holdsRandomWord reports whether a word of s looks as if it had been made at random.
func holdsRandomWord(s string) bool {
	for _, w := range word.FindAllString(s, -1) {
		if isRandom(w) {
			return true
		}
	}
	return false
}

// isRandom reports whether a word, or a part of it between slashes, looks as if it had been made at random. Names and
// identifiers do not. What begins with a slash is taken for a path.
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

// looksRandom tells base64 from what people write: both have letters of either case and digits, but people put small letters
// together in words, and digits together in numbers. In base64 a fifth of the letters are in runs of three small ones or
// more; in names, most.
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
