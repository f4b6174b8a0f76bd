package auth

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // OCI defines the fingerprint of an API key as an MD5 digest
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// apiKey signs with a user's API key. The key is parsed once.
type apiKey struct {
	common.ConfigurationProvider
	key       *rsa.PrivateKey
	described string
}

// PrivateRSAKey returns the key itself.
func (k apiKey) PrivateRSAKey() (*rsa.PrivateKey, error) { return k.key, nil }

// Refreshable returns false: an API key signs the same request in the same way again.
func (apiKey) Refreshable() bool { return false }

// String says who signs, and where each part of the API key was found.
func (k apiKey) String() string { return k.described }

// apiKeyCredentials returns credentials that sign with an API key:
// https://docs.oracle.com/iaas/Content/API/Concepts/apisigningkey.htm.
func apiKeyCredentials(_ context.Context, s *sources) (Credentials, error) {
	parts := s.identity()
	tenancyID, userID := string(s.check(propertyTenancyOCID, parts[theTenancy])), string(s.check(propertyUserOCID, parts[theUser]))
	digest, region := strings.ToLower(string(s.check(propertyFingerprint, parts[theFingerprint]))), string(s.require(propertyRegion))
	private, problem := s.readPrivateKey(parts[theKey])
	s.note(problem)
	if err := s.err(); err != nil {
		return nil, err
	}
	if own := fingerprint(&private.PublicKey); own != digest {
		return nil, wrong(propertyFingerprint, "is %s, but the private key has the fingerprint %s: one of the two belongs to another "+
			"API key. The request would be signed by %s", digest, own, parts)
	}
	return apiKey{common.NewRawConfigurationProvider(tenancyID, userID, region, digest, "", nil), private, parts.String()}, nil
}

// identity is the four parts of an API key, which belong together. The key is a value or the path of a file.
type identity [4]finding

const (
	theTenancy = iota
	theUser
	theFingerprint
	theKey
)

// identity returns the four parts of the API key to sign with. Parts that the program sets take precedence. The others come
// together from the first group of places that has them all, so that a stray environment variable does not mix two identities. If
// no group has them all, each part comes from the first place that has it.
func (s *sources) identity() identity {
	for _, places := range s.order {
		if found := s.identityIn(places...); found.isWhole() {
			return found
		}
	}
	return s.identityIn(s.inOrder()...)
}

// identityIn returns the parts of the API key that the program sets. Each of the others comes from the first of places that has it. A
// key given as a value takes precedence over the path of one.
func (s *sources) identityIn(places ...*source) identity {
	var found identity
	for _, place := range append([]*source{s.program}, places...) {
		parts := identity{
			place.find(propertyTenancyOCID), place.find(propertyUserOCID), place.find(propertyFingerprint),
			cmp.Or(place.find(propertyPrivateKey), place.find(propertyPrivateKeyPath)),
		}
		for i := range parts {
			found[i] = cmp.Or(found[i], parts[i])
		}
	}
	return found
}

// isWhole reports whether i has all four parts.
func (i identity) isWhole() bool { return !slices.Contains(i[:], finding{}) }

// String describes the identity for messages, and says where each part was found.
func (i identity) String() string {
	keyOrigin := i[theKey].origin
	if i[theKey].property == propertyPrivateKeyPath.Name {
		keyOrigin = fmt.Sprintf("%s, named by %s", i[theKey].value, keyOrigin)
	}
	return fmt.Sprintf("user %s (from %s) of tenancy %s (from %s) with the API key %s (from %s) and the private key from %s",
		i[theUser].value, i[theUser].origin, i[theTenancy].value, i[theTenancy].origin,
		i[theFingerprint].value, i[theFingerprint].origin, keyOrigin)
}

// passPhrase returns the pass phrase of a private key that was found in the given place. The program's pass phrase takes
// precedence, then the one in the same place, then the first one anywhere.
func (s *sources) passPhrase(place *source) finding {
	return firstOf(propertyPrivateKeyPassword, append([]*source{s.program, place}, s.inOrder()...)...)
}

// readPrivateKey reads the private key of an identity.
func (s *sources) readPrivateKey(found finding) (*rsa.PrivateKey, *problem) {
	if found.value == "" {
		return nil, &problem{propertyPrivateKey.Name, "neither privateKey nor privateKeyPath is set. " +
			s.whereToSet(propertyPrivateKeyPath), true}
	}
	password := s.passPhrase(found.place)
	if found.property == propertyPrivateKey.Name {
		return parsePrivateKey(propertyPrivateKey, string(found.value), password, found.origin)
	}
	path := s.path(found.value)
	content, err := readFile(path)
	if kind := path.Secret(); err != nil && (kind == safetext.PrivateKey || kind == safetext.PEM) {
		return nil, wrong(propertyPrivateKeyPath, "holds %s itself, not the path of a file (from %s): set privateKey instead, or write "+
			"it to a file", kind, found.origin)
	}
	if err != nil {
		return nil, wrong(propertyPrivateKeyPath, "%v (from %s)", err, found.origin)
	}
	return parsePrivateKey(propertyPrivateKeyPath, string(content), password, path.String())
}

// pemPattern matches a block in PEM format, whatever its line breaks have become.
var pemPattern = regexp.MustCompile(`(?s)-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END [A-Z0-9 ]+-----`)

// findPrivateKey returns the first private key in PEM format and its type in lower case. If there is no private key, it returns the type
// of the last block, or "". Line breaks may have become spaces or the two characters \n, as they do on their way through environment
// variables. OCI's CLI and Terraform provider read such keys too.
func findPrivateKey(content string) (block *pem.Block, kind string) {
	for _, match := range pemPattern.FindAllStringSubmatch(strings.NewReplacer(`\n`, "\n", `\r`, "").Replace(content), -1) {
		if kind = strings.ToLower(match[1]); strings.HasSuffix(kind, "private key") {
			lines := strings.Fields(match[2])
			if strings.Contains(match[2], ":") { // headers, which are lines of their own
				lines = strings.Split(strings.TrimSpace(match[2]), "\n")
				for i := range lines {
					lines[i] = strings.TrimSpace(lines[i])
				}
			}
			block, _ = pem.Decode([]byte("-----BEGIN " + match[1] + "-----\n" + strings.Join(lines, "\n") + "\n-----END " + match[1] + "-----\n"))
			return block, kind
		}
	}
	return nil, kind
}

// unreadableCipher returns the name of the algorithm that keeps the SDK from reading an encrypted key, or "".
func unreadableCipher(der []byte) string {
	for name, id := range map[string]asn1.ObjectIdentifier{
		"PBE-MD5-DES": {1, 2, 840, 113549, 1, 5, 3}, "PBE-SHA1-DES": {1, 2, 840, 113549, 1, 5, 10},
		"PBE-SHA1-3DES": {1, 2, 840, 113549, 1, 12, 1, 3}, "PBE-SHA1-RC2-40": {1, 2, 840, 113549, 1, 12, 1, 6},
		"HMAC-SHA224": {1, 2, 840, 113549, 2, 8}, "HMAC-SHA384": {1, 2, 840, 113549, 2, 10}, "HMAC-SHA512": {1, 2, 840, 113549, 2, 11},
	} {
		if encoded, err := asn1.Marshal(id); err == nil && bytes.Contains(der, encoded) {
			return name
		}
	}
	return ""
}

// parsePrivateKey parses a key in PEM format. Its errors quote nothing of it.
func parsePrivateKey(p Property, content string, password finding, origin string) (*rsa.PrivateKey, *problem) {
	block, kind := findPrivateKey(content)
	switch {
	case kind == "openssh private key":
		return nil, wrong(p, "%s holds an OpenSSH private key, which OCI's tools do not read: "+
			`convert a copy of it with "ssh-keygen -p -m PEM -f COPY"`, origin)
	case block == nil && kind != "" && !strings.HasSuffix(kind, "private key"):
		return nil, wrong(p, "%s holds a %s, not a private key", origin, safetext.Sentence(kind))
	case block == nil && isPath(content):
		return nil, wrong(p, "%s holds a path, not a private key: set %s, or one of the environment variables %s, instead",
			origin, propertyPrivateKeyPath.Name, strings.Join(propertyPrivateKeyPath.Variables(), ", "))
	case block == nil:
		return nil, wrong(p, "%s does not hold a private key in PEM format. "+
			`Such a key begins with "-----BEGIN PRIVATE KEY-----" or "-----BEGIN RSA PRIVATE KEY-----"`, origin)
	}
	encrypted := kind == "encrypted private key" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED")
	if encrypted && password.value == "" {
		return nil, wrong(propertyPrivateKeyPassword, "is not set, but the private key in %s is encrypted", origin)
	}
	parsed, err := common.PrivateKeyFromBytesWithPassword(pem.EncodeToMemory(block), []byte(password.value))
	switch cipher := unreadableCipher(block.Bytes); {
	case err == nil:
		return parsed, nil
	case encrypted && cipher != "":
		return nil, wrong(p, "the private key in %s is encrypted with %s, which is not supported: encrypt it again with "+
			`"openssl pkcs8 -topk8 -v2 aes256 -in OLD -out NEW"`, origin, cipher)
	case encrypted:
		return nil, wrong(propertyPrivateKeyPassword, "does not decrypt the private key in %s (from %s)", origin, password.origin)
	default:
		return nil, wrong(p, "%s does not hold an RSA private key, and OCI accepts no other kind", origin)
	}
}

// isPath reports whether text that should be a key is the path of a file.
func isPath(text string) bool {
	path := safetext.Text(strings.TrimSpace(text))
	return exists(path) || startsAtHome(path) || filepath.IsAbs(string(path))
}

// fingerprint returns the MD5 digest of the public key in DER form, in hexadecimal with colons.
func fingerprint(key *rsa.PublicKey) string {
	digest := md5.Sum(publicDER(key)) //nolint:gosec // see the import
	return strings.ReplaceAll(fmt.Sprintf("% x", digest), " ", ":")
}

func publicDER(key *rsa.PublicKey) []byte {
	der, _ := x509.MarshalPKIXPublicKey(key) // every RSA public key can be marshalled
	return der
}
