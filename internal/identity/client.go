// Package identity speaks to OCI Identity and Access Management about auth tokens: the four calls that exist for them,
// where to send them, when to repeat them, and what their errors mean to the person who made them.
//
// It sits on oci-go-sdk, and is the only package that does so for calls: see the API reference at
// https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/.
package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/oracle/oci-go-sdk/v65/common"
	sdk "github.com/oracle/oci-go-sdk/v65/identity"
)

// Options say how a Client reaches OCI.
type Options struct {
	// Credentials sign every request and name the region it goes to. Required.
	Credentials common.ConfigurationProvider
	// Endpoint replaces the region's public endpoint, for a private or local service: scheme, host and port, and
	// optionally a path. Each "{region}" in it stands for the region's name. Empty means the public endpoint.
	Endpoint string
	// RealmSpecificEndpoints and DualStackEndpoints choose those kinds of public endpoints, where the service has them.
	// Nil leaves it to the SDK's environment variables.
	RealmSpecificEndpoints, DualStackEndpoints *bool
	// UserAgent is put before the SDK's own in the User-Agent header, such as "pulumi-ociauthtoken/1.0.0".
	UserAgent string
	// Clock is time as the client sees it. Nil means the machine's clock.
	Clock Clock
}

// Client makes the calls. It is safe for use by many goroutines.
type Client struct {
	configured *regional
	home       home
	clock      Clock
	pace       pace
	// unanswered remembers the creations whose answer never came.
	unanswered unanswered
}

// New prepares a client without making any call. Its errors name the property that is wrong.
func New(options Options) (*Client, error) {
	keepBodiesOutOfTheLog()

	if options.Credentials == nil {
		return nil, errors.New("identity: Options.Credentials is required")
	}
	client, err := sdk.NewIdentityClientWithConfigurationProvider(options.Credentials)
	if err != nil {
		return nil, fmt.Errorf("preparing the OCI client: %w", err)
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

	// The SDK's own retries lose the service's error when a deadline is near, sleep through a cancellation, and after a
	// successful write repeat every 404 for minutes; its circuit breaker turns one user's errors into everybody's.
	// Repeating is this package's business: see call.
	never := common.NoRetryPolicy()
	client.Configuration.RetryPolicy = &never
	client.Configuration.CircuitBreaker = nil
	client.Configuration.RealmSpecificServiceEndpointTemplateEnabled = options.RealmSpecificEndpoints
	if options.DualStackEndpoints != nil {
		client.EnableDualStackEndpoints(*options.DualStackEndpoints)
	}
	if options.UserAgent != "" {
		client.UserAgent = options.UserAgent + " " + client.UserAgent
	}
	clock := options.Clock
	if clock == nil {
		clock = SystemClock{}
	}
	return &Client{
		configured: newRegional(client, endpoint, string(common.StringToRegion(region))),
		clock:      clock,
	}, nil
}

// Region is the name of the region that reads go to, such as "us-phoenix-1".
func (c *Client) Region() string { return c.configured.region }

// WhereWritten is the client whose reads go where writes go: to the home region, once it is known to be another. What was
// just written is seen there first.
func (c *Client) WhereWritten() Reader {
	return Reader{client: c, at: c.writer()}
}

// Reader makes the reading calls in one region.
type Reader struct {
	client *Client
	at     *regional
}

// regional is the SDK's client for one region.
type regional struct {
	sdk    sdk.IdentityClient
	region string
	// endpoint is what replaces the region's public endpoint, or nil.
	endpoint *Endpoint
}

// newRegional points a copy of the SDK's client at a region.
func newRegional(client sdk.IdentityClient, endpoint *Endpoint, region string) *regional {
	client.BasePath = basePath
	if endpoint == nil {
		client.SetRegion(region)
	} else {
		client.Host, client.BasePath = endpoint.in(region)
	}
	return &regional{sdk: client, region: region, endpoint: endpoint}
}

// basePath is the version of the API that every path starts with.
const basePath = "20160918"

// String says where calls go, for messages.
func (r *regional) String() string {
	if r.endpoint == nil {
		return r.region
	}
	return r.region + " at " + r.sdk.Host
}

// attempt is one request. It returns the answer too, if there was one, with its body read and closed.
type attempt func(ctx context.Context, at *regional) (*http.Response, error)
