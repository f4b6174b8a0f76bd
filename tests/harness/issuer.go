package harness

import (
	"crypto/rand"
	"crypto/rsa"
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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// Issuer stands in for the services that give out security tokens on a real instance, function or cluster. The emulator accepts each
// token for a limited time, with the key that it is bound to.
//
// OCI's SDK reads the environment of the process. A test with an Issuer sets it, and so cannot run in parallel.
type Issuer struct {
	*World
	Server *httptest.Server
	Leaf   *rsa.PrivateKey // the key of the instance
	Cert   []byte          // its certificate, in PEM
	// Region is what the metadata service calls the region. It returns the short codes of the oldest ones.
	Region string
	// Lifetime is how long the tokens that it gives out are valid.
	Lifetime time.Duration
	// MayDoNothing reports whether the instance that gets the tokens has no permissions of its own.
	MayDoNothing bool
	// Instead, if it is set, may answer a request instead of the issuer. It reports whether it has.
	Instead func(http.ResponseWriter, *http.Request) bool

	Mu sync.Mutex
	// seen holds the requested paths.
	seen map[string]int
	// Authorization and Form are the header and the body of the last token exchange.
	Authorization string
	Form          url.Values
}

// leafKey is the key that every issuer gives the instance.
var leafKey = newKey()

// NewIssuer starts an issuer on a machine without an API key. The URL of its server is also that of the instance metadata service and of the federation service.
func NewIssuer(t *testing.T) *Issuer {
	t.Helper()
	i := &Issuer{
		World:  NewWorldWith(t, emulator.Config{Regions: []string{"us-phoenix-1", "us-ashburn-1"}}),
		Region: "phx", Lifetime: time.Hour, seen: map[string]int{}, Leaf: leafKey(),
	}
	i.Env = map[string]string{}
	i.SetProcessEnv = func(name, value string) error { t.Setenv(name, value); return nil }
	i.Cert = i.Certificate("instance", nil)
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Server.Close)
	i.Setenv("OCI_METADATA_BASE_URL", i.Server.URL+"/opc/v2")
	i.Setenv("OCI_SDK_AUTH_CLIENT_REGION_URL", i.Server.URL)
	return i
}

// Setenv sets a variable for the provider and for the SDK.
func (i *Issuer) Setenv(name, value string) {
	i.T.Helper()
	i.Env[name] = value
	i.T.Setenv(name, value)
}

// Certificate returns a self-signed certificate that names the tenancy, as those of instances do.
func (i *Issuer) Certificate(name string, address net.IP) []byte {
	i.T.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name, OrganizationalUnit: []string{"opc-tenant:" + i.Credentials.TenancyID}},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if address != nil {
		template.IPAddresses = []net.IP{address}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &i.Leaf.PublicKey, i.Leaf)
	require.NoError(i.T, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// LeafPEM returns the key of the instance in PEM.
func (i *Issuer) LeafPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(i.Leaf)})
}

// Issue gives out a security token for a public key, in PEM with or without its first and last line.
func (i *Issuer) Issue(publicKey string) string {
	i.T.Helper()
	publicKey = strings.NewReplacer("-----BEGIN PUBLIC KEY-----", "", "-----END PUBLIC KEY-----", "", "\n", "").Replace(publicKey)
	der, err := base64.StdEncoding.DecodeString(publicKey)
	require.NoError(i.T, err)
	parsed, err := x509.ParsePKIXPublicKey(der)
	require.NoError(i.T, err)
	expires := time.Now().Add(i.Lifetime)
	token := i.JWT(expires)
	if i.MayDoNothing {
		i.OCI.AddInstance(token, parsed.(*rsa.PublicKey), expires)
	} else {
		i.OCI.AddSession(i.User, token, parsed.(*rsa.PublicKey), expires)
	}
	return token
}

// Asked counts the requests for a path.
func (i *Issuer) Asked(path string) int {
	i.Mu.Lock()
	defer i.Mu.Unlock()
	return i.seen[path]
}

// ServeHTTP answers as the services do.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.Mu.Lock()
	i.seen[r.URL.Path]++
	instead := i.Instead
	i.Mu.Unlock()
	if instead != nil && instead(w, r) {
		return
	}
	var body map[string]any
	answer := func(field, publicKey string) {
		_ = json.NewEncoder(w).Encode(map[string]string{field: i.Issue(publicKey)})
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		_ = json.NewDecoder(r.Body).Decode(&body)
	}
	switch path := strings.TrimSuffix(r.URL.Path, "/"); {
	case path == "/opc/v2/instance/region":
		_, _ = fmt.Fprint(w, i.Region)
	case path == "/opc/v2/instance/regionInfo":
		_, _ = fmt.Fprint(w, `{"realmKey":"oc99","realmDomainComponent":"new-realm.com","regionKey":"XYZ","regionIdentifier":"us-new-1"}`)
	case path == "/opc/v2/instance/id":
		_, _ = fmt.Fprint(w, "ocid1.instance.oc1.phx.x")
	case path == "/opc/v2/identity/cert.pem", path == "/opc/v2/identity/intermediate.pem":
		_, _ = w.Write(i.Cert)
	case path == "/opc/v2/identity/key.pem":
		_, _ = w.Write(i.LeafPEM())
	case path == "/v1/x509":
		answer("token", body["publicKey"].(string))
	case strings.HasPrefix(path, "/20180711/resourcePrincipalToken/"):
		_ = json.NewEncoder(w).Encode(map[string]string{
			"resourcePrincipalToken": i.JWT(time.Now().Add(time.Hour)), "servicePrincipalSessionToken": i.JWT(time.Now().Add(time.Hour)),
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
		token, _ := json.Marshal(map[string]string{"token": "ST$" + i.Issue(body["podKey"].(string))})
		_, _ = fmt.Fprintf(w, "%q", base64.StdEncoding.EncodeToString(token))
	default:
		http.NotFound(w, r)
	}
}

func (i *Issuer) remember(r *http.Request) {
	i.Mu.Lock()
	defer i.Mu.Unlock()
	i.Authorization, i.Form = r.Header.Get("Authorization"), r.Form
}
