package outside_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

func TestHarmlessTextIsShownAsItIs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "us-phoenix-1", "ocid1.user.oc1..aaaaaaaa3xk2jb4lqoxkz7mk7h4n6w5bqv2v6mzk7o6x4k2jb4lqoxkz7mk7", "ÄÖÜ 日本",
		"/home/alice/.oci/sessions/WORK/oci_api_key.pem", "/Users/Alice/Documents/Projects2024/OCI/Keys/MyKey2.pem",
		"/tmp/TestASecretPastedIntoAVariableOfTheMachineIsNotShown2837461/001/key.pem", `C:\Users\Alice\.oci\key 2.pem`,
		"/tmp/TestSDKLogMayGoToAFile1234567890/001/key.pem", "/nix/store/0c5b1r3z2w6g8kcwxn1z8yq6v3bq8y6j-key-1.2/share/Key", "3f2b8a9c-1d4e-4c6b-9a1b-2c3d4e5f6a7b",
		"/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/key", "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT_2", "0123456789ABCDEF0123456789ABCDEF",
		"12:34:56:78:9a:bc:de:f0:12:34:56:78:9a:bc:de:f0", "alice@example.com", "urn:oci:token-type:oci-rpst", "/srv/Team7/keys@prod.pem",
		"https://idcs-9dcbb5e0f5c14e8a8c9c5c0e0d6b5f5a.identity.oraclecloud.com",
	} {
		assert.Empty(t, outside.Text(text).Secret(), text)
		assert.Equal(t, text, outside.Text(text).String())
		assert.Equal(t, fmt.Sprintf("%q", text), fmt.Sprintf("%q", outside.Text(text)))
		assert.Equal(t, text, outside.Sentence(text))
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	for text, kind := range map[string]string{
		"-----BEGIN RSA PRIVATE KEY-----\nabc":                  "a private key",
		"abc\n-----END ENCRYPTED PRIVATE KEY-----\nOCI_API_KEY": "a private key",
		"-----BEGIN PUBLIC KEY-----":                            "a key or a certificate",
		"eyJhbGciOiJSUzI1NiJ9.e30.abc":                          "a token",
		"Bearer ST$eyJhbGciOiJSUzI1NiJ9.":                       "a token",
		"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC8":  "a part of a key or of a token",
	} {
		assert.Equal(t, kind, outside.Text(text).Secret())
		assert.Equal(t, "["+kind+", not shown]", outside.Text(text).String())
		said := outside.Sentence("could not read " + text)
		assert.True(t, strings.HasPrefix(said, "could not read "), said)
		assert.NotContains(t, said, "eyJ")
		assert.NotContains(t, said, "MII")
		assert.NotContains(t, said, "BEGIN")
	}
	for range 1000 {
		random := make([]byte, 192)
		_, _ = rand.Read(random)
		text := base64.StdEncoding.EncodeToString(random)
		assert.NotEmpty(t, outside.Text(text).Secret(), text)
		assert.NotContains(t, outside.Sentence("the token "+text+" is bad"), text[1:101])
	}
	assert.Equal(t, "a … b", outside.Sentence("a -----BEGIN X-----\nabc\n-----END X-----\nb"))
}

func TestUserInfoIsNotShown(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"https://u:secret@host/path", "https://u:secret@%zz", "https://u:se/secret@host", "https://u:secret?@host", "https://u:secret@x@host",
		"https://u:secret%40host", "https://[u:secret@host",
	} {
		assert.NotContains(t, outside.URL(url).String(), "secret")
		assert.NotContains(t, outside.Text(url).String(), "secret")
		assert.NotContains(t, outside.Sentence(`Get "`+url+`": refused`), "secret")
	}
	assert.Equal(t, "https://…@host/path", outside.URL("https://u:secret@host/path").String())
	assert.Equal(t, "https://host/path…", outside.URL("https://host/path?secret#secret").String())
	assert.Equal(t, "…@host", outside.URL("u:secret@host").String())
	assert.Equal(t, "…@host", outside.URL("u:secret://x@host").String())
	assert.Equal(t, "…@\ufffd://", outside.URL("u:secret@\x05://").String())
	assert.Equal(t, "https://host:8080/{region}", outside.URL("https://host:8080/{region}").String())
}

func FuzzShown(f *testing.F) {
	f.Add("-----BEGIN PRIVATE KEY-----\n\x00\xff")
	f.Add("https://u:p@host")
	f.Add("\u202e\x1b[31m" + strings.Repeat("é", 2000))
	f.Fuzz(func(t *testing.T, s string) {
		for _, shown := range []string{outside.Text(s).String(), outside.URL(s).String(), outside.Sentence(s)} {
			if !utf8.ValidString(shown) || utf8.RuneCountInString(shown) > 1001 || strings.Contains(shown, "-----BEGIN") ||
				strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) && r != unicode.ReplacementChar }) {
				t.Errorf("%q is shown as %q", s, shown)
			}
		}
		// Nothing between the scheme and the last @ is shown.
		for _, url := range []string{"https://u:c4n4rY" + s + "@host", "https://u:" + s + "c4n4rY@host"} {
			if strings.Contains(outside.URL(url).String(), "c4n4rY") {
				t.Errorf("%q is shown as %q", url, outside.URL(url))
			}
		}
	})
}
