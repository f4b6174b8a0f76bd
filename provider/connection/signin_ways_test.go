package connection_test

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
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// way is one way to set up a machine for OCI, from a row of docs/guides/signing-in.md.
type way struct {
	// row is the first column of the row.
	row string
	// setUp sets up the machine, and returns the provider's configuration.
	setUp func(*harness.Issuer) map[string]any
}

// apiKeyVariables puts an API key into the environment, under the names that one tool uses.
func apiKeyVariables(w *harness.World, names ...string) {
	w.T.Helper()
	values := []string{w.Credentials.TenancyID, w.Credentials.UserID, w.Credentials.Fingerprint, w.Credentials.Region, w.KeyFile(w.Credentials.PrivateKeyPEM)}
	for i, name := range names {
		w.Env[name] = values[i]
	}
}

// fileAt writes a file below the home directory.
func fileAt(w *harness.World, path, content string) string {
	w.T.Helper()
	path = filepath.Join(w.Home, path)
	require.NoError(w.T, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(w.T, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// apiKeyProfile returns a profile with an API key.
func apiKeyProfile(w *harness.World, name string) string {
	return w.Profile(name, w.KeyFile(w.Credentials.PrivateKeyPEM))
}

// stranger is a profile that nobody can sign in with. It is in the same file as the one to be used.
func stranger(w *harness.World, name string) string {
	return strings.ReplaceAll(apiKeyProfile(w, name), w.Credentials.UserID, "ocid1.user.oc1..stranger")
}

// session returns a profile with a session.
func session(w *harness.World) string {
	w.T.Helper()
	tokenFile, keyFile := w.OpenSession(time.Now().Add(time.Hour), "")
	w.OCI.RemoveAPIKey(w.User, w.Credentials.Fingerprint)
	return w.SessionProfile(tokenFile, keyFile)
}

// cloudShell sets up an instance without permissions of its own, and returns the file of a delegation token of the user.
func cloudShell(i *harness.Issuer) (tokenFile string) {
	i.T.Helper()
	i.MayDoNothing = true
	token := i.JWT(time.Now().Add(time.Hour))
	i.OCI.AddDelegation(i.User, token, time.Now().Add(time.Hour))
	i.OCI.RemoveAPIKey(i.User, i.Credentials.Fingerprint)
	return i.KeyFile(token + "\n")
}

// ways holds the rows, in the order of the page.
var ways = []way{
	{"Pulumi configuration, without `auth` or with `ApiKey`", func(i *harness.Issuer) map[string]any { return i.Settings() }},
	{"`TF_VAR_...`", func(i *harness.Issuer) map[string]any {
		apiKeyVariables(i.World, "TF_VAR_tenancy_ocid", "TF_VAR_user_ocid", "TF_VAR_fingerprint", "TF_VAR_region", "TF_VAR_private_key_path")
		return onlyEndpoint(i.World)
	}},
	{"`OCI_...`", func(i *harness.Issuer) map[string]any {
		apiKeyVariables(i.World, "OCI_TENANCY_OCID", "OCI_USER_OCID", "OCI_FINGERPRINT", "OCI_REGION", "OCI_PRIVATE_KEY_PATH")
		return onlyEndpoint(i.World)
	}},
	{"`OCI_CLI_...`", func(i *harness.Issuer) map[string]any {
		apiKeyVariables(i.World, "OCI_CLI_TENANCY", "OCI_CLI_USER", "OCI_CLI_FINGERPRINT", "OCI_CLI_REGION", "OCI_CLI_KEY_FILE")
		return onlyEndpoint(i.World)
	}},
	{"`OCI_CLI_...` with `OCI_CLI_KEY_CONTENT`", func(i *harness.Issuer) map[string]any {
		apiKeyVariables(i.World, "OCI_CLI_TENANCY", "OCI_CLI_USER", "OCI_CLI_FINGERPRINT", "OCI_CLI_REGION")
		i.Env["OCI_CLI_KEY_CONTENT"], i.Env["OCI_CLI_PASSPHRASE"] = encryptedAPIKey(i.World, "hunter2"), "hunter2"
		return onlyEndpoint(i.World)
	}},
	{"`~/.oci/config`", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(apiKeyProfile(i.World, "DEFAULT"))
		return onlyEndpoint(i.World)
	}},
	{"`~/.oci/config` with an encrypted key", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(i.Profile("DEFAULT", i.KeyFile(encryptedAPIKey(i.World, "a=b;c#d"))) + "pass_phrase=a=b;c#d\n")
		return onlyEndpoint(i.World)
	}},
	{"a profile that the program names", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(stranger(i.World, "DEFAULT") + apiKeyProfile(i.World, "WORK"))
		i.Env["OCI_TENANCY_OCID"], i.Env["TF_VAR_user_ocid"] = "ocid1.tenancy.oc1..stranger", "ocid1.user.oc1..stranger"
		return with(onlyEndpoint(i.World), "configFileProfile", "WORK")
	}},
	{"a profile that `OCI_CONFIG_FILE_PROFILE` names", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(stranger(i.World, "DEFAULT") + apiKeyProfile(i.World, "WORK"))
		i.Env["OCI_CONFIG_FILE_PROFILE"] = "WORK"
		return onlyEndpoint(i.World)
	}},
	{"a profile that `OCI_CLI_PROFILE` names", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(stranger(i.World, "DEFAULT") + apiKeyProfile(i.World, "WORK"))
		i.Env["OCI_CLI_PROFILE"] = "WORK"
		return onlyEndpoint(i.World)
	}},
	{"a profile that inherits from `DEFAULT`", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(strings.Replace(apiKeyProfile(i.World, "DEFAULT"), "region=us-phoenix-1", "region=nowhere", 1) + "[WORK]\nregion=us-phoenix-1\n")
		return with(onlyEndpoint(i.World), "configFileProfile", "WORK")
	}},
	{"`default_profile` in `~/.oci/oci_cli_rc`", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(stranger(i.World, "DEFAULT") + apiKeyProfile(i.World, "WORK"))
		fileAt(i.World, ".oci/oci_cli_rc", "[OCI_CLI_SETTINGS]\ndefault_profile=WORK\n")
		return onlyEndpoint(i.World)
	}},
	{"`OCI_CLI_CONFIG_FILE`", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(stranger(i.World, "DEFAULT"))
		fileAt(i.World, "elsewhere", apiKeyProfile(i.World, "DEFAULT"))
		i.Env["OCI_CLI_CONFIG_FILE"] = "~/elsewhere"
		return onlyEndpoint(i.World)
	}},
	{"`OCI_CONFIG_FILE`", func(i *harness.Issuer) map[string]any {
		fileAt(i.World, "elsewhere", apiKeyProfile(i.World, "DEFAULT"))
		i.Env["OCI_CONFIG_FILE"] = "~/elsewhere"
		return onlyEndpoint(i.World)
	}},
	{"`~/.oraclebmc/config`", func(i *harness.Issuer) map[string]any {
		fileAt(i.World, ".oraclebmc/config", apiKeyProfile(i.World, "DEFAULT"))
		return onlyEndpoint(i.World)
	}},

	{"`SecurityToken`", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(stranger(i.World, "DEFAULT") + session(i.World))
		return with(onlyEndpoint(i.World), "auth", "SecurityToken", "configFileProfile", "WORK")
	}},
	{"a profile with `security_token_file` and without `user`", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(stranger(i.World, "DEFAULT") + session(i.World))
		return with(onlyEndpoint(i.World), "configFileProfile", "WORK")
	}},
	{"`OCI_CLI_AUTH=security_token`", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(stranger(i.World, "DEFAULT") + session(i.World))
		i.Env["OCI_CLI_AUTH"], i.Env["OCI_CLI_PROFILE"] = "security_token", "WORK"
		return onlyEndpoint(i.World)
	}},
	{"`auth=security_token` in `~/.oci/oci_cli_rc`", func(i *harness.Issuer) map[string]any {
		i.ConfigFile(strings.Replace(session(i.World), "[WORK]", "[DEFAULT]\nuser="+i.User, 1))
		fileAt(i.World, ".oci/oci_cli_rc", "[DEFAULT]\nauth=security_token\n")
		return onlyEndpoint(i.World)
	}},
	{"`OCI_CLI_SECURITY_TOKEN_FILE`", func(i *harness.Issuer) map[string]any {
		tokenFile, keyFile := i.OpenSession(time.Now().Add(time.Hour), "")
		i.OCI.RemoveAPIKey(i.User, i.Credentials.Fingerprint)
		i.Env["OCI_CLI_AUTH"], i.Env["OCI_CLI_REGION"] = "security_token", "us-phoenix-1"
		i.Env["OCI_CLI_SECURITY_TOKEN_FILE"], i.Env["OCI_CLI_KEY_FILE"] = tokenFile, keyFile
		return onlyEndpoint(i.World)
	}},

	{"`InstancePrincipal`", func(i *harness.Issuer) map[string]any {
		return with(onlyEndpoint(i.World), "auth", "InstancePrincipal")
	}},
	{"`OCI_CLI_AUTH=instance_principal`", func(i *harness.Issuer) map[string]any {
		i.Env["OCI_CLI_AUTH"] = "instance_principal"
		return onlyEndpoint(i.World)
	}},
	{"`authentication_type=instance_principal` in a profile", func(i *harness.Issuer) map[string]any {
		i.ConfigFile("[DEFAULT]\nauthentication_type=instance_principal\n")
		return onlyEndpoint(i.World)
	}},
	{"`InstancePrincipalWithCerts`", func(i *harness.Issuer) map[string]any {
		folder := i.T.TempDir()
		writeCertificates(i, folder, i.LeafPEM())
		i.Env["OCI_test_certificates_location"] = folder
		return with(onlyEndpoint(i.World), "auth", "InstancePrincipalWithCerts", "region", "us-phoenix-1")
	}},

	{"`InstanceOBOUser`, or `OCI_CLI_AUTH=instance_obo_user`", func(i *harness.Issuer) map[string]any {
		shell := fileAt(i.World, "etc/oci/config", "[us-phoenix-1]\ntenancy="+i.Credentials.TenancyID+"\nregion=us-phoenix-1\nuser=\nfingerprint=\n"+
			"key_file=\ndelegation_token_file="+cloudShell(i)+"\n")
		i.Env["OCI_CLI_AUTH"], i.Env["OCI_CLI_CONFIG_FILE"], i.Env["OCI_CLI_PROFILE"] = "instance_obo_user", shell, "us-phoenix-1"
		return onlyEndpoint(i.World)
	}},
	{"`OCI_CLI_DELEGATION_TOKEN_FILE`", func(i *harness.Issuer) map[string]any {
		i.Env["OCI_CLI_AUTH"], i.Env["OCI_CLI_DELEGATION_TOKEN_FILE"] = "instance_obo_user", cloudShell(i)
		return onlyEndpoint(i.World)
	}},
	{"`authentication_type=instance_principal` with `delegation_token_file`", func(i *harness.Issuer) map[string]any {
		i.ConfigFile("[DEFAULT]\nauthentication_type=instance_principal\ndelegation_token_file=" + cloudShell(i) + "\n")
		return onlyEndpoint(i.World)
	}},
	{"`use_obo_token` with `obo_token_path`", func(i *harness.Issuer) map[string]any {
		i.Env["OCI_use_obo_token"], i.Env["OCI_obo_token_path"] = "true", cloudShell(i)
		i.Env["OCI_obo_token"] = "another"
		return with(onlyEndpoint(i.World), "auth", "InstancePrincipal")
	}},
	{"`use_obo_token` with `obo_token`", func(i *harness.Issuer) map[string]any {
		i.Env["TF_VAR_use_obo_token"], i.Env["obo_token"] = "true", i.ReadFile(cloudShell(i))
		return with(onlyEndpoint(i.World), "auth", "InstancePrincipal")
	}},

	{"`ResourcePrincipal` 1.1", func(i *harness.Issuer) map[string]any {
		i.Setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
		i.Setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.Server.URL)
		i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.Server.URL)
		return with(onlyEndpoint(i.World), "auth", "ResourcePrincipal")
	}},
	{"`ResourcePrincipal` 2.2", func(i *harness.Issuer) map[string]any {
		ephemeral(i)
		return with(onlyEndpoint(i.World), "auth", "ResourcePrincipal")
	}},
	{"`ResourcePrincipal` 3.0", func(i *harness.Issuer) map[string]any {
		token, key := resource22(i)
		for name, value := range map[string]string{
			"VERSION": "3.0", "RPT_URL_FOR_PARENT_RESOURCE": i.Server.URL + "/20180711/resourcePrincipalToken/parent",
			"RPST_ENDPOINT_FOR_PARENT_RESOURCE": i.Server.URL, "VERSION_FOR_LEAF_RESOURCE": "2.2", "RPST_FOR_LEAF_RESOURCE": token,
			"PRIVATE_PEM_FOR_LEAF_RESOURCE": key, "REGION_FOR_LEAF_RESOURCE": "us-phoenix-1",
		} {
			i.Setenv("OCI_RESOURCE_PRINCIPAL_"+name, value)
		}
		return with(onlyEndpoint(i.World), "auth", "ResourcePrincipal")
	}},
	{"`OCI_CLI_AUTH=resource_principal`", func(i *harness.Issuer) map[string]any {
		ephemeral(i)
		i.Env["OCI_CLI_AUTH"] = "resource_principal"
		return onlyEndpoint(i.World)
	}},
	{"`OKEWorkloadIdentity`", func(i *harness.Issuer) map[string]any {
		newProxymux(i)
		return with(onlyEndpoint(i.World), "auth", "OKEWorkloadIdentity", "workloadIdentityTokenPath", i.KeyFile(i.JWT(time.Now().Add(time.Hour))))
	}},
	{"`OCI_CLI_AUTH=oke_workload_identity`", func(i *harness.Issuer) map[string]any {
		newProxymux(i)
		i.Env["OCI_CLI_AUTH"] = "oke_workload_identity"
		i.Env["OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH"] = i.KeyFile(i.JWT(time.Now().Add(time.Hour)))
		return onlyEndpoint(i.World)
	}},
	{"`OCI_CLI_AUTH=oke_workload_identity` without `OCI_RESOURCE_PRINCIPAL_...`", func(i *harness.Issuer) map[string]any {
		newProxymux(i)
		for _, name := range []string{"OCI_RESOURCE_PRINCIPAL_VERSION", "OCI_RESOURCE_PRINCIPAL_REGION"} {
			require.NoError(i.T, os.Unsetenv(name))
			delete(i.Env, name)
		}
		i.Env["OCI_CLI_AUTH"], i.Env["OCI_CLI_REGION"] = "oke_workload_identity", "us-phoenix-1"
		i.Env["OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING"] = i.JWT(time.Now().Add(time.Hour))
		return onlyEndpoint(i.World)
	}},
	{"`WorkloadIdentityFederation` with `OAuthClientCredentials`", func(i *harness.Issuer) map[string]any { return federation(i) }},
	{"`WorkloadIdentityFederation` with `InstancePrincipal`", func(i *harness.Issuer) map[string]any {
		federation := with(federation(i), "tokenExchangeAuth", "InstancePrincipal")
		delete(federation, "tokenExchangeClientId")
		delete(federation, "tokenExchangeClientSecret")
		return federation
	}},
}

// onlyEndpoint returns a configuration that says nothing about the caller.
func onlyEndpoint(w *harness.World) map[string]any {
	return map[string]any{"endpoint": w.URL + "/{region}"}
}

// with adds properties to a configuration.
func with(configuration map[string]any, more ...string) map[string]any {
	configuration = maps.Clone(configuration)
	for i := 0; i+1 < len(more); i += 2 {
		configuration[more[i]] = more[i+1]
	}
	return configuration
}

// encryptedAPIKey returns the user's private key, encrypted.
func encryptedAPIKey(w *harness.World, password string) string {
	w.T.Helper()
	der, err := pkcs8.ConvertPrivateKeyToPKCS8(w.Credentials.PrivateKey, []byte(password))
	require.NoError(w.T, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}))
}

// ephemeral sets up the environment of a function.
func ephemeral(i *harness.Issuer) {
	token, key := resource22(i)
	for name, value := range map[string]string{"VERSION": "2.2", "RPST": token, "PRIVATE_PEM": key, "REGION": "us-phoenix-1"} {
		i.Setenv("OCI_RESOURCE_PRINCIPAL_"+name, value)
	}
}

// TestEveryWayToSignIn signs a request in every way of the page, which the emulator verifies.
func TestEveryWayToSignIn(t *testing.T) {
	toolchain.Long(t)
	for _, way := range ways {
		t.Run(way.row, func(t *testing.T) {
			i := harness.NewIssuer(t)
			plugin := inprocess.Configured(i.World, way.setUp(i))
			creates(i.World, plugin)
			_, err := plugin.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: inprocess.GetRegistryToken})
			require.NoError(t, err)
			assert.Equal(t, 1, i.Calls("GetAccessToken"))
			for _, request := range i.OCI.Journal() {
				assert.Equal(t, i.User, request.CallerID, request.Operation)
			}
			assert.Equal(t, 1, i.Calls("CreateAuthToken"))
		})
	}
}

// tools says what OCI's CLI calls each way to sign in, and which of OCI's tools sign in like this too.
var tools = map[string]struct{ cli, also string }{
	"ApiKey":                     {"api_key", "CLI, SDKs, Terraform"},
	"SecurityToken":              {"security_token", "CLI, SDKs, Terraform"},
	"InstancePrincipal":          {"instance_principal", "CLI, SDKs, Terraform"},
	"InstancePrincipalWithCerts": {"", "Terraform"},
	"InstanceOBOUser":            {"instance_obo_user", "CLI, SDKs"},
	"ResourcePrincipal":          {"resource_principal", "CLI, SDKs, Terraform"},
	"OKEWorkloadIdentity":        {"oke_workload_identity", "CLI, SDKs, Terraform"},
	"WorkloadIdentityFederation": {"", "Go SDK"},
}

func TestThePageListsEveryWayToSignIn(t *testing.T) {
	t.Parallel()
	content := toolchain.ReadFile(t, "docs/guides/signing-in.md")
	_, page, _ := strings.Cut(content, "## Every way to sign in\n")
	table, page, _ := strings.Cut(page, "Each row of the tables that follow")
	wanted := "\n| `auth` | In OCI's CLI | Also in |\n|---|---|---|\n"
	for _, name := range auth.Ways() {
		in := tools[name]
		cli := ""
		if in.cli != "" {
			cli = "`" + in.cli + "` "
		}
		wanted += "| `" + name + "` | " + cli + "| " + in.also + " |\n"
		assert.Regexp(t, "(?m)^\\| [^|]*`"+name+"`", page, "a machine on which one signs in so is tested")
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
