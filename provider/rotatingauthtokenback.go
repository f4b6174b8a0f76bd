package provider

import (
	"context"
	"errors"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// errWayBack is what a RotatingAuthToken meets that is to become an AuthToken by an alias.
var errWayBack = errors.New("this state is that of a RotatingAuthToken, which an alias cannot make an AuthToken: its previous token " +
	"would be left behind. Nothing was changed. https://" + repository + "/blob/main/docs/rotation.md#the-way-back says how to " +
	"go back and keep the value")

// refusingTheWayBack refuses the state of a RotatingAuthToken under an AuthToken. The id of that state may be that of a token
// that is gone, so that a deletion would find nothing, and leave two live tokens.
func refusingTheWayBack(provider p.Provider) p.Provider {
	check := func(urn resource.URN, state property.Map) error {
		if _, rotating := state.GetOk("tokenId"); rotating && urn.Type() == Name+":index:AuthToken" {
			return errWayBack
		}
		return nil
	}
	inner := provider
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		if err := check(req.Urn, req.State); err != nil {
			return p.DiffResponse{}, err
		}
		return inner.Diff(ctx, req)
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		if err := check(req.Urn, req.Properties); err != nil {
			return p.ReadResponse{}, err
		}
		return inner.Read(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		if err := check(req.Urn, req.State); err != nil {
			return p.UpdateResponse{}, err
		}
		return inner.Update(ctx, req)
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		if err := check(req.Urn, req.Properties); err != nil {
			return err
		}
		return inner.Delete(ctx, req)
	}
	return provider
}
