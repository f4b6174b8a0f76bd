package emulator

import (
	"crypto/md5" //nolint:gosec // OCI defines the fingerprint of an API key as an MD5 digest
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Credentials are what a client needs to sign for a user.
type Credentials struct {
	TenancyID     string
	UserID        string
	Fingerprint   string
	Region        string
	PrivateKeyPEM string
	PrivateKey    *rsa.PrivateKey
}

// RemoveAPIKey revokes a user's key.
func (s *Service) RemoveAPIKey(userID, fingerprint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, s.tenancy+"/"+userID+"/"+fingerprint)
}

// AddSession registers the public key of a session, under the security token that stands for it, until it expires.
func (s *Service) AddSession(userID, securityToken string, public *rsa.PublicKey, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys["ST$"+securityToken] = apiKey{userID: userID, public: public, expires: expires}
}

// NewCredentials generates an API key for a user.
func (s *Service) NewCredentials(userID string) (Credentials, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Credentials{}, err
	}
	return s.CredentialsFor(userID, key)
}

// CredentialsFor registers a key for a user.
func (s *Service) CredentialsFor(userID string, key *rsa.PrivateKey) (Credentials, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Credentials{}, err
	}
	fingerprint := keyFingerprint(&key.PublicKey)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[s.tenancy+"/"+userID+"/"+fingerprint] = apiKey{userID: userID, public: &key.PublicKey}
	return Credentials{
		TenancyID:     s.tenancy,
		UserID:        userID,
		Fingerprint:   fingerprint,
		Region:        s.home(),
		PrivateKeyPEM: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		PrivateKey:    key,
	}, nil
}

// WriteConfigFile writes an OCI configuration file with one profile, and the key beside it, readable by their owner only.
// It returns the paths of both, which are absolute.
func (c Credentials) WriteConfigFile(dir, profile string) (configFile, keyFile string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", "", err
	}
	configFile, keyFile = filepath.Join(dir, "config"), filepath.Join(dir, "key.pem")
	if err := os.WriteFile(keyFile, []byte(c.PrivateKeyPEM), 0o600); err != nil {
		return "", "", err
	}
	content := fmt.Sprintf("[%s]\nuser=%s\nfingerprint=%s\ntenancy=%s\nregion=%s\nkey_file=%s\n",
		profile, c.UserID, c.Fingerprint, c.TenancyID, c.Region, keyFile)
	return configFile, keyFile, os.WriteFile(configFile, []byte(content), 0o600)
}

func keyFingerprint(public *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic(err) // every RSA public key can be marshalled
	}
	return strings.ReplaceAll(fmt.Sprintf("% x", md5.Sum(der)), " ", ":") //nolint:gosec // see the import
}
