// Package identity speaks to OCI Identity and Access Management about auth tokens: the four calls that exist for them,
// where to send them, when to repeat them, and what their errors mean to the person who made them.
//
// From the top floor down, each knows only what is below it: creation.go takes one token from wish to answer; iam.go has the
// API's calls; call.go makes one call of any kind, region.go says where it goes and pace.go when; request.go sends one
// request; errors.go says what came of it; token.go has the words.
//
// Requests are signed and sent by oci-go-sdk. Answers are read here and not by the SDK, which throws away a whole answer, a
// new token's value included, if it cannot read one field of it.
package identity

import (
	"errors"
	"fmt"

	"github.com/oracle/oci-go-sdk/v65/common"
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
	home       *home
	pace       *pace
	ledger     *ledger
	clock      Clock
	tenancy    func() (string, error)
	// report hears, in a short sentence, of everything that is waited for, and warn of what a person has to look after.
	report, warn func(string)
}

// New prepares a client without making any call. Its errors name the property that is wrong.
func New(options Options) (*Client, error) {
	if options.Credentials == nil {
		return nil, errors.New("identity: Options.Credentials is required")
	}
	region, err := options.Credentials.Region()
	if err != nil {
		return nil, fmt.Errorf("region: %w", err)
	}
	sender, err := newSender(options)
	if err != nil {
		return nil, err
	}
	var endpoint *Endpoint
	if options.Endpoint != "" {
		parsed, err := ParseEndpoint(options.Endpoint)
		if err != nil {
			return nil, fmt.Errorf("endpoint: %w", err)
		}
		endpoint = &parsed
	}
	clock := options.Clock
	if clock == nil {
		clock = SystemClock{}
	}
	return &Client{
		configured: newRegional(sender, endpoint, string(common.StringToRegion(region))),
		home:       &home{},
		pace:       newPace(clock),
		ledger:     newLedger(),
		clock:      clock,
		tenancy:    options.Credentials.TenancyOCID,
		report:     func(string) {},
		warn:       func(string) {},
	}, nil
}

// Telling returns the same client, whose calls tell status, in a short sentence, of everything that they wait for, and warning
// of what a person has to look after.
func (c *Client) Telling(status, warning func(message string)) *Client {
	telling := *c
	telling.report, telling.warn = status, warning
	return &telling
}
