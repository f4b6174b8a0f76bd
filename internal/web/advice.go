package web

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// CertificatesVariable names the file with the certificate authorities that OCI's SDK trusts instead of the machine's. The SDK reads it
// from the environment of the process, for all requests.
const CertificatesVariable = "OCI_DEFAULT_CERTS_PATH"

// Advice returns what a person can do if a request had no answer because of a proxy or a certificate. Otherwise it returns "".
func Advice(cause error) string {
	transport, ok := errors.AsType[*url.Error](cause)
	if !ok {
		return ""
	}
	proxy := proxyTo(transport.URL)
	operation, connecting := errors.AsType[*net.OpError](cause)
	switch {
	case IsCertificateError(cause):
		return "This machine does not trust the certificate of the answering server. If the network inspects encrypted connections, write the " +
			"network's own certificate authority to a file in PEM format, and name the file in the environment variable " + CertificatesVariable
	case connecting && operation.Op == "proxyconnect":
		return fmt.Sprintf("The proxy%s cannot be reached: check the environment variable HTTPS_PROXY. NO_PROXY lists the hosts that "+
			"are reached without it", proxy)
	case strings.HasSuffix(cause.Error(), http.StatusText(http.StatusProxyAuthRequired)):
		return fmt.Sprintf("The proxy%s requires a user and a password: put them into the environment variable HTTPS_PROXY, as in "+
			"http://user:password@host:port. Write characters other than letters and digits as in a URL, such as %%40 for @", proxy)
	case proxy != "":
		return fmt.Sprintf("The request goes through the proxy%s: check the environment variables HTTPS_PROXY and NO_PROXY, the "+
			"region and, if it is set, the endpoint in the provider's configuration", proxy)
	default:
		return ""
	}
}

// proxyTo returns the address of the proxy that requests to a URL go through, with a space before it, or "".
func proxyTo(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	if err != nil || proxy == nil {
		return ""
	}
	return " " + safetext.Sentence(proxy.Host)
}

// IsCertificateError reports whether a request had no answer because the server's certificate is not trusted.
func IsCertificateError(err error) bool {
	_, is := errors.AsType[*tls.CertificateVerificationError](err)
	return is
}
