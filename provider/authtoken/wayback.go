package authtoken

import (
	"errors"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
)

// errWayBack is the error for a RotatingAuthToken that an alias makes an AuthToken too early.
var errWayBack = errors.New("this is the state of a RotatingAuthToken with a previous token, or without a current one, and an AuthToken has " +
	"exactly one. Nothing was changed. Make it a RotatingAuthToken again, set previousDays to 0, and run \"pulumi up\": then an alias can " +
	"turn it into an AuthToken. https://github.com/ociauthtoken/pulumi-ociauthtoken/blob/main/docs/guides/rotation.md#the-way-back says how")

// OnTheWayBack returns the id and the state of an AuthToken. If an alias has made it of a RotatingAuthToken, its id may be the OCID of an
// earlier token. The state keeps the output tokenId until a refresh has corrected the id.
func OnTheWayBack(id string, state property.Map) (string, property.Map, error) {
	current := state.Get("tokenId")
	if !current.IsString() {
		return id, state, nil
	}
	if lifecycle := state.Get("state"); !state.Get("previousTokenId").IsNull() ||
		lifecycle.IsString() && lifecycle.AsString() == identity.StateDeleted {
		return id, state, errWayBack
	}
	for name := range state.All {
		if !slices.ContainsFunc(authTokenOutputs, func(a infermend.Argument) bool { return a.Name == name }) {
			state = state.Delete(name)
		}
	}
	return current.AsString(), state, nil
}

var authTokenOutputs = infermend.ArgumentsOf[State]()
