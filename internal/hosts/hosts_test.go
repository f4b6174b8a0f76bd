package hosts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseDomainURL(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://idcs-0a.identity.oraclecloud.com":      "https://idcs-0a.identity.oraclecloud.com",
		"https://IDCS-0a.identity.oraclecloud.com:443/": "https://idcs-0a.identity.oraclecloud.com",
		"https://idcs-0a.identity.example.com:8443":     "https://idcs-0a.identity.example.com:8443",
		"http://127.0.0.1:443":                          "http://127.0.0.1:443",
		"http://localhost":                              "http://localhost",
	} {
		got, err := ParseDomainURL(given)
		require.NoError(t, err, given)
		assert.Equal(t, want, got)
		again, err := ParseDomainURL(got)
		require.NoError(t, err)
		assert.Equal(t, got, again, "what was parsed is parsed to itself")
	}
	for _, given := range []string{
		"", "sales", "https://", "https:///x", "https://a/b", "https://a?b", "https://a#b", "https://u:p@a", "http://a", "ftp://a", "https://%zz",
	} {
		_, err := ParseDomainURL(given)
		assert.Error(t, err, given)
	}
	for given, said := range map[string]string{
		"https://idcs-0a.identity.oraclecloud.com\r\n": "it has white space around it: remove it",
		" \n": `it is empty: copy "Domain URL" from the domain's page in the Console`,
		"":    `it is empty: copy "Domain URL" from the domain's page in the Console`,
		`"https://idcs-0a.identity.oraclecloud.com"`: "is not the URL of an identity domain",
	} {
		_, err := ParseDomainURL(given)
		require.ErrorContains(t, err, said, given)
	}
}
