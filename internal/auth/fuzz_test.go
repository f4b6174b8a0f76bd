package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// canary stands in secrets, and no error may show it.
const canary = "c4n4rY"

// aKey is a private key in PEM format, and its fingerprint.
var aKey = sync.OnceValues(func() (key, itsFingerprint string) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}
	return string(pem.EncodeToMemory(block)), fingerprint(&private.PublicKey)
})

// checkShown fails if an error shows a secret, or cannot be shown.
func checkShown(t *testing.T, said string) {
	t.Helper()
	key, _ := aKey()
	for line := range strings.Lines(key) {
		if line = strings.TrimSpace(line); len(line) > 32 && !strings.HasPrefix(line, "---") && strings.Contains(said, line[:32]) {
			t.Errorf("a part of the private key is shown: %s", said)
		}
	}
	if strings.Contains(said, canary) || strings.Contains(said, "-----BEGIN PRIVATE KEY-----\n") {
		t.Errorf("a secret is shown: %s", said)
	}
	if !utf8.ValidString(said) || len(said) > 10000 ||
		strings.ContainsFunc(said, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
		t.Errorf("the error cannot be shown: %q", said)
	}
}

// machine is one whose environment is a map, without a metadata service.
func machine(home string, environment map[string]string) Environment {
	return Environment{
		LookupEnv: func(name string) (string, bool) {
			if value, ok := environment[name]; ok {
				return value, true
			}
			if name == metadataVariable {
				return "http://127.0.0.1:1", true
			}
			return "", false
		},
		Setenv:  func(string, string) error { return nil },
		HomeDir: func() (string, error) { return home, nil },
	}
}

// FuzzResolve puts any text into one property, and another into any variable of the environment.
func FuzzResolve(f *testing.F) {
	key, _ := aKey()
	for place := range properties {
		for kind := range ways {
			f.Add(uint8(kind), uint8(place), key, "OCI_CONFIG_FILE", "/dev/null/missing")
			f.Add(uint8(kind), uint8(place), "/dev/zero", "OCI_CONFIG_FILE", "/dev/zero")
		}
		f.Add(uint8(place), uint8(place), "https://u:"+canary+"@h", "OCI_PRIVATE_KEY_PATH", strings.ReplaceAll(key, "\n", `\n`))
		f.Add(uint8(place), uint8(place), "\x1b\xff\u202e", "TF_VAR_user_ocid", strings.Repeat("a b ", 1000))
	}
	f.Add(uint8(2), uint8(0), "", metadataVariable, "http://u:"+canary+"@127.0.0.1:1/\x7f")
	f.Add(uint8(4), uint8(0), "", "OCI_RESOURCE_PRINCIPAL_VERSION", key)
	f.Add(uint8(3), uint8(7), "us-phoenix-1", "OCI_TEST_CERTIFICATES_LOCATION", key)

	home := f.TempDir()
	f.Fuzz(func(t *testing.T, kind, place uint8, value, variable, content string) {
		key, itsFingerprint := aKey()
		settings := Settings{
			"auth": ways[int(kind)%len(ways)].name, "tenancyOcid": "ocid1.tenancy.oc1..a", "userOcid": "ocid1.user.oc1..a",
			"fingerprint": itsFingerprint, "privateKey": key, "privateKeyPassword": canary, "region": "us-phoenix-1",
			"tokenExchangeClientId": "client", "tokenExchangeClientSecret": canary,
			// Nothing is asked of OCI: there is no such file.
			"workloadIdentityTokenPath": filepath.Join(home, "missing"),
		}
		chosen := properties[int(place)%len(properties)].Name
		if chosen == "privateKeyPath" {
			delete(settings, "privateKey")
		}
		if chosen != "workloadIdentityTokenPath" || safetext.Text(value).Secret() != "" {
			settings[chosen] = value
		}
		for _, p := range properties {
			if p.Check != nil {
				if err := p.Check(settings[p.Name]); err != nil {
					checkValue(t, err.Error(), value, content)
				}
			}
		}
		if _, err := Resolve(t.Context(), settings, machine(home, map[string]string{variable: content})); err != nil {
			checkValue(t, err.Error(), value, content)
		}
	})
}

// checkValue leaves out the canary where it was put by chance into what is no secret.
func checkValue(t *testing.T, said string, values ...string) {
	t.Helper()
	for _, value := range values {
		if strings.Contains(strings.ReplaceAll(value, "://u:"+canary+"@", ""), canary) {
			said = strings.ReplaceAll(said, canary, "")
		}
	}
	checkShown(t, said)
}

// FuzzConfigFile reads any file, as the default profile and as another, with a pass phrase before and after.
func FuzzConfigFile(f *testing.F) {
	key, itsFingerprint := aKey()
	whole := "user=ocid1.user.oc1..a\ntenancy=ocid1.tenancy.oc1..a\nregion=us-phoenix-1\nfingerprint=" + itsFingerprint + "\nkey_file="
	for _, seed := range []string{
		"", whole + "/missing", whole + "~/missing", whole + key, whole + strings.ReplaceAll(key, "\n", `\n`), key, "[" + key + "]\na=b\n", "[WORK",
		"[]\na=b", "\xef\xbb\xbf[DEFAULT]\nuser=a", "\xff\xfe[\x00", "[WORK]\nsecurity_token_file=" + key, "`", `"""`, "a=b\\",
		"user=%(pass_phrase)s\n", "region=%(pass_phrase)s", "user=%(fingerprint)s\nfingerprint=%(user)s", strings.Repeat("[a]\nb=c\n[b]\n", 100),
		"[WORK.child]\na=b\n[WORK]\nregion=\n", "[DEFAULT]\n[DEFAULT]\nuser=a\n", strings.Repeat("[", 1000), "user=" + strings.Repeat("a", 70000),
		"user=", "user=\"\"\"", "[a", "user=\\", "key_file=-",
	} {
		f.Add(seed)
	}
	home := f.TempDir()
	path := filepath.Join(home, "config")
	const secret = "pass_phrase=" + canary + "\n"
	f.Fuzz(func(t *testing.T, content string) {
		if strings.Contains(content, canary) {
			t.Skip("here it may stand in a name")
		}
		for _, file := range []string{"[DEFAULT]\n" + secret + content, content + "\n" + secret, "[WORK]\n" + content + "\n[DEFAULT]\n" + secret} {
			if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, profile := range []string{"", "WORK", "OTHER"} {
				for _, kind := range []string{APIKey, SecurityToken} {
					environment := machine(home, map[string]string{cliConfigFileVariable: path})
					_, err := Resolve(t.Context(), Settings{"auth": kind, "configFileProfile": profile}, environment)
					if err != nil {
						checkShown(t, err.Error())
					}
				}
			}
		}
	})
}
