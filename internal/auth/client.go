package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
)

// guarded returns what makes a client of the SDK safe to sign in with. It follows no redirects, because a request carries tokens that are
// for its receiver only. It asks the instance metadata service without a proxy, which has metadata of its own if it is an instance too.
// It accepts plain http for that service and for loopback addresses only.
//
// The SDK takes no client for InstancePrincipalWithCerts, for resource principals and for OKEWorkloadIdentity. No upstream issue for that
// was found.
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
			Timeout: client.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return errors.New("the answer is a redirect, and it is not followed")
			},
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
