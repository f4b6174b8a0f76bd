package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"os/user"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These tests are about machines that are set up in odd ways. Where OCI's CLI can play a machine, it is in tests/contract.

func TestAFileOfTheCLIThatCannotBeReadSaysNothing(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	file := filepath.Join(home, "file")
	for _, content := range []string{
		"[OCI_CLI_CANNED_QUERIES]\nids = data[*].{\n  [\n  [id\n  }\n[OCI_CLI_SETTINGS]\ndefault_profile=WORK\n",
		"[OCI_CLI_SETTINGS]\n[A]\n[A]\n[OCI_CLI_SETTINGS]\ndefault_profile=WORK\n",
	} {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		s, err := newSources(nil, machine(home, map[string]string{cliFileVariable: file}))
		require.NoError(t, err)
		assert.Equal(t, "WORK", s.cliFile.profile.String())
	}
	// A folder, and a home directory that is none.
	for _, home := range []string{home, file} {
		_, err := newSources(nil, machine(home, map[string]string{cliFileVariable: home}))
		require.NoError(t, err)
	}
}

func TestAHomeDirectoryThatMayNotBeReadIsNoReasonToFail(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(home, nil, 0o600)) // what is below it cannot be read, even by root
	elsewhere := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(elsewhere, []byte("[DEFAULT]\nregion=elsewhere\n"), 0o600))
	s, err := newSources(nil, machine(home, map[string]string{configFileVariable: elsewhere}))
	require.NoError(t, err)
	assert.Equal(t, "elsewhere", string(s.find(propertyRegion).value))

	_, err = Resolve(t.Context(), nil, machine(home, nil))
	require.ErrorContains(t, err, "are not set, and the OCI configuration file: "+home+"/.oci/config could not be read: not a directory")
}

func TestAProfileThatIsNotThereIsNotDEFAULT(t *testing.T) {
	t.Parallel()
	_, itsFingerprint := aKey()
	home := writeConfigFile(t, "[DEFAULT]\nuser=ocid1.user.oc1..a\ntenancy=ocid1.tenancy.oc1..a\nregion=us-phoenix-1\nkey_file=~/key\nfingerprint="+
		itsFingerprint+"\n[WORK]\n")
	key, _ := aKey()
	require.NoError(t, os.WriteFile(filepath.Join(home, "key"), []byte(key), 0o600))
	rc := filepath.Join(home, "rc")
	require.NoError(t, os.WriteFile(rc, []byte("[OCI_CLI_SETTINGS]\ndefault_profile=GONE\n"), 0o600))
	for variable, value := range map[string]string{
		"OCI_CLI_PROFILE": "GONE", "OCI_CONFIG_FILE_PROFILE": "GONE", "TF_VAR_config_file_profile": "GONE", cliFileVariable: rc,
	} {
		_, err := Resolve(t.Context(), nil, machine(home, map[string]string{variable: value}))
		require.ErrorContains(t, err, "are not set, and "+home+`/.oci/config has no profile "GONE" (from `, variable)
		require.ErrorContains(t, err, "; it has DEFAULT, WORK: set configFileProfile", variable)
	}
	for _, named := range []string{"DEFAULT\n", " WORK "} {
		_, err := Resolve(t.Context(), nil, machine(home, map[string]string{
			"OCI_CLI_PROFILE": named, "OCI_CLI_REGION": "us-phoenix-1\r\n", cliConfigFileVariable: home + "/.oci/config\n",
		}))
		require.NoError(t, err, "variables often end in a line break")
	}
}

func TestQuotationMarksAreNamed(t *testing.T) {
	t.Parallel()
	home := writeConfigFile(t, "[DEFAULT]\nuser=\"ocid1.user.oc1..a\"\nkey_file='~/key'\n")
	_, err := Resolve(t.Context(), nil, machine(home, map[string]string{"OCI_CLI_REGION": `"us-phoenix-1"`}))
	for _, place := range []string{"profile DEFAULT of " + home + "/.oci/config", "the environment variable OCI_CLI_REGION"} {
		require.ErrorContains(t, err, "(from "+place+", where it is in quotation marks)")
	}
}

func TestLineBreaksAfterASecretHaveNoEffect(t *testing.T) {
	t.Parallel()
	s, err := newSources(Settings{"privateKey": " \r\n", "privateKeyPassword": " hunter2 \r\n"}, machine("", map[string]string{
		"OCI_CLI_KEY_CONTENT": "\n", "OCI_PRIVATE_KEY": canary + "\n", "OCI_TOKEN_EXCHANGE_CLIENT_SECRET": "hunter2\n",
	}))
	require.NoError(t, err)
	for property, value := range map[*Property]string{
		&propertyPrivateKey: canary, &propertyPrivateKeyPassword: " hunter2 ", &propertyTokenExchangeClientSecret: "hunter2",
	} {
		assert.Equal(t, value, string(s.find(*property).value), property.Name)
	}
}

func TestAVariableOfTheMachineMayEndInALineBreak(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	rc, token := filepath.Join(home, "rc"), filepath.Join(home, "token")
	require.NoError(t, os.WriteFile(rc, []byte("[DEFAULT]\nregion=of-the-cli\n"), 0o600))
	require.NoError(t, os.WriteFile(token, []byte(expiring(time.Now().Add(time.Hour))), 0o600))
	s, err := newSources(nil, machine(home, map[string]string{
		cliFileVariable: rc + "\n", "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH": " ~/token\r\n",
	}))
	require.NoError(t, err)
	assert.Equal(t, "of-the-cli", string(s.find(propertyRegion).value))
	_, problem := serviceAccount(s)
	assert.Nil(t, problem)
}

func TestAFileInTheWorkingDirectoryIsNamed(t *testing.T) {
	t.Parallel()
	_, err := Resolve(t.Context(), Settings{"auth": InstancePrincipalWithCerts, "region": "us-phoenix-1"}, machine("", nil))
	require.ErrorContains(t, err, "ip_cert.pem could not be read: no such file or directory; ip_key.pem could not be read: ")
	_, err = Resolve(t.Context(), Settings{"privateKeyPath": "keys/missing.pem"}, machine("", nil))
	require.ErrorContains(t, err, "privateKeyPath: keys/missing.pem could not be read: no such file or directory (from the provider's configuration)")
}

func TestAByteOrderMarkIsNoPartOfAValue(t *testing.T) {
	t.Parallel()
	s, err := newSources(Settings{"privateKeyPassword": "\ufeffhunter2"}, machine("", map[string]string{"OCI_CLI_REGION": "\ufeffus-phoenix-1\r\n"}))
	require.NoError(t, err)
	assert.Equal(t, "hunter2", string(s.find(propertyPrivateKeyPassword).value))
	assert.Equal(t, "us-phoenix-1", string(s.find(propertyRegion).value))
}

func TestAFolderOfCertificateAuthoritiesIsHandedToGo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for variable, said := range map[string]string{
		"REQUESTS_CA_BUNDLE": "", "OCI_CLI_CERT_BUNDLE": "", "OCI_DEFAULT_CERTS_PATH": "is a directory",
	} {
		handed := map[string]string{}
		environment := machine("", map[string]string{variable: folder})
		environment.Setenv = func(name, value string) error {
			handed[name] = value
			return nil
		}
		s, err := newSources(nil, environment)
		require.NoError(t, err)
		if err = s.trustCertificates(); said == "" {
			require.NoError(t, err, variable)
			assert.Equal(t, map[string]string{"SSL_CERT_DIR": folder}, handed)
		} else {
			require.ErrorContains(t, err, said, variable)
		}
	}
}

func TestAKeyInAProfileIsNamed(t *testing.T) {
	t.Parallel()
	key, _ := aKey()
	_, err := Resolve(t.Context(), nil, machine(writeConfigFile(t, "[DEFAULT]\nregion=us-phoenix-1\nkey_file="+key), nil))
	require.ErrorContains(t, err, "tenancyOcid, userOcid and fingerprint are not set, privateKeyPath is invalid:\n")
}

func TestAServiceAccountTokenThatIsNoneIsNamed(t *testing.T) {
	t.Parallel()
	authorities := filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(authorities, aCertificate(t), 0o600))
	_, err := Resolve(t.Context(), nil, machine("", map[string]string{
		"OCI_CLI_AUTH": "oke_workload_identity", "OCI_CLI_REGION": "us-phoenix-1", "KUBERNETES_SERVICE_HOST": "127.0.0.1",
		"OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH": authorities, "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING": canary,
	}))
	require.ErrorContains(t, err, "auth: OKEWorkloadIdentity: the environment variable OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING holds no service "+
		"account token: a token has three parts, not 1")
	checkShown(t, err.Error())
}

// aCertificate returns a self-signed certificate in PEM format.
func aCertificate(t *testing.T) []byte {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestAServiceWithoutHOMEHasAHomeDirectory(t *testing.T) {
	t.Setenv("HOME", "")
	current, err := user.Current()
	require.NoError(t, err)
	home, err := Machine().HomeDir()
	require.NoError(t, err)
	assert.Equal(t, current.HomeDir, home)
}
