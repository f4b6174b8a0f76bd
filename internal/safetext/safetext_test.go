package safetext_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

func TestTextOfAKnownFormIsShown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"DEFAULT", "us-phoenix-1", "us-gov-ashburn-1", "PHX", "instance_principal", "Magic", "WORK2", "2.2",
		"ocid1.user.oc1..aaaaaaaa3xk2jb4lqoxkz7mk7h4n6w5bqv2v6mzk7o6x4k2jb4lqoxkz7mk7", "ocidv1:user:oc1:phx:1460406592660:aaaaaaaa",
		"12:34:56:78:9a:bc:de:f0:12:34:56:78:9a:bc:de:f0", "2030-01-31", "2030-01-31T00:00:00.000+02:00",
		"/home/alice/.oci/sessions/WORK/oci_api_key.pem", "/Users/Jürgen/Documents/Projects2024/OCI/Keys/MyKey2.pem", "~/.oci/config", "~", "./key.pem",
		"../key", `C:\Users\Alice\.oci\key 2.pem`, "/nix/store/0c5b1r3z2w6g8kcwxn1z8yq6v3bq8y6j-key-1.2/share/Key", "/srv/Team7/keys@prod.pem",
		"ip_cert.pem", "keys/oci_api_key.pem", "me@example.com-2026.key",
		"/home/" + strings.Repeat("ü", 80), "ocid1.credential.oc1.." + strings.Repeat("a", 80),
	} {
		assert.Equal(t, text, safetext.Text(text).String())
		assert.Equal(t, fmt.Sprintf("%q is", text), fmt.Sprintf("%q is", safetext.Text(text)))
		assert.Equal(t, text+" is", fmt.Sprintf("%s is", safetext.Text(text)))
		assert.Equal(t, text, fmt.Sprint(safetext.Text(text)))
	}
}

func TestOfOtherTextTheLengthIsShown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"(U6{e;#d>4mK]qP8[z<T", "U6ed4mKqP8zTwX2aLp0c", "correct horse battery staple", "correct-horse-battery-staple", "hunter2hunter", "Tr0ub4dor&3",
		"..x", "-----BEGIN RSA PRIVATE KEY-----\nabc", "eyJhbGciOiJSUzI1NiJ9.e30.abc", "ST$eyJhbGciOiJSUzI1NiJ9", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC8",
		"3f2b8a9c-1d4e-4c6b-9a1b-2c3d4e5f6a7b", "idcscs-3f2b8a9c-1d4e-4c6b-9a1b-2c3d4e5f6a7b", "12:34", "0123456789", "us phoenix", "keys/a+b=", "/keys/a+b=",
		"U6ed4mKqP8zTwX2aLp0c.pem.", "U6ed4mKqP8zTwX2aLp0c/pem", "U6{e;#d.pem", "a b.pem", ".pem", "U6ed4mKqP8zTwX2aLp0c\n.pem",
		"/home/" + strings.Repeat("ü", 81), `~\` + strings.Repeat("a", 81), strings.Repeat("/a", 200), "\x1b[31mred", "\u202e", "日本",
	} {
		want := fmt.Sprintf("a text of %d characters", utf8.RuneCountInString(text))
		if utf8.RuneCountInString(text) == 1 {
			want = "a text of 1 character"
		}
		assert.Equal(t, want, safetext.Text(text).String(), text)
		assert.Equal(t, want, safetext.URL(text).String(), text)
		assert.Equal(t, want+" is", fmt.Sprintf("%q is", safetext.Text(text)))
		assert.Equal(t, want+" is", fmt.Sprintf("%v is", safetext.URL(text)))
	}
	assert.Equal(t, "an empty text", safetext.Text("").String())
	for range 1000 {
		random := make([]byte, 192)
		_, _ = rand.Read(random)
		text := base64.StdEncoding.EncodeToString(random)
		for _, part := range []string{text, text[:20], text[50:114], "MII" + text, base64.RawURLEncoding.EncodeToString(random)} {
			if part[0] != '/' { // one in twenty thousand of those begins as a path does
				assert.NotContains(t, safetext.Text(part).String(), part, part)
			}
		}
	}
}

func TestASecretIsNamedByItsMarks(t *testing.T) {
	t.Parallel()
	for text, kind := range map[string]string{
		"-----BEGIN RSA PRIVATE KEY-----\nabc":                  "a private key",
		"abc\n-----END ENCRYPTED PRIVATE KEY-----\nOCI_API_KEY": "a private key",
		"-----BEGIN PUBLIC KEY-----":                            "a key or a certificate",
		"eyJhbGciOiJSUzI1NiJ9.e30.abc":                          "a token",
		"ST$eyJhbGciOiJSUzI1NiJ9.":                              "a token",
		"/home/alice/key.pem":                                   "",
	} {
		assert.Equal(t, kind, safetext.Text(text).Secret())
	}
}

func TestURLsAreShownWithoutPasswords(t *testing.T) {
	t.Parallel()
	for given, shown := range map[string]string{
		"https://host:8080/{region}": "https://host:8080/{region}", "https://identity.{region}.oci.example.com": "https://identity.{region}.oci.example.com",
		"https://HOST/": "https://HOST/", "https://host/path?secret#secret": "https://host/…", "https://host?secret": "https://host/…",
		"https://host/" + strings.Repeat("a", 200): "https://host/…", "http://[::1]:8080": "http://[::1]:8080", "ftp://host/path": "ftp://host/path",
		"idcs": "idcs",
	} {
		assert.Equal(t, shown, safetext.URL(given).String())
	}
	for _, url := range []string{
		"https://u:secret@host/path", "https://u:secret@%zz", "https://u:se/secret@host", "https://u:secret?@host", "https://u:secret@x@host",
		"https://u:secret%40host", "https://[u:secret@host", "u:secret@host", "u:secret://x@host", "secret:1@host", "https://sec ret/",
	} {
		assert.NotContains(t, safetext.URL(url).String(), "secret")
		assert.NotContains(t, safetext.Text(url).String(), "secret")
	}
	for _, message := range []string{
		`Get "https://u:secret@host/path": refused`, `invalid proxy address "http://u:secret@%zz": no`, `malformed HTTP response "secret"`,
	} {
		assert.NotContains(t, safetext.Sentence(message), "secret")
	}
	assert.Equal(t, "one two \ufffd", safetext.Sentence("one\n two \x1b"))
}

func FuzzShown(f *testing.F) {
	f.Add("-----BEGIN PRIVATE KEY-----\n\x00\xff")
	f.Add("https://u:p@host")
	f.Add("\u202e\x1b[31m" + strings.Repeat("é", 2000))
	f.Fuzz(func(t *testing.T, s string) {
		for _, shown := range []string{safetext.Text(s).String(), safetext.URL(s).String(), safetext.Sentence(s)} {
			if !utf8.ValidString(shown) || utf8.RuneCountInString(shown) > 1001 ||
				strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) && r != unicode.ReplacementChar }) {
				t.Errorf("%q is shown as %q", s, shown)
			}
		}
		for _, url := range []string{"https://u:c4n4rY" + s + "@host", "https://u:" + s + "c4n4rY@host"} {
			if strings.Contains(safetext.URL(url).String(), "c4n4rY") {
				t.Errorf("%q is shown as %q", url, safetext.URL(url))
			}
		}
	})
}
