package registry

import (
	"context"
	"errors"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"

	ocir "github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// lookup asks OCI for what the program does not set.
type lookup struct {
	oci      *connection.Connection
	registry *ocir.Client
	tenancy  ocir.Tenancy
	args     GetRegistryUserArgs
}

// newLookup returns the lookup for some arguments.
func newLookup(ctx context.Context, oci *connection.Connection, args GetRegistryUserArgs) (lookup, error) {
	registry, err := oci.Registry()
	if err != nil {
		return lookup{}, err
	}
	return lookup{oci: oci, registry: registry, tenancy: registry.Tenancy(p.GetLogger(ctx)), args: args}, nil
}

// loginNames is what a login needs besides a password.
type loginNames struct {
	GetRegistryUserResult
	// region is the name of the registry's region.
	region string
	// hosts are all host names of the registry, and usernames all names under which the user may have to log in.
	hosts, usernames []string
}

// names returns the names for a login.
func (l lookup) names(ctx context.Context) (names loginNames, err error) {
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
func (l lookup) findRegistry(ctx context.Context, names *loginNames) (err error) {
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
func (l lookup) usernames(ctx context.Context, namespace string) ([]string, error) {
	ref, err := l.user()
	if err != nil {
		return nil, err
	}
	user, err := l.tenancy.User(ctx, ref)
	return ocir.Usernames(namespace, user), err
}

// findHosts finds the host names of the registry. The local emulator is the registry too.
func (l lookup) findHosts(ctx context.Context, names *loginNames) error {
	region, err := l.tenancy.Region(token.OrEmpty(l.args.Region))
	if err != nil {
		return fmt.Errorf("region: %w", err)
	}
	names.region = region.Name
	if local := l.tenancy.LocalHost(); local != "" {
		names.Server, names.hosts = local, []string{local}
		return nil
	}
	if region.Key, err = l.tenancy.RegionKey(ctx, region.Name); err != nil {
		p.GetLogger(ctx).InfoStatusf("the key of region %s is not known, so the short name of the registry is left out: %v", region.Name, err)
	}
	names.Server, names.hosts = region.Server(), region.Hosts()
	if short := region.ShortName(); short != "" {
		names.Alias = &short
	}
	return nil
}

// user returns the user who logs in.
func (l lookup) user() (tokens.UserRef, error) {
	id := l.args.UserID
	if id == nil {
		caller := l.tenancy.CallerID()
		if caller == "" {
			return tokens.UserRef{}, errors.New("userId: is not set, and the provider does not sign in as a user: set userId or username")
		}
		id = &caller
	}
	return token.UserOf(id, l.args.DomainURL)
}
