package connection_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests put secrets where they do not belong, as people do by mistake, and search the messages for them.

// variables holds the properties that may come from the environment, and their names there without OCI_ and TF_VAR_.
var variables = map[string]string{
	"auth": "auth", "tenancyOcid": "tenancy_ocid", "userOcid": "user_ocid", "fingerprint": "fingerprint",
	"privateKey": "private_key", "privateKeyPath": "private_key_path", "privateKeyPassword": "private_key_password",
	"region": "region", "configFileProfile": "config_file_profile",
	"workloadIdentityTokenPath": "workload_identity_token_path", "tokenExchangeAuth": "token_exchange_auth",
	"tokenExchangeClientId": "token_exchange_client_id", "tokenExchangeClientSecret": "token_exchange_client_secret",
	"tokenExchangeDomainUrl": "token_exchange_domain_url", "tokenExchangePublicKey": "token_exchange_public_key",
	"tokenExchangeRequestedTokenType": "token_exchange_requested_token_type",
	"tokenExchangeResourceType":       "token_exchange_resource_type", "tokenExchangeRpstExp": "token_exchange_rpst_exp",
	"tokenExchangeSubjectTokenType": "token_exchange_subject_token_type",
}

// pasted holds secrets in the forms in which people copy and paste them.
func pasted(w *harness.World) map[string]string {
	lines := strings.Split(strings.TrimSpace(w.Credentials.PrivateKeyPEM), "\n")
	token := w.JWT(time.Now().Add(time.Hour))
	return map[string]string{
		"key":            w.Credentials.PrivateKeyPEM,
		"key, escaped":   strings.ReplaceAll(w.Credentials.PrivateKeyPEM, "\n", `\n`),
		"key, no frame":  strings.Join(lines[1:len(lines)-1], "\n"),
		"key, one line":  strings.Join(lines[1:len(lines)-1], ""),
		"key, a part":    strings.Join(lines[3:8], "\n"),
		"key, the end":   strings.Join(lines[len(lines)-3:], "\n"),
		"token":          token,
		"token, signed":  "ST$" + token,
		"token, a claim": strings.Split(token, ".")[1],
	}
}

// fitToBeShown fails if the text contains a part of the secret, or cannot be printed.
func fitToBeShown(t *testing.T, said, secret, where string) {
	t.Helper()
	for piece := range strings.FieldsFuncSeq(strings.ReplaceAll(secret, `\n`, "\n"), func(r rune) bool {
		return unicode.IsSpace(r) || r == '.' || r == '$'
	}) {
		for at := 0; at+16 <= len(piece); at += 8 {
			if strings.Contains(said, piece[at:at+16]) && !strings.Contains(piece, "---") {
				t.Fatalf("%s: a part of the secret is shown in\n%s", where, said)
			}
		}
	}
	assert.NotContains(t, said, "-----BEGIN PRIVATE KEY-----\n", where)
	assert.True(t, utf8.ValidString(said), where)
	assert.False(t, strings.ContainsFunc(said, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }), where)
	assert.Less(t, len(said), 8000, where)
}

func TestASecretPastedIntoAnyPropertyIsNotShown(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	w := harness.NewWorld(t)
	environment := w.Env
	checks := inprocess.Serve(w)
	for form, secret := range pasted(w) {
		for property, variable := range variables {
			for _, kind := range []string{"ApiKey", "SecurityToken", "InstancePrincipalWithCerts", "WorkloadIdentityFederation"} {
				where := kind + ", " + property + ", " + form
				w.ConfigFile("[DEFAULT]\nsecurity_token_file=" + w.Home + "/missing\n")
				ask := func(configuration map[string]any) {
					t.Helper()
					if property != "auth" {
						configuration["auth"] = kind
					}
					checked, err := checks.CheckConfig(context.Background(), &pulumirpc.CheckRequest{
						Urn: "urn:pulumi:test::test::pulumi:providers:ociauthtoken::default", News: harness.Properties(t, configuration),
					})
					require.NoError(t, err)
					for _, failure := range checked.Failures {
						fitToBeShown(t, failure.Reason, secret, where)
					}
					if _, err := inprocess.Serve(w).Configure(context.Background(), harness.ConfigureRequest(t, configuration)); err != nil {
						fitToBeShown(t, err.Error(), secret, where)
					}
				}
				base := map[string]any{"endpoint": w.URL, "tokenExchangeDomainUrl": "http://127.0.0.1:1"}

				w.Env = maps.Clone(environment)
				delete(w.Env, "OCI_PRIVATE_KEY")
				configuration := maps.Clone(base)
				configuration[property] = secret
				ask(configuration)

				for _, name := range []string{"TF_VAR_" + variable, "OCI_" + strings.ToUpper(variable)} {
					w.Env = maps.Clone(environment)
					delete(w.Env, "OCI_PRIVATE_KEY")
					w.Env[name] = secret
					configuration := maps.Clone(base)
					delete(configuration, property)
					ask(configuration)
				}
			}
		}
	}
}

func TestASecretPastedIntoTheConfigurationFileIsNotShown(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	w := harness.NewWorld(t)
	w.Env = map[string]string{}
	for form, secret := range pasted(w) {
		for _, key := range []string{"user", "fingerprint", "tenancy", "region", "key_file", "security_token_file", "pass_phrase", ""} {
			for _, kind := range []string{"ApiKey", "SecurityToken"} {
				for _, file := range []string{
					"[DEFAULT]\n" + key + "=" + secret + "\n",
					"[" + secret + "]\nregion=x\n[" + strings.ReplaceAll(secret, "\n", " ") + "]\nregion=x\n",
					"[DEFAULT]\nregion=us-phoenix-1\n" + secret + "\n",
					secret,
					"[" + secret,
				} {
					w.ConfigFile(file)
					for _, configuration := range []map[string]any{
						signIn(w, kind), signIn(w, kind, "configFileProfile", "WORK"), signIn(w, kind, "configFileProfile", secret),
					} {
						fitToBeShown(t, configureError(w, configuration), secret, kind+", "+key+", "+form)
					}
				}
			}
		}
	}
}

func TestASecretPastedIntoAVariableOfTheMachineIsNotShown(t *testing.T) {
	i := harness.NewIssuer(t)
	for form, secret := range pasted(i.World) {
		for variable, configuration := range map[string]map[string]any{
			"OCI_CONFIG_FILE":                          signIn(i.World, "ApiKey"),
			"OCI_METADATA_BASE_URL":                    signIn(i.World, "InstancePrincipal"),
			"TF_VAR_test_certificates_location":        signIn(i.World, "InstancePrincipalWithCerts", "region", "us-phoenix-1"),
			"OCI_RESOURCE_PRINCIPAL_VERSION":           signIn(i.World, "ResourcePrincipal"),
			"OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH": signIn(i.World, "OKEWorkloadIdentity"),
		} {
			i.Env = map[string]string{"OCI_RESOURCE_PRINCIPAL_VERSION": "2.2", "OCI_RESOURCE_PRINCIPAL_REGION": "us-phoenix-1",
				"KUBERNETES_SERVICE_HOST": "127.0.0.1"}
			i.Env[variable] = secret
			fitToBeShown(t, configureError(i.World, configuration), secret, variable+", "+form)
		}
	}
}

func TestTheErrorSaysSoIfAPathIsASecret(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	key, token := w.Credentials.PrivateKeyPEM, w.JWT(time.Now().Add(time.Hour))
	const holdsKey, holdsToken = "a private key itself, not the path of a file", "a token itself, not the path of a file"

	settings := w.Settings()
	delete(settings, "privateKey")
	delete(w.Env, "OCI_PRIVATE_KEY")
	settings["privateKeyPath"] = key
	said := configureError(w, settings)
	assert.Contains(t, said, "privateKeyPath: ")
	assert.Contains(t, said, holdsKey+" (from the provider's configuration): set privateKey instead, or write it to a file")

	delete(settings, "privateKeyPath")
	for _, variable := range []string{"OCI_PRIVATE_KEY_PATH", "TF_VAR_private_key_path"} {
		w.Env[variable] = key
		assert.Contains(t, configureError(w, settings), holdsKey+" (from the environment variable "+variable+")")
		delete(w.Env, variable)
	}
	w.ConfigFile("[DEFAULT]\nkey_file=" + strings.ReplaceAll(key, "\n", `\n`) + "\n")
	assert.Contains(t, configureError(w, settings), holdsKey+" (from profile DEFAULT of ")

	settings["auth"] = "SecurityToken"
	w.ConfigFile(w.SessionProfile(token, w.KeyFile(key)))
	settings["configFileProfile"] = "WORK"
	assert.Contains(t, configureError(w, settings), holdsToken)
	w.ConfigFile(w.SessionProfile(w.KeyFile(token), strings.ReplaceAll(key, "\n", `\n`)))
	assert.Contains(t, configureError(w, settings), holdsKey)

	assert.Contains(t, configureError(w, signIn(w, "WorkloadIdentityFederation", "workloadIdentityTokenPath", token)), holdsToken)
	w.Env = map[string]string{"OCI_CLI_CONFIG_FILE": key}
	said = configureError(w, map[string]any{"endpoint": w.URL})
	assert.Contains(t, said, "OCI_CLI_CONFIG_FILE")
	assert.Contains(t, said, holdsKey)
}

func TestMessagesCutLongTextsAndHaveNoControlCharacters(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	long := strings.Repeat("a b ", 5000)
	for _, value := range []string{long, "\x1b[31mred\x1b[0m", "\x00\x7f\u202e\u2028", "bell\a", "\r\nforged: line"} {
		for property := range variables {
			settings := w.Settings()
			settings[property] = value
			if property == "privateKeyPath" {
				delete(settings, "privateKey")
				delete(w.Env, "OCI_PRIVATE_KEY")
			}
			if _, err := inprocess.Serve(w).Configure(context.Background(), harness.ConfigureRequest(t, settings)); err != nil {
				said := err.Error()
				fitToBeShown(t, said, "", property)
				assert.NotContains(t, said, "\nforged", property)
				assert.Less(t, len(said), 2500, property)
			}
		}
	}
}

func TestNoPasswordOfAURLIsShown(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	userinfo := "client:" + harness.Canary
	for _, url := range []string{
		"https://" + userinfo + "@idcs.example.com", "https://" + userinfo + "@idcs.example.com:port", userinfo + "@idcs.example.com",
		"https://" + userinfo + "@%zz", "https://" + userinfo + "/@host", "https://" + userinfo + "?@host", "https://" + userinfo + " @host",
		"ftp://" + userinfo + "@host", "http://" + userinfo + "@example.com", "https://" + userinfo + "#@host", "https://" + userinfo + "%40host",
		"https:\\\\" + userinfo + "@host", "https://host/?password=" + harness.Canary, "://" + userinfo + "@host", "https://[" + userinfo + "@host",
	} {
		for _, property := range []string{"endpoint", "tokenExchangeDomainUrl", "region", "privateKeyPath", "auth"} {
			settings := signIn(w, "WorkloadIdentityFederation")
			if !slices.Contains([]string{"endpoint", "tokenExchangeDomainUrl"}, property) && !strings.Contains(url, "://"+userinfo+"@") {
				continue // this property is not a URL
			}
			settings[property] = url
			response, err := inprocess.Serve(w).CheckConfig(context.Background(), &pulumirpc.CheckRequest{
				Urn: "urn:pulumi:test::test::pulumi:providers:ociauthtoken::default", News: harness.Properties(t, settings),
			})
			require.NoError(t, err)
			for _, failure := range response.Failures {
				harness.RequireNoValue(t, failure.Reason)
			}
			harness.RequireNoValue(t, configureError(w, settings))
		}
	}
}

func TestNoPasswordOfTheMetadataServiceIsShown(t *testing.T) {
	i := harness.NewIssuer(t)
	userinfo := "client:" + harness.Canary
	for _, url := range []string{
		"http://" + userinfo + "@127.0.0.1:1", "http://" + userinfo + "@127.0.0.1:port", "http://" + userinfo + "@%zz", userinfo + "@127.0.0.1",
	} {
		i.Setenv("OCI_METADATA_BASE_URL", url)
		harness.RequireNoValue(t, refused(i, signIn(i.World, "InstancePrincipal"), "auth"))
	}
}

func TestWithoutAHomeDirectoryNothingIsReadFromTheWorkingDirectory(t *testing.T) {
	w := harness.NewWorld(t)
	key := w.KeyFile(w.Credentials.PrivateKeyPEM)
	w.ConfigFile(w.Profile("DEFAULT", key) + w.Profile("WORK", key))
	t.Chdir(w.Home)
	w.Env = map[string]string{}
	for _, home := range []string{"", ".", "relative"} {
		w.Home = home
		said := configureError(w, map[string]any{"endpoint": w.URL})
		assert.Contains(t, said, "tenancyOcid, userOcid, fingerprint, region and privateKey are not set")
		assert.Contains(t, said, "there is no home directory")
		said = configureError(w, map[string]any{"endpoint": w.URL, "configFileProfile": "WORK"})
		assert.Contains(t, said, `configFileProfile: profile "WORK" (from the provider's configuration) cannot be read`)
		assert.Contains(t, said, "OCI_CONFIG_FILE")

		settings := w.Settings()
		delete(settings, "privateKey")
		settings["privateKeyPath"] = "~/key.pem"
		said = configureError(w, settings)
		assert.Contains(t, said, "privateKeyPath: ")
		assert.Contains(t, said, "~/key.pem")
		assert.Contains(t, said, "there is no home directory")

		w.Env = map[string]string{"OCI_CONFIG_FILE": "~/.oci/config"}
		assert.Contains(t, configureError(w, map[string]any{"endpoint": w.URL}), "there is no home directory")
		w.Env = map[string]string{}
	}
}
