package auth

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// aToken returns a JSON Web Token with these claims.
func aToken(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "." + canary
}

func expiring(at time.Time) string { return aToken(fmt.Sprintf(`{"exp":%d}`, at.Unix())) }

func TestClaims(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, test := range []struct {
		token   string
		said    string // what the error says; empty if the claims can be read
		expired bool
	}{
		{expiring(now.Add(time.Minute)), "", false},
		{expiring(now.Add(-time.Minute)), "", true},
		{aToken(`{"exp":1.5e9}`), "", true},
		{aToken(`{"exp":0}`), "does not say when it expires", false},
		{aToken(`{}`), "does not say when it expires", false},
		{aToken(`{"exp":"tomorrow"}`), "does not say when it expires", false},
		{aToken(canary), "does not say when it expires", false},
		{"e30.!" + canary + "." + canary, "cannot be decoded", false},
		{canary, "three parts, not 1", false},
		{"", "three parts, not 1", false},
		{"a.b.c.d", "three parts, not 4", false},
	} {
		claims, err := readClaims(test.token)
		if test.said != "" {
			require.ErrorContains(t, err, test.said)
			assert.NotContains(t, err.Error(), canary)
			continue
		}
		require.NoError(t, err, test.token)
		assert.Equal(t, test.expired, claims.expired(), test.token)
	}
	claims, err := readClaims(aToken(`{"exp":1767225600,"res_tenant":"ocid1.tenancy.oc1..a"}`))
	require.NoError(t, err)
	assert.Equal(t, "2026-01-01T00:00:00Z", claims.expires())
	assert.Equal(t, "ocid1.tenancy.oc1..a", claims.ResourceTenancy)
}

func TestTokenFiles(t *testing.T) {
	t.Parallel()
	valid, expired := expiring(time.Now().Add(time.Hour)), expiring(time.Now().Add(-time.Hour))
	for _, test := range []struct{ content, exchanged, serviceAccount string }{
		{valid + "\n", "", ""},
		{expired, "expired at", "expired at"},
		{canary, "", "holds no service account token"}, // not every issuer's token says when it expires
		{" \n", "is empty", "is empty"},
	} {
		path := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(path, []byte(test.content), 0o600))
		token, err := tokenFile{safetext.Text(path)}.GetToken()
		checkTokenFile(t, token, err, path, test.exchanged)
		token, err = tokenFile{safetext.Text(path)}.ServiceAccountToken()
		checkTokenFile(t, token, err, path, test.serviceAccount)
	}
	_, err := tokenFile{"/missing"}.GetToken()
	require.ErrorContains(t, err, "/missing could not be read: no such file or directory")
}

func checkTokenFile(t *testing.T, token string, err error, path, said string) {
	t.Helper()
	if said == "" {
		require.NoError(t, err)
		assert.NotContains(t, token, "\n")
		return
	}
	require.ErrorContains(t, err, said)
	assert.Contains(t, err.Error(), path)
	assert.NotContains(t, err.Error(), canary)
}
