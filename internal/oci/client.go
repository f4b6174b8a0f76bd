// Package oci makes one call to OCI at a time. It knows where a call goes and at what rate, signs and sends its requests, judges the
// answers, repeats what may be repeated, and says in its errors what happened and what to do.
//
// oci-go-sdk signs the requests. It does not read the answers: if the SDK cannot read one field, it discards the whole answer, even
// the value of a new token.
package oci

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/sdklog"
)

// Options say how a Client reaches OCI.
type Options struct {
	// Credentials sign every request and name the region it goes to.
	Credentials common.ConfigurationProvider
	// Endpoint replaces the region's public endpoint, for a private or local service: scheme, host and port, and
	// optionally a path. Each "{region}" in it stands for the region's name. Empty means the public endpoint.
	Endpoint string
	// DomainName replaces the last two parts of the hosts of public endpoints, such as oraclecloud.com. Empty means that it does not.
	DomainName string
	// HTTP sends the requests. It must not follow redirects.
	HTTP *http.Client
	// Clock tells the time.
	Clock Clock
}

// Client is a client of OCI. It is safe for concurrent use.
type Client struct {
	// Clock tells the time.
	Clock Clock

	credentials common.ConfigurationProvider
	signer      common.HTTPRequestSigner
	http        *http.Client
	domainName  string
	// configured is the service in the region that the program is configured for.
	configured *Service
	// home is the service in the tenancy's home region, or nil until that is known.
	home       atomic.Pointer[Service]
	homeSearch Shared[*Service]
	domains    sync.Map // *Service by the URL of the identity domain
	limiter    *limiter
	// ahead is how far OCI's clock is ahead of this machine's, or nil until that is known.
	ahead atomic.Pointer[time.Duration]
	// seed is a random string, from which the jitter of all calls is computed.
	seed string
}

// Listener receives messages while a call is made.
type Listener interface {
	// InfoStatus receives a short message about what the call waits for.
	InfoStatus(message string)
	// Warning receives a message about something that a person has to do.
	Warning(message string)
}

// Caller makes the calls of a client, and tells a listener about everything that they wait for.
type Caller struct {
	*Client
	Listener
}

// New returns a client. It makes no call. Its errors name the property that is wrong.
func New(options Options) (*Client, error) {
	region, err := options.Credentials.Region()
	if err != nil {
		return nil, fmt.Errorf("region: %w", err)
	}
	var endpoint Endpoint
	if options.Endpoint != "" {
		if endpoint, err = ParseEndpoint(options.Endpoint); err != nil {
			return nil, fmt.Errorf("endpoint: %w", err)
		}
	}
	headers := common.DefaultGenericHeaders()
	if _, delegated := options.Credentials.(Delegated); delegated {
		headers = append(headers, delegationHeader)
	}
	sdklog.Mute()
	c := &Client{
		Clock:       options.Clock,
		credentials: options.Credentials,
		signer:      common.RequestSigner(options.Credentials, headers, common.DefaultBodyHeaders()),
		http:        options.HTTP,
		domainName:  options.DomainName,
		seed:        rand.Text(),
		limiter:     newLimiter(options.Clock),
	}
	c.configured = newService(c, endpoint, string(common.StringToRegion(strings.ToLower(region))))
	return c, nil
}

// Tenancy returns the OCID of the tenancy that the caller belongs to. It returns "" or an error if the credentials do not say it.
func (c *Client) Tenancy() (string, error) { return c.credentials.TenancyOCID() }

// CallerID returns the OCID of the user who makes the calls, or "" if the caller is not a user. Principals and some sessions have no user.
func (c *Client) CallerID() string {
	id, err := c.credentials.UserOCID()
	if err != nil {
		return ""
	}
	return id
}

// Domain returns the identity domain with the given URL. Each domain throttles separately.
func (c *Client) Domain(domainURL string) (*Service, error) {
	domainURL, err := hosts.ParseDomainURL(domainURL)
	if err != nil {
		return nil, err
	}
	domain, _ := c.domains.LoadOrStore(domainURL, &Service{
		client: c, host: domainURL, path: domainPath, Domain: domainURL, limiter: newLimiter(c.Clock),
	})
	return domain.(*Service), nil
}

// noteTime reads the Date header of an answer of OCI, which counts whole seconds. Errors have it too. What answers without a request id is
// something on the way.
func (c *Client) noteTime(header http.Header) {
	if date, err := http.ParseTime(header.Get("Date")); err == nil && header.Get("opc-request-id") != "" {
		c.ahead.Store(new(date.Sub(c.Clock.Now())))
	}
}

// Ahead returns how far OCI's clock is ahead of this machine's, and whether that is known.
func (c *Client) Ahead() (offset time.Duration, known bool) {
	if ahead := c.ahead.Load(); ahead != nil {
		return *ahead, true
	}
	return 0, false
}
