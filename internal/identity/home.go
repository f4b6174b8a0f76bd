package identity

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/oracle/oci-go-sdk/v65/common"
	sdk "github.com/oracle/oci-go-sdk/v65/identity"
)

// home is where writes go: users and their tokens are written in the tenancy's home region only, whatever region the
// program is configured for. It is learned from the first write that is refused elsewhere, once for each process.
type home struct {
	mu       sync.Mutex
	regional *regional // nil until it is known to be another region than the configured one
}

// writer is where writes go as far as is known.
func (c *Client) writer() *regional {
	c.home.mu.Lock()
	defer c.home.mu.Unlock()
	if c.home.regional != nil {
		return c.home.regional
	}
	return c.configured
}

// codeNotAllowed is the code of the answer to a write outside of the home region.
const codeNotAllowed = "NotAllowed"

// reroute learns where the home region is from a write that was refused in another region. It tells whether the write is
// worth another attempt.
func (c *Client) reroute(ctx context.Context, refusedAt *regional, refusal error) bool {
	var service common.ServiceError
	if !errors.As(refusal, &service) || service.GetHTTPStatusCode() != http.StatusForbidden ||
		service.GetCode() != codeNotAllowed {
		return false
	}
	c.home.mu.Lock()
	defer c.home.mu.Unlock()
	if c.home.regional != nil {
		// Another call has learned it in the meantime, or it was learned wrongly and stays refused.
		return c.home.regional != refusedAt
	}
	region := c.homeRegion(ctx, service.GetMessage())
	if region == "" || region == refusedAt.region {
		return false
	}
	if refusedAt.endpoint != nil && !refusedAt.endpoint.dependsOnRegion() {
		// The one endpoint there is has just refused.
		return false
	}
	reportProgress(ctx, "auth tokens are written in the tenancy's home region: going to "+region)
	c.home.regional = newRegional(refusedAt.sdk, refusedAt.endpoint, region)
	return true
}

// homeRegion asks OCI for the tenancy's home region, and otherwise takes it from the words of the refusal.
func (c *Client) homeRegion(ctx context.Context, message string) string {
	provider := *c.configured.sdk.ConfigurationProvider()
	if tenancy, err := provider.TenancyOCID(); err == nil && tenancy != "" {
		response, err := c.configured.sdk.ListRegionSubscriptions(ctx, sdk.ListRegionSubscriptionsRequest{TenancyId: &tenancy})
		if err == nil {
			for _, subscription := range response.Items {
				if subscription.IsHomeRegion != nil && *subscription.IsHomeRegion {
					return deref(subscription.RegionName)
				}
			}
		}
	}
	match := homeRegionKey.FindStringSubmatch(message)
	if match == nil {
		return ""
	}
	region := common.StringToRegion(strings.ToLower(match[1]))
	if string(region) == strings.ToLower(match[1]) && len(region) == 3 {
		return "" // a key that the SDK's tables do not know
	}
	return string(region)
}

// homeRegionKey finds the key in "Please go to your home region PHX to execute CREATE, UPDATE and DELETE operations."
var homeRegionKey = regexp.MustCompile(`home region ([A-Za-z0-9-]+)`)
