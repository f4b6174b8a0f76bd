// Package web is the way to the network. Identity, identity domains, Object Storage and the container registry are reached with the same
// client, so what works for one of them works for all.
package web

import (
	"net/http"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// LongestBody is how many bytes of an answer can be read. Longer answers end with an *http.MaxBytesError. The longest valid answer is a
// list of a few tokens.
const LongestBody = 1 << 20

// NewClient returns the client of OCI's SDK, with its certificate authorities, its proxy and its timeout:
// https://docs.oracle.com/iaas/Content/API/SDKDocs/gosdk.htm. It sends the user agent before the SDK's own. It follows no redirects,
// because a request is signed for its receiver only, or contains a password for it, and an answer may contain a token.
func NewClient(userAgent string) *http.Client {
	base := common.DefaultBaseClientWithSigner(nil)
	client := base.HTTPClient.(*http.Client)
	client.Transport = &Transport{client.Transport, userAgent + " " + base.UserAgent}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// Transport adds the user agent to each request, and bounds its answer.
type Transport struct {
	// Base sends the requests.
	Base      http.RoundTripper
	userAgent string
}

// RoundTrip makes one request.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("User-Agent", t.userAgent)
	response, err := t.Base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = http.MaxBytesReader(nil, response.Body, LongestBody)
	return response, nil
}
