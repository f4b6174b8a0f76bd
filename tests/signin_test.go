package tests

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
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
)

// These tests sign in in every way that OCI has. An issuer on loopback stands in for the services that give out security tokens on a
// real instance, function or cluster. The emulator then accepts each token for a limited time, with the key that it is bound to.
//
// OCI's SDK reads the environment of the process, so most of them set it and do not run in parallel.

// issuer gives out security tokens.
type issuer struct {
	*world
	*httptest.Server
	leaf *rsa.PrivateKey
	cert []byte // PEM
	// region is what the metadata service calls the region. It returns the short codes of the oldest ones.
	region string
	// lifetime is how long the tokens that it gives out are valid.
	lifetime time.Duration
	// mayDoNothing reports whether the instance that gets the tokens has no permissions of its own.
	mayDoNothing bool
	// instead, if it is set, may answer a request instead of the issuer. It reports whether it has.
	instead func(http.ResponseWriter, *http.Request) bool

	mu sync.Mutex
	// seen holds the requested paths.
	seen map[string]int
	// authorization and form are the header and the body of the last token exchange.
	authorization string
	form          url.Values
}

// leafKey is the key that every issuer gives the instance.
var leafKey = newKey()

// newIssuer starts an issuer. Its URL is also that of the instance metadata service and of the federation service.
func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{
		world:  newWorldWith(t, emulator.Config{Regions: []string{"us-phoenix-1", "us-ashburn-1"}}),
		region: "phx", lifetime: time.Hour, seen: map[string]int{}, leaf: leafKey(),
	}
	i.env = map[string]string{}
	i.setProcessEnv = func(name, value string) error { t.Setenv(name, value); return nil }
	i.cert = i.certificate("instance", nil)
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	i.setenv("OCI_METADATA_BASE_URL", i.URL+"/opc/v2")
	i.setenv("OCI_SDK_AUTH_CLIENT_REGION_URL", i.URL)
	return i
}

// setenv sets a variable for the provider and for the SDK.
func (i *issuer) setenv(name, value string) {
	i.t.Helper()
	i.env[name] = value
	i.t.Setenv(name, value)
}

// certificate returns a self-signed certificate that names the tenancy, as those of instances do.
func (i *issuer) certificate(name string, address net.IP) []byte {
	i.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name, OrganizationalUnit: []string{"opc-tenant:" + i.creds.TenancyID}},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if address != nil {
		template.IPAddresses = []net.IP{address}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &i.leaf.PublicKey, i.leaf)
	require.NoError(i.t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (i *issuer) leafPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(i.leaf)})
}

// jwt returns a JSON Web Token. Only the emulator looks at more than its claims.
func (w *world) jwt(expires time.Time) string {
	w.t.Helper()
	claims, err := json.Marshal(map[string]any{
		"exp": expires.Unix(), "tenant": w.creds.TenancyID, "res_tenant": w.creds.TenancyID, "sub": w.user, "jti": rand.Text(),
	})
	require.NoError(w.t, err)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode(claims) + "." + encode([]byte("signature"))
}

// issue gives out a security token for a public key, in PEM with or without its first and last line.
func (i *issuer) issue(publicKey string) string {
	i.t.Helper()
	publicKey = strings.NewReplacer("-----BEGIN PUBLIC KEY-----", "", "-----END PUBLIC KEY-----", "", "\n", "").Replace(publicKey)
	der, err := base64.StdEncoding.DecodeString(publicKey)
	require.NoError(i.t, err)
	parsed, err := x509.ParsePKIXPublicKey(der)
	require.NoError(i.t, err)
	expires := time.Now().Add(i.lifetime)
	token := i.jwt(expires)
	if i.mayDoNothing {
		i.oci.AddInstance(token, parsed.(*rsa.PublicKey), expires)
	} else {
		i.oci.AddSession(i.user, token, parsed.(*rsa.PublicKey), expires)
	}
	return token
}

// asked counts the requests for a path.
func (i *issuer) asked(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.seen[path]
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.seen[r.URL.Path]++
	instead := i.instead
	i.mu.Unlock()
	if instead != nil && instead(w, r) {
		return
	}
	var body map[string]any
	answer := func(field, publicKey string) {
		_ = json.NewEncoder(w).Encode(map[string]string{field: i.issue(publicKey)})
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		_ = json.NewDecoder(r.Body).Decode(&body)
	}
	switch path := strings.TrimSuffix(r.URL.Path, "/"); {
	case path == "/opc/v2/instance/region":
		_, _ = fmt.Fprint(w, i.region)
	case path == "/opc/v2/instance/regionInfo":
		_, _ = fmt.Fprint(w, `{"realmKey":"oc99","realmDomainComponent":"new-realm.com","regionKey":"XYZ","regionIdentifier":"us-new-1"}`)
	case path == "/opc/v2/instance/id":
		_, _ = fmt.Fprint(w, "ocid1.instance.oc1.phx.x")
	case path == "/opc/v2/identity/cert.pem", path == "/opc/v2/identity/intermediate.pem":
		_, _ = w.Write(i.cert)
	case path == "/opc/v2/identity/key.pem":
		_, _ = w.Write(i.leafPEM())
	case path == "/v1/x509":
		answer("token", body["publicKey"].(string))
	case strings.HasPrefix(path, "/20180711/resourcePrincipalToken/"):
		_ = json.NewEncoder(w).Encode(map[string]string{
			"resourcePrincipalToken": i.jwt(time.Now().Add(time.Hour)), "servicePrincipalSessionToken": i.jwt(time.Now().Add(time.Hour)),
		})
	case path == "/v1/resourcePrincipalSessionToken":
		answer("token", body["sessionPublicKey"].(string))
	case path == "/oauth2/v1/token":
		if err := r.ParseForm(); err != nil || r.Form.Get("subject_token") == "" {
			http.Error(w, "no subject token", http.StatusBadRequest)
			return
		}
		i.remember(r)
		answer("token", r.Form.Get("public_key"))
	case path == "/resourcePrincipalSessionTokens":
		i.remember(r)
		token, _ := json.Marshal(map[string]string{"token": "ST$" + i.issue(body["podKey"].(string))})
		_, _ = fmt.Fprintf(w, "%q", base64.StdEncoding.EncodeToString(token))
	default:
		http.NotFound(w, r)
	}
}

func (i *issuer) remember(r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.authorization, i.form = r.Header.Get("Authorization"), r.Form
}

// signIn returns a configuration with a way to sign in.
func (w *world) signIn(auth string, more ...string) map[string]any {
	configuration := map[string]any{"endpoint": w.url + "/{region}", "auth": auth}
	for i := 0; i+1 < len(more); i += 2 {
		configuration[more[i]] = more[i+1]
	}
	return configuration
}

// signsIn creates a token with a new provider. There is no API key, so every request is signed with a security token.
func (w *world) signsIn(configuration map[string]any) {
	w.t.Helper()
	w.oci.RemoveAPIKey(w.user, w.creds.Fingerprint)
	w.creates(w.configured(configuration))
}

// creates creates a token with a provider, and deletes it again.
func (w *world) creates(plugin pulumirpc.ResourceProviderClient) {
	w.t.Helper()
	created, err := w.create(plugin)
	require.NoError(w.t, err)
	token := w.onlyToken()
	require.Contains(w.t, token.Value, canary)
	requireSecretToken(w.t, created.Properties, token.Value)
	w.oci.DeleteToken(w.user, token.ID)
}

func (w *world) create(plugin pulumirpc.ResourceProviderClient) (*pulumirpc.CreateResponse, error) {
	return plugin.Create(context.Background(), &pulumirpc.CreateRequest{
		Urn: tokenURN, Properties: properties(w.t, map[string]any{"userId": w.user, "description": w.t.Name()}),
	})
}

func TestSignInAsInstance(t *testing.T) {
	i := newIssuer(t)
	i.signsIn(i.signIn("InstancePrincipal"))
	assert.Equal(t, []string{"us-phoenix-1"}, i.regionsOf("CreateAuthToken"), "the region that the instance is in")
	assert.Equal(t, 1, i.asked("/v1/x509"))

	i.oci.ResetJournal()
	i.signsIn(i.signIn("instanceprincipal", "region", "us-ashburn-1")) // case does not matter
	assert.Equal(t, []string{"us-ashburn-1", "us-phoenix-1"}, i.regionsOf("CreateAuthToken"), "the region that is configured")
	assert.Len(t, i.regionsOf("ListRegionSubscriptions"), 1, "the certificate tells the tenancy")
}

func TestPrincipalsTokenIsRenewed(t *testing.T) {
	i := newIssuer(t)
	i.lifetime = 4 * time.Minute // the SDK renews tokens that are valid for less than five minutes
	i.oci.RemoveAPIKey(i.user, i.creds.Fingerprint)
	plugin := i.configured(i.signIn("InstancePrincipal"))
	before := i.asked("/v1/x509")
	i.lifetime = time.Hour
	i.creates(plugin)
	i.creates(plugin)
	assert.Equal(t, before+1, i.asked("/v1/x509"))
}

// OCI's SDK asks for the key and the token one after the other. If another call renews both in between, OCI answers 401, and the
// request is signed again.
func TestRequestIsSignedAgainIfTheKeyWasRenewedInBetween(t *testing.T) {
	i := newIssuer(t)
	i.configFile(i.sessionProfile(i.openSession(time.Now().Add(time.Hour), "")))
	delegation := i.jwt(time.Now().Add(time.Hour))
	i.oci.AddDelegation(i.user, delegation, time.Now().Add(time.Hour))
	i.env["OCI_CLI_DELEGATION_TOKEN_FILE"] = i.keyFile(delegation)
	for _, configuration := range []map[string]any{
		i.signIn("InstancePrincipal"), i.signIn("InstanceOBOUser"), i.signIn("SecurityToken", "configFileProfile", "WORK"),
	} {
		plugin := i.configured(configuration)
		for _, times := range []int{1, 2} {
			i.oci.ResetJournal()
			i.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: times, Status: 401, Code: "NotAuthenticated", Message: "No."})
			i.creates(plugin)
			assert.Equal(t, times+1, i.calls("CreateAuthToken"), configuration["auth"])
		}
		// It is not signed again forever.
		i.oci.ResetJournal()
		i.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 3, Status: 401, Code: "NotAuthenticated", Message: "No."})
		_, err := i.create(plugin)
		require.ErrorContains(t, err, "401 NotAuthenticated")
		assert.Equal(t, 3, i.calls("CreateAuthToken"), configuration["auth"])
	}
}

// If a session is renewed on disk after its key was read and before its security token was, the signature is wrong.
func TestASessionThatIsRenewedWhileARequestIsSignedIsReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = map[string]string{}
	tokenFile, keyFile := w.openSession(time.Now().Add(time.Hour), "")
	w.configFile(w.sessionProfile(tokenFile, keyFile))
	plugin := w.configured(w.signIn("SecurityToken", "configFileProfile", "WORK"))
	renewedToken, renewedKey := w.openSession(time.Now().Add(2*time.Hour), "")
	w.replaceFile(keyFile, renewedKey) // and the security token is still the old one
	w.clock.onSleep = func() { w.replaceFile(tokenFile, renewedToken) }
	w.creates(plugin)
	assert.Equal(t, 2, w.calls("CreateAuthToken"))
}

func TestTheErrorForARefusedSignatureSaysWhoSigned(t *testing.T) {
	i := newIssuer(t)
	config := i.fileAt("elsewhere", "[WORK]\nuser="+i.creds.UserID+"\nfingerprint="+i.creds.Fingerprint+"\nregion=us-phoenix-1\nkey_file="+
		i.keyFile(i.creds.PrivateKeyPEM)+"\n")
	i.env["OCI_CLI_CONFIG_FILE"], i.env["TF_VAR_tenancy_ocid"] = config, "ocid1.tenancy.oc1..another"
	_, err := i.create(i.configured(with(i.nothing(), "configFileProfile", "WORK")))
	require.ErrorContains(t, err, "401 NotAuthenticated")
	for _, part := range []string{
		"The request was signed by user " + i.creds.UserID + " (from profile WORK of " + config + ")",
		"of tenancy ocid1.tenancy.oc1..another (from the environment variable TF_VAR_tenancy_ocid)",
		"API key " + i.creds.Fingerprint + " (from profile WORK", "clock",
	} {
		assert.Contains(t, err.Error(), part)
	}
	assert.Equal(t, 1, i.calls("CreateAuthToken"), "an API key signs once")

	i.env = map[string]string{"OCI_METADATA_BASE_URL": i.URL + "/opc/v2"}
	i.configFile(i.sessionProfile(i.openSession(time.Now().Add(time.Hour), "")))
	for signed, configuration := range map[string]map[string]any{
		"a session (SecurityToken, from profile WORK of ":                                        with(i.nothing(), "configFileProfile", "WORK"),
		"the principal that Pulumi runs as (InstancePrincipal), in tenancy " + i.creds.TenancyID: i.signIn("InstancePrincipal"),
	} {
		plugin := i.configured(configuration)
		i.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 3, Status: 401, Code: "NotAuthenticated", Message: "No."})
		_, err := i.create(plugin)
		require.ErrorContains(t, err, "The request was signed by "+signed)
		assert.NotContains(t, err.Error(), "eyJ")
	}
}

func TestPrincipalIsSafeForManyCallsAtOnce(t *testing.T) {
	i := newIssuer(t)
	plugin := i.configured(i.federation())
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			_, err := plugin.Read(context.Background(), &pulumirpc.ReadRequest{
				Id: i.user + "/ocid1.credential.oc1..none", Urn: tokenURN,
			})
			assert.ErrorContains(t, err, "has no auth token")
		})
	}
	calls.Wait()
	assert.Equal(t, 1, i.asked("/oauth2/v1/token"))
}

// writeCertificates writes an instance's certificates where InstancePrincipalWithCerts finds them.
func (i *issuer) writeCertificates(folder string, key []byte) {
	i.t.Helper()
	for name, content := range map[string][]byte{"ip_cert.pem": i.cert, "ip_key.pem": key, "intermediate.pem": i.cert} {
		require.NoError(i.t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
}

func TestSignInAsInstanceWithCertificatesInFiles(t *testing.T) {
	i := newIssuer(t)
	configuration := i.signIn("InstancePrincipalWithCerts", "region", "us-phoenix-1")
	for _, variable := range []string{
		"test_certificates_location", "OCI_TEST_CERTIFICATES_LOCATION", "OCI_test_certificates_location",
		"TF_VAR_test_certificates_location",
	} {
		folder := t.TempDir()
		i.setenv(variable, folder)
		assert.Contains(t, i.configureError(configuration), filepath.Join(folder, "ip_cert.pem"), "%s counts before those before", variable)
		i.writeCertificates(folder, i.leafPEM())
		i.signsIn(configuration)
	}
	assert.Zero(t, i.asked("/opc/v2/identity/key.pem"), "nothing is asked of the machine")

	i.env = map[string]string{}
	folder := t.TempDir()
	t.Chdir(folder)
	i.writeCertificates(folder, i.encryptedLeafPEM("hunter2"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "leaf_passphrase"), []byte("hunter2\n"), 0o600))
	i.signsIn(configuration)
}

func (i *issuer) encryptedLeafPEM(password string) []byte {
	i.t.Helper()
	der, err := pkcs8.ConvertPrivateKeyToPKCS8(i.leaf, []byte(password))
	require.NoError(i.t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
}

func TestSignInAsResource11(t *testing.T) {
	i := newIssuer(t)
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.URL)
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.URL)
	i.signsIn(i.signIn("ResourcePrincipal"))
	assert.Equal(t, 1, i.asked("/20180711/resourcePrincipalToken/ocid1.instance.oc1.phx.x"), "the resource is the instance")
	assert.Equal(t, 1, i.asked("/v1/resourcePrincipalSessionToken"))

	i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_ID", "ocid1.database.oc1.phx.y")
	i.signsIn(i.signIn("ResourcePrincipal"))
	assert.Equal(t, 1, i.asked("/20180711/resourcePrincipalToken/ocid1.database.oc1.phx.y"))
}

// resource22 returns a token and a key for a resource principal of version 2.2.
func (i *issuer) resource22() (token, key string) {
	i.t.Helper()
	public, err := x509.MarshalPKIXPublicKey(&i.leaf.PublicKey)
	require.NoError(i.t, err)
	return i.issue(base64.StdEncoding.EncodeToString(public)), string(i.leafPEM())
}

func TestSignInAsResource22(t *testing.T) {
	i := newIssuer(t)
	token, key := i.resource22()
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST", token)
	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", key)
	i.signsIn(i.signIn("ResourcePrincipal", "region", "us-phoenix-1")) // the region may come from the program
	i.setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1")
	i.signsIn(i.signIn("ResourcePrincipal"))

	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", string(i.encryptedLeafPEM("hunter2")))
	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE", "hunter2")
	i.signsIn(i.signIn("ResourcePrincipal"))

	// Functions get them as files, which OCI renews.
	tokenFile := i.keyFile(i.jwt(time.Now().Add(4 * time.Minute)))
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST", tokenFile)
	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", i.keyFile(string(i.encryptedLeafPEM("hunter2"))))
	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE", i.keyFile("hunter2"))
	plugin := i.configured(i.signIn("ResourcePrincipal"))
	i.replaceFile(tokenFile, i.keyFile(token))
	i.creates(plugin)
}

func TestSignInAsResource30(t *testing.T) {
	i := newIssuer(t)
	token, key := i.resource22()
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "3.0")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE", i.URL+"/20180711/resourcePrincipalToken/parent")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT_FOR_PARENT_RESOURCE", i.URL)

	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION_FOR_LEAF_RESOURCE", "2.2")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST_FOR_LEAF_RESOURCE", token)
	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_FOR_LEAF_RESOURCE", key)
	i.setenv("OCI_RESOURCE_PRINCIPAL_REGION_FOR_LEAF_RESOURCE", "us-phoenix-1")
	i.signsIn(i.signIn("ResourcePrincipal"))
	assert.Equal(t, 1, i.asked("/20180711/resourcePrincipalToken/parent"))

	// A leaf resource that signs as an instance. Its id is set here, because the SDK would otherwise ask 169.254.169.254, where a
	// test cannot run a server.
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION_FOR_LEAF_RESOURCE", "1.1")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.URL)
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.URL)
	i.setenv("OCI_RESOURCE_PRINCIPAL_RESOURCE_ID_FOR_LEAF_RESOURCE", "ocid1.instance.oc1.phx.leaf")
	i.signsIn(i.signIn("ResourcePrincipal"))
	assert.Equal(t, 1, i.asked("/20180711/resourcePrincipalToken/ocid1.instance.oc1.phx.leaf"))
	assert.Equal(t, 2, i.asked("/20180711/resourcePrincipalToken/parent"))
}

// newProxymux starts the service that gives out tokens to the pods of an OKE cluster. Its port is fixed, so it has its own address.
func newProxymux(i *issuer) {
	i.t.Helper()
	var (
		address  net.IP
		listener net.Listener
		err      error
	)
	for last := byte(2); listener == nil && last < 255; last++ {
		address = net.IPv4(127, 0, 77, last)
		listener, err = net.Listen("tcp", net.JoinHostPort(address.String(), "12250"))
	}
	require.NoError(i.t, err)
	certificate := i.certificate("proxymux", address)
	pair, err := tls.X509KeyPair(certificate, i.leafPEM())
	require.NoError(i.t, err)
	proxymux := &httptest.Server{Listener: listener, Config: &http.Server{Handler: i, ReadHeaderTimeout: time.Minute}}
	proxymux.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	proxymux.StartTLS()
	i.t.Cleanup(proxymux.Close)

	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
	i.setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1")
	i.setenv("KUBERNETES_SERVICE_HOST", address.String())
	i.setenv("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", i.keyFile(string(certificate)))
}

// The service account's token is in a file of the test, because the test cannot write to /var/run/secrets, where pods have it.
func TestSignInAsKubernetesWorkload(t *testing.T) {
	i := newIssuer(t)
	newProxymux(i)
	first, second := i.jwt(time.Now().Add(time.Hour)), i.jwt(time.Now().Add(time.Hour))
	file := i.keyFile(first + "\n")
	i.lifetime = 4 * time.Minute
	plugin := i.configured(i.signIn("OKEWorkloadIdentity", "workloadIdentityTokenPath", file))
	assert.Equal(t, "Bearer "+first, i.authorization)

	// Kubernetes renews the file.
	i.lifetime = time.Hour
	i.replaceFile(file, i.keyFile(second))
	i.creates(plugin)
	assert.Equal(t, "Bearer "+second, i.authorization)

	i.setenv("OCI_WORKLOAD_IDENTITY_TOKEN_PATH", file)
	i.signsIn(i.signIn("okeworkloadidentity"))
}

// federation sets up the exchange of another issuer's token, as a client of the identity domain.
func (i *issuer) federation() map[string]any {
	i.t.Helper()
	return i.signIn("WorkloadIdentityFederation", "region", "us-phoenix-1",
		"workloadIdentityTokenPath", i.keyFile("another issuer's token\n"),
		"tokenExchangeDomainUrl", i.URL, "tokenExchangeRequestedTokenType", "urn:oci:token-type:oci-rpst",
		"tokenExchangeResourceType", "workload", "tokenExchangeRpstExp", "3600",
		"tokenExchangeClientId", "client", "tokenExchangeClientSecret", canary+"-secret")
}

func TestSignInByExchangeOfATokenAsClient(t *testing.T) {
	i := newIssuer(t)
	federation := i.federation()
	i.signsIn(federation)
	assert.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("client:"+canary+"-secret")), i.authorization)
	for parameter, value := range map[string]string{
		"grant_type":           "urn:ietf:params:oauth:grant-type:token-exchange",
		"requested_token_type": "urn:oci:token-type:oci-rpst", "subject_token_type": "jwt",
		"res_type": "workload", "rpst_exp": "3600", "subject_token": "another issuer's token",
	} {
		assert.Equal(t, value, i.form.Get(parameter), parameter)
	}

	// The provider finds the home region of the tenancy that the token names.
	federation["region"], federation["tokenExchangeDomainUrl"] = "us-ashburn-1", i.URL+"/"
	federation["tokenExchangeAuth"] = "oauthclientcredentials"
	i.signsIn(federation)
	assert.Len(t, i.regionsOf("ListRegionSubscriptions"), 1)

	// Only tokens of resources have a resource type.
	federation["tokenExchangeRequestedTokenType"] = "urn:oci:token-type:oci-upst"
	delete(federation, "tokenExchangeResourceType")
	i.signsIn(federation)
	assert.Empty(t, i.form.Get("res_type"))

	// The file is read again for each token.
	i.lifetime = 4 * time.Minute
	plugin := i.configured(federation)
	i.lifetime = time.Hour
	i.replaceFile(federation["workloadIdentityTokenPath"].(string), i.keyFile("renewed"))
	i.creates(plugin)
	assert.Equal(t, "renewed", i.form.Get("subject_token"))

	// A token that is never valid for long signs, with the key that it is for.
	i.lifetime = 4 * time.Minute
	i.creates(i.configured(federation))
}

func TestSignInByExchangeOfATokenAsInstance(t *testing.T) {
	i := newIssuer(t)
	federation := i.federation()
	federation["tokenExchangeAuth"] = "InstancePrincipal"
	delete(federation, "tokenExchangeClientId")
	delete(federation, "tokenExchangeClientSecret")
	i.signsIn(federation)
	assert.Contains(t, i.authorization, `keyId="ST$`)
}

func TestSignInFromTheEnvironmentAlone(t *testing.T) {
	for _, form := range []func(string) string{
		func(name string) string { return "OCI_" + strings.ToUpper(name) },
		func(name string) string { return "TF_VAR_" + name },
	} {
		i := newIssuer(t)
		for name, value := range map[string]string{
			"auth": "workloadidentityfederation", "region": "us-phoenix-1", "token_exchange_auth": "OAuthClientCredentials",
			"workload_identity_token_path": i.keyFile("token"), "token_exchange_domain_url": i.URL,
			"token_exchange_client_id": "client", "token_exchange_client_secret": "secret",
			"token_exchange_requested_token_type": "urn:oci:token-type:oci-rpst", "token_exchange_resource_type": "workload",
			"token_exchange_subject_token_type": "jwt", "token_exchange_rpst_exp": "60", "token_exchange_public_key": "key",
		} {
			i.env[form(name)] = value
		}
		i.signsIn(map[string]any{"endpoint": i.url})
		assert.Equal(t, "60", i.form.Get("rpst_exp"))
		assert.NotEqual(t, "key", i.form.Get("public_key"), "the SDK makes a key of its own")
	}
}

// The SDK's tables have no endpoints of these kinds for OCI Identity, so the test can only check that the properties are accepted.
func TestKindsOfEndpointsAreAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, value := range []bool{true, false} {
		w.mustSignIn(map[string]any{
			"endpoint": w.url, "realmSpecificServiceEndpointTemplateEnabled": value, "dualStackEndpointEnabled": value,
		})
	}

	// "pulumi config set" passes them as strings.
	s := newStackIn(w)
	s.config["realmSpecificServiceEndpointTemplateEnabled"], s.config["dualStackEndpointEnabled"] = "true", "false"
	s.mustUp(s.oneToken(s.user, "ci"))
}

// openSession writes the files that "oci session authenticate" writes, and registers the session.
func (w *world) openSession(expires time.Time, password string) (tokenFile, keyFile string) {
	w.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(w.t, err)
	token := w.jwt(expires)
	w.oci.AddSession(w.user, token, &key.PublicKey, expires)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(w.t, err)
	block := &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	if password != "" {
		der, err := pkcs8.ConvertPrivateKeyToPKCS8(key, []byte(password))
		require.NoError(w.t, err)
		block = &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}
	}
	return w.keyFile(token + "\n"), w.keyFile(string(pem.EncodeToMemory(block)))
}

func (w *world) sessionProfile(tokenFile, keyFile string) string {
	return "[WORK]\ntenancy=" + w.creds.TenancyID + "\nregion=us-phoenix-1\nfingerprint=" + w.creds.Fingerprint +
		"\nkey_file=" + keyFile + "\nsecurity_token_file=" + tokenFile + "\n"
}

func TestSignInWithASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = map[string]string{}
	tokenFile, keyFile := w.openSession(time.Now().Add(time.Hour), "")
	w.configFile(w.sessionProfile(tokenFile, keyFile))
	configuration := w.signIn("SecurityToken", "configFileProfile", "WORK")
	w.env = map[string]string{"OCI_PRIVATE_KEY_PATH": w.keyFile("of something else")}
	w.signsIn(configuration)

	// A running provider notices that the session was renewed on disk, with its key.
	plugin := w.configured(configuration)
	renewedToken, renewedKey := w.openSession(time.Now().Add(2*time.Hour), "")
	w.replaceFile(tokenFile, renewedToken)
	w.replaceFile(keyFile, renewedKey)
	w.creates(plugin)

	// If it expires while the provider runs, the error says so, and how to renew it.
	ended := time.Now().Add(-time.Minute)
	expired, _ := w.openSession(ended, "")
	w.replaceFile(tokenFile, expired)
	_, err := w.create(plugin)
	require.Error(t, err)
	for _, said := range []string{err.Error(), w.configureError(configuration)} {
		for _, part := range []string{
			"expired at " + ended.UTC().Format(time.RFC3339), tokenFile, "oci session refresh --profile WORK",
			"oci session authenticate --profile-name WORK",
		} {
			assert.Contains(t, said, part)
		}
		assert.NotContains(t, said, strings.TrimSpace(w.readFile(tokenFile)))
	}
	assert.Contains(t, w.configureError(configuration), "configFileProfile: ")

	// The error also tells if its files are gone or invalid.
	valid, _ := w.openSession(time.Now().Add(time.Hour), "")
	w.replaceFile(tokenFile, valid)
	for problem, spoil := range map[string]func(){
		"does not hold a private key": func() { w.replaceFile(keyFile, w.keyFile("no key")) },
		keyFile:                       func() { require.NoError(t, os.Remove(keyFile)) },
	} {
		w.replaceFile(keyFile, renewedKey)
		spoil()
		_, err = w.create(plugin)
		require.ErrorContains(t, err, problem)
	}
}

func TestSignInWithASessionWhoseKeyIsEncrypted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = map[string]string{}
	tokenFile, keyFile := w.openSession(time.Now().Add(time.Hour), "N/A")
	w.configFile(w.sessionProfile(tokenFile, keyFile))
	w.signsIn(w.signIn("SecurityToken", "configFileProfile", "WORK", "privateKeyPassword", "N/A"))
	assert.Contains(t, w.configureError(w.signIn("SecurityToken", "configFileProfile", "WORK")), "privateKeyPassword: is not set")
	said := w.configureError(w.signIn("SecurityToken", "configFileProfile", "WORK", "privateKeyPassword", canary))
	assert.Contains(t, said, "privateKeyPassword: does not decrypt")
	requireNoValue(t, said)

	w.configFile(w.sessionProfile(tokenFile, keyFile) + "pass_phrase=N/A\n")
	w.signsIn(w.signIn("SecurityToken", "configFileProfile", "WORK"))
	w.env["OCI_AUTH"], w.env["TF_VAR_config_file_profile"] = "securitytoken", "WORK"
	w.signsIn(map[string]any{"endpoint": w.url})
}

func (w *world) readFile(path string) string {
	w.t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(w.t, err)
	return string(content)
}

// replaceFile replaces the content of a file.
func (w *world) replaceFile(path, source string) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(path, []byte(w.readFile(source)), 0o600))
}
