package infermend

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// StateReader is implemented by resources whose recorded id or state may be of another form than their methods take: a person may have
// written it in a file for an import, or an alias may have made the resource of another one.
type StateReader interface {
	// ReadState returns the id and the state in the form that the resource's methods take. An update adds the outputs in keep to the state
	// that it answers with.
	ReadState(id string, state property.Map) (newID string, newState, keep property.Map, err error)
}

// readState lets a resource read its id and state before infer decodes the state. infer's state migrations cannot see the id, and run in
// every method on its own. There is no upstream issue for it.
func readState(ctx context.Context, call *Call, next func(context.Context) error) error {
	reader := call.Resource.reader
	if reader == nil || call.Method == Check || call.Method == Create || call.isImport() {
		return next(ctx)
	}
	var keep property.Map
	var err error
	if call.ID, call.State, keep, err = reader.ReadState(call.ID, call.State); err != nil {
		return err
	}
	err = next(ctx)
	if call.Method == Update && call.Answer.State.Len() > 0 {
		for name, value := range keep.All {
			call.Answer.State = call.Answer.State.Set(name, value)
		}
	}
	return err
}
