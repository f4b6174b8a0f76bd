package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// regional is the service in one region.
type regional struct {
	sender sender
	region string
	// endpoint is what replaces the region's public endpoint, or nil.
	endpoint *Endpoint
}

// basePath is the version of the API that every path starts with.
const basePath = "20160918"

// newRegional points a copy of the sender at a region.
func newRegional(s sender, endpoint *Endpoint, region string) *regional {
	s.base.BasePath = basePath
	if endpoint == nil {
		s.base.Host = common.StringToRegion(region).EndpointForTemplate(
			"identity", "https://identity.{region}.oci.{secondLevelDomain}")
	} else {
		s.base.Host, s.base.BasePath = endpoint.in(region)
	}
	return &regional{sender: s, region: region, endpoint: endpoint}
}

// String says where calls go, for messages.
func (r *regional) String() string {
	if r.endpoint == nil {
		return r.region
	}
	return r.region + " at " + r.sender.base.Host
}

// in returns the same service in another region, or nil if the one endpoint that there is belongs to this region.
func (r *regional) in(region string) *regional {
	if region == r.region {
		return r
	}
	if r.endpoint != nil && !r.endpoint.dependsOnRegion() {
		return nil
	}
	return newRegional(r.sender, r.endpoint, region)
}

// home is the tenancy's home region, the only one in which users and their tokens are written, whatever region the program
// is configured for. It is found out when it is first needed, once for each process.
type home struct {
	mu    sync.Mutex
	known *regional // nil until it is known
	// search is the search that is under way, or nil.
	search *homeSearch
}

// homeSearch is one attempt to find out the home region. Its results may be read once done is closed.
type homeSearch struct {
	done  chan struct{}
	found *regional
	err   error
}

// homeWithin bounds a search for the home region.
const homeWithin = time.Minute

// writer is where writes go, as far as is known.
func (c *Client) writer() *regional {
	c.home.mu.Lock()
	defer c.home.mu.Unlock()
	if c.home.known != nil {
		return c.home.known
	}
	return c.configured
}

// isHome notes that a write has succeeded in a region: it is the home region.
func (c *Client) isHome(at *regional) {
	c.home.mu.Lock()
	defer c.home.mu.Unlock()
	c.home.known = at
}

// homeRegion returns the service in the home region. It asks OCI which one that is, unless it is known. If OCI does not
// say, the refusal of a write may: hint is its message, or empty. All who ask at the same time wait for one search, each
// until its own context ends.
func (c *Client) homeRegion(ctx context.Context, hint string) (*regional, error) {
	c.home.mu.Lock()
	if c.home.known != nil {
		defer c.home.mu.Unlock()
		return c.home.known, nil
	}
	search := c.home.search
	if search == nil {
		search = &homeSearch{done: make(chan struct{})}
		c.home.search = search
		// Whoever began the search may be cancelled. The others still want to know.
		go c.searchHome(context.WithoutCancel(ctx), search, hint)
	}
	c.home.mu.Unlock()

	select {
	case <-search.done:
		return search.found, search.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *Client) searchHome(ctx context.Context, search *homeSearch, hint string) {
	ctx, cancel := context.WithTimeoutCause(ctx, homeWithin, fmt.Errorf("there was no answer within %s", homeWithin))
	defer cancel()
	region, err := c.subscribedHome(ctx)
	if err != nil {
		if region = homeIn(hint); region != "" {
			err = nil
		}
	}
	if err == nil {
		if search.found = c.configured.in(region); search.found == nil {
			err = fmt.Errorf("it is %s, and the endpoint in the provider's configuration is that of %s alone: "+
				"put {region} in it", region, c.configured.region)
		}
	}
	search.err = err

	c.home.mu.Lock()
	defer c.home.mu.Unlock()
	if err == nil && c.home.known == nil {
		c.home.known = search.found
	}
	c.home.search = nil
	close(search.done)
}

// subscribedHome asks OCI which of the regions that the tenancy is subscribed to is its home region:
// https://docs.oracle.com/iaas/api/#/en/identity/20160918/RegionSubscription/ListRegionSubscriptions.
func (c *Client) subscribedHome(ctx context.Context) (string, error) {
	tenancy, err := c.tenancy()
	if err != nil || tenancy == "" {
		return "", errors.New("the tenancy is not known: set tenancyOcid in the provider's configuration")
	}
	var subscriptions []struct {
		RegionName   string `json:"regionName"`
		IsHomeRegion bool   `json:"isHomeRegion"`
	}
	err = c.call(ctx, operation{
		name: "ListRegionSubscriptions", doing: "find out the home region of tenancy " + tenancy, at: c.configured,
		request: request{method: http.MethodGet, path: escaped("tenancies", tenancy, "regionSubscriptions")},
		read:    func(a *answer) error { return json.Unmarshal(a.body, &subscriptions) },
	})
	if err != nil {
		return "", err
	}
	for _, subscription := range subscriptions {
		if subscription.IsHomeRegion && regionName.MatchString(subscription.RegionName) {
			return subscription.RegionName, nil
		}
	}
	return "", errors.New("OCI names none of the tenancy's regions as its home region")
}

// regionName is what a region's name may hold: it becomes a part of a host's name.
var regionName = regexp.MustCompile(`^[a-z0-9]+([-.][a-z0-9]+)*$`)

// homeKey finds the key in "Please go to your home region PHX to execute CREATE, UPDATE and DELETE operations."
var homeKey = regexp.MustCompile(`home region ([A-Za-z0-9-]+)`)

// homeIn returns the name of the region that a refusal names as the home region, or "" if it names none that is known.
func homeIn(message string) string {
	match := homeKey.FindStringSubmatch(message)
	if match == nil {
		return ""
	}
	key := strings.ToLower(match[1])
	region := string(common.StringToRegion(key))
	if region == key && len(key) == 3 {
		return "" // a key that the SDK's tables do not have
	}
	return region
}
