package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
)

// registryLookup asks OCI for what the program does not set.
type registryLookup struct {
	client   *identity.Client
	tenancy  identity.Tenancy
	listener identity.Listener
	args     GetRegistryUserArgs
}

// lookUp returns the lookup for some arguments.
func (c *connection) lookUp(listener identity.Listener, args GetRegistryUserArgs) (registryLookup, error) {
	client, err := c.get()
	if err != nil {
		return registryLookup{}, err
	}
	return registryLookup{client: client, tenancy: client.Tenancy(listener), listener: listener, args: args}, nil
}

// names returns the names for a login, and every user name under which the user may have to log in.
func (l registryLookup) names(ctx context.Context) (GetRegistryUserResult, []string, error) {
	var result GetRegistryUserResult
	var err error
	if result.Server, result.Alias, err = l.hosts(ctx); err != nil {
		return result, nil, err
	}
	if result.Namespace = value(l.args.Namespace); result.Namespace == "" {
		if result.Namespace, err = l.tenancy.Namespace(ctx); err != nil {
			return result, nil, fmt.Errorf("%w. Or set namespace: the Console shows it under Tenancy details", err)
		}
	}
	if l.args.Username != nil {
		result.Username = registry.Username(result.Namespace, *l.args.Username)
		return result, []string{result.Username}, nil
	}
	user, err := l.user()
	if err != nil {
		return result, nil, err
	}
	account, err := user.Account(ctx)
	if err != nil {
		return result, nil, fmt.Errorf("%w. Or set username: the name under which the user signs in", err)
	}
	usernames := registry.Usernames(result.Namespace, registry.User{
		Name: account.Name, Email: account.Email, Domain: account.Domain,
	})
	result.Username = usernames[0]
	return result, usernames, nil
}

// hosts returns the host names of the registry. The local emulator is the registry too.
func (l registryLookup) hosts(ctx context.Context) (server string, alias *string, err error) {
	region, err := l.tenancy.Region(value(l.args.Region))
	if err != nil {
		return "", nil, fmt.Errorf("region: %w", err)
	}
	if local := l.tenancy.LocalHost(); local != "" {
		return local, nil, nil
	}
	at := registry.Region{Name: region.Name, Domain: region.Domain}
	if at.Key, err = l.tenancy.RegionKey(ctx, region.Name); err != nil {
		return "", nil, err
	}
	server, short := at.Hosts()
	if short != "" {
		alias = &short
	}
	return server, alias, nil
}

// user returns the user who logs in.
func (l registryLookup) user() (*identity.User, error) {
	id := value(l.args.UserID)
	if id == "" {
		if id = l.tenancy.CallerID(); id == "" {
			return nil, errors.New("userId: is not set, and the provider does not sign in as a user: set userId or username")
		}
	}
	domainURL, err := parseDomainURL(l.args.DomainURL)
	if err != nil {
		return nil, err
	}
	return l.client.User(identity.UserRef{ID: id, DomainURL: domainURL}, l.listener)
}
