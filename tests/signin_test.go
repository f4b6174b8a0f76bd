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
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"
)

// These tests sign in in every way that OCI has. What gives out security tokens on a real instance, function or cluster is
// played by an issuer on loopback; the emulator then takes the token for what it is: bound to one key, for a while.
//
// OCI's SDK reads the environment of the process, so most of them set it and do not run in parallel.

// issuer gives out security tokens.
type issuer struct {
	*world
	*httptest.Server
	leaf *rsa.PrivateKey
	cert []byte // PEM
	// seen are the paths that were asked for.
	seen map[string]int
	// authorization is that of the last exchange of a token.
	authorization string
}

// newIssuer starts an issuer. Its URL is that of the instance metadata service too, and of the federation service.
func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{world: newWorld(t), seen: map[string]int{}}
	i.env = map[string]string{}
	var err error
	i.leaf, err = rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
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

// certificate is a self-signed one that names the tenancy, as those of instances do.
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

// jwt is a JSON Web Token. Nobody but the emulator's register of sessions looks at more than its claims.
func (w *world) jwt(expires time.Time) string {
	w.t.Helper()
	claims, err := json.Marshal(map[string]any{
		"exp": expires.Unix(), "tenant": w.creds.TenancyID, "res_tenant": w.creds.TenancyID, "sub": w.user, "jti": rand.Text(),
	})
	require.NoError(w.t, err)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode(claims) + "." + encode([]byte("signature"))
}

// issue gives out a security token for a public key, in PEM or the same without its frame.
func (i *issuer) issue(publicKey string) string {
	i.t.Helper()
	publicKey = strings.NewReplacer("-----BEGIN PUBLIC KEY-----", "", "-----END PUBLIC KEY-----", "", "\n", "").Replace(publicKey)
	der, err := base64.StdEncoding.DecodeString(publicKey)
	require.NoError(i.t, err)
	parsed, err := x509.ParsePKIXPublicKey(der)
	require.NoError(i.t, err)
	token := i.jwt(time.Now().Add(time.Hour))
	i.oci.AddSession(i.user, token, parsed.(*rsa.PublicKey), time.Now().Add(time.Hour))
	return token
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.seen[r.URL.Path]++
	var body map[string]any
	answer := func(field, publicKey string) {
		_ = json.NewEncoder(w).Encode(map[string]string{field: i.issue(publicKey)})
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		_ = json.NewDecoder(r.Body).Decode(&body)
	}
	switch path := strings.TrimSuffix(r.URL.Path, "/"); {
	case path == "/opc/v2/instance/region":
		_, _ = fmt.Fprint(w, "us-phoenix-1")
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
		i.authorization = r.Header.Get("Authorization")
		if err := r.ParseForm(); err != nil || r.Form.Get("subject_token") == "" {
			http.Error(w, "no subject token", http.StatusBadRequest)
			return
		}
		answer("token", r.Form.Get("public_key"))
	case path == "/resourcePrincipalSessionTokens":
		i.authorization = r.Header.Get("Authorization")
		token, _ := json.Marshal(map[string]string{"token": "ST$" + i.issue(body["podKey"].(string))})
		_, _ = fmt.Fprintf(w, "%q", base64.StdEncoding.EncodeToString(token))
	default:
		http.NotFound(w, r)
	}
}

// signIn is a configuration with a way to sign in.
func (w *world) signIn(auth string, more ...string) map[string]any {
	configuration := map[string]any{"endpoint": w.url, "auth": auth}
	for i := 0; i+1 < len(more); i += 2 {
		configuration[more[i]] = more[i+1]
	}
	return configuration
}

// requireSession fails unless every request was signed under a security token.
func (w *world) requireSession(mint func()) {
	w.t.Helper()
	w.oci.RemoveAPIKey(w.user, w.creds.Fingerprint)
	mint()
}

func TestSignInAsInstance(t *testing.T) {
	i := newIssuer(t)
	i.requireSession(func() { i.mustMint(i.signIn("InstancePrincipal")) })
	i.mustMint(i.signIn("instanceprincipal", "region", "us-phoenix-1")) // case does not matter
	assert.Positive(t, i.seen["/v1/x509"])
}

func TestSignInAsInstanceElsewhereSaysSoSoon(t *testing.T) {
	i := newIssuer(t)
	i.setenv("OCI_METADATA_BASE_URL", i.URL+"/nothing")
	assert.Contains(t, i.configureError(i.signIn("InstancePrincipal")), "works on an OCI instance only")
	i.Close()
	assert.Contains(t, i.configureError(i.signIn("InstancePrincipal")), "works on an OCI instance only")
}

func TestSignInAsInstanceWithCertificatesInFiles(t *testing.T) {
	i := newIssuer(t)
	dir := t.TempDir()
	i.setenv("OCI_TEST_CERTIFICATES_LOCATION", dir)
	said := i.configureError(i.signIn("InstancePrincipalWithCerts", "region", "us-phoenix-1"))
	assert.Contains(t, said, "ip_cert.pem")
	assert.Contains(t, said, "OCI_TEST_CERTIFICATES_LOCATION")
	assert.Contains(t, i.configureError(i.signIn("InstancePrincipalWithCerts")), "region: is not set")

	for name, content := range map[string][]byte{"ip_cert.pem": i.cert, "ip_key.pem": i.leafPEM(), "intermediate.pem": i.cert} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	i.requireSession(func() { i.mustMint(i.signIn("InstancePrincipalWithCerts", "region", "us-phoenix-1")) })
}

func TestSignInAsResource11(t *testing.T) {
	i := newIssuer(t)
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", i.URL)
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT", i.URL)
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_ID", "ocid1.instance.oc1..x")
	i.requireSession(func() { i.mustMint(i.signIn("ResourcePrincipal")) })
	assert.Positive(t, i.seen["/v1/resourcePrincipalSessionToken"])
}

func TestSignInAsResource22(t *testing.T) {
	i := newIssuer(t)
	public, err := x509.MarshalPKIXPublicKey(&i.leaf.PublicKey)
	require.NoError(t, err)
	token := i.issue(base64.StdEncoding.EncodeToString(public))
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
	i.setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST", token)
	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", string(i.leafPEM()))
	i.requireSession(func() { i.mustMint(i.signIn("ResourcePrincipal")) })

	// As files, which is how functions get them.
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST", i.keyFile(token))
	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", i.keyFile(string(i.leafPEM())))
	i.mustMint(i.signIn("ResourcePrincipal"))

	// The SDK quotes a token that it cannot read. It must not reach the screen.
	garbled := "c4n4rY" + strings.Repeat("x", 60)
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST", garbled)
	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", string(i.leafPEM()))
	said := i.configureError(i.signIn("ResourcePrincipal"))
	requireNoValue(t, said)
	assert.Contains(t, said, "auth: ResourcePrincipal")
}

func TestSignInAsResource30(t *testing.T) {
	i := newIssuer(t)
	public, err := x509.MarshalPKIXPublicKey(&i.leaf.PublicKey)
	require.NoError(t, err)
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "3.0")
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION_FOR_LEAF_RESOURCE", "2.2")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST_FOR_LEAF_RESOURCE", i.issue(base64.StdEncoding.EncodeToString(public)))
	i.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_FOR_LEAF_RESOURCE", string(i.leafPEM()))
	i.setenv("OCI_RESOURCE_PRINCIPAL_REGION_FOR_LEAF_RESOURCE", "us-phoenix-1")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE", i.URL+"/20180711/resourcePrincipalToken/parent")
	i.setenv("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT_FOR_PARENT_RESOURCE", i.URL)
	i.requireSession(func() { i.mustMint(i.signIn("ResourcePrincipal")) })
	assert.Positive(t, i.seen["/20180711/resourcePrincipalToken/parent"])
}

func TestSignInAsResourceElsewhereSaysSo(t *testing.T) {
	i := newIssuer(t)
	assert.Contains(t, i.configureError(i.signIn("ResourcePrincipal")), "OCI_RESOURCE_PRINCIPAL_VERSION")
}

func TestSignInAsKubernetesWorkload(t *testing.T) {
	i := newIssuer(t)
	// The port is fixed, so the service has an address of its own.
	address := net.IPv4(127, 0, 0, 77)
	listener, err := net.Listen("tcp", net.JoinHostPort(address.String(), "12250"))
	require.NoError(t, err)
	certificate := i.certificate("proxymux", address)
	pair, err := tls.X509KeyPair(certificate, i.leafPEM())
	require.NoError(t, err)
	proxymux := &httptest.Server{Listener: listener, Config: &http.Server{Handler: i, ReadHeaderTimeout: time.Minute}}
	proxymux.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	proxymux.StartTLS()
	t.Cleanup(proxymux.Close)

	serviceAccount := i.jwt(time.Now().Add(time.Hour))
	i.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
	i.setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1")
	i.setenv("KUBERNETES_SERVICE_HOST", address.String())
	i.setenv("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", i.keyFile(string(certificate)))
	i.setenv("OCI_WORKLOAD_IDENTITY_TOKEN_PATH", i.keyFile(serviceAccount))
	i.requireSession(func() { i.mustMint(i.signIn("OKEWorkloadIdentity")) })
	assert.Equal(t, "Bearer "+serviceAccount, i.authorization)

	i.setenv("OCI_WORKLOAD_IDENTITY_TOKEN_PATH", i.keyFile(i.jwt(time.Now().Add(-time.Hour))))
	said := i.configureError(i.signIn("OKEWorkloadIdentity"))
	assert.Contains(t, said, "expired")
}

func TestSignInByExchangeOfATokenAsClient(t *testing.T) {
	i := newIssuer(t)
	file := i.keyFile("another issuer's token")
	federation := i.signIn("WorkloadIdentityFederation", "region", "us-phoenix-1", "workloadIdentityTokenPath", file,
		"tokenExchangeDomainUrl", i.URL, "tokenExchangeRequestedTokenType", "urn:oci:token-type:oci-rpst",
		"tokenExchangeResourceType", "workload", "tokenExchangeSubjectTokenType", "jwt",
		"tokenExchangeClientId", "client", "tokenExchangeClientSecret", "s3cret")
	i.requireSession(func() { i.mustMint(federation) })
	assert.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("client:s3cret")), i.authorization)

	for _, property := range []string{
		"region", "workloadIdentityTokenPath", "tokenExchangeDomainUrl", "tokenExchangeRequestedTokenType",
		"tokenExchangeResourceType", "tokenExchangeSubjectTokenType", "tokenExchangeClientId", "tokenExchangeClientSecret",
	} {
		without := map[string]any{}
		for name, value := range federation {
			if name != property {
				without[name] = value
			}
		}
		said := i.configureError(without)
		assert.Contains(t, said, property+": is not set")
		assert.NotContains(t, said, "s3cret")
	}
	federation["tokenExchangeAuth"] = "Password"
	assert.Contains(t, i.configureError(federation), "tokenExchangeAuth: ")
}

func TestSignInByExchangeOfATokenAsInstance(t *testing.T) {
	i := newIssuer(t)
	i.requireSession(func() {
		i.mustMint(i.signIn("WorkloadIdentityFederation", "region", "us-phoenix-1",
			"workloadIdentityTokenPath", i.keyFile("another issuer's token"), "tokenExchangeAuth", "InstancePrincipal",
			"tokenExchangeDomainUrl", i.URL, "tokenExchangeRequestedTokenType", "urn:oci:token-type:oci-rpst",
			"tokenExchangeResourceType", "workload", "tokenExchangeSubjectTokenType", "jwt"))
	})
	assert.Contains(t, i.authorization, "Signature ")
}

// openSession writes what "oci session authenticate" leaves on disk, and registers the session.
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
	w.requireSession(func() { w.mustMint(configuration) })

	// A session that is renewed on disk is picked up by a provider that runs already, key and all.
	plugin := w.configured(configuration)
	renewedToken, renewedKey := w.openSession(time.Now().Add(2*time.Hour), "")
	w.replaceFile(tokenFile, renewedToken)
	w.replaceFile(keyFile, renewedKey)
	w.oci.AddSession(w.user, strings.TrimSpace(w.readFile(tokenFile)), w.publicKey(keyFile), time.Now().Add(time.Hour))
	_, err := plugin.Create(context.Background(), &pulumirpc.CreateRequest{
		Urn: tokenURN, Properties: properties(t, map[string]any{"userId": w.user, "description": "renewed"}),
	})
	require.NoError(t, err)

	// One that expires while the provider runs is said to have, with the way to renew it.
	expired, _ := w.openSession(time.Now().Add(-time.Minute), "")
	w.replaceFile(tokenFile, expired)
	_, err = plugin.Create(context.Background(), &pulumirpc.CreateRequest{
		Urn: tokenURN, Properties: properties(t, map[string]any{"userId": w.user, "description": "expired"}),
	})
	require.ErrorContains(t, err, "oci session refresh --profile WORK")
	said := w.configureError(configuration)
	assert.Contains(t, said, "expired at ")
	assert.Contains(t, said, "oci session authenticate --profile-name WORK")
	assert.NotContains(t, said, strings.TrimSpace(w.readFile(tokenFile)))
}

func TestSignInWithASessionWhoseKeyIsEncrypted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = map[string]string{}
	tokenFile, keyFile := w.openSession(time.Now().Add(time.Hour), "N/A")
	w.configFile(w.sessionProfile(tokenFile, keyFile))
	w.requireSession(func() {
		w.mustMint(w.signIn("SecurityToken", "configFileProfile", "WORK", "privateKeyPassword", "N/A"))
	})
	assert.Contains(t, w.configureError(w.signIn("SecurityToken", "configFileProfile", "WORK")), "privateKeyPassword: is not set")
}

func TestSignInWithoutASessionSaysHowToOpenOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.configFile(w.profile("WORK", w.keyFile(w.creds.PrivateKeyPEM)))
	assert.Contains(t, w.configureError(w.signIn("SecurityToken", "configFileProfile", "WORK")), "oci session authenticate")

	for _, garbage := range []string{"", "c4n4rY", "c4n4rY.c4n4rY.c4n4rY", "e30.e30.e30"} {
		w.configFile(w.sessionProfile(w.keyFile(garbage), w.keyFile(w.creds.PrivateKeyPEM)))
		said := w.configureError(w.signIn("SecurityToken", "configFileProfile", "WORK"))
		assert.Contains(t, said, "holds no security token")
		requireNoValue(t, said)
	}
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

func (w *world) readFile(path string) string {
	w.t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(w.t, err)
	return string(content)
}

// replaceFile puts the content of one file into another.
func (w *world) replaceFile(path, source string) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(path, []byte(w.readFile(source)), 0o600))
}

func (w *world) publicKey(keyFile string) *rsa.PublicKey {
	w.t.Helper()
	block, _ := pem.Decode([]byte(w.readFile(keyFile)))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(w.t, err)
	return &key.(*rsa.PrivateKey).PublicKey
}
