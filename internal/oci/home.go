package oci

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// Users and their tokens can be changed only in the tenancy's home region, whatever region the program is configured for. It is found out
// when it is first needed, once in each process.

// homeWithin bounds a search for the home region. It is longer than the SDK's timeout for one request, 60 s, so that the error says what
// became of the request.
const homeWithin = 75 * time.Second

// Writer returns OCI Identity in the home region if that is known, or else in the configured one.
func (c *Client) Writer() *Service { return cmp.Or(c.home.Load(), c.configured) }

// Home returns OCI Identity in the home region.
func (c Caller) Home(ctx context.Context) (*Service, error) { return c.findHome(ctx, "") }

// findHome returns the service in the home region. If the home region is not known, it asks OCI. If that fails, it looks in hint, the
// message of a write that was refused, which may name the home region. Concurrent calls share a search.
func (c Caller) findHome(ctx context.Context, hint string) (*Service, error) {
	if found := c.home.Load(); found != nil {
		return found, nil
	}
	return c.homeSearch.Do(ctx, "", func(ctx context.Context) (*Service, error) { return c.lookForHome(ctx, hint) })
}

// lookForHome carries out a search.
func (c Caller) lookForHome(ctx context.Context, hint string) (*Service, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, homeWithin, fmt.Errorf("there was no answer within %s", homeWithin))
	defer cancel()
	region, err := c.subscribedHome(ctx)
	if err != nil {
		if region = homeIn(hint); region == "" {
			return nil, err
		}
	}
	found := c.configured.in(region)
	if found == nil {
		return nil, fmt.Errorf("it is %s, and the endpoint in the provider's configuration is that of %s only: put {region} in it",
			region, c.configured.Region)
	}
	c.home.Store(found)
	return found, nil
}

// subscribedHome asks OCI which of the regions that the tenancy subscribes to is its home region.
func (c Caller) subscribedHome(ctx context.Context) (string, error) {
	subscriptions, err := c.RegionSubscriptions(ctx)
	if err != nil {
		return "", err
	}
	for _, subscription := range subscriptions {
		if subscription.IsHomeRegion && RegionName.MatchString(subscription.RegionName) {
			return subscription.RegionName, nil
		}
	}
	return "", errors.New("OCI names none of the tenancy's regions as its home region")
}

// RegionSubscription is a region that the tenancy subscribes to.
type RegionSubscription struct {
	RegionKey    string `json:"regionKey"`
	RegionName   string `json:"regionName"`
	IsHomeRegion bool   `json:"isHomeRegion"`
}

// RegionSubscriptions is https://docs.oracle.com/iaas/api/#/en/identity/20160918/RegionSubscription/ListRegionSubscriptions.
func (c Caller) RegionSubscriptions(ctx context.Context) (subscriptions []RegionSubscription, err error) {
	tenancy, err := c.Tenancy()
	switch {
	case err != nil:
		return nil, fmt.Errorf("the tenancy is not known: %w", err)
	case tenancy == "":
		return nil, errors.New("the tenancy is not known: set tenancyOcid in the provider's configuration")
	}
	err = c.Do(ctx, Call{
		Doing: "find out the regions of tenancy " + tenancy, To: c.configured,
		Request: Request{Method: http.MethodGet, Path: Path("tenancies", tenancy, "regionSubscriptions")},
		Read:    func(a *Answer) error { return json.Unmarshal(a.Body, &subscriptions) },
	})
	return subscriptions, err
}

// RegionName matches names of regions. They become part of a host name.
var RegionName = regexp.MustCompile(`^[a-z0-9]+([-.][a-z0-9]+)*$`)

// homeKey matches the key in "Please go to your home region PHX to execute CREATE, UPDATE and DELETE operations."
var homeKey = regexp.MustCompile(`home region ([A-Za-z0-9-]+)`)

// homeIn returns the name of the home region in the message of a refusal, or "" if there is none or it is not known.
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
