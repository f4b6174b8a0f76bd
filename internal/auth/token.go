package auth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// securityTokenPrefix begins the key id of a signature that uses a security token instead of the name of a key.
const securityTokenPrefix = "ST$"

// claims are the claims of a JSON Web Token (RFC 7519) that matter here. They are not verified: OCI does that.
type claims struct {
	Expires         float64 `json:"exp"`
	Tenancy         string  `json:"tenant"`
	ResourceTenancy string  `json:"res_tenant"`
	Subject         string  `json:"sub"`
}

// readClaims returns the claims of a token. Its errors quote nothing of it.
func readClaims(token string) (claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}, fmt.Errorf("a token has three parts, not %d", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return claims{}, errors.New("its claims cannot be decoded")
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil || c.Expires == 0 {
		return claims{}, errors.New("it does not say when it expires")
	}
	return c, nil
}

func (c claims) expiry() time.Time { return time.Unix(int64(c.Expires), 0).UTC() }
func (c claims) expired() bool     { return !time.Now().Before(c.expiry()) }
func (c claims) expires() string   { return c.expiry().Format(time.RFC3339) }

// tokenFile is the path of a token that something else renews, as Kubernetes renews a projected service account token. It is read
// again each time.
type tokenFile struct{ safetext.Text }

// GetToken returns a token to exchange. Not all such tokens say when they expire.
func (f tokenFile) GetToken() (string, error) {
	token, err := f.read()
	if err != nil {
		return "", err
	}
	if token == "" {
		return "", fmt.Errorf("%s is empty", f)
	}
	if claims, err := readClaims(token); err == nil && claims.expired() {
		return "", fmt.Errorf("the token in %s expired at %s, and has not been renewed", f, claims.expires())
	}
	return token, nil
}

// ServiceAccountToken returns the token of a Kubernetes service account. The SDK calls it.
func (f tokenFile) ServiceAccountToken() (string, error) {
	token, err := f.GetToken()
	if err != nil {
		return "", err
	}
	if _, err := readClaims(token); err != nil {
		return "", fmt.Errorf("%s holds no service account token: %w", f, err)
	}
	return token, nil
}

func (f tokenFile) read() (string, error) {
	content, err := readFile(f.Text)
	return strings.TrimSpace(string(content)), err
}
