package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
)

var errRedirect = errors.New("the answer is a redirect, and it is not followed")

// The SDK takes no client for InstancePrincipalWithCerts and resource principals. It copies http.DefaultTransport for theirs, with its
// proxy if this variable is false, so that one refuses to follow redirects. Nothing else in this process follows any. The client for
// OKEWorkloadIdentity is the SDK's alone. No upstream issue for that was found.
func init() {
	_ = os.Setenv(common.UsingExpectHeaderEnvVar, "false")
	if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport.Proxy = func(request *http.Request) (*url.URL, error) {
			if request.Response != nil { // It follows a redirect.
				return nil, errRedirect
			}
			return http.ProxyFromEnvironment(request)
		}
	}
}

// guarded returns what makes a client of the SDK safe to sign in with. It follows no redirects, because a request carries tokens that are
// for its receiver only. It asks the instance metadata service without a proxy, which has metadata of its own if it is an instance too.
// It accepts plain http for that service and for loopback addresses only.
func guarded(s *sources) func(common.HTTPRequestDispatcher) (common.HTTPRequestDispatcher, error) {
	direct := common.CloneHTTPDefaultTransport()
	direct.Proxy = nil
	metadata, err := url.Parse(s.metadataURL())
	return func(given common.HTTPRequestDispatcher) (common.HTTPRequestDispatcher, error) {
		client, ok := given.(*http.Client)
		if !ok || err != nil {
			return nil, errors.Join(err, errors.New("requests cannot be made safe"))
		}
		next := client.Transport
		if next == nil {
			next = http.DefaultTransport
		}
		return &http.Client{
			Timeout:       client.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
			Transport: roundTripper(func(request *http.Request) (*http.Response, error) {
				switch {
				case request.URL.Host == metadata.Host:
					return direct.RoundTrip(request)
				case request.URL.Scheme != "https" && !hosts.IsLoopback(request.URL.Hostname()):
					return nil, fmt.Errorf("%s would be asked over the network unencrypted: use https", request.URL.Host)
				}
				return next.RoundTrip(request)
			}),
		}, nil
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip sends a request.
func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }
