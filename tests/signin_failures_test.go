package tests

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
)

// These tests are about what is said when signing in does not work, and that no secret is in it.

// refused is what a fresh provider says. It must name the property, and show neither a key nor a token.
func (i *issuer) refused(configuration map[string]any, property string) string {
	i.t.Helper()
	said := i.configureError(configuration)
	requireNoValue(i.t, said)
	assert.NotContains(i.t, said, "eyJ", "no part of a token is shown")
	assert.Contains(i.t, said, property+": ")
	return said
}

// answers makes the issuer give another answer for one path.
func (i *issuer) answers(path string, how http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.instead = func(w http.ResponseWriter, r *http.Request) bool {
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
	w := newWorld(t)
	said := w.configureError(w.signIn("Magic"))
	for _, kind := range []string{
		"ApiKey", "SecurityToken", "InstancePrincipal", "InstancePrincipalWithCerts", "ResourcePrincipal", "OKEWorkloadIdentity",
		"WorkloadIdentityFederation",
	} {
		assert.Contains(t, said, kind)
	}
}

func TestSignInAsInstanceOnAnotherMachineFailsSoon(t *testing.T) {
	i := newIssuer(t)
	i.setenv("OCI_METADATA_BASE_URL", i.URL+"/nothing")
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.URL)
	byInstance := i.federation()
	byInstance["tokenExchangeAuth"] = "InstancePrincipal"
	for _, configuration := range []map[string]any{i.signIn("InstancePrincipal"), i.signIn("ResourcePrincipal"), byInstance} {
		said := i.refused(configuration, "auth")
		assert.Contains(t, said, "this machine is not an OCI instance, or its metadata service cannot be used")
		assert.Contains(t, said, "404")
	}
	i.setenv("OCI_METADATA_BASE_URL", "no URL")
	i.refused(i.signIn("InstancePrincipal"), "auth")
	i.setenv("OCI_METADATA_BASE_URL", i.URL)
	i.Close()
	assert.Contains(t, i.refused(i.signIn("InstancePrincipal"), "auth"), "connection refused")
}

// The SDK waits forever for such an answer, and cannot be cancelled.
func TestSigningInEndsWithItsContext(t *testing.T) {
	i := newIssuer(t)
	for _, path := range []string{"/opc/v2/instance/region", "/opc/v2/identity/cert.pem", "/v1/x509"} {
		ctx, cancel := context.WithCancel(context.Background())
		release, returned := make(chan struct{}), make(chan struct{})
		i.answers(path, func(w http.ResponseWriter, _ *http.Request) {
			defer close(returned)
			cancel()
			<-release
			w.WriteHeader(http.StatusBadRequest)
		})
		_, err := auth.Resolve(ctx, auth.Settings{"auth": "InstancePrincipal"}, auth.Machine())
		require.ErrorContains(t, err, "context canceled", path)
		close(release)
		<-returned
	}
}

func TestMalformedAnswersAreErrors(t *testing.T) {
	i := newIssuer(t)
	newProxymux(i)
	workload := i.signIn("OKEWorkloadIdentity", "workloadIdentityTokenPath", i.keyFile(i.jwt(time.Now().Add(time.Hour))))
	for _, test := range []struct {
		configuration map[string]any
		path, answer  string
	}{
		{i.signIn("InstancePrincipal"), "/opc/v2/identity/cert.pem", "hello"},
		{i.signIn("InstancePrincipal"), "/opc/v2/identity/key.pem", canary},
		{i.signIn("InstancePrincipal"), "/v1/x509", `{"token":"` + canary + `"}`},
		{i.signIn("InstancePrincipal"), "/v1/x509", `{"token":"e30.e30.` + canary + `"}`}, // the SDK panics
		{i.signIn("InstancePrincipal"), "/v1/x509", canary},
		{workload, "/resourcePrincipalSessionTokens", ""}, // the SDK panics
		{workload, "/resourcePrincipalSessionTokens", canary},
		{i.federation(), "/oauth2/v1/token", `{"token":"` + canary + `"}`},
		{i.federation(), "/oauth2/v1/token", `{"token":"e30.e30.` + canary + `"}`},
		{i.federation(), "/oauth2/v1/token", "hello"},
	} {
		i.answers(test.path, says(test.answer))
		said := i.refused(test.configuration, "auth")
		assert.Contains(t, said, test.configuration["auth"])
	}
	assert.Empty(t, i.oci.Journal(), "nothing was asked of OCI Identity")

	// The error for a refusal contains OCI's message.
	i.answers("/v1/x509", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("opc-request-id", strings.Repeat("0123456789ABCDEF", 2))
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"code":"NotAuthenticated","message":"No dynamic group for %s"}`, i.creds.TenancyID)
	})
	said := i.refused(i.signIn("InstancePrincipal"), "auth")
	for _, part := range []string{"NotAuthenticated", "No dynamic group for " + i.creds.TenancyID, "0123456789ABCDEF0123456789ABCDEF"} {
		assert.Contains(t, said, part)
	}
	i.answers("/oauth2/v1/token", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	assert.Contains(t, i.refused(i.federation(), "auth"), "400 Bad Request")
	i.answers("/resourcePrincipalSessionTokens", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	assert.Contains(t, i.refused(workload, "auth"), "please ensure the cluster type is enhanced")
}

func TestMissingSettingsForAnInstancesCertificatesAreNamed(t *testing.T) {
	i := newIssuer(t)
	folder := t.TempDir()
	i.setenv("test_certificates_location", folder)
	said := i.refused(i.signIn("InstancePrincipalWithCerts"), "region")
	for _, part := range []string{"auth: ", "ip_cert.pem", "ip_key.pem", "intermediate.pem", "test_certificates_location"} {
		assert.Contains(t, said, part, "all at once")
	}
	configuration := i.signIn("InstancePrincipalWithCerts", "region", "us-phoenix-1")
	for _, test := range []struct{ file, content, complaint string }{
		{"ip_cert.pem", canary, "ip_cert.pem is not a certificate"},
		{"intermediate.pem", string(i.leafPEM()), "intermediate.pem is not a certificate"},
		{"ip_key.pem", canary, "ip_key.pem does not hold a private key"},
		{"ip_key.pem", string(i.encryptedLeafPEM(canary)), "ip_key.pem is encrypted (the pass phrase, if there is one, is in leaf_passphrase"},
		{"ip_key.pem", i.creds.PrivateKeyPEM, "does not belong to the certificate"},
	} {
		i.writeCertificates(folder, i.leafPEM())
		require.NoError(t, os.WriteFile(filepath.Join(folder, test.file), []byte(test.content), 0o600))
		assert.Contains(t, i.refused(configuration, "auth"), test.complaint)
	}
}

func TestMissingSettingsForAResourceAreNamed(t *testing.T) {
	i := newIssuer(t)
	const prefix = "OCI_RESOURCE_PRINCIPAL_"
	resource := i.signIn("ResourcePrincipal")
	assert.Contains(t, i.refused(resource, "auth"), prefix+"VERSION")
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
			i.setenv(prefix+name, value)
		}
		said := i.refused(resource, "auth")
		for _, name := range test.missing {
			assert.Contains(t, said, prefix+name)
		}
	}
	i.setenv(prefix+"VERSION", "4.0")
	assert.Contains(t, i.refused(resource, "auth"), "1.1, 2.2 and 3.0")

	// The SDK quotes a token that it cannot parse, however short. Neither that token nor an expired one may be printed.
	token, key := i.resource22()
	i.setenv(prefix+"VERSION", "2.2")
	i.setenv(prefix+"REGION", "us-phoenix-1")
	i.setenv(prefix+"PRIVATE_PEM", key)
	for _, garbled := range []string{
		canary, canary + strings.Repeat("x", 60), canary + "." + canary + "/" + canary, `"` + canary + `": ` + canary, key, token + canary + ".",
	} {
		i.setenv(prefix+"RPST", garbled)
		i.refused(resource, "auth")
	}
	i.setenv(prefix+"RPST", i.keyFile(canary+" in a file"))
	i.refused(resource, "auth")
	i.setenv(prefix+"RPST", i.jwt(time.Now().Add(-time.Minute)))
	assert.Contains(t, i.refused(resource, "auth"), "the security token expired at ")
	i.setenv(prefix+"RPST", token)
	i.setenv(prefix+"PRIVATE_PEM", canary)
	i.refused(resource, "auth")
	i.setenv(prefix+"PRIVATE_PEM", key)
	i.env["OCI_REGION"] = "us phoenix"
	i.refused(resource, "region")
}

func TestMissingSettingsForAKubernetesWorkloadAreNamed(t *testing.T) {
	i := newIssuer(t)
	workload := i.signIn("OKEWorkloadIdentity")
	said := i.refused(workload, "auth")
	assert.Contains(t, said, "KUBERNETES_SERVICE_HOST")
	newProxymux(i)
	i.setenv("OCI_RESOURCE_PRINCIPAL_REGION", "")
	assert.Contains(t, i.refused(workload, "region"), "region: is not set")
	i.setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1")
	authorities := i.env["OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH"]
	for _, file := range []string{i.keyFile("no certificate"), filepath.Join(i.home, "missing")} {
		i.setenv("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", file)
		assert.Contains(t, i.refused(workload, "auth"), file)
	}
	i.setenv("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", authorities)
	assert.Contains(t, i.refused(workload, "workloadIdentityTokenPath"), "/var/run/secrets/kubernetes.io/serviceaccount/token")
	for content, complaint := range map[string]string{
		canary: "no service account token", "": "is empty", i.jwt(time.Now().Add(-time.Hour)): "expired at ",
	} {
		file := i.keyFile(content)
		workload["workloadIdentityTokenPath"] = file
		said := i.refused(workload, "workloadIdentityTokenPath")
		assert.Contains(t, said, complaint)
		assert.Contains(t, said, file)
	}
}

func TestMissingSettingsForATokenExchangeAreNamed(t *testing.T) {
	i := newIssuer(t)
	federation := i.federation()
	required := []string{
		"region", "workloadIdentityTokenPath", "tokenExchangeDomainUrl", "tokenExchangeRequestedTokenType",
		"tokenExchangeResourceType", "tokenExchangeClientId", "tokenExchangeClientSecret",
	}
	for _, property := range required {
		without := maps.Clone(federation)
		delete(without, property)
		said := i.refused(without, property)
		assert.Contains(t, said, property+": is not set")
		assert.Contains(t, said, "ociauthtoken:"+property)
	}
	said := i.refused(i.signIn("WorkloadIdentityFederation"), "region")
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
		{"tokenExchangeDomainUrl", "https://client:" + canary + "@idcs.example.com", "more than scheme, host and port"},
		{"tokenExchangeDomainUrl", "http://idcs.example.com", "use https"},
		{"workloadIdentityTokenPath", filepath.Join(i.home, "missing"), "could not be read"},
		{"workloadIdentityTokenPath", i.keyFile(" \n"), "is empty"},
		{"workloadIdentityTokenPath", i.keyFile(i.jwt(time.Now().Add(-time.Hour))), "expired at "},
	} {
		with := maps.Clone(federation)
		with[test.property] = test.value
		assert.Contains(t, i.refused(with, test.property), test.complaint)
	}
}

func TestSignInWithoutASessionSaysHowToOpenOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = map[string]string{}
	session := w.signIn("SecurityToken", "configFileProfile", "WORK")
	assert.Contains(t, w.configureError(session), `configFileProfile: profile "WORK" (from the provider's configuration) cannot be read`)
	assert.Contains(t, w.configureError(w.signIn("SecurityToken")), "oci session authenticate")
	w.configFile(w.profile("WORK", w.keyFile(w.creds.PrivateKeyPEM)))
	assert.Contains(t, w.configureError(session), "oci session authenticate")

	w.configFile("[WORK]\nsecurity_token_file=" + w.keyFile(w.jwt(time.Now().Add(time.Hour))) + "\n")
	said := w.configureError(session)
	assert.Contains(t, said, "region: is not set")
	assert.Contains(t, said, `privateKeyPath: there is no "key_file"`)

	missing := filepath.Join(w.home, "missing")
	w.configFile(w.sessionProfile(missing, w.keyFile(w.creds.PrivateKeyPEM)))
	assert.Contains(t, w.configureError(session), missing+" could not be read")
	for _, garbage := range []string{"", canary, canary + "." + canary + "." + canary, "e30.e30.e30"} {
		w.configFile(w.sessionProfile(w.keyFile(garbage), w.keyFile(w.creds.PrivateKeyPEM)))
		said := w.configureError(session)
		assert.Contains(t, said, "holds no security token")
		requireNoValue(t, said)
	}
}

func TestSecretsOfTheConfigurationAreEncryptedInTheState(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	secrets := map[string]string{
		"tokenExchangeClientSecret": "hunter1", "privateKeyPassword": "hunter2", "privateKey": s.creds.PrivateKeyPEM,
	}
	maps.Copy(s.config, secrets)
	s.mustUp(s.oneToken(s.user, "ci"))
	checkpoint := s.checkpoint()
	for _, clear := range []string{"hunter1", "hunter2", "BEGIN PRIVATE KEY"} {
		assert.NotContains(t, checkpoint, clear)
	}
	for _, state := range s.snapshot.Resources {
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
	i := newIssuer(t)
	missing := filepath.Join(i.home, "missing")
	i.env["OCI_CLI_AUTH"] = "instance_obo_user"
	said := i.refused(i.nothing(), "auth")
	assert.Contains(t, said, "/etc/oci/delegation_token could not be read", "that is where Cloud Shell has it")
	i.env["OCI_CLI_DELEGATION_TOKEN_FILE"] = missing
	said = i.refused(i.nothing(), "auth")
	assert.Contains(t, said, missing+" could not be read")
	assert.Contains(t, said, "OCI_CLI_DELEGATION_TOKEN_FILE")
	i.env["OCI_CLI_DELEGATION_TOKEN_FILE"] = i.keyFile(i.jwt(time.Now().Add(-time.Minute)))
	assert.Contains(t, i.refused(i.nothing(), "auth"), "expired at ")

	i.env = map[string]string{"OCI_METADATA_BASE_URL": i.URL + "/opc/v2", "OCI_use_obo_token": "true"}
	assert.Contains(t, i.configureError(i.signIn("InstancePrincipal")),
		"the environment variable OCI_use_obo_token asks for a delegation token, but neither OCI_obo_token_path nor OCI_obo_token is set")
	i.env["OCI_obo_token"] = canary + "\n" + canary
	said = i.configureError(i.signIn("InstancePrincipal"))
	assert.Contains(t, said, "the environment variable OCI_obo_token does not hold a delegation token")
	requireNoValue(t, said)
	i.env["OCI_obo_token_path"] = missing
	assert.Contains(t, i.configureError(i.signIn("InstancePrincipal")), missing+" could not be read")
	i.env["OCI_use_obo_token"] = "perhaps"
	assert.Contains(t, i.configureError(i.signIn("InstancePrincipal")), "neither true nor false")
}

func TestSigningInFollowsNoRedirect(t *testing.T) {
	i := newIssuer(t)
	var followed int
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		followed++
		i.ServeHTTP(w, r)
	}))
	t.Cleanup(elsewhere.Close)
	for path, configuration := range map[string]map[string]any{
		"/oauth2/v1/token": i.federation(), "/opc/v2/instance/region": i.signIn("InstancePrincipal"), "/v1/x509": i.signIn("InstancePrincipal"),
	} {
		i.answers(path, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
		})
		assert.Contains(t, i.refused(configuration, "auth"), "the answer is a redirect")
		assert.Zero(t, followed, path)
	}
}

// TestTheSDKFollowsNoRedirectEither checks the ways to sign in for which OCI's SDK takes no client.
func TestTheSDKFollowsNoRedirectEither(t *testing.T) {
	i := newIssuer(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was asked for at another host", r.URL.Path)
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(elsewhere.Close)
	folder := t.TempDir()
	i.writeCertificates(folder, i.leafPEM())
	i.setenv("test_certificates_location", folder)
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.URL)
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.URL)
	for path, configuration := range map[string]map[string]any{
		"/v1/x509":                          i.signIn("InstancePrincipalWithCerts", "region", "us-phoenix-1"),
		"/v1/resourcePrincipalSessionToken": i.signIn("ResourcePrincipal"),
	} {
		i.answers(path, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
		})
		assert.Contains(t, i.refused(configuration, "auth"), "the answer is a redirect", path)
	}
}

// TestARedirectedWorkloadKeepsItsToken is about the one client of OCI's SDK that follows redirects.
func TestARedirectedWorkloadKeepsItsToken(t *testing.T) {
	i := newIssuer(t)
	newProxymux(i)
	followed := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		followed = true
		assert.Empty(t, r.Header.Get("Authorization"), "Go keeps it from other hosts")
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(elsewhere.Close)
	i.answers("/resourcePrincipalSessionTokens", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	i.refused(i.signIn("OKEWorkloadIdentity", "workloadIdentityTokenPath", i.keyFile(i.jwt(time.Now().Add(time.Hour)))), "auth")
	assert.True(t, followed, "the SDK follows none any more: correct SECURITY.md")
}
