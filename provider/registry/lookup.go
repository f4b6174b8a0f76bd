package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	ocir "github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// registryLookup asks OCI for what the program does not set.
type registryLookup struct {
	client   *identity.Client
	registry *ocir.Client
	tenancy  identity.Tenancy
	listener identity.Listener
	args     GetRegistryUserArgs
}

// newLookup returns the lookup for some arguments.
func newLookup(oci *connection.Connection, listener identity.Listener, args GetRegistryUserArgs) (registryLookup, error) {
	client, err := oci.Client()
	if err != nil {
		return registryLookup{}, err
	}
	return registryLookup{client: client, registry: oci.Registry(), tenancy: client.Tenancy(listener), listener: listener, args: args}, nil
}

// registryNames is what a login needs besides a password.
type registryNames struct {
	GetRegistryUserResult
	// region is the name of the registry's region.
	region string
	// hosts are all host names of the registry, and usernames all names under which the user may have to log in.
	hosts, usernames []string
}

// names returns the names for a login.
func (l registryLookup) names(ctx context.Context) (names registryNames, err error) {
	if err = l.findRegistry(ctx, &names); err != nil {
		return names, err
	}
	if l.args.Username != nil {
		names.usernames = []string{ocir.Username(names.Namespace, *l.args.Username)}
	} else if names.usernames, err = l.usernames(ctx, names.Namespace); err != nil {
		return names, fmt.Errorf("%w. Or set username: the name under which the user signs in", err)
	}
	names.Username = names.usernames[0]
	return names, nil
}

// findRegistry finds what is the same for all users of the registry: its host names and the namespace.
func (l registryLookup) findRegistry(ctx context.Context, names *registryNames) (err error) {
	if err = l.findHosts(ctx, names); err != nil {
		return err
	}
	if names.Namespace = token.OrEmpty(l.args.Namespace); names.Namespace == "" {
		if names.Namespace, err = l.tenancy.Namespace(ctx); err != nil {
			return fmt.Errorf("%w. Or set namespace: the Console shows it under Tenancy details", err)
		}
	}
	return nil
}

// usernames asks OCI for the names under which the user may have to log in.
func (l registryLookup) usernames(ctx context.Context, namespace string) ([]string, error) {
	user, err := l.user()
	if err != nil {
		return nil, err
	}
	account, err := user.Account(ctx)
	if err != nil {
		return nil, user.Locate(ctx, err)
	}
	return ocir.Usernames(namespace, ocir.User{Name: account.Name, Email: account.Email, Domain: account.Domain}), nil
}

// findHosts finds the host names of the registry. The local emulator is the registry too.
func (l registryLookup) findHosts(ctx context.Context, names *registryNames) error {
	region, err := l.tenancy.Region(token.OrEmpty(l.args.Region))
	if err != nil {
		return fmt.Errorf("region: %w", err)
	}
	names.region = region.Name
	if local := l.tenancy.LocalHost(); local != "" {
		names.Server, names.hosts = local, []string{local}
		return nil
	}
	at := ocir.Region{Name: region.Name, Domain: region.Domain}
	if at.Key, err = l.tenancy.RegionKey(ctx, region.Name); err != nil {
		l.listener.InfoStatus(fmt.Sprintf("the key of region %s is not known, so the short name of the registry is left out: %v", region.Name, err))
	}
	names.Server, names.hosts = at.Server(), at.Hosts()
	if short := at.ShortName(); short != "" {
		names.Alias = &short
	}
	return nil
}

// user returns the user who logs in.
func (l registryLookup) user() (*identity.User, error) {
	id := l.args.UserID
	if id == nil {
		caller := l.tenancy.CallerID()
		if caller == "" {
			return nil, errors.New("userId: is not set, and the provider does not sign in as a user: set userId or username")
		}
		id = &caller
	}
	ref, err := token.UserOf(id, l.args.DomainURL)
	if err != nil {
		return nil, err
	}
	return l.client.User(ref, l.listener)
}
