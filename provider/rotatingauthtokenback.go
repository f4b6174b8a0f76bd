package provider

import (
	"context"
	"errors"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// errWayBack is the error for a RotatingAuthToken that an alias makes an AuthToken.
var errWayBack = errors.New("this is the state of a RotatingAuthToken, and an alias cannot turn it into an AuthToken: its previous token " +
	"would be left behind. Nothing was changed. https://" + repository + "/blob/main/docs/rotation.md#the-way-back says how to " +
	"go back and keep the value")

// refusingTheWayBack refuses to handle the state of a RotatingAuthToken as an AuthToken. Its id may be the OCID of a token that is
// gone. A deletion would then find nothing to delete and leave two live tokens behind.
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
