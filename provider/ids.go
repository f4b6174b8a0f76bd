package provider

import (
	"context"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/authtoken"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/rotatingauthtoken"
)

// readingIDs reads the id of a resource in the state, once and for all: an import file may have put one of the forms for an import
// there, and an alias that of another token. Any other id is what OCI has answered, and passes unchanged. An import has no state, and
// its id says whose the token is.
func readingIDs(provider p.Provider) p.Provider {
	read := func(urn resource.URN, id string, state property.Map) (string, property.Map, error) {
		user, currentID, previousID, err := rotatingauthtoken.ParseID(id)
		rotating := urn.Type() == Name+":index:RotatingAuthToken"
		if _, taken := state.GetOk("tokenId"); taken && !rotating {
			return authtoken.OnTheWayBack(id, state)
		}
		if err != nil || user.ID == "" || (previousID != "" && !rotating) {
			return id, state, nil
		}
		_, taken := state.GetOk("tokenId")
		if _, has := state.GetOk("previousTokenId"); previousID != "" && !taken && !has {
			state = state.Set("previousTokenId", property.New(previousID))
		}
		return currentID, state, nil
	}
	inner := provider
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (_ p.DiffResponse, err error) {
		if req.ID, req.State, err = read(req.Urn, req.ID, req.State); err != nil {
			return p.DiffResponse{}, err
		}
		return inner.Diff(ctx, req)
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (_ p.ReadResponse, err error) {
		if req.Properties.Len() > 0 || req.Inputs.Len() > 0 {
			if req.ID, req.Properties, err = read(req.Urn, req.ID, req.Properties); err != nil {
				return p.ReadResponse{}, err
			}
		}
		return inner.Read(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (resp p.UpdateResponse, err error) {
		id, taken := req.ID, req.Urn.Type() == Name+":index:AuthToken" && req.State.Get("tokenId").IsString()
		if req.ID, req.State, err = read(req.Urn, req.ID, req.State); err != nil {
			return p.UpdateResponse{}, err
		}
		resp, err = inner.Update(ctx, req)
		if taken && req.ID != id && resp.Properties.Len() > 0 {
			resp.Properties = resp.Properties.Set("tokenId", property.New(req.ID)) // the engine keeps the id
		}
		return resp, err
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) (err error) {
		if req.ID, req.Properties, err = read(req.Urn, req.ID, req.Properties); err != nil {
			return err
		}
		return inner.Delete(ctx, req)
	}
	return provider
}
