package connection_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// These tests are about what is said when signing in does not work, and that no secret is in it.

// refused is what a fresh provider says. It must name the property, and show neither a key nor a token.
func refused(i *harness.Issuer, configuration map[string]any, property string) string {
	i.T.Helper()
	said := configureError(i.World, configuration)
	harness.RequireNoValue(i.T, said)
	assert.NotContains(i.T, said, "eyJ", "no part of a token is shown")
	assert.Contains(i.T, said, property+": ")
	return said
}

// answers makes the issuer give another answer for one path.
func answers(i *harness.Issuer, path string, how http.HandlerFunc) {
	i.Mu.Lock()
	defer i.Mu.Unlock()
	i.Instead = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path {
			return false
		}
		how(w, r)
		return true
	}
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, text) }
}

func TestUnknownWayToSignInListsTheKnownOnes(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	said := configureError(w, signIn(w, "Magic"))
	for _, kind := range []string{
		"ApiKey", "SecurityToken", "InstancePrincipal", "InstancePrincipalWithCerts", "ResourcePrincipal", "OKEWorkloadIdentity",
		"WorkloadIdentityFederation",
	} {
		assert.Contains(t, said, kind)
	}
}

func TestSignInAsInstanceOnAnotherMachineFailsSoon(t *testing.T) {
	i := harness.NewIssuer(t)
	i.Setenv("OCI_METADATA_BASE_URL", i.Server.URL+"/nothing")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.Server.URL)
	byInstance := federation(i)
	byInstance["tokenExchangeAuth"] = "InstancePrincipal"
	for _, configuration := range []map[string]any{signIn(i.World, "InstancePrincipal"), signIn(i.World, "ResourcePrincipal"), byInstance} {
		said := refused(i, configuration, "auth")
		assert.Contains(t, said, "this machine is not an OCI instance, or its metadata service cannot be used")
		assert.Contains(t, said, "404")
	}
	i.Setenv("OCI_METADATA_BASE_URL", "no URL")
	refused(i, signIn(i.World, "InstancePrincipal"), "auth")
	i.Setenv("OCI_METADATA_BASE_URL", i.Server.URL)
	i.Server.Close()
	assert.Contains(t, refused(i, signIn(i.World, "InstancePrincipal"), "auth"), "connection refused")
}

// The SDK waits forever for such an answer, and cannot be cancelled.
func TestSigningInEndsWithItsContext(t *testing.T) {
	i := harness.NewIssuer(t)
	machine := auth.Environment{
		LookupEnv: func(name string) (string, bool) { value, ok := i.Env[name]; return value, ok },
		HomeDir:   func() (string, error) { return i.Home, nil }, Setenv: i.SetProcessEnv,
	}
	for _, path := range []string{"/opc/v2/instance/region", "/opc/v2/identity/cert.pem", "/v1/x509"} {
		ctx, cancel := context.WithCancel(context.Background())
		release, returned := make(chan struct{}), make(chan struct{})
		answers(i, path, func(w http.ResponseWriter, _ *http.Request) {
			defer close(returned)
			cancel()
			<-release
			w.WriteHeader(http.StatusBadRequest)
		})
		_, err := auth.Resolve(ctx, auth.Settings{"auth": "InstancePrincipal"}, machine)
		require.ErrorContains(t, err, "context canceled", path)
		close(release)
		<-returned
	}
}

func TestMalformedAnswersAreErrors(t *testing.T) {
	i := harness.NewIssuer(t)
	newProxymux(i)
	workload := signIn(i.World, "OKEWorkloadIdentity", "workloadIdentityTokenPath", i.KeyFile(i.JWT(time.Now().Add(time.Hour))))
	for _, test := range []struct {
		configuration map[string]any
		path, answer  string
	}{
		{signIn(i.World, "InstancePrincipal"), "/opc/v2/identity/cert.pem", "hello"},
		{signIn(i.World, "InstancePrincipal"), "/opc/v2/identity/key.pem", harness.Canary},
		{signIn(i.World, "InstancePrincipal"), "/v1/x509", `{"token":"` + harness.Canary + `"}`},
		{signIn(i.World, "InstancePrincipal"), "/v1/x509", `{"token":"e30.e30.` + harness.Canary + `"}`}, // the SDK panics
		{signIn(i.World, "InstancePrincipal"), "/v1/x509", harness.Canary},
		{workload, "/resourcePrincipalSessionTokens", ""}, // the SDK panics
		{workload, "/resourcePrincipalSessionTokens", harness.Canary},
		{federation(i), "/oauth2/v1/token", `{"token":"` + harness.Canary + `"}`},
		{federation(i), "/oauth2/v1/token", `{"token":"e30.e30.` + harness.Canary + `"}`},
		{federation(i), "/oauth2/v1/token", "hello"},
	} {
		answers(i, test.path, says(test.answer))
		said := refused(i, test.configuration, "auth")
		assert.Contains(t, said, test.configuration["auth"])
	}
	assert.Empty(t, i.OCI.Journal(), "nothing was asked of OCI Identity")

	// The error for a refusal contains OCI's message.
	answers(i, "/v1/x509", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("opc-request-id", strings.Repeat("0123456789ABCDEF", 2))
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"code":"NotAuthenticated","message":"No dynamic group for %s"}`, i.Credentials.TenancyID)
	})
	said := refused(i, signIn(i.World, "InstancePrincipal"), "auth")
	for _, part := range []string{"NotAuthenticated", "No dynamic group for " + i.Credentials.TenancyID, "0123456789ABCDEF0123456789ABCDEF"} {
		assert.Contains(t, said, part)
	}
	answers(i, "/oauth2/v1/token", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	assert.Contains(t, refused(i, federation(i), "auth"), "400 Bad Request")
	answers(i, "/resourcePrincipalSessionTokens", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	assert.Contains(t, refused(i, workload, "auth"), "please ensure the cluster type is enhanced")
}

func TestMissingSettingsForAnInstancesCertificatesAreNamed(t *testing.T) {
	i := harness.NewIssuer(t)
	folder := t.TempDir()
	i.Setenv("test_certificates_location", folder)
	said := refused(i, signIn(i.World, "InstancePrincipalWithCerts"), "region")
	for _, part := range []string{"auth: ", "ip_cert.pem", "ip_key.pem", "intermediate.pem", "test_certificates_location"} {
		assert.Contains(t, said, part, "all at once")
	}
	configuration := signIn(i.World, "InstancePrincipalWithCerts", "region", "us-phoenix-1")
	for _, test := range []struct{ file, content, complaint string }{
		{"ip_cert.pem", harness.Canary, "ip_cert.pem holds no certificate in PEM format"},
		{"intermediate.pem", string(i.LeafPEM()), "intermediate.pem holds no certificate in PEM format"},
		{"ip_key.pem", harness.Canary, "ip_key.pem does not hold a private key"},
		{"ip_key.pem", string(encryptedLeafPEM(i, harness.Canary)), "ip_key.pem is encrypted (the pass phrase, if there is one, is in leaf_passphrase"},
		{"ip_key.pem", i.Credentials.PrivateKeyPEM, "does not belong to the certificate"},
	} {
		writeCertificates(i, folder, i.LeafPEM())
		require.NoError(t, os.WriteFile(filepath.Join(folder, test.file), []byte(test.content), 0o600))
		assert.Contains(t, refused(i, configuration, "auth"), test.complaint)
	}
}

func TestMissingSettingsForAResourceAreNamed(t *testing.T) {
	i := harness.NewIssuer(t)
	const prefix = "OCI_RESOURCE_PRINCIPAL_"
	resource := signIn(i.World, "ResourcePrincipal")
	assert.Contains(t, refused(i, resource, "auth"), prefix+"VERSION")
	for _, test := range []struct {
		set     map[string]string
		missing []string
	}{
		{map[string]string{"VERSION": "1.1"}, []string{"RPT_ENDPOINT"}},
		{map[string]string{"VERSION": "2.2"}, []string{"RPST", "PRIVATE_PEM", "REGION"}},
		{map[string]string{"VERSION": "3.0"}, []string{
			"VERSION_FOR_LEAF_RESOURCE", "RPT_URL_FOR_PARENT_RESOURCE", "RPST_ENDPOINT_FOR_PARENT_RESOURCE",
		}},
		{map[string]string{"VERSION": "3.0", "VERSION_FOR_LEAF_RESOURCE": "1.1"}, []string{"RPT_ENDPOINT"}},
		{map[string]string{"VERSION": "3.0", "VERSION_FOR_LEAF_RESOURCE": "2.2"}, []string{
			"RPST_FOR_LEAF_RESOURCE", "PRIVATE_PEM_FOR_LEAF_RESOURCE", "REGION_FOR_LEAF_RESOURCE",
		}},
	} {
		for name, value := range test.set {
			i.Setenv(prefix+name, value)
		}
		said := refused(i, resource, "auth")
		for _, name := range test.missing {
			assert.Contains(t, said, prefix+name)
		}
	}
	i.Setenv(prefix+"VERSION", "4.0")
	assert.Contains(t, refused(i, resource, "auth"), "1.1, 2.2 and 3.0")

	// The SDK quotes a token that it cannot parse, however short. Neither that token nor an expired one may be printed.
	token, key := resource22(i)
	i.Setenv(prefix+"VERSION", "2.2")
	i.Setenv(prefix+"REGION", "us-phoenix-1")
	i.Setenv(prefix+"PRIVATE_PEM", key)
	for _, garbled := range []string{
		harness.Canary, harness.Canary + strings.Repeat("x", 60), harness.Canary + "." + harness.Canary + "/" + harness.Canary, `"` + harness.Canary + `": ` + harness.Canary, key, token + harness.Canary + ".",
	} {
		i.Setenv(prefix+"RPST", garbled)
		assert.Contains(t, refused(i, resource, "auth"), "the environment variable "+prefix+"RPST holds no security token, and no path of one: a token has")
	}
	i.Setenv(prefix+"RPST", i.KeyFile(harness.Canary+" in a file"))
	assert.Contains(t, refused(i, resource, "auth"), "the environment variable "+prefix+"RPST holds no security token")
	i.Setenv(prefix+"RPST", i.JWT(time.Now().Add(-time.Minute)))
	assert.Contains(t, refused(i, resource, "auth"), "the security token expired at ")
	i.Setenv(prefix+"RPST", token)
	i.Setenv(prefix+"PRIVATE_PEM", harness.Canary)
	refused(i, resource, "auth")
	i.Setenv(prefix+"PRIVATE_PEM", key)
	i.Env["OCI_REGION"] = "us phoenix"
	refused(i, resource, "region")
}

func TestMissingSettingsForAKubernetesWorkloadAreNamed(t *testing.T) {
	i := harness.NewIssuer(t)
	workload := signIn(i.World, "OKEWorkloadIdentity")
	said := refused(i, workload, "auth")
	assert.Contains(t, said, "KUBERNETES_SERVICE_HOST")
	newProxymux(i)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_REGION", "")
	assert.Contains(t, refused(i, workload, "region"), "region: is not set")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1")
	authorities := i.Env["OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH"]
	for _, file := range []string{i.KeyFile("no certificate"), filepath.Join(i.Home, "missing")} {
		i.Setenv("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", file)
		assert.Contains(t, refused(i, workload, "auth"), file)
	}
	i.Setenv("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", authorities)
	assert.Contains(t, refused(i, workload, "workloadIdentityTokenPath"), "/var/run/secrets/kubernetes.io/serviceaccount/token")
	for content, complaint := range map[string]string{
		harness.Canary: "no service account token", "": "is empty", i.JWT(time.Now().Add(-time.Hour)): "expired at ",
	} {
		file := i.KeyFile(content)
		workload["workloadIdentityTokenPath"] = file
		said := refused(i, workload, "workloadIdentityTokenPath")
		assert.Contains(t, said, complaint)
		assert.Contains(t, said, file)
	}
}

func TestMissingSettingsForATokenExchangeAreNamed(t *testing.T) {
	i := harness.NewIssuer(t)
	federation := federation(i)
	required := []string{
		"region", "workloadIdentityTokenPath", "tokenExchangeDomainUrl", "tokenExchangeRequestedTokenType",
		"tokenExchangeResourceType", "tokenExchangeClientId", "tokenExchangeClientSecret",
	}
	for _, property := range required {
		without := maps.Clone(federation)
		delete(without, property)
		said := refused(i, without, property)
		assert.Contains(t, said, property+": is not set")
		assert.Contains(t, said, "ociauthtoken:"+property)
	}
	said := refused(i, signIn(i.World, "WorkloadIdentityFederation"), "region")
	for _, property := range required {
		if property != "tokenExchangeResourceType" { // this one depends on another property
			assert.Contains(t, said, property+": is not set", "all at once")
		}
	}
	assert.Contains(t, said, "config set --secret ociauthtoken:tokenExchangeClientSecret")

	for _, test := range []struct{ property, value, complaint string }{
		{"tokenExchangeAuth", "Password", "neither OAuthClientCredentials nor InstancePrincipal"},
		{"tokenExchangeDomainUrl", "idcs.example.com", "is not the URL"},
		{"tokenExchangeDomainUrl", "https://idcs.example.com/oauth2/v1/token", "more than scheme, host and port"},
		{"tokenExchangeDomainUrl", "https://client:" + harness.Canary + "@idcs.example.com", "more than scheme, host and port"},
		{"tokenExchangeDomainUrl", "http://idcs.example.com", "use https"},
		{"workloadIdentityTokenPath", filepath.Join(i.Home, "missing"), "could not be read"},
		{"workloadIdentityTokenPath", i.KeyFile(" \n"), "is empty"},
		{"workloadIdentityTokenPath", i.KeyFile(i.JWT(time.Now().Add(-time.Hour))), "expired at "},
	} {
		with := maps.Clone(federation)
		with[test.property] = test.value
		assert.Contains(t, refused(i, with, test.property), test.complaint)
	}
}

func TestSignInWithoutASessionSaysHowToOpenOne(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	w.Env = map[string]string{}
	session := signIn(w, "SecurityToken", "configFileProfile", "WORK")
	assert.Contains(t, configureError(w, session), `configFileProfile: profile "WORK" (from the provider's configuration) cannot be read`)
	assert.Contains(t, configureError(w, signIn(w, "SecurityToken")), "oci session authenticate")
	w.ConfigFile(w.Profile("WORK", w.KeyFile(w.Credentials.PrivateKeyPEM)))
	assert.Contains(t, configureError(w, session), "oci session authenticate")

	w.ConfigFile("[WORK]\nsecurity_token_file=" + w.KeyFile(w.JWT(time.Now().Add(time.Hour))) + "\n")
	said := configureError(w, session)
	assert.Contains(t, said, "region: is not set")
	assert.Contains(t, said, `privateKeyPath: there is no "key_file"`)

	missing := filepath.Join(w.Home, "missing")
	w.ConfigFile(w.SessionProfile(missing, w.KeyFile(w.Credentials.PrivateKeyPEM)))
	assert.Contains(t, configureError(w, session), missing+" could not be read")
	for _, garbage := range []string{"", harness.Canary, harness.Canary + "." + harness.Canary + "." + harness.Canary, "e30.e30.e30"} {
		w.ConfigFile(w.SessionProfile(w.KeyFile(garbage), w.KeyFile(w.Credentials.PrivateKeyPEM)))
		said := configureError(w, session)
		assert.Contains(t, said, "holds no security token")
		harness.RequireNoValue(t, said)
	}
}

func TestSecretsOfTheConfigurationAreEncryptedInTheState(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	secrets := map[string]string{
		"tokenExchangeClientSecret": "hunter1", "privateKeyPassword": "hunter2", "privateKey": s.Credentials.PrivateKeyPEM,
	}
	maps.Copy(s.Config, secrets)
	s.MustUp(s.OneToken(s.User, "ci"))
	checkpoint := s.Checkpoint()
	for _, clear := range []string{"hunter1", "hunter2", "BEGIN PRIVATE KEY"} {
		assert.NotContains(t, checkpoint, clear)
	}
	for _, state := range s.Snapshot.Resources {
		if state.Type == "pulumi:providers:ociauthtoken" {
			for property := range secrets {
				assert.True(t, state.Inputs[resource.PropertyKey(property)].IsSecret(), property)
			}
			return
		}
	}
	t.Fatal("there is no provider in the state")
}

func TestAMissingDelegationTokenIsReported(t *testing.T) {
	i := harness.NewIssuer(t)
	missing := filepath.Join(i.Home, "missing")
	i.Env["OCI_CLI_AUTH"] = "instance_obo_user"
	said := refused(i, onlyEndpoint(i.World), "auth")
	assert.Contains(t, said, "/etc/oci/delegation_token could not be read", "that is where Cloud Shell has it")
	i.Env["OCI_CLI_DELEGATION_TOKEN_FILE"] = missing
	said = refused(i, onlyEndpoint(i.World), "auth")
	assert.Contains(t, said, missing+" could not be read")
	assert.Contains(t, said, "OCI_CLI_DELEGATION_TOKEN_FILE")
	i.Env["OCI_CLI_DELEGATION_TOKEN_FILE"] = i.KeyFile(i.JWT(time.Now().Add(-time.Minute)))
	assert.Contains(t, refused(i, onlyEndpoint(i.World), "auth"), "expired at ")

	i.Env = map[string]string{"OCI_METADATA_BASE_URL": i.Server.URL + "/opc/v2", "OCI_use_obo_token": "true"}
	assert.Contains(t, configureError(i.World, signIn(i.World, "InstancePrincipal")),
		"the environment variable OCI_use_obo_token asks for a delegation token, but neither OCI_obo_token_path nor OCI_obo_token is set")
	i.Env["OCI_obo_token"] = harness.Canary + "\n" + harness.Canary
	said = configureError(i.World, signIn(i.World, "InstancePrincipal"))
	assert.Contains(t, said, "the environment variable OCI_obo_token does not hold a delegation token")
	harness.RequireNoValue(t, said)
	i.Env["OCI_obo_token_path"] = missing
	assert.Contains(t, configureError(i.World, signIn(i.World, "InstancePrincipal")), missing+" could not be read")
	i.Env["OCI_use_obo_token"] = "perhaps"
	assert.Contains(t, configureError(i.World, signIn(i.World, "InstancePrincipal")), "neither true nor false")
}

func TestSigningInFollowsNoRedirect(t *testing.T) {
	i := harness.NewIssuer(t)
	var followed int
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		followed++
		i.ServeHTTP(w, r)
	}))
	t.Cleanup(elsewhere.Close)
	for path, configuration := range map[string]map[string]any{
		"/oauth2/v1/token": federation(i), "/opc/v2/instance/region": signIn(i.World, "InstancePrincipal"), "/v1/x509": signIn(i.World, "InstancePrincipal"),
	} {
		answers(i, path, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
		})
		assert.Contains(t, refused(i, configuration, "auth"), "the answer is a redirect")
		assert.Zero(t, followed, path)
	}
}

// TestTheSDKFollowsNoRedirectEither checks the ways to sign in for which OCI's SDK takes no client.
func TestTheSDKFollowsNoRedirectEither(t *testing.T) {
	i := harness.NewIssuer(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was asked for at another host", r.URL.Path)
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(elsewhere.Close)
	folder := t.TempDir()
	writeCertificates(i, folder, i.LeafPEM())
	i.Setenv("test_certificates_location", folder)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.Server.URL)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.Server.URL)
	for path, configuration := range map[string]map[string]any{
		"/v1/x509":                          signIn(i.World, "InstancePrincipalWithCerts", "region", "us-phoenix-1"),
		"/v1/resourcePrincipalSessionToken": signIn(i.World, "ResourcePrincipal"),
	} {
		answers(i, path, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
		})
		assert.Contains(t, refused(i, configuration, "auth"), "the answer is a redirect", path)
	}
}

// TestNobodySignsInOverPlainHTTP asks the address 0.0.0.0, which is this machine, and not a loopback address.
func TestNobodySignsInOverPlainHTTP(t *testing.T) {
	i := harness.NewIssuer(t)
	folder := t.TempDir()
	writeCertificates(i, folder, i.LeafPEM())
	i.Setenv("test_certificates_location", folder)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
	plain := strings.Replace(i.Server.URL, "127.0.0.1", "0.0.0.0", 1)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", plain)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", plain)
	for _, configuration := range []map[string]any{
		signIn(i.World, "ResourcePrincipal"), signIn(i.World, "InstancePrincipal"),
		signIn(i.World, "InstancePrincipalWithCerts", "region", "us-phoenix-1"),
	} {
		said := refused(i, configuration, "auth")
		assert.Contains(t, said, strings.TrimPrefix(plain, "http://")+" would be asked over the network unencrypted: use https", configuration["auth"])
		i.Setenv("OCI_SDK_AUTH_CLIENT_REGION_URL", plain)
	}
	assert.Equal(t, 1, i.Asked("/v1/x509"), "by the resource, which may sign in as an instance first")
}

// TestARedirectedWorkloadKeepsItsToken is about the one client of OCI's SDK that follows redirects.
func TestARedirectedWorkloadKeepsItsToken(t *testing.T) {
	i := harness.NewIssuer(t)
	newProxymux(i)
	followed := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		followed = true
		assert.Empty(t, r.Header.Get("Authorization"), "Go keeps it from other hosts")
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(elsewhere.Close)
	answers(i, "/resourcePrincipalSessionTokens", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	refused(i, signIn(i.World, "OKEWorkloadIdentity", "workloadIdentityTokenPath", i.KeyFile(i.JWT(time.Now().Add(time.Hour)))), "auth")
	assert.True(t, followed, "the SDK follows none any more: correct SECURITY.md")
}
