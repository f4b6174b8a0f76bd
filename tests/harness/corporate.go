package harness

import (
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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elazarl/goproxy"
	"github.com/stretchr/testify/require"
)

// CorporateNetwork is a network in which OCI can be reached only through a proxy, which decrypts connections with a certificate
// authority of its own. net/http reads the proxy's address once in a process, so its tests start the plugin as a process.
type CorporateNetwork struct {
	*Issuer
	// Authorities is the path of a file with the certificate authority of the network.
	Authorities string
	// Proxy is the URL of the proxy.
	Proxy string
	// Password, if it is set, is the one that the proxy requires, for any user.
	Password string

	mu sync.Mutex
	// Connected holds the hosts that the proxy has connected to.
	Connected []string
}

// NewCorporateNetwork puts OCI's hosts behind a proxy. The emulator is Identity, and the issuer gives out security tokens.
func NewCorporateNetwork(t *testing.T) *CorporateNetwork {
	t.Helper()
	c := &CorporateNetwork{Issuer: NewIssuer(t)}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the network"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key)
	require.NoError(t, err)
	c.Authorities = c.KeyFile(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))

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
		"identity.us-phoenix-1.oci.oraclecloud.com": c.OCI, "auth.us-phoenix-1.oraclecloud.com": c.Issuer,
		// a realm that the SDK does not know
		"identity.us-new-1.oci.new-realm.com": c.OCI, "auth.us-new-1.new-realm.com": c.Issuer,
		"identity.us-phoenix-1.oci.new-realm.com":    c.OCI,
		"objectstorage.us-phoenix-1.oraclecloud.com": c.OCI, "ocir.us-phoenix-1.oci.oraclecloud.com": c.OCI,
	} {
		hosts[host+":443"] = secure(host, handler)
	}

	proxy := goproxy.NewProxyHttpServer()
	proxy.OnRequest().HandleConnectFunc(func(host string, ctx *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		wanted := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+c.Password))
		if c.Password != "" && ctx.Req.Header.Get("Proxy-Authorization") != wanted {
			ctx.Resp = goproxy.NewResponse(ctx.Req, goproxy.ContentTypeText, http.StatusProxyAuthRequired, "no") //nolint:bodyclose // the proxy sends and closes it
			return goproxy.RejectConnect, host
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.Connected = append(c.Connected, host)
		return goproxy.OkConnect, hosts[host]
	})
	proxy.OnRequest().DoFunc(func(r *http.Request, _ *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		return r, goproxy.NewResponse(r, goproxy.ContentTypeText, http.StatusForbidden, "no")
	})
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	c.Proxy = server.URL
	c.Env = map[string]string{
		"OCI_TENANCY_OCID": c.Credentials.TenancyID, "OCI_USER_OCID": c.Credentials.UserID, "OCI_FINGERPRINT": c.Credentials.Fingerprint,
		"OCI_PRIVATE_KEY": c.Credentials.PrivateKeyPEM, "OCI_REGION": c.Credentials.Region, "HTTPS_PROXY": c.Proxy, "NO_PROXY": "",
	}
	return c
}
