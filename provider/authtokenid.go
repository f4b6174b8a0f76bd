package provider

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
)

// idForms lists the forms in which a person may write the id of an auth token.
const idForms = "use users/<user's OCID>/authTokens/<token's OCID>, or <user's OCID>/<token's OCID>, or, for a user of an identity " +
	"domain other than Default, <domain's URL>/users/<user's OCID>/authTokens/<token's OCID or SCIM id>"

// scimID matches the ids that identity domains give their resources.
var scimID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// parseID parses the id of an auth token. In the state it is the token's OCID. The forms for an import also name the user. The user
// is empty if the id does not name it.
func parseID(id string) (user identity.UserRef, tokenID string, err error) {
	path, inDomain := id, strings.Contains(id, "://")
	if inDomain {
		domainURL, rest, _ := strings.Cut(id, "/users/")
		if user.DomainURL, err = hosts.ParseDomainURL(domainURL); err != nil {
			return identity.UserRef{}, "", fmt.Errorf("the id does not begin with the URL of an identity domain: %w; %s", err, idForms)
		}
		path = "users/" + rest
	}
	parts := strings.Split(path, "/")
	if len(parts) == 4 && parts[0] == "users" && parts[2] == "authTokens" {
		parts = []string{parts[1], parts[3]}
	}
	switch {
	case len(parts) == 1:
		tokenID = parts[0]
	case len(parts) == 2 && (!inDomain || parts[0] != "users"):
		user.ID, tokenID = parts[0], parts[1]
		if err := ocid.Check(user.ID, ocid.User); err != nil {
			return identity.UserRef{}, "", fmt.Errorf("the id does not name a user: %w; %s", err, idForms)
		}
	default:
		return identity.UserRef{}, "", fmt.Errorf("this is not the id of an auth token: %s", idForms)
	}
	if inDomain && scimID.MatchString(tokenID) {
		return user, tokenID, nil
	}
	if err := ocid.Check(tokenID, ocid.AuthToken); err != nil {
		return identity.UserRef{}, "", fmt.Errorf("the id does not name an auth token: %w; %s", err, idForms)
	}
	return user, tokenID, nil
}

// readingIDs reads the id of a resource in the state, once and for all: an import file may have put one of the forms for an import
// there, and an alias that of another token. Any other id is what OCI has answered, and passes unchanged. An import has no state, and
// its id says whose the token is.
func readingIDs(provider p.Provider) p.Provider {
	read := func(urn resource.URN, id string, state property.Map) (string, property.Map, error) {
		user, currentID, previousID, err := parseRotatingID(id)
		rotating := urn.Type() == Name+":index:RotatingAuthToken"
		if _, taken := state.GetOk("tokenId"); taken && !rotating {
			return onTheWayBack(id, state)
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
