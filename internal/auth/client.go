package auth

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
)

// The SDK takes no client for most ways to sign in. All of its clients copy http.DefaultTransport, with its proxy if this variable is
// false, but for that of OKEWorkloadIdentity, which is the SDK's alone. No upstream issue for that was found.
func init() {
	_ = os.Setenv(common.UsingExpectHeaderEnvVar, "false")
	http.DefaultTransport.(*http.Transport).Proxy = proxyFor
}

// proxyFor returns the proxy for a request, or an error if the request must not be sent. No redirect is followed, because a request carries
// tokens that are for its receiver only. Nothing that proves who the caller is goes over plain http, except to loopback addresses and to
// the instance metadata service. That service is asked without a proxy, which has metadata of its own if it is an instance too.
func proxyFor(request *http.Request) (*url.URL, error) {
	metadata, _ := url.Parse(metadataURL(os.Getenv(metadataVariable)))
	switch to := request.URL; {
	case request.Response != nil: // to which this request is a redirect
		return nil, errors.New("the answer is a redirect, and it is not followed")
	case metadata != nil && to.Host == metadata.Host:
		return nil, nil
	case to.Scheme == "http" && request.Header.Get("Authorization") != "" && !hosts.IsLoopback(to.Hostname()):
		return nil, fmt.Errorf("%s would be asked over the network unencrypted: use https", to.Host)
	}
	return http.ProxyFromEnvironment(request)
}

// metadataVariable tells the SDK where the instance metadata service is.
const metadataVariable = "OCI_METADATA_BASE_URL"

// metadataURL returns the URL of the instance metadata service, given the value of that variable.
func metadataURL(variable string) string { return cmp.Or(variable, "http://169.254.169.254/opc/v2") }
