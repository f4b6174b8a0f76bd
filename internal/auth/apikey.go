package auth

import (
	"context"
	"crypto/md5" //nolint:gosec // OCI defines the fingerprint of an API key as an MD5 digest
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// apiKey signs with a user's API key. It is a common.ConfigurationProvider that parses the key once.
type apiKey struct {
	tenancy, user, fingerprint, region string
	key                                *rsa.PrivateKey
}

var _ common.ConfigurationProvider = apiKey{}

// TenancyOCID returns the tenancy that the user belongs to.
func (k apiKey) TenancyOCID() (string, error) { return k.tenancy, nil }

// UserOCID returns the user who makes the calls.
func (k apiKey) UserOCID() (string, error) { return k.user, nil }

// KeyFingerprint returns the fingerprint of the key.
func (k apiKey) KeyFingerprint() (string, error) { return k.fingerprint, nil }

// KeyID returns the name of the key in a signature.
func (k apiKey) KeyID() (string, error) { return k.tenancy + "/" + k.user + "/" + k.fingerprint, nil }

// Region returns the region to call.
func (k apiKey) Region() (string, error) { return k.region, nil }

// PrivateRSAKey returns the key itself.
func (k apiKey) PrivateRSAKey() (*rsa.PrivateKey, error) { return k.key, nil }

// AuthType reports that a user signs.
func (k apiKey) AuthType() (common.AuthConfig, error) {
	return common.AuthConfig{AuthType: common.UserPrincipal}, nil
}

// privateKey is a key and, in words, where it was found.
type privateKey struct {
	*rsa.PrivateKey
	origin string
}

// apiKeyCredentials returns credentials that sign with an API key:
// https://docs.oracle.com/iaas/Content/API/Concepts/apisigningkey.htm.
func apiKeyCredentials(_ context.Context, s *sources) (common.ConfigurationProvider, error) {
	r := &requirement{sources: s}
	credentials := apiKey{
		tenancy:     string(r.require(propertyTenancyOCID)),
		user:        string(r.require(propertyUserOCID)),
		fingerprint: strings.ToLower(string(r.require(propertyFingerprint))),
		region:      string(r.require(propertyRegion)),
	}
	key, problem := findPrivateKey(s)
	r.add(problem)
	if err := r.err(); err != nil {
		return nil, err
	}
	if own := fingerprint(&key.PublicKey); own != credentials.fingerprint {
		return nil, wrong(propertyFingerprint, "is %s, but the private key from %s has the fingerprint %s: "+
			"one of the two belongs to another API key", credentials.fingerprint, key.origin, own)
	}
	credentials.key = key.PrivateKey
	return credentials, nil
}

// findPrivateKey takes the key from the first place that has it, as a value or as the path of a file.
func findPrivateKey(s *sources) (privateKey, *PropertyError) {
	password := string(s.find(propertyPrivateKeyPassword).value)
	for _, source := range s.inOrder {
		if found := source.find(propertyPrivateKey); found.value != "" {
			return parsePrivateKey(propertyPrivateKey, unescapeNewlines(string(found.value)), password, found.origin)
		}
		if found := source.find(propertyPrivateKeyPath); found.value != "" {
			path := s.path(found.value)
			content, err := readFile(path)
			if err != nil {
				if misplaced := misplacedError(""); errors.As(err, &misplaced) && misplaced != outside.Token {
					return privateKey{}, wrong(propertyPrivateKeyPath, "%s (from %s): set privateKey instead, or write it to a file",
						misplaced.what(), found.origin)
				}
				return privateKey{}, wrong(propertyPrivateKeyPath, "%v (from %s)", err, found.origin)
			}
			return parsePrivateKey(propertyPrivateKeyPath, string(content), password, path.String())
		}
	}
	problem := wrong(propertyPrivateKey, "neither privateKey nor privateKeyPath is set. %s", s.whereToSet(propertyPrivateKeyPath))
	problem.missing = true
	return privateKey{}, problem
}

// unescapeNewlines restores the line breaks of a PEM that came through a variable that cannot hold them.
func unescapeNewlines(s string) string {
	if strings.Contains(s, "\n") {
		return s
	}
	return strings.ReplaceAll(s, `\n`, "\n")
}

// parsePrivateKey reads a key in PEM form. Its errors say what is wrong and quote nothing of it.
func parsePrivateKey(p Property, content, password, origin string) (privateKey, *PropertyError) {
	block, _ := pem.Decode([]byte(content))
	if block == nil {
		return privateKey{}, wrong(p, "what is in %s is not a private key in PEM form, "+
			`which begins with "-----BEGIN PRIVATE KEY-----" or "-----BEGIN RSA PRIVATE KEY-----"`, origin)
	}
	if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return privateKey{}, wrong(p, "what is in %s is a %s, not a private key", origin, outside.Text(strings.ToLower(block.Type)))
	}
	encrypted := block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED")
	if encrypted && password == "" {
		return privateKey{}, wrong(propertyPrivateKeyPassword, "is not set, but the private key in %s is encrypted", origin)
	}
	var secret *string
	if encrypted {
		secret = &password
	}
	key, err := common.PrivateKeyFromBytes([]byte(content), secret)
	switch {
	case err == nil && key != nil:
		return privateKey{key, origin}, nil
	case encrypted:
		return privateKey{}, wrong(propertyPrivateKeyPassword, "does not open the private key in %s", origin)
	default:
		return privateKey{}, wrong(p, "what is in %s is not an RSA private key, the kind that OCI takes", origin)
	}
}

// fingerprint returns the MD5 digest of the public key in DER form, in hexadecimal with colons: see
// https://docs.oracle.com/iaas/Content/API/Concepts/apisigningkey.htm.
func fingerprint(key *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err) // every RSA public key can be marshalled
	}
	digest := md5.Sum(der) //nolint:gosec // see the import
	return strings.ReplaceAll(fmt.Sprintf("% x", digest), " ", ":")
}
