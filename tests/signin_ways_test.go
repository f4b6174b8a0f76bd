package tests

import (
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// way is one way to set up a machine for OCI, from a row of docs/guides/signing-in.md.
type way struct {
	// row is the first column of the row.
	row string
	// setUp sets up the machine, and returns the provider's configuration.
	setUp func(*issuer) map[string]any
}

// apiKeyVariables puts an API key into the environment, under the names that one tool uses.
func (w *world) apiKeyVariables(names ...string) {
	w.t.Helper()
	values := []string{w.creds.TenancyID, w.creds.UserID, w.creds.Fingerprint, w.creds.Region, w.keyFile(w.creds.PrivateKeyPEM)}
	for i, name := range names {
		w.env[name] = values[i]
	}
}

// fileAt writes a file below the home directory.
func (w *world) fileAt(path, content string) string {
	w.t.Helper()
	path = filepath.Join(w.home, path)
	require.NoError(w.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(w.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// apiKeyProfile returns a profile with an API key.
func (w *world) apiKeyProfile(name string) string {
	return w.profile(name, w.keyFile(w.creds.PrivateKeyPEM))
}

// stranger is a profile that nobody can sign in with. It is in the same file as the one to be used.
func (w *world) stranger(name string) string {
	return strings.ReplaceAll(w.apiKeyProfile(name), w.creds.UserID, "ocid1.user.oc1..stranger")
}

// session returns a profile with a session.
func (w *world) session() string {
	w.t.Helper()
	tokenFile, keyFile := w.openSession(time.Now().Add(time.Hour), "")
	w.oci.RemoveAPIKey(w.user, w.creds.Fingerprint)
	return w.sessionProfile(tokenFile, keyFile)
}

// cloudShell sets up an instance without permissions of its own, and returns the file of a delegation token of the user.
func (i *issuer) cloudShell() (tokenFile string) {
	i.t.Helper()
	i.mayDoNothing = true
	token := i.jwt(time.Now().Add(time.Hour))
	i.oci.AddDelegation(i.user, token, time.Now().Add(time.Hour))
	i.oci.RemoveAPIKey(i.user, i.creds.Fingerprint)
	return i.keyFile(token + "\n")
}

// ways holds the rows, in the order of the page.
var ways = []way{
	{"Pulumi configuration, without `auth` or with `ApiKey`", func(i *issuer) map[string]any { return i.settings() }},
	{"`TF_VAR_...`", func(i *issuer) map[string]any {
		i.apiKeyVariables("TF_VAR_tenancy_ocid", "TF_VAR_user_ocid", "TF_VAR_fingerprint", "TF_VAR_region", "TF_VAR_private_key_path")
		return i.nothing()
	}},
	{"`OCI_...`", func(i *issuer) map[string]any {
		i.apiKeyVariables("OCI_TENANCY_OCID", "OCI_USER_OCID", "OCI_FINGERPRINT", "OCI_REGION", "OCI_PRIVATE_KEY_PATH")
		return i.nothing()
	}},
	{"`OCI_CLI_...`", func(i *issuer) map[string]any {
		i.apiKeyVariables("OCI_CLI_TENANCY", "OCI_CLI_USER", "OCI_CLI_FINGERPRINT", "OCI_CLI_REGION", "OCI_CLI_KEY_FILE")
		return i.nothing()
	}},
	{"`OCI_CLI_...` with `OCI_CLI_KEY_CONTENT`", func(i *issuer) map[string]any {
		i.apiKeyVariables("OCI_CLI_TENANCY", "OCI_CLI_USER", "OCI_CLI_FINGERPRINT", "OCI_CLI_REGION")
		i.env["OCI_CLI_KEY_CONTENT"], i.env["OCI_CLI_PASSPHRASE"] = i.encryptedAPIKey("hunter2"), "hunter2"
		return i.nothing()
	}},
	{"`~/.oci/config`", func(i *issuer) map[string]any {
		i.configFile(i.apiKeyProfile("DEFAULT"))
		return i.nothing()
	}},
	{"`~/.oci/config` with an encrypted key", func(i *issuer) map[string]any {
		i.configFile(i.profile("DEFAULT", i.keyFile(i.encryptedAPIKey("a=b;c#d"))) + "pass_phrase=a=b;c#d\n")
		return i.nothing()
	}},
	{"a profile that the program names", func(i *issuer) map[string]any {
		i.configFile(i.stranger("DEFAULT") + i.apiKeyProfile("WORK"))
		i.env["OCI_TENANCY_OCID"], i.env["TF_VAR_user_ocid"] = "ocid1.tenancy.oc1..stranger", "ocid1.user.oc1..stranger"
		return with(i.nothing(), "configFileProfile", "WORK")
	}},
	{"a profile that `OCI_CONFIG_FILE_PROFILE` names", func(i *issuer) map[string]any {
		i.configFile(i.stranger("DEFAULT") + i.apiKeyProfile("WORK"))
		i.env["OCI_CONFIG_FILE_PROFILE"] = "WORK"
		return i.nothing()
	}},
	{"a profile that `OCI_CLI_PROFILE` names", func(i *issuer) map[string]any {
		i.configFile(i.stranger("DEFAULT") + i.apiKeyProfile("WORK"))
		i.env["OCI_CLI_PROFILE"] = "WORK"
		return i.nothing()
	}},
	{"a profile that inherits from `DEFAULT`", func(i *issuer) map[string]any {
		i.configFile(strings.Replace(i.apiKeyProfile("DEFAULT"), "region=us-phoenix-1", "region=nowhere", 1) + "[WORK]\nregion=us-phoenix-1\n")
		return with(i.nothing(), "configFileProfile", "WORK")
	}},
	{"`default_profile` in `~/.oci/oci_cli_rc`", func(i *issuer) map[string]any {
		i.configFile(i.stranger("DEFAULT") + i.apiKeyProfile("WORK"))
		i.fileAt(".oci/oci_cli_rc", "[OCI_CLI_SETTINGS]\ndefault_profile=WORK\n")
		return i.nothing()
	}},
	{"`OCI_CLI_CONFIG_FILE`", func(i *issuer) map[string]any {
		i.configFile(i.stranger("DEFAULT"))
		i.fileAt("elsewhere", i.apiKeyProfile("DEFAULT"))
		i.env["OCI_CLI_CONFIG_FILE"] = "~/elsewhere"
		return i.nothing()
	}},
	{"`OCI_CONFIG_FILE`", func(i *issuer) map[string]any {
		i.fileAt("elsewhere", i.apiKeyProfile("DEFAULT"))
		i.env["OCI_CONFIG_FILE"] = "~/elsewhere"
		return i.nothing()
	}},
	{"`~/.oraclebmc/config`", func(i *issuer) map[string]any {
		i.fileAt(".oraclebmc/config", i.apiKeyProfile("DEFAULT"))
		return i.nothing()
	}},

	{"`SecurityToken`", func(i *issuer) map[string]any {
		i.configFile(i.stranger("DEFAULT") + i.session())
		return with(i.nothing(), "auth", "SecurityToken", "configFileProfile", "WORK")
	}},
	{"a profile with `security_token_file` and without `user`", func(i *issuer) map[string]any {
		i.configFile(i.stranger("DEFAULT") + i.session())
		return with(i.nothing(), "configFileProfile", "WORK")
	}},
	{"`OCI_CLI_AUTH=security_token`", func(i *issuer) map[string]any {
		i.configFile(i.stranger("DEFAULT") + i.session())
		i.env["OCI_CLI_AUTH"], i.env["OCI_CLI_PROFILE"] = "security_token", "WORK"
		return i.nothing()
	}},
	{"`auth=security_token` in `~/.oci/oci_cli_rc`", func(i *issuer) map[string]any {
		i.configFile(strings.Replace(i.session(), "[WORK]", "[DEFAULT]\nuser="+i.user, 1))
		i.fileAt(".oci/oci_cli_rc", "[DEFAULT]\nauth=security_token\n")
		return i.nothing()
	}},
	{"`OCI_CLI_SECURITY_TOKEN_FILE`", func(i *issuer) map[string]any {
		tokenFile, keyFile := i.openSession(time.Now().Add(time.Hour), "")
		i.oci.RemoveAPIKey(i.user, i.creds.Fingerprint)
		i.env["OCI_CLI_AUTH"], i.env["OCI_CLI_REGION"] = "security_token", "us-phoenix-1"
		i.env["OCI_CLI_SECURITY_TOKEN_FILE"], i.env["OCI_CLI_KEY_FILE"] = tokenFile, keyFile
		return i.nothing()
	}},

	{"`InstancePrincipal`", func(i *issuer) map[string]any { return with(i.nothing(), "auth", "InstancePrincipal") }},
	{"`OCI_CLI_AUTH=instance_principal`", func(i *issuer) map[string]any {
		i.env["OCI_CLI_AUTH"] = "instance_principal"
		return i.nothing()
	}},
	{"`authentication_type=instance_principal` in a profile", func(i *issuer) map[string]any {
		i.configFile("[DEFAULT]\nauthentication_type=instance_principal\n")
		return i.nothing()
	}},
	{"`InstancePrincipalWithCerts`", func(i *issuer) map[string]any {
		folder := i.t.TempDir()
		i.writeCertificates(folder, i.leafPEM())
		i.env["OCI_test_certificates_location"] = folder
		return with(i.nothing(), "auth", "InstancePrincipalWithCerts", "region", "us-phoenix-1")
	}},

	{"`InstanceOBOUser`, or `OCI_CLI_AUTH=instance_obo_user`", func(i *issuer) map[string]any {
		shell := i.fileAt("etc/oci/config", "[us-phoenix-1]\ntenancy="+i.creds.TenancyID+"\nregion=us-phoenix-1\nuser=\nfingerprint=\n"+
			"key_file=\ndelegation_token_file="+i.cloudShell()+"\n")
		i.env["OCI_CLI_AUTH"], i.env["OCI_CLI_CONFIG_FILE"], i.env["OCI_CLI_PROFILE"] = "instance_obo_user", shell, "us-phoenix-1"
		return i.nothing()
	}},
	{"`OCI_CLI_DELEGATION_TOKEN_FILE`", func(i *issuer) map[string]any {
		i.env["OCI_CLI_AUTH"], i.env["OCI_CLI_DELEGATION_TOKEN_FILE"] = "instance_obo_user", i.cloudShell()
		return i.nothing()
	}},
	{"`authentication_type=instance_principal` with `delegation_token_file`", func(i *issuer) map[string]any {
		i.configFile("[DEFAULT]\nauthentication_type=instance_principal\ndelegation_token_file=" + i.cloudShell() + "\n")
		return i.nothing()
	}},
	{"`use_obo_token` with `obo_token_path`", func(i *issuer) map[string]any {
		i.env["OCI_use_obo_token"], i.env["OCI_obo_token_path"] = "true", i.cloudShell()
		i.env["OCI_obo_token"] = "another"
		return with(i.nothing(), "auth", "InstancePrincipal")
	}},
	{"`use_obo_token` with `obo_token`", func(i *issuer) map[string]any {
		i.env["TF_VAR_use_obo_token"], i.env["obo_token"] = "true", i.readFile(i.cloudShell())
		return with(i.nothing(), "auth", "InstancePrincipal")
	}},

	{"`ResourcePrincipal` 1.1", func(i *issuer) map[string]any {
		i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
		i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.URL)
		i.setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.URL)
		return with(i.nothing(), "auth", "ResourcePrincipal")
	}},
	{"`ResourcePrincipal` 2.2", func(i *issuer) map[string]any {
		i.ephemeral()
		return with(i.nothing(), "auth", "ResourcePrincipal")
	}},
	{"`ResourcePrincipal` 3.0", func(i *issuer) map[string]any {
		token, key := i.resource22()
		for name, value := range map[string]string{
			"VERSION": "3.0", "RPT_URL_FOR_PARENT_RESOURCE": i.URL + "/20180711/resourcePrincipalToken/parent",
			"RPST_ENDPOINT_FOR_PARENT_RESOURCE": i.URL, "VERSION_FOR_LEAF_RESOURCE": "2.2", "RPST_FOR_LEAF_RESOURCE": token,
			"PRIVATE_PEM_FOR_LEAF_RESOURCE": key, "REGION_FOR_LEAF_RESOURCE": "us-phoenix-1",
		} {
			i.setenv("OCI_RESOURCE_PRINCIPAL_"+name, value)
		}
		return with(i.nothing(), "auth", "ResourcePrincipal")
	}},
	{"`OCI_CLI_AUTH=resource_principal`", func(i *issuer) map[string]any {
		i.ephemeral()
		i.env["OCI_CLI_AUTH"] = "resource_principal"
		return i.nothing()
	}},
	{"`OKEWorkloadIdentity`", func(i *issuer) map[string]any {
		newProxymux(i)
		return with(i.nothing(), "auth", "OKEWorkloadIdentity", "workloadIdentityTokenPath", i.keyFile(i.jwt(time.Now().Add(time.Hour))))
	}},
	{"`OCI_CLI_AUTH=oke_workload_identity`", func(i *issuer) map[string]any {
		newProxymux(i)
		i.env["OCI_CLI_AUTH"] = "oke_workload_identity"
		i.env["OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH"] = i.keyFile(i.jwt(time.Now().Add(time.Hour)))
		return i.nothing()
	}},
	{"`OCI_CLI_AUTH=oke_workload_identity` without `OCI_RESOURCE_PRINCIPAL_...`", func(i *issuer) map[string]any {
		newProxymux(i)
		for _, name := range []string{"OCI_RESOURCE_PRINCIPAL_VERSION", "OCI_RESOURCE_PRINCIPAL_REGION"} {
			require.NoError(i.t, os.Unsetenv(name))
			delete(i.env, name)
		}
		i.env["OCI_CLI_AUTH"], i.env["OCI_CLI_REGION"] = "oke_workload_identity", "us-phoenix-1"
		i.env["OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING"] = i.jwt(time.Now().Add(time.Hour))
		return i.nothing()
	}},
	{"`WorkloadIdentityFederation` with `OAuthClientCredentials`", func(i *issuer) map[string]any { return i.federation() }},
	{"`WorkloadIdentityFederation` with `InstancePrincipal`", func(i *issuer) map[string]any {
		federation := with(i.federation(), "tokenExchangeAuth", "InstancePrincipal")
		delete(federation, "tokenExchangeClientId")
		delete(federation, "tokenExchangeClientSecret")
		return federation
	}},
}

// nothing returns a configuration that says nothing about the caller.
func (w *world) nothing() map[string]any { return map[string]any{"endpoint": w.url + "/{region}"} }

// with adds properties to a configuration.
func with(configuration map[string]any, more ...string) map[string]any {
	configuration = maps.Clone(configuration)
	for i := 0; i+1 < len(more); i += 2 {
		configuration[more[i]] = more[i+1]
	}
	return configuration
}

// encryptedAPIKey returns the user's private key, encrypted.
func (w *world) encryptedAPIKey(password string) string {
	w.t.Helper()
	der, err := pkcs8.ConvertPrivateKeyToPKCS8(w.creds.PrivateKey, []byte(password))
	require.NoError(w.t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}))
}

// ephemeral sets up the environment of a function.
func (i *issuer) ephemeral() {
	token, key := i.resource22()
	for name, value := range map[string]string{"VERSION": "2.2", "RPST": token, "PRIVATE_PEM": key, "REGION": "us-phoenix-1"} {
		i.setenv("OCI_RESOURCE_PRINCIPAL_"+name, value)
	}
}

// TestEveryWayToSignIn signs a request in every way of the page, which the emulator verifies.
func TestEveryWayToSignIn(t *testing.T) {
	toolchain.Long(t)
	for _, way := range ways {
		t.Run(way.row, func(t *testing.T) {
			i := newIssuer(t)
			plugin := i.configured(way.setUp(i))
			i.creates(plugin)
			_, err := plugin.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: getRegistryToken})
			require.NoError(t, err)
			assert.Equal(t, 1, i.calls("GetAccessToken"))
			for _, request := range i.oci.Journal() {
				assert.Equal(t, i.user, request.CallerID, request.Operation)
			}
			assert.Equal(t, 1, i.calls("CreateAuthToken"))
		})
	}
}

func TestThePageListsEveryWayToSignIn(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../docs/guides/signing-in.md")
	require.NoError(t, err)
	_, page, _ := strings.Cut(string(content), "## Every way to sign in\n")
	table, page, _ := strings.Cut(page, "Each row of the tables that follow")
	wanted := "\n| `auth` | In OCI's CLI | Also in |\n|---|---|---|\n"
	for _, way := range auth.Ways() {
		cli := ""
		if way.CLI != "" {
			cli = "`" + way.CLI + "` "
		}
		wanted += "| `" + way.Name + "` | " + cli + "| " + way.Tools + " |\n"
		assert.Regexp(t, "(?m)^\\| [^|]*`"+way.Name+"`", page, "a machine on which one signs in so is tested")
	}
	assert.Equal(t, wanted+"\n", table)
	var rows, tested []string
	for _, match := range regexp.MustCompile(`(?m)^\| ([^|]+) \|[^|]*\|[^|]*\|$`).FindAllStringSubmatch(page, -1) {
		if match[1] != "On the machine" && !strings.HasPrefix(match[1], "-") {
			rows = append(rows, match[1])
		}
	}
	for _, way := range ways {
		tested = append(tested, way.row)
	}
	assert.Equal(t, tested, rows, "each row of docs/guides/signing-in.md is a test, and each test a row")
}
