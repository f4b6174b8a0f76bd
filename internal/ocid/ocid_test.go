package ocid_test

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
)

func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		"", "ocid1.user.oc1..aaaaaaaa", "ocidv1:user:oc1:phx:1460406592660:aaaa", "a::::b", "a....b", "ocid1.credential.oc1.phx.aaaa", " ocid1.user.oc1..a", "ocid1.user.oc1..a/b", "ocid1.user.oc1..a?b#c",
		"ocid1.user.oc1..a\n", "ocid1." + strings.Repeat("a", 10000) + ".oc1..a", "-----BEGIN PRIVATE KEY-----\n", "\xff\x00\u202e", "ocid1.user.oc1..%2e",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, want := range []ocid.Type{ocid.User, ocid.Tenancy, ocid.AuthToken} {
			err := ocid.Check(s, want)
			if err == nil {
				// What passes is put into paths as it is.
				if url.PathEscape(s) != s || strings.Contains(s, "..") && strings.Trim(s, ".") == "" {
					t.Errorf("%q passes as an OCID of a %s", s, want)
				}
				continue
			}
			said := err.Error()
			if !utf8.ValidString(said) || len(said) > 2500 || strings.Contains(said, "-----BEGIN") ||
				strings.ContainsFunc(said, func(r rune) bool { return r < ' ' }) {
				t.Errorf("%q: the error cannot be shown: %q", s, said)
			}
		}
	})
}
