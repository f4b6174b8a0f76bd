package tests

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elazarl/goproxy"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// These tests run the plugin in a corporate network. Everything goes through a proxy that decrypts connections, with its own
// certificate authority. net/http reads the proxy's address once in a process, so these tests start a process.

// corporate is a network in which OCI can be reached only through a proxy.
type corporate struct {
	*issuer
	// authorities is the path of a file with the certificate authority of the network.
	authorities string
	// proxy is the URL of the proxy.
	proxy string
	// password, if it is set, is the one that the proxy requires, for any user.
	password string

	mu sync.Mutex
	// connected holds the hosts that the proxy has connected to.
	connected []string
}

// newCorporate puts OCI's hosts behind a proxy. The emulator is Identity, and the issuer gives out security tokens.
func newCorporate(t *testing.T) *corporate {
	t.Helper()
	c := &corporate{issuer: newIssuer(t)}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the network"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key)
	require.NoError(t, err)
	c.authorities = c.keyFile(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))

	secure := func(host string, handler http.Handler) string {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, template, authority, &key.PublicKey, key)
		require.NoError(t, err)
		server := httptest.NewUnstartedServer(handler)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
		server.StartTLS()
		t.Cleanup(server.Close)
		return strings.TrimPrefix(server.URL, "https://")
	}
	hosts := map[string]string{}
	for host, handler := range map[string]http.Handler{
		"identity.us-phoenix-1.oci.oraclecloud.com": c.oci, "auth.us-phoenix-1.oraclecloud.com": c.issuer,
		// a realm that the SDK does not know
		"identity.us-new-1.oci.new-realm.com": c.oci, "auth.us-new-1.new-realm.com": c.issuer,
		"identity.us-phoenix-1.oci.new-realm.com":    c.oci,
		"objectstorage.us-phoenix-1.oraclecloud.com": c.oci, "ocir.us-phoenix-1.oci.oraclecloud.com": c.oci,
	} {
		hosts[host+":443"] = secure(host, handler)
	}

	proxy := goproxy.NewProxyHttpServer()
	proxy.OnRequest().HandleConnectFunc(func(host string, ctx *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		wanted := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+c.password))
		if c.password != "" && ctx.Req.Header.Get("Proxy-Authorization") != wanted {
			ctx.Resp = goproxy.NewResponse(ctx.Req, goproxy.ContentTypeText, http.StatusProxyAuthRequired, "no") //nolint:bodyclose // the proxy sends and closes it
			return goproxy.RejectConnect, host
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.connected = append(c.connected, host)
		return goproxy.OkConnect, hosts[host]
	})
	proxy.OnRequest().DoFunc(func(r *http.Request, _ *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		return r, goproxy.NewResponse(r, goproxy.ContentTypeText, http.StatusForbidden, "no")
	})
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	c.proxy = server.URL
	c.env = map[string]string{
		"OCI_TENANCY_OCID": c.creds.TenancyID, "OCI_USER_OCID": c.creds.UserID, "OCI_FINGERPRINT": c.creds.Fingerprint,
		"OCI_PRIVATE_KEY": c.creds.PrivateKeyPEM, "OCI_REGION": c.creds.Region, "HTTPS_PROXY": c.proxy, "NO_PROXY": "",
	}
	return c
}

// create starts a plugin, creates a token with it, and deletes the token again.
func (c *corporate) create(configuration map[string]any, environment ...string) error {
	c.t.Helper()
	p := c.start(environment)
	defer p.ended()
	if err := p.configure(configuration); err != nil {
		return err
	}
	created := <-p.beginCreation()
	if created.err == nil {
		c.oci.DeleteToken(c.user, c.onlyToken().ID)
	}
	return created.err
}

func TestEachSettingForTheCertificateAuthorityWorks(t *testing.T) {
	c := newCorporate(t)
	for _, variable := range []string{
		"OCI_DEFAULT_CERTS_PATH", "OCI_custom_cert_location", "OCI_CUSTOM_CERT_LOCATION", "TF_VAR_custom_cert_location",
		"custom_cert_location", "OCI_CLI_CERT_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
	} {
		require.NoError(t, c.create(nil, "REQUESTS_CA_BUNDLE=", variable+"="+c.authorities), variable)
	}
	assert.Equal(t, "identity.us-phoenix-1.oci.oraclecloud.com:443", c.connected[0])
	c.fileAt("network.pem", c.readFile(c.authorities))
	require.NoError(t, c.create(nil, "OCI_custom_cert_location=~/network.pem"))
	require.NoError(t, c.create(nil, "OCI_CLI_CERT_BUNDLE="+c.authorities, "REQUESTS_CA_BUNDLE=/missing"), "the latter comes last")
	rc := c.fileAt(".oci/oci_cli_rc", "[OCI_CLI_SETTINGS]\nproxy="+c.proxy+"\n[DEFAULT]\ncert-bundle="+c.authorities+"\n")
	require.NoError(t, c.create(nil, "HTTPS_PROXY=", "REQUESTS_CA_BUNDLE=/missing"), "the CLI's own configuration file")
	require.NoError(t, os.Remove(rc))

	// Signing in goes through the proxy too, and trusts the same authority. The metadata service is on the machine itself.
	require.NoError(t, os.Unsetenv("OCI_SDK_AUTH_CLIENT_REGION_URL"))
	c.env = map[string]string{"HTTPS_PROXY": c.proxy, "OCI_METADATA_BASE_URL": c.URL + "/opc/v2"}
	c.connected = nil
	require.NoError(t, c.create(map[string]any{"auth": "InstancePrincipal"}, "OCI_custom_cert_location="+c.authorities))
	assert.Equal(t, "auth.us-phoenix-1.oraclecloud.com:443", c.connected[0])
}

// logIn starts a plugin, and calls getRegistryLogin with it.
func (c *corporate) logIn(arguments map[string]any, environment ...string) (resource.PropertyMap, error) {
	c.t.Helper()
	p := c.start(environment)
	defer p.ended()
	require.NoError(c.t, p.configure(nil))
	answer, err := p.plugin.Invoke(context.Background(), &pulumirpc.InvokeRequest{Tok: getRegistryLogin, Args: properties(c.t, arguments)})
	if err != nil {
		return nil, err
	}
	return unmarshalled(c.t, answer.GetReturn()), nil
}

func TestEveryServiceIsReachedInTheSameWay(t *testing.T) {
	c := newCorporate(t)
	token := c.oci.AddToken(c.user, "ci")
	arguments := map[string]any{"password": token.Value, "waitUntilReady": true, "waitTimeoutSeconds": 0}
	for _, variable := range []string{"OCI_DEFAULT_CERTS_PATH", "custom_cert_location", "OCI_CLI_CERT_BUNDLE", "REQUESTS_CA_BUNDLE"} {
		c.connected = nil
		c.oci.ResetJournal()
		_, err := c.logIn(arguments, variable+"="+c.authorities)
		require.NoError(t, err, variable)
		assert.ElementsMatch(t, []string{
			"identity.us-phoenix-1.oci.oraclecloud.com:443", "objectstorage.us-phoenix-1.oraclecloud.com:443",
			"ocir.us-phoenix-1.oci.oraclecloud.com:443",
		}, c.connected, variable)
		agents := map[string]bool{}
		for _, request := range c.oci.Journal() {
			agents[request.UserAgent] = true
		}
		assert.Len(t, agents, 1)
		for agent := range agents {
			assert.Regexp(t, `^pulumi-ociauthtoken/\S+ Oracle-GoSDK/`, agent)
		}
	}
}

func TestARegistryThatTheNetworkDoesNotLetThroughIsReported(t *testing.T) {
	c := newCorporate(t)
	arguments := map[string]any{
		"password": canary, "username": "alice", "namespace": "ns", "waitUntilReady": true, "waitTimeoutSeconds": 0,
	}
	for environment, complaints := range map[string][]string{
		"": {"certificate signed by unknown authority", "name the file in the environment variable OCI_DEFAULT_CERTS_PATH"},
		"HTTPS_PROXY=http://me:" + canary + "@127.0.0.1:1": {"connection refused", "The proxy 127.0.0.1:1 cannot be reached: check the environment variable HTTPS_PROXY"},
	} {
		_, err := c.logIn(arguments, environment)
		for _, complaint := range append(complaints, "the registry ocir.us-phoenix-1.oci.oraclecloud.com cannot be reached") {
			require.ErrorContains(t, err, complaint)
		}
		requireNoValue(t, err.Error())
	}
}

func TestACertificateAuthorityThatIsNotTrustedIsReported(t *testing.T) {
	c := newCorporate(t)
	err := c.create(nil)
	require.ErrorContains(t, err, "certificate signed by unknown authority")
	require.ErrorContains(t, err, "name the file in the environment variable OCI_DEFAULT_CERTS_PATH")
	missing := filepath.Join(c.home, "missing.pem")
	for _, variable := range []string{
		"OCI_DEFAULT_CERTS_PATH", "TF_VAR_custom_cert_location", "OCI_CLI_CERT_BUNDLE", "REQUESTS_CA_BUNDLE",
	} {
		err = c.create(nil, variable+"="+missing)
		require.ErrorContains(t, err, "the environment variable "+variable+" names: "+missing+" could not be read")
		err = c.create(nil, variable+"="+c.keyFile("no certificate"))
		require.ErrorContains(t, err, "holds no certificate in PEM format")
	}
}

func TestAProxyThatIsDownIsReported(t *testing.T) {
	c := newCorporate(t)
	const address = "127.0.0.1:1" // nothing listens there
	err := c.create(nil, "HTTPS_PROXY=http://me:"+canary+"@"+address)
	require.ErrorContains(t, err, "connection refused")
	require.ErrorContains(t, err, "The proxy "+address+" cannot be reached: check the environment variable HTTPS_PROXY")
	requireNoValue(t, err.Error())
}

func TestAProxyThatWantsAPasswordIsReportedAndGetsIt(t *testing.T) {
	c := newCorporate(t)
	c.password = canary + "@/:%"
	trusted := "OCI_DEFAULT_CERTS_PATH=" + c.authorities
	address := strings.TrimPrefix(c.proxy, "http://")
	for _, proxy := range []string{c.proxy, "http://me:" + canary + "@" + address} {
		err := c.create(nil, "HTTPS_PROXY="+proxy, trusted)
		require.ErrorContains(t, err, "Proxy Authentication Required")
		require.ErrorContains(t, err, "The proxy "+address+" requires a user and a password: put them into the environment variable HTTPS_PROXY")
		requireNoValue(t, err.Error())
	}
	assert.Empty(t, c.connected)
	require.NoError(t, c.create(nil, "HTTPS_PROXY=http://me:"+url.QueryEscape(c.password)+"@"+address, trusted))
	assert.NotEmpty(t, c.connected)
}

func TestAnInstanceInARealmThatTheSDKDoesNotKnow(t *testing.T) {
	c := newCorporate(t)
	require.NoError(t, os.Unsetenv("OCI_SDK_AUTH_CLIENT_REGION_URL"))
	c.region = "xyz"
	trusted, metadata := "OCI_DEFAULT_CERTS_PATH="+c.authorities, "OCI_METADATA_BASE_URL="+c.URL+"/opc/v2"
	key := c.env
	c.env = map[string]string{"HTTPS_PROXY": c.proxy}
	require.NoError(t, c.create(map[string]any{"auth": "InstancePrincipal"}, trusted, metadata))
	assert.Contains(t, c.connected, "auth.us-new-1.new-realm.com:443")
	assert.Contains(t, c.connected, "identity.us-new-1.oci.new-realm.com:443")

	// With an API key, the metadata service is asked if OCI's CLI would ask it.
	c.env, c.connected = key, nil
	use := "OCI_CLI_USE_INSTANCE_METADATA_SERVICE=1"
	require.NoError(t, c.create(map[string]any{"region": "us-new-1"}, trusted, metadata, use))
	assert.Equal(t, "identity.us-new-1.oci.new-realm.com:443", c.connected[0])
	asked := c.asked("/opc/v2/instance/regionInfo")
	require.NoError(t, c.create(map[string]any{"region": "us-phoenix-1"}, trusted, metadata, use))
	assert.Equal(t, asked, c.asked("/opc/v2/instance/regionInfo"), "nothing is asked about a region that the SDK knows")
}

// The address 0.0.0.0 is this machine, and not a loopback address, for which net/http would use no proxy either.
func TestTheMetadataServiceIsAskedWithoutAProxy(t *testing.T) {
	c := newCorporate(t)
	metadata := strings.Replace(c.URL, "127.0.0.1", "0.0.0.0", 1) + "/opc/v2"
	c.env = map[string]string{"HTTP_PROXY": c.proxy, "HTTPS_PROXY": c.proxy, "NO_PROXY": "", "OCI_METADATA_BASE_URL": metadata}
	require.NoError(t, c.create(map[string]any{"auth": "InstancePrincipal"}, "OCI_DEFAULT_CERTS_PATH="+c.authorities))
}

func TestTerraformsSettingForTheDomainNameWorks(t *testing.T) {
	c := newCorporate(t)
	trusted := "OCI_DEFAULT_CERTS_PATH=" + c.authorities
	for _, variable := range []string{"TF_VAR_domain_name_override", "OCI_domain_name_override", "domain_name_override"} {
		c.connected = nil
		require.NoError(t, c.create(nil, variable+"=new-realm.com", trusted))
		assert.Equal(t, "identity.us-phoenix-1.oci.new-realm.com:443", c.connected[0])
	}
	require.ErrorContains(t, c.create(nil, "TF_VAR_domain_name_override=https://new-realm.com/", trusted),
		"the environment variable TF_VAR_domain_name_override holds no domain name")
}
