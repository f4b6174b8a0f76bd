package auth

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inUTF16 returns text as PowerShell writes it.
func inUTF16(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

func TestKeysAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	key, itsFingerprint := aKey()
	block, _ := pem.Decode([]byte(key))
	legacy, err := x509.EncryptPEMBlock(strings.NewReader(strings.Repeat("x", 100)), block.Type, block.Bytes, []byte("secret"), x509.PEMCipherAES256) //nolint:staticcheck // people have such keys
	require.NoError(t, err)
	encrypted := string(pem.EncodeToMemory(legacy))
	for name, form := range map[string]string{
		"as it is": key, "spaces for line breaks": strings.ReplaceAll(key, "\n", " "), "no line breaks": strings.ReplaceAll(key, "\n", ""), "CRLF": strings.ReplaceAll(key, "\n", "\r\n"),
		"line breaks as two characters": strings.ReplaceAll(key, "\n", `\n`), "those of Windows": strings.ReplaceAll(key, "\n", `\r\n`),
		"indented": "  " + strings.ReplaceAll(key, "\n", "\n  "), "in quotes": `"` + key + `"`, "a label at the end": key + "OCI_API_KEY\n",
		"a certificate before": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + key, "a byte order mark": "\ufeff" + key,
		"UTF-16": inUTF16(key), "headers": encrypted, "indented headers": "\t" + strings.ReplaceAll(encrypted, "\n", "\r\n\t"),
	} {
		path := filepath.Join(t.TempDir(), "key.pem")
		require.NoError(t, os.WriteFile(path, []byte(form), 0o600))
		settings := Settings{
			"tenancyOcid": "ocid1.tenancy.oc1..a", "userOcid": "ocid1.user.oc1..a", "fingerprint": itsFingerprint, "region": "us-phoenix-1",
			"privateKeyPath": path, "privateKeyPassword": "secret",
		}
		_, err := Resolve(t.Context(), settings, machine("", nil))
		require.NoError(t, err, name)
		if name != "UTF-16" && name != "a byte order mark" { // which files have
			delete(settings, "privateKeyPath")
			settings["privateKey"] = form
			_, err = Resolve(t.Context(), settings, machine("", nil))
			require.NoError(t, err, name)
		}
	}
}

// encryptedWith returns a private key that is encrypted with an algorithm, as far as one can tell.
func encryptedWith(t *testing.T, algorithm pkix.AlgorithmIdentifier) string {
	t.Helper()
	der, err := asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{algorithm, []byte(canary)})
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}))
}

func TestWhatIsNoKeyIsNamed(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path := filepath.Join(home, "key")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	parameters, err := asn1.Marshal(struct{ KDF, Cipher pkix.AlgorithmIdentifier }{
		pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 11}}, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2}},
	})
	require.NoError(t, err)
	block := func(kind string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte(canary)}))
	}
	for name, test := range map[string]struct{ content, said string }{
		"an OpenSSH key":     {block("OPENSSH PRIVATE KEY"), `holds an OpenSSH private key, which OCI's tools do not read: convert a copy of it with "ssh-keygen -p -m PEM -f COPY"`},
		"a public key":       {block("PUBLIC KEY"), "holds a public key, not a private key"},
		"a certificate":      {block("CERTIFICATE"), "holds a certificate, not a private key"},
		"a path":             {path + "\n", "holds a path, not a private key: set privateKeyPath, or one of the environment variables TF_VAR_private_key_path, OCI_PRIVATE_KEY_PATH, OCI_CLI_KEY_FILE, instead"},
		"a path from home":   {"~/.oci/key.pem", "holds a path"},
		"a path to nothing":  {filepath.Join(home, "missing"), "holds a path"},
		"an elliptic key":    {block("EC PRIVATE KEY"), "OCI accepts no other kind"},
		"anything":           {canary, `Such a key begins with "-----BEGIN PRIVATE KEY-----"`},
		"a key that is cut":  {"-----BEGIN PRIVATE KEY-----\n" + canary, `Such a key begins with "-----BEGIN PRIVATE KEY-----"`},
		"a key of no base64": {"-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----", `Such a key begins with "-----BEGIN PRIVATE KEY-----"`},
		"PBE-MD5-DES":        {encryptedWith(t, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 3}}), `is encrypted with PBE-MD5-DES, which is not supported: encrypt it again with "openssl pkcs8 -topk8 -v2 aes256 -in OLD -out NEW"`},
		"PBE-SHA1-3DES":      {encryptedWith(t, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 3}}), "is encrypted with PBE-SHA1-3DES"},
		"HMAC-SHA512":        {encryptedWith(t, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, Parameters: asn1.RawValue{FullBytes: parameters}}), "is encrypted with HMAC-SHA512"},
		"an unknown cipher":  {encryptedWith(t, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 3}}), "does not decrypt the private key in the file (from the environment variable OCI_CLI_PASSPHRASE)"},
	} {
		_, problem := parsePrivateKey(propertyPrivateKey, test.content, finding{value: "hunter2", origin: "the environment variable OCI_CLI_PASSPHRASE"}, "the file")
		require.NotNil(t, problem, name)
		assert.Contains(t, problem.Error(), test.said, name)
		checkShown(t, problem.Error())
		assert.NotContains(t, problem.Error(), home)
	}
}
