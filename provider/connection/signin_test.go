package connection_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// signIn returns a configuration with a way to sign in.
func signIn(w *harness.World, auth string, more ...string) map[string]any {
	configuration := map[string]any{"endpoint": w.URL + "/{region}", "auth": auth}
	for i := 0; i+1 < len(more); i += 2 {
		configuration[more[i]] = more[i+1]
	}
	return configuration
}

// signsIn creates a token with a new provider. There is no API key, so every request is signed with a security token.
func signsIn(w *harness.World, configuration map[string]any) {
	w.T.Helper()
	w.OCI.RemoveAPIKey(w.User, w.Credentials.Fingerprint)
	creates(w, inprocess.Configured(w, configuration))
}

// creates creates a token with a provider, and deletes it again.
func creates(w *harness.World, plugin pulumirpc.ResourceProviderClient) {
	w.T.Helper()
	created, err := create(w, plugin)
	require.NoError(w.T, err)
	token := w.OnlyToken()
	require.Contains(w.T, token.Value, harness.Canary)
	harness.RequireSecretToken(w.T, created.Properties, token.Value)
	w.OCI.DeleteToken(w.User, token.ID)
}

func create(w *harness.World, plugin pulumirpc.ResourceProviderClient) (*pulumirpc.CreateResponse, error) {
	return plugin.Create(context.Background(), &pulumirpc.CreateRequest{
		Urn: harness.TokenURN, Properties: harness.Properties(w.T, map[string]any{"userId": w.User, "description": w.T.Name()}),
	})
}

func TestSignInAsInstance(t *testing.T) {
	i := harness.NewIssuer(t)
	signsIn(i.World, signIn(i.World, "InstancePrincipal"))
	assert.Equal(t, []string{"us-phoenix-1"}, i.RegionsOf("CreateAuthToken"), "the region that the instance is in")
	assert.Equal(t, 1, i.Asked("/v1/x509"))

	i.OCI.ResetJournal()
	signsIn(i.World, signIn(i.World, "instanceprincipal", "region", "us-ashburn-1")) // case does not matter
	assert.Equal(t, []string{"us-ashburn-1", "us-phoenix-1"}, i.RegionsOf("CreateAuthToken"), "the region that is configured")
	assert.Len(t, i.RegionsOf("ListRegionSubscriptions"), 1, "the certificate tells the tenancy")
}

func TestPrincipalsTokenIsRenewed(t *testing.T) {
	i := harness.NewIssuer(t)
	i.Lifetime = 4 * time.Minute // the SDK renews tokens that are valid for less than five minutes
	i.OCI.RemoveAPIKey(i.User, i.Credentials.Fingerprint)
	plugin := inprocess.Configured(i.World, signIn(i.World, "InstancePrincipal"))
	before := i.Asked("/v1/x509")
	i.Lifetime = time.Hour
	creates(i.World, plugin)
	creates(i.World, plugin)
	assert.Equal(t, before+1, i.Asked("/v1/x509"))
}

// OCI's SDK asks for the key and the token one after the other. If another call renews both in between, OCI answers 401, and the
// request is signed again.
func TestRequestIsSignedAgainIfTheKeyWasRenewedInBetween(t *testing.T) {
	i := harness.NewIssuer(t)
	i.ConfigFile(i.SessionProfile(i.OpenSession(time.Now().Add(time.Hour), "")))
	delegation := i.JWT(time.Now().Add(time.Hour))
	i.OCI.AddDelegation(i.User, delegation, time.Now().Add(time.Hour))
	i.Env["OCI_CLI_DELEGATION_TOKEN_FILE"] = i.KeyFile(delegation)
	for _, configuration := range []map[string]any{
		signIn(i.World, "InstancePrincipal"), signIn(i.World, "InstanceOBOUser"), signIn(i.World, "SecurityToken", "configFileProfile", "WORK"),
	} {
		plugin := inprocess.Configured(i.World, configuration)
		for _, times := range []int{1, 2} {
			i.OCI.ResetJournal()
			i.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: times, Status: 401, Code: "NotAuthenticated", Message: "No."})
			creates(i.World, plugin)
			assert.Equal(t, times+1, i.Calls("CreateAuthToken"), configuration["auth"])
		}
		// It is not signed again forever.
		i.OCI.ResetJournal()
		i.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 3, Status: 401, Code: "NotAuthenticated", Message: "No."})
		_, err := create(i.World, plugin)
		require.ErrorContains(t, err, "401 NotAuthenticated")
		assert.Equal(t, 3, i.Calls("CreateAuthToken"), configuration["auth"])
	}
}

// If a session is renewed on disk after its key was read and before its security token was, the signature is wrong.
func TestASessionThatIsRenewedWhileARequestIsSignedIsReadAgain(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	w.Env = map[string]string{}
	tokenFile, keyFile := w.OpenSession(time.Now().Add(time.Hour), "")
	w.ConfigFile(w.SessionProfile(tokenFile, keyFile))
	plugin := inprocess.Configured(w, signIn(w, "SecurityToken", "configFileProfile", "WORK"))
	renewedToken, renewedKey := w.OpenSession(time.Now().Add(2*time.Hour), "")
	replaceFile(w, keyFile, renewedKey) // and the security token is still the old one
	w.Clock.OnSleep = func() { replaceFile(w, tokenFile, renewedToken) }
	creates(w, plugin)
	assert.Equal(t, 2, w.Calls("CreateAuthToken"))
}

func TestTheErrorForARefusedSignatureSaysWhoSigned(t *testing.T) {
	i := harness.NewIssuer(t)
	config := fileAt(i.World, "elsewhere", "[WORK]\nuser="+i.Credentials.UserID+"\nfingerprint="+i.Credentials.Fingerprint+"\nregion=us-phoenix-1\nkey_file="+
		i.KeyFile(i.Credentials.PrivateKeyPEM)+"\n")
	i.Env["OCI_CLI_CONFIG_FILE"], i.Env["TF_VAR_tenancy_ocid"] = config, "ocid1.tenancy.oc1..another"
	_, err := create(i.World, inprocess.Configured(i.World, with(onlyEndpoint(i.World), "configFileProfile", "WORK")))
	require.ErrorContains(t, err, "401 NotAuthenticated")
	for _, part := range []string{
		"The request was signed by user " + i.Credentials.UserID + " (from profile WORK of " + config + ")",
		"of tenancy ocid1.tenancy.oc1..another (from the environment variable TF_VAR_tenancy_ocid)",
		"API key " + i.Credentials.Fingerprint + " (from profile WORK", "clock",
	} {
		assert.Contains(t, err.Error(), part)
	}
	assert.Equal(t, 1, i.Calls("CreateAuthToken"), "an API key signs once")

	i.Env = map[string]string{"OCI_METADATA_BASE_URL": i.Server.URL + "/opc/v2"}
	i.ConfigFile(i.SessionProfile(i.OpenSession(time.Now().Add(time.Hour), "")))
	for signed, configuration := range map[string]map[string]any{
		"a session (SecurityToken, from profile WORK of ":                                              with(onlyEndpoint(i.World), "configFileProfile", "WORK"),
		"the principal that Pulumi runs as (InstancePrincipal), in tenancy " + i.Credentials.TenancyID: signIn(i.World, "InstancePrincipal"),
	} {
		plugin := inprocess.Configured(i.World, configuration)
		i.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 3, Status: 401, Code: "NotAuthenticated", Message: "No."})
		_, err := create(i.World, plugin)
		require.ErrorContains(t, err, "The request was signed by "+signed)
		assert.NotContains(t, err.Error(), "eyJ")
	}
}

func TestPrincipalIsSafeForManyCallsAtOnce(t *testing.T) {
	i := harness.NewIssuer(t)
	plugin := inprocess.Configured(i.World, federation(i))
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			_, err := plugin.Read(context.Background(), &pulumirpc.ReadRequest{
				Id: i.User + "/ocid1.credential.oc1..none", Urn: harness.TokenURN,
			})
			assert.ErrorContains(t, err, "has no auth token")
		})
	}
	calls.Wait()
	assert.Equal(t, 1, i.Asked("/oauth2/v1/token"))
}

// writeCertificates writes an instance's certificates where InstancePrincipalWithCerts finds them.
func writeCertificates(i *harness.Issuer, folder string, key []byte) {
	i.T.Helper()
	for name, content := range map[string][]byte{"ip_cert.pem": i.Cert, "ip_key.pem": key, "intermediate.pem": i.Cert} {
		require.NoError(i.T, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
}

func TestSignInAsInstanceWithCertificatesInFiles(t *testing.T) {
	i := harness.NewIssuer(t)
	configuration := signIn(i.World, "InstancePrincipalWithCerts", "region", "us-phoenix-1")
	for _, variable := range []string{
		"test_certificates_location", "OCI_TEST_CERTIFICATES_LOCATION", "OCI_test_certificates_location",
		"TF_VAR_test_certificates_location",
	} {
		folder := t.TempDir()
		i.Setenv(variable, folder)
		assert.Contains(t, configureError(i.World, configuration), filepath.Join(folder, "ip_cert.pem"), "%s counts before those before", variable)
		writeCertificates(i, folder, i.LeafPEM())
		signsIn(i.World, configuration)
	}
	assert.Zero(t, i.Asked("/opc/v2/identity/key.pem"), "nothing is asked of the machine")

	i.Env = map[string]string{}
	folder := t.TempDir()
	t.Chdir(folder)
	writeCertificates(i, folder, encryptedLeafPEM(i, "hunter2"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "leaf_passphrase"), []byte("hunter2\n"), 0o600))
	signsIn(i.World, configuration)
}

func encryptedLeafPEM(i *harness.Issuer, password string) []byte {
	i.T.Helper()
	der, err := pkcs8.ConvertPrivateKeyToPKCS8(i.Leaf, []byte(password))
	require.NoError(i.T, err)
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
}

func TestSignInAsResource11(t *testing.T) {
	i := harness.NewIssuer(t)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.Server.URL)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.Server.URL)
	signsIn(i.World, signIn(i.World, "ResourcePrincipal"))
	assert.Equal(t, 1, i.Asked("/20180711/resourcePrincipalToken/ocid1.instance.oc1.phx.x"), "the resource is the instance")
	assert.Equal(t, 1, i.Asked("/v1/resourcePrincipalSessionToken"))

	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPT_ID", "ocid1.database.oc1.phx.y")
	signsIn(i.World, signIn(i.World, "ResourcePrincipal"))
	assert.Equal(t, 1, i.Asked("/20180711/resourcePrincipalToken/ocid1.database.oc1.phx.y"))
}

// resource22 returns a token and a key for a resource principal of version 2.2.
func resource22(i *harness.Issuer) (token, key string) {
	i.T.Helper()
	public, err := x509.MarshalPKIXPublicKey(&i.Leaf.PublicKey)
	require.NoError(i.T, err)
	return i.Issue(base64.StdEncoding.EncodeToString(public)), string(i.LeafPEM())
}

func TestSignInAsResource22(t *testing.T) {
	i := harness.NewIssuer(t)
	token, key := resource22(i)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST", token)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", key)
	signsIn(i.World, signIn(i.World, "ResourcePrincipal", "region", "us-phoenix-1")) // the region may come from the program
	i.Setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1")
	signsIn(i.World, signIn(i.World, "ResourcePrincipal"))

	i.Setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", string(encryptedLeafPEM(i, "hunter2")))
	i.Setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE", "hunter2")
	signsIn(i.World, signIn(i.World, "ResourcePrincipal"))

	// Functions get them as files, which OCI renews.
	tokenFile := i.KeyFile(i.JWT(time.Now().Add(4 * time.Minute)))
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST", tokenFile)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", i.KeyFile(string(encryptedLeafPEM(i, "hunter2"))))
	i.Setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE", i.KeyFile("hunter2"))
	plugin := inprocess.Configured(i.World, signIn(i.World, "ResourcePrincipal"))
	replaceFile(i.World, tokenFile, i.KeyFile(token))
	creates(i.World, plugin)
}

func TestSignInAsResource30(t *testing.T) {
	i := harness.NewIssuer(t)
	token, key := resource22(i)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "3.0")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE", i.Server.URL+"/20180711/resourcePrincipalToken/parent")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT_FOR_PARENT_RESOURCE", i.Server.URL)

	i.Setenv("OCI_RESOURCE_PRINCIPAL_VERSION_FOR_LEAF_RESOURCE", "2.2")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST_FOR_LEAF_RESOURCE", token)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_FOR_LEAF_RESOURCE", key)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_REGION_FOR_LEAF_RESOURCE", "us-phoenix-1")
	signsIn(i.World, signIn(i.World, "ResourcePrincipal"))
	assert.Equal(t, 1, i.Asked("/20180711/resourcePrincipalToken/parent"))

	// A leaf resource that signs as an instance. Its id is set here, because the SDK would otherwise ask 169.254.169.254, where a
	// test cannot run a server.
	i.Setenv("OCI_RESOURCE_PRINCIPAL_VERSION_FOR_LEAF_RESOURCE", "1.1")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.Server.URL)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.Server.URL)
	i.Setenv("OCI_RESOURCE_PRINCIPAL_RESOURCE_ID_FOR_LEAF_RESOURCE", "ocid1.instance.oc1.phx.leaf")
	signsIn(i.World, signIn(i.World, "ResourcePrincipal"))
	assert.Equal(t, 1, i.Asked("/20180711/resourcePrincipalToken/ocid1.instance.oc1.phx.leaf"))
	assert.Equal(t, 2, i.Asked("/20180711/resourcePrincipalToken/parent"))
}

// newProxymux starts the service that gives out tokens to the pods of an OKE cluster. Its port is fixed, so it has its own address.
func newProxymux(i *harness.Issuer) {
	i.T.Helper()
	var (
		address  net.IP
		listener net.Listener
		err      error
	)
	for last := byte(2); listener == nil && last < 255; last++ {
		address = net.IPv4(127, 0, 77, last)
		listener, err = net.Listen("tcp", net.JoinHostPort(address.String(), "12250"))
	}
	require.NoError(i.T, err)
	certificate := i.Certificate("proxymux", address)
	pair, err := tls.X509KeyPair(certificate, i.LeafPEM())
	require.NoError(i.T, err)
	proxymux := &httptest.Server{Listener: listener, Config: &http.Server{Handler: i, ReadHeaderTimeout: time.Minute}}
	proxymux.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	proxymux.StartTLS()
	i.T.Cleanup(proxymux.Close)

	i.Setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
	i.Setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1")
	i.Setenv("KUBERNETES_SERVICE_HOST", address.String())
	i.Setenv("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", i.KeyFile(string(certificate)))
}

// The service account's token is in a file of the test, because the test cannot write to /var/run/secrets, where pods have it.
func TestSignInAsKubernetesWorkload(t *testing.T) {
	i := harness.NewIssuer(t)
	newProxymux(i)
	first, second := i.JWT(time.Now().Add(time.Hour)), i.JWT(time.Now().Add(time.Hour))
	file := i.KeyFile(first + "\n")
	i.Lifetime = 4 * time.Minute
	plugin := inprocess.Configured(i.World, signIn(i.World, "OKEWorkloadIdentity", "workloadIdentityTokenPath", file))
	assert.Equal(t, "Bearer "+first, i.Authorization)

	// Kubernetes renews the file.
	i.Lifetime = time.Hour
	replaceFile(i.World, file, i.KeyFile(second))
	creates(i.World, plugin)
	assert.Equal(t, "Bearer "+second, i.Authorization)

	i.Setenv("OCI_WORKLOAD_IDENTITY_TOKEN_PATH", file)
	signsIn(i.World, signIn(i.World, "okeworkloadidentity"))
}

// federation sets up the exchange of another issuer's token, as a client of the identity domain.
func federation(i *harness.Issuer) map[string]any {
	i.T.Helper()
	return signIn(i.World, "WorkloadIdentityFederation", "region", "us-phoenix-1",
		"workloadIdentityTokenPath", i.KeyFile("another issuer's token\n"),
		"tokenExchangeDomainUrl", i.Server.URL, "tokenExchangeRequestedTokenType", "urn:oci:token-type:oci-rpst",
		"tokenExchangeResourceType", "workload", "tokenExchangeRpstExp", "3600",
		"tokenExchangeClientId", "client", "tokenExchangeClientSecret", harness.Canary+"-secret")
}

func TestSignInByExchangeOfATokenAsClient(t *testing.T) {
	i := harness.NewIssuer(t)
	federation := federation(i)
	signsIn(i.World, federation)
	assert.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("client:"+harness.Canary+"-secret")), i.Authorization)
	for parameter, value := range map[string]string{
		"grant_type":           "urn:ietf:params:oauth:grant-type:token-exchange",
		"requested_token_type": "urn:oci:token-type:oci-rpst", "subject_token_type": "jwt",
		"res_type": "workload", "rpst_exp": "3600", "subject_token": "another issuer's token",
	} {
		assert.Equal(t, value, i.Form.Get(parameter), parameter)
	}

	// The provider finds the home region of the tenancy that the token names.
	federation["region"], federation["tokenExchangeDomainUrl"] = "us-ashburn-1", i.Server.URL+"/"
	federation["tokenExchangeAuth"] = "oauthclientcredentials"
	signsIn(i.World, federation)
	assert.Len(t, i.RegionsOf("ListRegionSubscriptions"), 1)

	// Only tokens of resources have a resource type.
	federation["tokenExchangeRequestedTokenType"] = "urn:oci:token-type:oci-upst"
	delete(federation, "tokenExchangeResourceType")
	signsIn(i.World, federation)
	assert.Empty(t, i.Form.Get("res_type"))

	// The file is read again for each token.
	i.Lifetime = 4 * time.Minute
	plugin := inprocess.Configured(i.World, federation)
	i.Lifetime = time.Hour
	replaceFile(i.World, federation["workloadIdentityTokenPath"].(string), i.KeyFile("renewed"))
	creates(i.World, plugin)
	assert.Equal(t, "renewed", i.Form.Get("subject_token"))

	// A token that is never valid for long signs, with the key that it is for.
	i.Lifetime = 4 * time.Minute
	creates(i.World, inprocess.Configured(i.World, federation))
}

func TestSignInByExchangeOfATokenAsInstance(t *testing.T) {
	i := harness.NewIssuer(t)
	federation := federation(i)
	federation["tokenExchangeAuth"] = "InstancePrincipal"
	delete(federation, "tokenExchangeClientId")
	delete(federation, "tokenExchangeClientSecret")
	signsIn(i.World, federation)
	assert.Contains(t, i.Authorization, `keyId="ST$`)
}

func TestSignInFromTheEnvironmentAlone(t *testing.T) {
	for _, form := range []func(string) string{
		func(name string) string { return "OCI_" + strings.ToUpper(name) },
		func(name string) string { return "TF_VAR_" + name },
	} {
		i := harness.NewIssuer(t)
		for name, value := range map[string]string{
			"auth": "workloadidentityfederation", "region": "us-phoenix-1", "token_exchange_auth": "OAuthClientCredentials",
			"workload_identity_token_path": i.KeyFile("token"), "token_exchange_domain_url": i.Server.URL,
			"token_exchange_client_id": "client", "token_exchange_client_secret": "secret",
			"token_exchange_requested_token_type": "urn:oci:token-type:oci-rpst", "token_exchange_resource_type": "workload",
			"token_exchange_subject_token_type": "jwt", "token_exchange_rpst_exp": "60", "token_exchange_public_key": "key",
		} {
			i.Env[form(name)] = value
		}
		signsIn(i.World, map[string]any{"endpoint": i.URL})
		assert.Equal(t, "60", i.Form.Get("rpst_exp"))
		assert.NotEqual(t, "key", i.Form.Get("public_key"), "the SDK makes a key of its own")
	}
}

// The SDK's tables have no endpoints of these kinds for OCI Identity, so the test can only check that the properties are accepted.
func TestKindsOfEndpointsAreAccepted(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	for _, value := range []bool{true, false} {
		mustSignIn(w, map[string]any{
			"endpoint": w.URL, "realmSpecificServiceEndpointTemplateEnabled": value, "dualStackEndpointEnabled": value,
		})
	}

	// "pulumi config set" passes them as strings.
	s := inprocess.NewStack(w)
	s.Config["realmSpecificServiceEndpointTemplateEnabled"], s.Config["dualStackEndpointEnabled"] = "true", "false"
	s.MustUp(s.OneToken(s.User, "ci"))
}

func TestSignInWithASession(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	w.Env = map[string]string{}
	tokenFile, keyFile := w.OpenSession(time.Now().Add(time.Hour), "")
	w.ConfigFile(w.SessionProfile(tokenFile, keyFile))
	configuration := signIn(w, "SecurityToken", "configFileProfile", "WORK")
	w.Env = map[string]string{"OCI_PRIVATE_KEY_PATH": w.KeyFile("of something else")}
	signsIn(w, configuration)

	// A running provider notices that the session was renewed on disk, with its key.
	plugin := inprocess.Configured(w, configuration)
	renewedToken, renewedKey := w.OpenSession(time.Now().Add(2*time.Hour), "")
	replaceFile(w, tokenFile, renewedToken)
	replaceFile(w, keyFile, renewedKey)
	creates(w, plugin)

	// If it expires while the provider runs, the error says so, and how to renew it.
	ended := time.Now().Add(-time.Minute)
	expired, _ := w.OpenSession(ended, "")
	replaceFile(w, tokenFile, expired)
	_, err := create(w, plugin)
	require.Error(t, err)
	for _, said := range []string{err.Error(), configureError(w, configuration)} {
		for _, part := range []string{
			"expired at " + ended.UTC().Format(time.RFC3339), tokenFile, "oci session refresh --profile WORK",
			"oci session authenticate --profile-name WORK",
		} {
			assert.Contains(t, said, part)
		}
		assert.NotContains(t, said, strings.TrimSpace(w.ReadFile(tokenFile)))
	}
	assert.Contains(t, configureError(w, configuration), "configFileProfile: ")

	// The error also tells if its files are gone or invalid.
	valid, _ := w.OpenSession(time.Now().Add(time.Hour), "")
	replaceFile(w, tokenFile, valid)
	for problem, spoil := range map[string]func(){
		"does not hold a private key": func() { replaceFile(w, keyFile, w.KeyFile("no key")) },
		keyFile:                       func() { require.NoError(t, os.Remove(keyFile)) },
	} {
		replaceFile(w, keyFile, renewedKey)
		spoil()
		_, err = create(w, plugin)
		require.ErrorContains(t, err, problem)
	}
}

func TestSignInWithASessionWhoseKeyIsEncrypted(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	w.Env = map[string]string{}
	tokenFile, keyFile := w.OpenSession(time.Now().Add(time.Hour), "N/A")
	w.ConfigFile(w.SessionProfile(tokenFile, keyFile))
	signsIn(w, signIn(w, "SecurityToken", "configFileProfile", "WORK", "privateKeyPassword", "N/A"))
	assert.Contains(t, configureError(w, signIn(w, "SecurityToken", "configFileProfile", "WORK")), "privateKeyPassword: is not set")
	said := configureError(w, signIn(w, "SecurityToken", "configFileProfile", "WORK", "privateKeyPassword", harness.Canary))
	assert.Contains(t, said, "privateKeyPassword: does not decrypt")
	harness.RequireNoValue(t, said)

	w.ConfigFile(w.SessionProfile(tokenFile, keyFile) + "pass_phrase=N/A\n")
	signsIn(w, signIn(w, "SecurityToken", "configFileProfile", "WORK"))
	w.Env["OCI_AUTH"], w.Env["TF_VAR_config_file_profile"] = "securitytoken", "WORK"
	signsIn(w, map[string]any{"endpoint": w.URL})
}

// replaceFile replaces the content of a file.
func replaceFile(w *harness.World, path, source string) {
	w.T.Helper()
	require.NoError(w.T, os.WriteFile(path, []byte(w.ReadFile(source)), 0o600))
}

func TestAUserOfADomainManagesTheirOwnTokensAndNoOthers(t *testing.T) {
	t.Parallel()
	for name, signIn := range map[string]func(*inprocess.Stack){
		"API key": func(s *inprocess.Stack) {
			creds, err := s.OCI.NewCredentials(s.User)
			require.NoError(t, err)
			s.Credentials = creds
			s.Env["OCI_USER_OCID"], s.Env["OCI_FINGERPRINT"], s.Env["OCI_PRIVATE_KEY"] = creds.UserID, creds.Fingerprint, creds.PrivateKeyPEM
		},
		"session": func(s *inprocess.Stack) {
			s.Env = map[string]string{}
			s.ConfigFile(s.SessionProfile(s.OpenSession(time.Now().Add(time.Hour), "")))
			s.Config["auth"], s.Config["configFileProfile"] = "SecurityToken", "WORK"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
			signIn(s)
			s.MustUp(s.OneToken(s.User, "ci"))
			s.MustUp(s.OneToken(s.User, "new"))
			assert.Equal(t, "new", s.OnlyToken().Description)
			require.NoError(t, s.Refresh())
			other := s.AddUser("other")
			require.Error(t, s.Up(s.OneToken(other, "ci")))
			for _, part := range []string{"401 error.common.common.accessDenied", "Identity Domain Administrator", "manage domains in tenancy"} {
				assert.Contains(t, s.Diagnostics(), part)
			}
			assert.NotContains(t, s.Diagnostics(), "clock", "nothing is wrong with the signature")
			require.NoError(t, s.Destroy())
			assert.Empty(t, s.Tokens())
		})
	}
}
