// Package identity gives the packages below internal/tokens their former names, until provider/ uses the new ones.
package identity

import (
	"context"
	"net/http"

	"github.com/oracle/oci-go-sdk/v65/common"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens/iam"
)

type (
	AuthToken   = tokens.Token
	Value       = tokens.Value
	UserRef     = tokens.UserRef
	Wish        = tokens.Creation
	Listener    = oci.Listener
	Clock       = oci.Clock
	SystemClock = oci.SystemClock
	Unsettled   = tokens.Unsettled
	View        = tokens.ReadFrom
	Access      = registry.Access
)

const (
	Near          = tokens.Configured
	Written       = tokens.Writer
	Home          = tokens.Home
	StateCreating = tokens.StateCreating
	StateActive   = tokens.StateActive
	StateInactive = tokens.StateInactive
	StateDeleting = tokens.StateDeleting
	StateDeleted  = tokens.StateDeleted
	NewFor        = tokens.NewFor
	LongestStop   = tokens.LongestStop
)

var (
	IsNotFound    = oci.IsNotFound
	Pick          = tokens.Pick
	RFC3339       = tokens.RFC3339
	ParseEndpoint = oci.ParseEndpoint
)

type Options struct {
	Credentials common.ConfigurationProvider
	Endpoint    string
	DomainName  string
	HTTP        *http.Client
	Clock       oci.Clock
}

type Client struct {
	*tokens.Client
	registry *registry.Client
}

func New(o Options) (*Client, error) {
	calls, err := oci.New(oci.Options(o))
	if err != nil {
		return nil, err
	}
	return &Client{tokens.New(calls, iam.Open), registry.NewClient(o.HTTP, calls)}, nil
}

type User struct {
	*tokens.User
	account func(context.Context) (registry.User, error)
}

func (u *User) Account(ctx context.Context) (registry.User, error) { return u.account(ctx) }

func (c *Client) User(ref UserRef, l Listener) (*User, error) {
	u, err := c.Client.User(ref, l)
	if err != nil {
		return nil, err
	}
	return &User{u, func(ctx context.Context) (registry.User, error) { return c.registry.Tenancy(l).User(ctx, ref) }}, nil
}

func (c *Client) Tenancy(l Listener) Tenancy { return c.registry.Tenancy(l) }

type Tenancy = registry.Tenancy
