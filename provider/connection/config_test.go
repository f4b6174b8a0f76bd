package connection_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
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

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// mustSignIn configures a new provider and creates a token with it, which shows that OCI accepts its signature.
func mustSignIn(w *harness.World, configuration map[string]any) {
	w.T.Helper()
	_, err := inprocess.Configured(w, configuration).Create(context.Background(), &pulumirpc.CreateRequest{
		Urn: harness.TokenURN, Properties: harness.Properties(w.T, map[string]any{"userId": w.User, "description": w.T.Name()}),
	})
	require.NoError(w.T, err)
	w.OCI.DeleteToken(w.User, w.OnlyToken().ID)
}

// configureError returns the error of a new provider for a configuration that is wrong.
func configureError(w *harness.World, configuration map[string]any) string {
	w.T.Helper()
	_, err := inprocess.Serve(w).Configure(context.Background(), harness.ConfigureRequest(w.T, configuration))
	require.Error(w.T, err)
	assert.NotContains(w.T, err.Error(), "MII", "no part of a key is shown")
	return err.Error()
}

func TestTheFirstSourceOfAPropertyCounts(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	wrong := "ocid1.tenancy.oc1..wrong"
	w.ConfigFile("[DEFAULT]\ntenancy=" + wrong + "\nregion=eu-frankfurt-1\n")
	mustSignIn(w, map[string]any{"endpoint": w.URL}) // OCI_... takes precedence over the file

	w.Env["OCI_TENANCY_OCID"] = wrong
	mustSignIn(w, map[string]any{"endpoint": w.URL, "tenancyOcid": w.Credentials.TenancyID}) // the program takes precedence over everything

	// A key is taken from the first place that has one, as a value or as a path.
	w.Env["OCI_PRIVATE_KEY"] = "not a key"
	mustSignIn(w, map[string]any{
		"endpoint": w.URL, "tenancyOcid": w.Credentials.TenancyID, "privateKeyPath": w.KeyFile(w.Credentials.PrivateKeyPEM),
	})
}

func TestKindsOfPrivateKeys(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	block, _ := pem.Decode([]byte(w.Credentials.PrivateKeyPEM))
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
		settings := w.Settings()
		settings["privateKey"] = key
		if password != "" {
			settings["privateKeyPassword"] = password
		}
		return settings
	}
	mustSignIn(w, with(pkcs1, ""))
	mustSignIn(w, with(encode("PRIVATE KEY", pkcs8DER), ""))
	mustSignIn(w, with(pkcs1, "a password that is not needed"))
	mustSignIn(w, with(strings.ReplaceAll(pkcs1, "\n", `\n`), "")) // in a variable that cannot contain line breaks
	mustSignIn(w, with(encrypted, "12345"))
	mustSignIn(w, with(string(pem.EncodeToMemory(legacy)), "12345"))

	assert.Contains(t, configureError(w, with(encrypted, "")), "privateKeyPassword: is not set")
	assert.Contains(t, configureError(w, with(encrypted, "wrong")), "privateKeyPassword: does not decrypt")
	assert.NotContains(t, configureError(w, with(encrypted, "hunter2")), "hunter2")

	// From a file, with a pass phrase that contains a character which ends a value in other formats.
	equals, err := pkcs8.ConvertPrivateKeyToPKCS8(key, []byte("a=b;c#d"))
	require.NoError(t, err)
	w.ConfigFile(w.Profile("DEFAULT", w.KeyFile(encode("ENCRYPTED PRIVATE KEY", equals))) + "pass_phrase=a=b;c#d\n")
	w.Env = nil
	mustSignIn(w, map[string]any{"endpoint": w.URL})

}

func TestMissingConfigurationIsNamedWithItsSources(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	for property, places := range map[string][]string{
		"tenancyOcid": {"ociauthtoken:tenancyOcid", "OCI_TENANCY_OCID", "TF_VAR_tenancy_ocid", `"tenancy" in profile DEFAULT`},
		"userOcid":    {"ociauthtoken:userOcid", "OCI_USER_OCID", "TF_VAR_user_ocid", `"user" in profile DEFAULT`},
		"fingerprint": {"ociauthtoken:fingerprint", "OCI_FINGERPRINT", "TF_VAR_fingerprint", `"fingerprint" in profile DEFAULT`},
		"privateKey":  {"ociauthtoken:privateKeyPath", "OCI_PRIVATE_KEY_PATH", "TF_VAR_private_key_path", `"key_file" in profile DEFAULT`},
		"region":      {"ociauthtoken:region", "OCI_REGION", "TF_VAR_region", `"region" in profile DEFAULT`},
	} {
		w.Env = nil
		settings := w.Settings()
		delete(settings, property)
		said := configureError(w, settings)
		assert.Contains(t, said, property+": ")
		for _, place := range places {
			assert.Contains(t, said, place, property)
		}
	}

	// The error names all of it at once. Its first line is a summary, because Pulumi's progress display shows nothing else.
	said := configureError(w, map[string]any{"endpoint": w.URL})
	firstLine, _, _ := strings.Cut(said, "\n")
	assert.Contains(t, firstLine, "the provider's configuration: tenancyOcid, userOcid, fingerprint, region and privateKey are not set:")
	for _, property := range []string{"tenancyOcid", "userOcid", "fingerprint", "privateKey", "region"} {
		assert.Contains(t, said, property+": ")
	}
}

func TestMalformedConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	otherKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&otherKey.PublicKey)
	require.NoError(t, err)

	for _, test := range []struct{ property, value, complaint string }{
		{"auth", "Magic", `auth: "Magic"`},
		{"tenancyOcid", "mytenancy", "tenancyOcid: "},
		{"tenancyOcid", w.User, "tenancyOcid: "},
		{"userOcid", w.Credentials.TenancyID, "userOcid: "},
		{"userOcid", "ocid1.user.oc1..a/b", "userOcid: "},
		{"fingerprint", "12:34", "fingerprint: "},
		{"fingerprint", strings.Repeat("00:", 15) + "00", "belongs to another API key"},
		{"region", "us phoenix", "region: "},
		{"region", "https://identity.us-phoenix-1.oraclecloud.com", "region: "},
		{"privateKey", "hello", "privateKey: "},
		{"privateKey", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), "public key, not a private key"},
		{"privateKeyPath", filepath.Join(w.Home, "missing.pem"), "privateKeyPath: "},
		{"configFileProfile", "NOBODY", "configFileProfile: "},
		{"endpoint", "identity.example.com", "endpoint"},
		{"endpoint", "http://identity.example.com", "use https"},
		{"endpoint", "https://identity.example.com/?x=1", "endpoint"},
	} {
		settings := w.Settings()
		if test.property == "privateKeyPath" {
			delete(settings, "privateKey")
			w.Env = nil
		}
		settings[test.property] = test.value
		assert.Contains(t, configureError(w, settings), test.complaint, "%s = %q", test.property, test.value)
	}

	w.ConfigFile("[DEFAULT]\nregion=us-phoenix-1\n[WORK]\nregion=us-phoenix-1\n")
	assert.Contains(t, configureError(w, map[string]any{"configFileProfile": "NOBODY"}), "it has DEFAULT, WORK")
}

func TestMalformedConfigurationIsFoundAtPreview(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	for property, value := range map[string]string{
		"tenancyOcid": "mytenancy", "userOcid": "me", "fingerprint": "12:34", "region": "us phoenix",
		"endpoint": "http://identity.example.com",
	} {
		settings := w.Settings()
		settings[property] = value
		response, err := inprocess.Serve(w).CheckConfig(context.Background(), &pulumirpc.CheckRequest{
			Urn: "urn:pulumi:test::test::pulumi:providers:ociauthtoken::default", News: harness.Properties(t, settings),
		})
		require.NoError(t, err)
		require.Len(t, response.Failures, 1, property)
		assert.Empty(t, response.Failures[0].Property)
		assert.True(t, strings.HasPrefix(response.Failures[0].Reason, property+": "), response.Failures[0].Reason)
	}
}

// TestWhiteSpaceAroundAValueHasNoEffect sets values as they come from files and from CI, and blank ones, which count as not set.
func TestWhiteSpaceAroundAValueHasNoEffect(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	for property, value := range w.Settings() {
		for _, form := range []string{fmt.Sprintf("%s\r\n", value), fmt.Sprintf(" %s\n", value), " \r\n"} {
			settings := w.Settings()
			settings[property] = form
			response, err := inprocess.Serve(w).CheckConfig(context.Background(), &pulumirpc.CheckRequest{
				Urn: "urn:pulumi:test::test::pulumi:providers:ociauthtoken::default", News: harness.Properties(t, settings),
			})
			require.NoError(t, err)
			assert.Empty(t, response.Failures, "%s = %q", property, form)
			if property != "endpoint" || strings.TrimSpace(form) != "" { // which would be OCI's own
				mustSignIn(w, settings)
			}
		}
	}
}

func TestVersionThatAnSDKSendsAlongIsNoConfiguration(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.MustUp(func(m *deploytest.ResourceMonitor) error {
		_, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
			Inputs: s.Inputs(s.User, "ci"), Version: harness.PluginVersion, PluginDownloadURL: "https://example.com/plugins",
		})
		return err
	})
	assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
}

func TestMisspeltConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.Config["regoin"] = "us-phoenix-1"
	require.Error(t, s.Preview(s.OneToken(s.User, "ci")))
	assert.Contains(t, s.Diagnostics(), "regoin")
}

func TestConfigurationThatIsNotKnownAtPreviewIsNoError(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	unknown := resource.MakeComputed(resource.NewProperty(""))
	require.NoError(t, s.Preview(func(m *deploytest.ResourceMonitor) error {
		provider, err := m.RegisterResource("pulumi:providers:ociauthtoken", "later", true, deploytest.ResourceOptions{
			Inputs: resource.PropertyMap{"tenancyOcid": unknown, "region": unknown, "endpoint": unknown},
		})
		if err != nil {
			return err
		}
		_, err = m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
			Inputs: s.Inputs(s.User, "ci"), Provider: string(provider.URN) + "::" + string(provider.ID),
		})
		return err
	}))
	assert.Empty(t, s.OCI.Journal())

	// It is no error over gRPC either, where nothing else tells the region.
	w := s.World
	w.Env = nil
	settings := w.Settings()
	settings["region"] = unknown
	_, err := inprocess.Serve(w).Configure(context.Background(), harness.ConfigureRequest(t, settings))
	require.NoError(t, err)
}

func TestNothingFromTheEnvironmentReachesTheState(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.MustUp(s.OneToken(s.User, "ci"))
	checkpoint := s.Checkpoint()
	for name, value := range s.Env {
		if name == "OCI_USER_OCID" {
			continue // the token's own user, in this test
		}
		assert.NotContains(t, checkpoint, strings.Split(value, "\n")[0], name)
	}
}

func TestAChangeOfConfigurationNeverReplacesTheProvider(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	before := w.Settings()
	for property := range map[string]bool{
		"auth": true, "tenancyOcid": true, "userOcid": true, "fingerprint": true, "privateKey": true, "privateKeyPath": true,
		"privateKeyPassword": true, "region": true, "configFileProfile": true, "endpoint": true,
	} {
		changed, removed := w.Settings(), w.Settings()
		changed[property] = "something else"
		delete(removed, property)
		for _, after := range []map[string]any{changed, removed} {
			response, err := inprocess.Serve(w).DiffConfig(context.Background(), &pulumirpc.DiffRequest{
				Urn: "urn:pulumi:test::test::pulumi:providers:ociauthtoken::default", Id: "id",
				Olds: harness.Properties(t, before), OldInputs: harness.Properties(t, before), News: harness.Properties(t, after),
			})
			require.NoError(t, err)
			assert.Empty(t, response.Replaces, property)
		}
	}

	s := inprocess.NewStack(harness.NewWorld(t))
	s.MustUp(s.TokenAndLogin(s.User, "ci"))
	value := s.Value("token")
	s.Config["region"] = "us-ashburn-1"
	s.Config["configFileProfile"] = ""
	s.MustUp(s.TokenAndLogin(s.User, "ci"))
	assert.Equal(t, value, s.Value("token"))
	assert.Equal(t, []string{value}, s.Consumer.Received)
}

func TestAnOptionRemovedFromTheConfigurationIsNoLongerSet(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	ctx := context.Background()
	plugin := inprocess.Serve(w)
	before, after := w.Settings(), map[string]any{"endpoint": w.URL}
	before["tenancyOcid"] = "ocid1.tenancy.oc1..wrong"

	urn := "urn:pulumi:test::test::pulumi:providers:ociauthtoken::default"
	_, err := plugin.CheckConfig(ctx, &pulumirpc.CheckRequest{Urn: urn, News: harness.Properties(t, before)})
	require.NoError(t, err)
	checked, err := plugin.CheckConfig(ctx, &pulumirpc.CheckRequest{Urn: urn, Olds: harness.Properties(t, before), News: harness.Properties(t, after)})
	require.NoError(t, err)
	assert.NotContains(t, checked.Inputs.Fields, "tenancyOcid")
	_, err = plugin.DiffConfig(ctx, &pulumirpc.DiffRequest{
		Urn: urn, Id: "id", Olds: harness.Properties(t, before), OldInputs: harness.Properties(t, before), News: harness.Properties(t, after),
	})
	require.NoError(t, err)
	_, err = plugin.Configure(ctx, harness.ConfigureRequest(t, after))
	require.NoError(t, err)
	_, err = plugin.Create(ctx, &pulumirpc.CreateRequest{
		Urn: harness.TokenURN, Properties: harness.Properties(t, map[string]any{"userId": w.User, "description": "ci"}),
	})
	require.NoError(t, err, "the tenancy of the environment counts again")
}

// TestConfigurationOfOCIsPulumiProviderIsCopied runs the commands of docs/guides/signing-in.md.
func TestConfigurationOfOCIsPulumiProviderIsCopied(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	page := toolchain.ReadFile(t, "docs/guides/signing-in.md")
	_, commands, _ := strings.Cut(page, "```sh\n")
	commands, _, _ = strings.Cut(commands, "```")
	require.Contains(t, commands, "oci:$property")

	c.Must("config", "set", "oci:tenancyOcid", c.Credentials.TenancyID)
	c.Must("config", "set", "oci:userOcid", c.Credentials.UserID)
	c.Must("config", "set", "oci:fingerprint", c.Credentials.Fingerprint)
	c.Must("config", "set", "oci:region", c.Credentials.Region)
	secret := c.Command("config", "set", "--secret", "oci:privateKey")
	secret.Stdin = strings.NewReader(c.Credentials.PrivateKeyPEM)
	require.NoError(t, secret.Run())
	shell := exec.Command("bash", "-euc", commands)
	shell.Dir, shell.Env = c.Dir, c.Env
	printed, err := shell.CombinedOutput()
	require.NoError(t, err, string(printed))
	for index, variable := range c.Env {
		if strings.HasPrefix(variable, "OCI_CLI_CONFIG_FILE=") {
			c.Env[index] = "OCI_CLI_CONFIG_FILE=/missing"
		}
	}
	stack, err := os.ReadFile(filepath.Join(c.Dir, "Pulumi.test.yaml"))
	require.NoError(t, err)
	assert.NotContains(t, string(stack), "BEGIN", "the key is encrypted")
	assert.NotContains(t, string(stack), "ociauthtoken:privateKeyPath", "what is not set is not copied")
	c.Program("token", "ci")
	c.Must("up", "--yes", "--skip-preview")
	c.Must("destroy", "--yes", "--skip-preview")
}

// TestSchemaLetsNewCheckTheCredentials reads the schema as "pulumi new" does since Pulumi 3.274.
func TestSchemaLetsNewCheckTheCredentials(t *testing.T) {
	t.Parallel()
	resp, err := inprocess.NewPlugin(harness.NewWorld(t)).Client.GetSchema(t.Context(), &pulumirpc.GetSchemaRequest{})
	require.NoError(t, err)
	var info struct {
		Name                     string
		ValidateCredentialsOnNew bool
		ConfigurationDocsURL     string `json:"configurationDocsUrl"`
	}
	require.NoError(t, json.Unmarshal([]byte(resp.GetSchema()), &info))
	assert.Equal(t, "ociauthtoken", info.Name)
	assert.True(t, info.ValidateCredentialsOnNew)
	assert.Equal(t, "https://www.pulumi.com/registry/packages/ociauthtoken/installation-configuration/", info.ConfigurationDocsURL)
}
