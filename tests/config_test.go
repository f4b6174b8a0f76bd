package tests

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"
)

// settings returns a complete configuration in the program itself.
func (w *world) settings() map[string]any {
	return map[string]any{
		"endpoint": w.url, "tenancyOcid": w.creds.TenancyID, "userOcid": w.creds.UserID,
		"fingerprint": w.creds.Fingerprint, "privateKey": w.creds.PrivateKeyPEM, "region": w.creds.Region,
	}
}

// mustSignIn configures a new provider and creates a token with it, which shows that OCI accepts its signature.
func (w *world) mustSignIn(configuration map[string]any) {
	w.t.Helper()
	_, err := w.configured(configuration).Create(context.Background(), &pulumirpc.CreateRequest{
		Urn: tokenURN, Properties: properties(w.t, map[string]any{"userId": w.user, "description": w.t.Name()}),
	})
	require.NoError(w.t, err)
	w.oci.DeleteToken(w.user, w.onlyToken().ID)
}

// configureError returns the error of a new provider for a configuration that is wrong.
func (w *world) configureError(configuration map[string]any) string {
	w.t.Helper()
	_, err := w.serve().Configure(context.Background(), configureRequest(w.t, configuration))
	require.Error(w.t, err)
	assert.NotContains(w.t, err.Error(), "MII", "no part of a key is shown")
	return err.Error()
}

// keyFile writes the private key into a file.
func (w *world) keyFile(content string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "key.pem")
	require.NoError(w.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// configFile writes ~/.oci/config.
func (w *world) configFile(content string) {
	w.t.Helper()
	require.NoError(w.t, os.MkdirAll(filepath.Join(w.home, ".oci"), 0o700))
	require.NoError(w.t, os.WriteFile(filepath.Join(w.home, ".oci", "config"), []byte(content), 0o600))
}

func (w *world) profile(name, keyFile string) string {
	return "[" + name + "]\nuser=" + w.creds.UserID + "\nfingerprint=" + w.creds.Fingerprint + "\ntenancy=" +
		w.creds.TenancyID + "\nregion=" + w.creds.Region + "\nkey_file=" + keyFile + "\n"
}

func TestTheFirstSourceOfAPropertyCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrong := "ocid1.tenancy.oc1..wrong"
	w.configFile("[DEFAULT]\ntenancy=" + wrong + "\nregion=eu-frankfurt-1\n")
	w.mustSignIn(map[string]any{"endpoint": w.url}) // OCI_... takes precedence over the file

	w.env["OCI_TENANCY_OCID"] = wrong
	w.mustSignIn(map[string]any{"endpoint": w.url, "tenancyOcid": w.creds.TenancyID}) // the program takes precedence over everything

	// A key is taken from the first place that has one, as a value or as a path.
	w.env["OCI_PRIVATE_KEY"] = "not a key"
	w.mustSignIn(map[string]any{
		"endpoint": w.url, "tenancyOcid": w.creds.TenancyID, "privateKeyPath": w.keyFile(w.creds.PrivateKeyPEM),
	})
}

func TestKindsOfPrivateKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	block, _ := pem.Decode([]byte(w.creds.PrivateKeyPEM))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	require.NoError(t, err)
	key := parsed.(*rsa.PrivateKey)
	pkcs8DER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	encryptedDER, err := pkcs8.ConvertPrivateKeyToPKCS8(key, []byte("12345"))
	require.NoError(t, err)
	legacy, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), []byte("12345"), x509.PEMCipherAES256) //nolint:staticcheck // OpenSSL wrote such keys for years
	require.NoError(t, err)

	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	pkcs1 := encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	encrypted := encode("ENCRYPTED PRIVATE KEY", encryptedDER)

	with := func(key, password string) map[string]any {
		settings := w.settings()
		settings["privateKey"] = key
		if password != "" {
			settings["privateKeyPassword"] = password
		}
		return settings
	}
	w.mustSignIn(with(pkcs1, ""))
	w.mustSignIn(with(encode("PRIVATE KEY", pkcs8DER), ""))
	w.mustSignIn(with(pkcs1, "a password that is not needed"))
	w.mustSignIn(with(strings.ReplaceAll(pkcs1, "\n", `\n`), "")) // in a variable that cannot contain line breaks
	w.mustSignIn(with(encrypted, "12345"))
	w.mustSignIn(with(string(pem.EncodeToMemory(legacy)), "12345"))

	assert.Contains(t, w.configureError(with(encrypted, "")), "privateKeyPassword: is not set")
	assert.Contains(t, w.configureError(with(encrypted, "wrong")), "privateKeyPassword: does not decrypt")
	assert.NotContains(t, w.configureError(with(encrypted, "hunter2")), "hunter2")

	// From a file, with a pass phrase that contains a character which ends a value in other formats.
	equals, err := pkcs8.ConvertPrivateKeyToPKCS8(key, []byte("a=b;c#d"))
	require.NoError(t, err)
	w.configFile(w.profile("DEFAULT", w.keyFile(encode("ENCRYPTED PRIVATE KEY", equals))) + "pass_phrase=a=b;c#d\n")
	w.env = nil
	w.mustSignIn(map[string]any{"endpoint": w.url})

}

func TestMissingConfigurationIsNamedWithItsSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for property, places := range map[string][]string{
		"tenancyOcid": {"ociauthtoken:tenancyOcid", "OCI_TENANCY_OCID", "TF_VAR_tenancy_ocid", `"tenancy" in profile DEFAULT`},
		"userOcid":    {"ociauthtoken:userOcid", "OCI_USER_OCID", "TF_VAR_user_ocid", `"user" in profile DEFAULT`},
		"fingerprint": {"ociauthtoken:fingerprint", "OCI_FINGERPRINT", "TF_VAR_fingerprint", `"fingerprint" in profile DEFAULT`},
		"privateKey":  {"ociauthtoken:privateKeyPath", "OCI_PRIVATE_KEY_PATH", "TF_VAR_private_key_path", `"key_file" in profile DEFAULT`},
		"region":      {"ociauthtoken:region", "OCI_REGION", "TF_VAR_region", `"region" in profile DEFAULT`},
	} {
		w.env = nil
		settings := w.settings()
		delete(settings, property)
		said := w.configureError(settings)
		assert.Contains(t, said, property+": ")
		for _, place := range places {
			assert.Contains(t, said, place, property)
		}
	}

	// The error names all of it at once. Its first line is a summary, because Pulumi's progress display shows nothing else.
	said := w.configureError(map[string]any{"endpoint": w.url})
	firstLine, _, _ := strings.Cut(said, "\n")
	assert.Contains(t, firstLine, "the provider's configuration: tenancyOcid, userOcid, fingerprint, region and privateKey are not set:")
	for _, property := range []string{"tenancyOcid", "userOcid", "fingerprint", "privateKey", "region"} {
		assert.Contains(t, said, property+": ")
	}
}

func TestMalformedConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	otherKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&otherKey.PublicKey)
	require.NoError(t, err)

	for _, test := range []struct{ property, value, complaint string }{
		{"auth", "Magic", `auth: "Magic"`},
		{"tenancyOcid", "mytenancy", "tenancyOcid: "},
		{"tenancyOcid", w.user, "tenancyOcid: "},
		{"userOcid", w.creds.TenancyID, "userOcid: "},
		{"userOcid", "ocid1.user.oc1..a/b", "userOcid: "},
		{"fingerprint", "12:34", "fingerprint: "},
		{"fingerprint", strings.Repeat("00:", 15) + "00", "belongs to another API key"},
		{"region", "us phoenix", "region: "},
		{"region", "https://identity.us-phoenix-1.oraclecloud.com", "region: "},
		{"privateKey", "hello", "privateKey: "},
		{"privateKey", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), "public key, not a private key"},
		{"privateKeyPath", filepath.Join(w.home, "missing.pem"), "privateKeyPath: "},
		{"configFileProfile", "NOBODY", "configFileProfile: "},
		{"endpoint", "identity.example.com", "endpoint"},
		{"endpoint", "http://identity.example.com", "use https"},
		{"endpoint", "https://identity.example.com/?x=1", "endpoint"},
	} {
		settings := w.settings()
		if test.property == "privateKeyPath" {
			delete(settings, "privateKey")
			w.env = nil
		}
		settings[test.property] = test.value
		assert.Contains(t, w.configureError(settings), test.complaint, "%s = %q", test.property, test.value)
	}

	w.configFile("[DEFAULT]\nregion=us-phoenix-1\n[WORK]\nregion=us-phoenix-1\n")
	assert.Contains(t, w.configureError(map[string]any{"configFileProfile": "NOBODY"}), "it has DEFAULT, WORK")
}

func TestMalformedConfigurationIsFoundAtPreview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for property, value := range map[string]string{
		"tenancyOcid": "mytenancy", "userOcid": "me", "fingerprint": "12:34", "region": "us phoenix",
		"endpoint": "http://identity.example.com",
	} {
		settings := w.settings()
		settings[property] = value
		response, err := w.serve().CheckConfig(context.Background(), &pulumirpc.CheckRequest{
			Urn: "urn:pulumi:test::test::pulumi:providers:ociauthtoken::default", News: properties(t, settings),
		})
		require.NoError(t, err)
		require.Len(t, response.Failures, 1, property)
		assert.Empty(t, response.Failures[0].Property)
		assert.True(t, strings.HasPrefix(response.Failures[0].Reason, property+": "), response.Failures[0].Reason)
	}
}

func TestVersionThatAnSDKSendsAlongIsNoConfiguration(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.mustUp(func(m *deploytest.ResourceMonitor) error {
		_, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{
			Inputs: s.inputs(s.user, "ci"), Version: pluginVersion, PluginDownloadURL: "https://example.com/plugins",
		})
		return err
	})
	assert.Equal(t, s.onlyToken().Value, s.value("token"))
}

func TestMisspeltConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.config["regoin"] = "us-phoenix-1"
	require.Error(t, s.preview(s.oneToken(s.user, "ci")))
	assert.Contains(t, s.diagnostics(), "regoin")
}

func TestConfigurationThatIsNotKnownAtPreviewIsNoError(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	unknown := resource.MakeComputed(resource.NewProperty(""))
	require.NoError(t, s.preview(func(m *deploytest.ResourceMonitor) error {
		provider, err := m.RegisterResource("pulumi:providers:ociauthtoken", "later", true, deploytest.ResourceOptions{
			Inputs: resource.PropertyMap{"tenancyOcid": unknown, "region": unknown, "endpoint": unknown},
		})
		if err != nil {
			return err
		}
		_, err = m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{
			Inputs: s.inputs(s.user, "ci"), Provider: string(provider.URN) + "::" + string(provider.ID),
		})
		return err
	}))
	assert.Empty(t, s.oci.Journal())

	// It is no error over gRPC either, where nothing else tells the region.
	w := s.world
	w.env = nil
	settings := w.settings()
	settings["region"] = unknown
	_, err := w.serve().Configure(context.Background(), configureRequest(t, settings))
	require.NoError(t, err)
}

func TestNothingFromTheEnvironmentReachesTheState(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.mustUp(s.oneToken(s.user, "ci"))
	checkpoint := s.checkpoint()
	for name, value := range s.env {
		if name == "OCI_USER_OCID" {
			continue // the token's own user, in this test
		}
		assert.NotContains(t, checkpoint, strings.Split(value, "\n")[0], name)
	}
}

func TestAChangeOfConfigurationNeverReplacesTheProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.settings()
	for property := range map[string]bool{
		"auth": true, "tenancyOcid": true, "userOcid": true, "fingerprint": true, "privateKey": true, "privateKeyPath": true,
		"privateKeyPassword": true, "region": true, "configFileProfile": true, "endpoint": true,
	} {
		changed, removed := w.settings(), w.settings()
		changed[property] = "something else"
		delete(removed, property)
		for _, after := range []map[string]any{changed, removed} {
			response, err := w.serve().DiffConfig(context.Background(), &pulumirpc.DiffRequest{
				Urn: "urn:pulumi:test::test::pulumi:providers:ociauthtoken::default", Id: "id",
				Olds: properties(t, before), OldInputs: properties(t, before), News: properties(t, after),
			})
			require.NoError(t, err)
			assert.Empty(t, response.Replaces, property)
		}
	}

	s := newStack(t)
	s.mustUp(s.tokenAndLogin(s.user, "ci"))
	value := s.value("token")
	s.config["region"] = "us-ashburn-1"
	s.config["configFileProfile"] = ""
	s.mustUp(s.tokenAndLogin(s.user, "ci"))
	assert.Equal(t, value, s.value("token"))
	assert.Equal(t, []string{value}, s.consumer.received)
}

func TestAnOptionRemovedFromTheConfigurationIsNoLongerSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	plugin := w.serve()
	before, after := w.settings(), map[string]any{"endpoint": w.url}
	before["tenancyOcid"] = "ocid1.tenancy.oc1..wrong"

	urn := "urn:pulumi:test::test::pulumi:providers:ociauthtoken::default"
	_, err := plugin.CheckConfig(ctx, &pulumirpc.CheckRequest{Urn: urn, News: properties(t, before)})
	require.NoError(t, err)
	checked, err := plugin.CheckConfig(ctx, &pulumirpc.CheckRequest{Urn: urn, Olds: properties(t, before), News: properties(t, after)})
	require.NoError(t, err)
	assert.NotContains(t, checked.Inputs.Fields, "tenancyOcid")
	_, err = plugin.DiffConfig(ctx, &pulumirpc.DiffRequest{
		Urn: urn, Id: "id", Olds: properties(t, before), OldInputs: properties(t, before), News: properties(t, after),
	})
	require.NoError(t, err)
	_, err = plugin.Configure(ctx, configureRequest(t, after))
	require.NoError(t, err)
	_, err = plugin.Create(ctx, &pulumirpc.CreateRequest{
		Urn: tokenURN, Properties: properties(t, map[string]any{"userId": w.user, "description": "ci"}),
	})
	require.NoError(t, err, "the tenancy of the environment counts again")
}

// TestConfigurationOfOCIsPulumiProviderIsCopied runs the commands of docs/guides/signing-in.md.
func TestConfigurationOfOCIsPulumiProviderIsCopied(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	page, err := os.ReadFile("../docs/guides/signing-in.md")
	require.NoError(t, err)
	_, commands, _ := strings.Cut(string(page), "```sh\n")
	commands, _, _ = strings.Cut(commands, "```")
	require.Contains(t, commands, "oci:$property")

	c.must("config", "set", "oci:tenancyOcid", c.creds.TenancyID)
	c.must("config", "set", "oci:userOcid", c.creds.UserID)
	c.must("config", "set", "oci:fingerprint", c.creds.Fingerprint)
	c.must("config", "set", "oci:region", c.creds.Region)
	secret := c.command("config", "set", "--secret", "oci:privateKey")
	secret.Stdin = strings.NewReader(c.creds.PrivateKeyPEM)
	require.NoError(t, secret.Run())
	shell := exec.Command("bash", "-euc", commands)
	shell.Dir, shell.Env = c.dir, c.env
	printed, err := shell.CombinedOutput()
	require.NoError(t, err, string(printed))
	for index, variable := range c.env {
		if strings.HasPrefix(variable, "OCI_CLI_CONFIG_FILE=") {
			c.env[index] = "OCI_CLI_CONFIG_FILE=/missing"
		}
	}
	stack, err := os.ReadFile(filepath.Join(c.dir, "Pulumi.test.yaml"))
	require.NoError(t, err)
	assert.NotContains(t, string(stack), "BEGIN", "the key is encrypted")
	assert.NotContains(t, string(stack), "ociauthtoken:privateKeyPath", "what is not set is not copied")
	c.program("token", "ci")
	c.must("up", "--yes", "--skip-preview")
	c.must("destroy", "--yes", "--skip-preview")
}
