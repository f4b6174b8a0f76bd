package rotatingauthtoken

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// idForms lists the forms in which a person may write the id of a rotating auth token.
const idForms = "use users/<user's OCID>/authTokens/<current token's OCID>, or <user's OCID>/<current token's OCID>, or, for a " +
	"user of an identity domain other than Default, <domain's URL>/users/<user's OCID>/authTokens/<current token's OCID>; and, " +
	"if the user's other token is to be taken over as the previous one, add /<that token's OCID>"

// ReadState reads the id of a resource in the state: an import file may have put one of the forms for an import there, and an alias that of
// another token. Any other id is what OCI has answered, and stays.
func (*RotatingAuthToken) ReadState(id string, state property.Map) (newID string, newState, keep property.Map, err error) {
	user, currentID, previousID, err := parseID(id)
	if err != nil || user.ID == "" {
		return id, state, keep, nil
	}
	_, taken := state.GetOk("tokenId")
	if _, has := state.GetOk("previousTokenId"); previousID != "" && !taken && !has {
		state = state.Set("previousTokenId", property.New(previousID))
	}
	return currentID, state, keep, nil
}

// parseID parses the id of a rotating auth token. In the state it is the OCID of the first token. It stays the id after any
// number of rotations. On import it names the user, the current token and, if there is one, the previous token. The user and the
// previous token are empty if the id does not name them.
func parseID(id string) (user tokens.UserRef, currentID, previousID string, err error) {
	if user, currentID, err = token.ParseID(id); err == nil {
		return user, currentID, "", nil
	}
	if cut := strings.LastIndex(id, "/"); cut >= 0 {
		last := id[cut+1:]
		user, currentID, err := token.ParseID(id[:cut])
		isToken := ocid.Check(last, ocid.AuthToken) == nil || (user.DomainURL != "" && token.IsSCIMID(last))
		if err == nil && user.ID != "" && isToken {
			if currentID == last {
				return tokens.UserRef{}, "", "", fmt.Errorf("the id names the same token twice: %s", idForms)
			}
			return user, currentID, last, nil
		}
	}
	return tokens.UserRef{}, "", "", fmt.Errorf("this is not the id of a rotating auth token: %s", idForms)
}
