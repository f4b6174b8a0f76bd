package harness

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"
)

// OCI's SDK and Pulumi's engine read the environment of the process. What this machine has there is no concern of a test. internal/auth sets
// the variables that begin with OCI_GOSDK_.
func init() {
	others := regexp.MustCompile(`^(OCI|TF_VAR|PULUMI|KUBERNETES)_`)
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); others.MatchString(name) && !strings.HasPrefix(name, "OCI_GOSDK_") {
			_ = os.Unsetenv(name)
		}
	}
}

// Settings returns a complete configuration in the program itself.
func (w *World) Settings() map[string]any {
	return map[string]any{
		"endpoint": w.URL, "tenancyOcid": w.Credentials.TenancyID, "userOcid": w.Credentials.UserID,
		"fingerprint": w.Credentials.Fingerprint, "privateKey": w.Credentials.PrivateKeyPEM, "region": w.Credentials.Region,
	}
}

// KeyFile writes a file, such as a private key, and returns its path.
func (w *World) KeyFile(content string) string {
	w.T.Helper()
	path := filepath.Join(w.T.TempDir(), "key.pem")
	require.NoError(w.T, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// ConfigFile writes ~/.oci/config.
func (w *World) ConfigFile(content string) {
	w.T.Helper()
	require.NoError(w.T, os.MkdirAll(filepath.Join(w.Home, ".oci"), 0o700))
	require.NoError(w.T, os.WriteFile(filepath.Join(w.Home, ".oci", "config"), []byte(content), 0o600))
}

// Profile returns a profile for ~/.oci/config.
func (w *World) Profile(name, keyFile string) string {
	return "[" + name + "]\nuser=" + w.Credentials.UserID + "\nfingerprint=" + w.Credentials.Fingerprint + "\ntenancy=" +
		w.Credentials.TenancyID + "\nregion=" + w.Credentials.Region + "\nkey_file=" + keyFile + "\n"
}

// ReadFile returns the content of a file.
func (w *World) ReadFile(path string) string {
	w.T.Helper()
	content, err := os.ReadFile(path)
	require.NoError(w.T, err)
	return string(content)
}

// JWT returns a JSON Web Token. Only the emulator looks at more than its claims.
func (w *World) JWT(expires time.Time) string {
	w.T.Helper()
	claims, err := json.Marshal(map[string]any{
		"exp": expires.Unix(), "tenant": w.Credentials.TenancyID, "res_tenant": w.Credentials.TenancyID, "sub": w.User, "jti": rand.Text(),
	})
	require.NoError(w.T, err)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode(claims) + "." + encode([]byte("signature"))
}

// OpenSession writes the files that "oci session authenticate" writes, and registers the session.
func (w *World) OpenSession(expires time.Time, password string) (tokenFile, keyFile string) {
	w.T.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(w.T, err)
	token := w.JWT(expires)
	w.OCI.AddSession(w.User, token, &key.PublicKey, expires)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(w.T, err)
	block := &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	if password != "" {
		der, err := pkcs8.ConvertPrivateKeyToPKCS8(key, []byte(password))
		require.NoError(w.T, err)
		block = &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}
	}
	return w.KeyFile(token + "\n"), w.KeyFile(string(pem.EncodeToMemory(block)))
}

// SessionProfile returns a profile named WORK with a session.
func (w *World) SessionProfile(tokenFile, keyFile string) string {
	return "[WORK]\ntenancy=" + w.Credentials.TenancyID + "\nregion=us-phoenix-1\nfingerprint=" + w.Credentials.Fingerprint +
		"\nkey_file=" + keyFile + "\nsecurity_token_file=" + tokenFile + "\n"
}
