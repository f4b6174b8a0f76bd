package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens/iam"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens/scim"
)

// Tenancy asks OCI for what a login needs, as the caller. What OCI says about the tenancy does not change while a process runs, so it is
// asked for once, except for access tokens.
type Tenancy struct {
	oci.Caller

	known *known
}

// known is what is known about a tenancy so far.
type known struct {
	mu        sync.Mutex
	namespace string            // empty until it is known
	keys      map[string]string // the keys of the tenancy's regions, by name; nil until they are known
	access    oci.Shared[AccessToken]
}

// Tenancy returns the tenancy that the caller belongs to. The listener receives messages about everything that its calls wait for.
func (c *Client) Tenancy(listener oci.Listener) Tenancy {
	return Tenancy{oci.Caller{Client: c.calls, Listener: listener}, c.known}
}

// Region returns the region with this name or key, without the key. If nameOrKey is empty, it returns the region that the client is
// configured for.
func (t Tenancy) Region(nameOrKey string) (Region, error) {
	name := t.Configured().Region
	if nameOrKey != "" {
		if err := checkPadding(nameOrKey); err != nil {
			return Region{}, err
		}
		name = string(common.StringToRegion(strings.ToLower(nameOrKey)))
		// A key that the SDK does not know comes back as it is.
		if !oci.RegionName.MatchString(name) || !strings.ContainsAny(name, "-.") {
			return Region{}, fmt.Errorf("%q is not the name or the key of a region, such as us-phoenix-1 or PHX", safetext.Text(nameOrKey))
		}
	}
	return Region{Name: name, Domain: t.DomainName(name)}, nil
}

// userLooks is how often a new user is looked for.
const userLooks = 5

// User returns what OCI says about a user. It waits a moment for OCI to show a new one, unless it finds the user in an identity domain.
func (t Tenancy) User(ctx context.Context, ref tokens.UserRef) (User, error) {
	if ref.DomainURL != "" {
		return t.userOfDomain(ctx, ref)
	}
	api := iam.New(t.Caller, ref.ID)
	var user User
	var missing error
	var domain tokens.API
	hint := ""
	waiting := fmt.Sprintf("OCI does not know user %s yet: waiting a moment, in case the user is new", ref.ID)
	err := t.Poll(ctx, userLooks, waiting, func() (bool, error) {
		account, err := api.Account(ctx)
		user = User{Name: account.Name, Email: account.Email}
		if missing = err; !oci.IsNotFound(err) {
			return true, err
		}
		if hint == "" {
			domain, hint, _ = api.Elsewhere(ctx)
		}
		return domain != nil, nil
	})
	switch {
	case missing == nil:
		return user, nil
	case oci.IsNotFound(missing) && err != nil:
		return User{}, fmt.Errorf("%w: %w", err, oci.WithHint(missing, hint))
	default:
		return User{}, oci.WithHint(missing, hint)
	}
}

// userOfDomain asks an identity domain for one of its users, and IAM for the domain's name.
func (t Tenancy) userOfDomain(ctx context.Context, ref tokens.UserRef) (User, error) {
	domain, err := scim.New(t.Caller, ref)
	if err != nil {
		return User{}, fmt.Errorf("domainUrl: %w", err)
	}
	account, err := domain.Account(ctx)
	if err != nil {
		return User{}, err
	}
	user := User{Name: account.Name, Email: account.Email}
	if account.DomainID == "" {
		t.InfoStatus(fmt.Sprintf("the identity domain %s does not say what it is called: the user name for the registry is without the domain's name",
			domain.URL()))
		return user, nil
	}
	user.Domain, err = iam.New(t.Caller, "").DomainName(ctx, account.DomainID)
	return user, err
}

// Namespace returns the tenancy's Object Storage namespace:
// https://docs.oracle.com/iaas/api/#/en/objectstorage/20160918/Namespace/GetNamespace. If the program sets an
// endpoint, Object Storage is called there.
func (t Tenancy) Namespace(ctx context.Context) (string, error) {
	t.known.mu.Lock()
	defer t.known.mu.Unlock()
	if t.known.namespace != "" {
		return t.known.namespace, nil
	}
	err := t.Do(ctx, oci.Call{
		Doing: "find out the Object Storage namespace of the tenancy", To: t.ObjectStorage(),
		Request: oci.Request{Method: http.MethodGet, Path: "/n"},
		Read: func(a *oci.Answer) error {
			namespace := oci.Text(a.Body)
			if namespace == "" {
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
		subscriptions, err := t.RegionSubscriptions(ctx)
		if err != nil && !oci.IsNotFound(err) {
			return "", err
		}
		t.known.keys = map[string]string{}
		for _, subscription := range subscriptions {
			t.known.keys[subscription.RegionName] = subscription.RegionKey
		}
	}
	return t.known.keys[region], nil
}
