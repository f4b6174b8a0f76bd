// Package identity speaks to OCI Identity and Access Management about auth tokens: the four calls that exist for them,
// where to send them, when to repeat them, and what their errors mean to the person who made them.
//
// It sits on oci-go-sdk, and is the only package that does: see the API reference at
// https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/.
package identity

import (
	"errors"
	"fmt"
	"strings"

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
	// UserAgent is put before the SDK's own in the User-Agent header, such as "pulumi-ociauthtoken/1.0.0".
	UserAgent string
	// Clock is time as the client sees it. Nil means the machine's clock.
	Clock Clock
}

// Client makes the calls. It is safe for use by many goroutines.
type Client struct {
	sdk    sdk.IdentityClient
	region string
	// private is true where an endpoint replaces the region's public one.
	private bool
	clock   Clock
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
	region = string(common.StringToRegion(region))

	// The SDK's own retries lose the service's error when a deadline is near, sleep through a cancellation, and after a
	// successful write repeat every 404 for minutes; its circuit breaker turns one user's errors into everybody's.
	// Repeating is this package's business: see call.
	never := common.NoRetryPolicy()
	client.Configuration.RetryPolicy = &never
	client.Configuration.CircuitBreaker = nil

	if options.Endpoint != "" {
		endpoint, err := ParseEndpoint(options.Endpoint)
		if err != nil {
			return nil, fmt.Errorf("endpoint: %w", err)
		}
		var prefix string
		client.Host, prefix = endpoint.in(region)
		client.BasePath = strings.TrimPrefix(prefix+"/"+client.BasePath, "/")
	}
	if options.UserAgent != "" {
		client.UserAgent = options.UserAgent + " " + client.UserAgent
	}
	clock := options.Clock
	if clock == nil {
		clock = SystemClock{}
	}
	return &Client{sdk: client, region: region, private: options.Endpoint != "", clock: clock}, nil
}

// Region is the name of the region that calls go to, such as "us-phoenix-1".
func (c *Client) Region() string { return c.region }
