package token

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestMeanings lists, for each meaning, what means the same: each line is one meaning.
func TestMeanings(t *testing.T) {
	t.Parallel()
	for meaning, lines := range map[string][][]string{
		"domain": {
			{"https://idcs-0a.example.com", "https://idcs-0a.example.com/", "https://idcs-0a.example.com:443", "HTTPS://IDCS-0A.Example.com:443//",
				"https://idcs-0a.example.com:"},
			{"https://idcs-0a.example.com:8443", "https://idcs-0A.example.com:8443/"}, {"https://idcs-0b.example.com"},
			{"http://127.0.0.1", "http://127.0.0.1:80/"}, {"http://127.0.0.1:443"}, {"http://[::1]", "http://[::1]:80"}, {"http://localhost"},
			{"https://idcs-0a.example.com/path"}, {"https://idcs-0a.example.com/PATH"}, {"idcs-0a.example.com"}, {""},
		},
		"time": {
			{"2030-01-31T00:00:00Z", "2030-01-31T00:00:00.000Z", "2030-01-31T00:00:00+00:00", "2030-01-31T02:00:00+02:00", "2030-01-30T17:00:00.0-07:00"},
			{"2030-01-31T00:00:00.001Z", "2030-01-31T00:00:00.0010Z"}, {"2030-01-31T00:00:01Z"}, {"2030-01-31"}, {"soon"}, {"Soon"}, {""},
		},
	} {
		canonical := Meanings[meaning]
		for i, line := range lines {
			for j, other := range lines {
				for _, one := range line {
					for _, two := range other {
						assert.Equal(t, i == j, canonical(one) == canonical(two), "%s: %s and %s", meaning, one, two)
					}
				}
			}
		}
	}
}
