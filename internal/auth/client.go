package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
)

var errRedirect = errors.New("the answer is a redirect, and it is not followed")

// guarded returns what makes an HTTP client of the SDK safe to sign in with. It follows no redirects, because a request carries tokens
// that are for its receiver only. It asks the instance metadata service without a proxy, which has metadata of its own if it is an
// instance too. It accepts plain http for that service and for loopback addresses only.
func guarded(s *sources) func(common.HTTPRequestDispatcher) (common.HTTPRequestDispatcher, error) {
	return func(given common.HTTPRequestDispatcher) (common.HTTPRequestDispatcher, error) {
		client, ok := given.(*http.Client)
		if !ok {
			return nil, errors.New("the SDK's client is of an unknown kind")
		}
		guarded := *client
		guarded.CheckRedirect = func(*http.Request, []*http.Request) error { return errRedirect }
		direct := common.CloneHTTPDefaultTransport()
		direct.Proxy = nil
		metadata, err := url.Parse(s.metadataURL())
		guarded.Transport = roundTripper(func(request *http.Request) (*http.Response, error) {
			switch {
			case err == nil && request.URL.Host == metadata.Host:
				return direct.RoundTrip(request)
			case request.URL.Scheme != "https" && !hosts.IsLoopback(request.URL.Hostname()):
				return nil, fmt.Errorf("%s would be asked over the network unencrypted: use https", request.URL.Host)
			case client.Transport == nil:
				return http.DefaultTransport.RoundTrip(request)
			default:
				return client.Transport.RoundTrip(request)
			}
		})
		return &guarded, nil
	}
}

// roundTripper is a function that sends a request.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip sends a request.
func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }
