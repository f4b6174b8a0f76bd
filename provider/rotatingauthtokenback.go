package provider

import (
	"context"
	"errors"
	"slices"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// errWayBack is the error for a RotatingAuthToken that an alias makes an AuthToken too early.
var errWayBack = errors.New("this is the state of a RotatingAuthToken with a previous token, or without a current one, and an AuthToken has " +
	"exactly one. Nothing was changed. Make it a RotatingAuthToken again, set previousDays to 0, and run \"pulumi up\": then an alias can " +
	"turn it into an AuthToken. https://" + repository + "/blob/main/docs/rotation.md#the-way-back says how")

// takingTheWayBack lets an alias make an AuthToken of a RotatingAuthToken. The resource's id may be the OCID of an earlier token. The
// state keeps the output tokenId until a refresh has corrected the id.
func takingTheWayBack(provider p.Provider) p.Provider {
	inner, kept := provider, argumentsOf[AuthTokenState]()
	back := func(urn resource.URN, id string, state property.Map) (string, property.Map, error) {
		current, rotating := state.GetOk("tokenId")
		if !rotating || !current.IsString() || urn.Type() != Name+":index:AuthToken" {
			return id, state, nil
		}
		lifecycle := state.Get("state")
		if _, previous := state.GetOk("previousTokenId"); previous || lifecycle.IsString() && lifecycle.AsString() == identity.StateDeleted {
			return id, state, errWayBack
		}
		for name := range state.All {
			if !slices.ContainsFunc(kept, func(a argument) bool { return a.name == name }) {
				state = state.Delete(name)
			}
		}
		return current.AsString(), state, nil
	}
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (_ p.DiffResponse, err error) {
		if req.ID, req.State, err = back(req.Urn, req.ID, req.State); err != nil {
			return p.DiffResponse{}, err
		}
		return inner.Diff(ctx, req)
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (_ p.ReadResponse, err error) {
		if req.ID, req.Properties, err = back(req.Urn, req.ID, req.Properties); err != nil {
			return p.ReadResponse{}, err
		}
		return inner.Read(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (resp p.UpdateResponse, err error) {
		id := req.ID
		if req.ID, req.State, err = back(req.Urn, req.ID, req.State); err != nil {
			return p.UpdateResponse{}, err
		}
		resp, err = inner.Update(ctx, req)
		if req.ID != id && resp.Properties.Len() > 0 {
			resp.Properties = resp.Properties.Set("tokenId", property.New(req.ID)) // the engine keeps the id
		}
		return resp, err
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) (err error) {
		if req.ID, req.Properties, err = back(req.Urn, req.ID, req.Properties); err != nil {
			return err
		}
		return inner.Delete(ctx, req)
	}
	return provider
}
