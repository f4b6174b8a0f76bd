package oci

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
)

// password is a password that no error may show.
const password = "c4n4rY"

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	for template, wrong := range map[string]string{
		"https://identity.example.com":          "",
		"https://identity.{region}.example.com": "",
		"https://identity.example.com:8443/a/b": "",
		"http://localhost:8080":                 "",
		"http://127.0.0.1":                      "",
		"http://[::1]:8080/{region}":            "",
		"":                                      "is not an http or https URL",
		"identity.example.com":                  "is not an http or https URL",
		"ftp://identity.example.com":            "is not an http or https URL",
		"https:///path":                         "is not an http or https URL",
		"https://h/%zz":                         "is not a URL",
		"https://me@h":                          "more than scheme, host, port and path",
		"https://h/?a=b":                        "more than scheme, host, port and path",
		"https://h/#a":                          "more than scheme, host, port and path",
		"http://identity.example.com":           "use https",
		"http://127.0.0.1.example.com":          "use https",
	} {
		_, err := ParseEndpoint(template)
		if wrong == "" {
			require.NoError(t, err, template)
			continue
		}
		assert.ErrorContains(t, err, wrong, template)
	}
}

func FuzzParseEndpoint(f *testing.F) {
	for _, seed := range []string{
		"https://identity.{region}.oci.example.com/path/", "http://127.0.0.1:8080", "http://[::1]", "http://localhost", "{region}",
		"https://client:" + password + "@host", "https://client:" + password + "@%zz", "https://client:" + password + "@host:port",
		"client:" + password + "@host", "https://client:" + password + "/@host", "https:\\\\client:" + password + "@host", "//host", ":", "%",
		"https://host/\x7f", "https://\xff", "http://127.0.0.1.example.com", "http://[::ffff:127.0.0.1]", "https://host/?x#y", "https://0#", "https://0?", "u:" + password + "@\x05://",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, template string) {
		endpoint, err := ParseEndpoint(template)
		if err != nil {
			said := err.Error()
			// The text before an @ may be a password, even if the rest is not a URL.
			if before := max(strings.LastIndex(template, "@"), strings.LastIndex(template, "%40")); before >= 0 &&
				!strings.Contains(template[before:], password) && strings.Contains(said, password) {
				t.Errorf("%q: the error shows the password: %s", template, said)
			}
			if !utf8.ValidString(said) || len(said) > 2000 || strings.ContainsFunc(said, func(r rune) bool { return r < ' ' }) {
				t.Errorf("%q: the error cannot be shown: %q", template, said)
			}
			return
		}
		u, err := url.Parse(endpoint.in("us-phoenix-1") + identityPath)
		if err != nil {
			t.Fatalf("%q in a region is no URL: %v", template, err)
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && !hosts.IsLoopback(u.Hostname())) {
			t.Errorf("%q was taken, and makes %s", template, u)
		}
	})
}
