// Package oci makes one call to OCI at a time. It knows where a call goes and at what rate, signs and sends its requests, judges the
// answers, repeats what may be repeated, and says in its errors what happened and what to do.
//
// oci-go-sdk signs the requests. It does not read the answers: if the SDK cannot read one field, it discards the whole answer, even
// the value of a new token.
package oci

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/sdklog"
)

// Options say how a Client reaches OCI.
type Options struct {
	// Credentials sign every request and name the region it goes to. Required.
	Credentials common.ConfigurationProvider
	// Endpoint replaces the region's public endpoint, for a private or local service: scheme, host and port, and
	// optionally a path. Each "{region}" in it stands for the region's name. Empty means the public endpoint.
	Endpoint string
	// DomainName replaces the last two parts of the hosts of public endpoints, such as oraclecloud.com. Empty means that it does not.
	DomainName string
	// HTTP sends the requests. Required. It must not follow redirects.
	HTTP *http.Client
	// Clock tells the time. Nil means the machine's clock.
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
	home       home
	limiter    *limiter
	// time is OCI's time, as in its answers.
	time serverTime
	// seed is a random string, from which the jitter of all calls is computed.
	seed string

	mu      sync.Mutex
	domains map[string]*Service // by their URLs
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
	if options.Credentials == nil || options.HTTP == nil {
		return nil, errors.New("oci: Options.Credentials and Options.HTTP are required")
	}
	region, err := options.Credentials.Region()
	if err != nil {
		return nil, fmt.Errorf("region: %w", err)
	}
	var endpoint *Endpoint
	if options.Endpoint != "" {
		parsed, err := ParseEndpoint(options.Endpoint)
		if err != nil {
			return nil, fmt.Errorf("endpoint: %w", err)
		}
		endpoint = &parsed
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
		domains:     map[string]*Service{},
	}
	if c.Clock == nil {
		c.Clock = SystemClock{}
	}
	c.limiter = newLimiter(c.Clock)
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
	c.mu.Lock()
	defer c.mu.Unlock()
	domain, ok := c.domains[domainURL]
	if !ok {
		domain = &Service{client: c, host: domainURL, path: domainPath, Domain: domainURL, limiter: newLimiter(c.Clock)}
		c.domains[domainURL] = domain
	}
	return domain, nil
}
