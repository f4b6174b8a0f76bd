package harness

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
)

// Canary is part of every token value in these tests, so that a leak can be searched for.
const Canary = "c4n4rY"

// Canaries holds the canary as plaintext, and the parts of it that show in base64, for each position that it may start at.
var Canaries = []string{
	Canary,
	base64.RawStdEncoding.EncodeToString([]byte(Canary)),
	base64.RawStdEncoding.EncodeToString([]byte("##" + Canary + "#"))[3:10],
	base64.RawStdEncoding.EncodeToString([]byte("#" + Canary + "##"))[2:9],
}

// CanaryValue returns a token's value of 20 characters that contains the canary, and punctuation as OCI's tokens do.
func CanaryValue() string { return `({;#` + Canary + `<:>` + rand.Text()[:7] }

// RequireNoValue fails if the text contains any part of a token's value.
func RequireNoValue(t *testing.T, text string) {
	t.Helper()
	RequireNone(t, text, Canary)
}

// RequireNone fails if the text contains any of the canaries.
func RequireNone(t *testing.T, text string, canaries ...string) {
	t.Helper()
	for _, canary := range canaries {
		if at := strings.Index(text, canary); at >= 0 {
			t.Fatalf("a token's value is in clear near %q", strings.ReplaceAll(text[max(0, at-200):at], canary, "…"))
		}
	}
}
