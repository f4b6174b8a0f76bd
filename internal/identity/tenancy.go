package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/oracle/oci-go-sdk/v65/common"
	"golang.org/x/sync/singleflight"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// Region is a region of OCI.
type Region struct {
	// Name is the region's name, such as "us-phoenix-1".
	Name string
	// Domain is the second-level domain of its realm, such as "oraclecloud.com".
	Domain string
}

// Tenancy is the tenancy that the caller belongs to. What OCI says about it does not change while a process runs, so it is
// asked for once, except for access tokens.
type Tenancy struct {
	calls  caller
	home   *home
	id     func() (string, error)
	caller func() (string, error)
	known  *tenancyFacts
	access *singleflight.Group // requests for access tokens that are under way
}

// tenancyFacts is what is known about a tenancy so far.
type tenancyFacts struct {
	mu        sync.Mutex
	namespace string            // empty until it is known
	keys      map[string]string // the keys of the tenancy's regions, by name; nil until they are known
}

// CallerID returns the OCID of the user who makes the calls, or "" if the caller is not a user.
func (t Tenancy) CallerID() string {
	id, err := t.caller()
	if err != nil {
		return ""
	}
	return id
}

// Region returns the region with this name or key. If nameOrKey is empty, it returns the region that the client is configured for.
func (t Tenancy) Region(nameOrKey string) (Region, error) {
	region := common.Region(t.home.configured.region)
	if nameOrKey != "" {
		region = common.StringToRegion(strings.ToLower(nameOrKey))
		// A key that the SDK does not know comes back as it is.
		if !regionName.MatchString(string(region)) || !strings.ContainsAny(string(region), "-.") {
			return Region{}, fmt.Errorf("%q is not the name or the key of a region, such as us-phoenix-1 or PHX", outside.Text(nameOrKey))
		}
	}
	domain := t.home.configured.sender.domainName
	if domain == "" {
		domain = region.SecondLevelDomain()
	}
	return Region{Name: string(region), Domain: domain}, nil
}

// LocalHost returns the host and the port of the endpoint if it is on this machine, or "".
func (t Tenancy) LocalHost() string { return t.home.configured.localHost() }

// Namespace returns the tenancy's Object Storage namespace:
// https://docs.oracle.com/iaas/api/#/en/objectstorage/20160918/Namespace/GetNamespace. If the program sets an
// endpoint, Object Storage is called there.
func (t Tenancy) Namespace(ctx context.Context) (string, error) {
	t.known.mu.Lock()
	defer t.known.mu.Unlock()
	if t.known.namespace != "" {
		return t.known.namespace, nil
	}
	err := t.calls.call(ctx, operation{
		doing: "find out the Object Storage namespace of the tenancy", to: t.home.configured.objectStorage(),
		request: request{method: http.MethodGet, path: "/n"},
		read: func(a *answer) error {
			namespace := text(a.body)
			if !a.isJSON() || namespace == "" {
				return errors.New("it is not a namespace")
			}
			t.known.namespace = namespace
			return nil
		},
	})
	return t.known.namespace, err
}

// RegionKey returns the key of a region, such as "PHX". It is empty if the tenancy does not subscribe to the region, or if OCI does
// not show the subscriptions to the caller.
func (t Tenancy) RegionKey(ctx context.Context, region string) (string, error) {
	t.known.mu.Lock()
	defer t.known.mu.Unlock()
	if t.known.keys == nil {
		subscriptions, err := iam{calls: t.calls, home: t.home, tenancy: t.id}.subscriptions(ctx)
		if err != nil && !IsNotFound(err) {
			return "", err
		}
		t.known.keys = map[string]string{}
		for _, subscription := range subscriptions {
			t.known.keys[subscription.RegionName] = subscription.RegionKey
		}
	}
	return t.known.keys[region], nil
}
