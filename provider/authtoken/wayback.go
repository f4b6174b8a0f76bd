package authtoken

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// errWayBack is the error for a RotatingAuthToken that an alias makes an AuthToken too early.
var errWayBack = errors.New("this is the state of a RotatingAuthToken with a previous token, or without a current one, and an AuthToken has " +
	"exactly one. Nothing was changed. Make it a RotatingAuthToken again, set previousDays to 0, and run \"pulumi up\": then an alias can " +
	"turn it into an AuthToken. https://github.com/ociauthtoken/pulumi-ociauthtoken/blob/main/docs/guides/rotation.md#the-way-back says how")

// ReadState returns the id and the state of an AuthToken. An import file may have one of the forms of an id for an import. An alias may
// have made the AuthToken of a RotatingAuthToken, whose id may be the OCID of an earlier token: the state keeps the output tokenId until a
// refresh has corrected the id.
func (*AuthToken) ReadState(id string, state property.Map) (newID string, newState, keep property.Map, err error) {
	current := state.Get("tokenId")
	if !current.IsString() {
		if user, tokenID, err := token.ParseID(id); err == nil && user.ID != "" {
			id = tokenID
		}
		return id, state, keep, nil
	}
	if lifecycle := state.Get("state"); !state.Get("previousTokenId").IsNull() ||
		lifecycle.IsString() && lifecycle.AsString() == tokens.StateDeleted {
		return id, state, keep, errWayBack
	}
	if newID = current.AsString(); newID != id {
		keep = keep.Set("tokenId", property.New(newID))
	}
	return newID, infermend.Only(outputs, state), keep, nil
}

var outputs = infermend.PropertiesOf[State]()
