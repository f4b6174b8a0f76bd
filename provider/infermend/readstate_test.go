package infermend

import (
	"context"
	"errors"
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// upper reads ids and states in capitals.
type upper struct{}

func (upper) ReadState(id string, state property.Map) (string, property.Map, property.Map, error) {
	if id == "broken" {
		return "", property.Map{}, property.Map{}, errors.New("it is broken")
	}
	return strings.ToUpper(id), state.Set("read", property.New(true)), texts("kept", "as it was"), nil
}

func TestAResourceReadsItsStateBeforeInferDoes(t *testing.T) {
	t.Parallel()
	var id string
	var state property.Map
	resources := map[string]*Resource{"test:index:Parcel": {reader: upper{}}}
	provider := wrapped(p.Provider{
		Diff: func(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
			id, state = req.ID, req.State
			return p.DiffResponse{}, nil
		},
		Read: func(_ context.Context, req p.ReadRequest) (p.ReadResponse, error) {
			id, state = req.ID, req.Properties
			return p.ReadResponse{}, nil
		},
		Update: func(_ context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
			id, state = req.ID, req.State
			return p.UpdateResponse{Properties: req.Inputs}, nil
		},
		Delete: func(_ context.Context, req p.DeleteRequest) error {
			id, state = req.ID, req.Properties
			return nil
		},
	}, resources, readState)
	ctx, recorded := context.Background(), texts("to", "me")
	for name, call := range map[string]func(id string) error{
		"Diff": func(id string) error {
			_, err := provider.Diff(ctx, p.DiffRequest{Urn: parcelURN, ID: id, State: recorded})
			return err
		},
		"Read": func(id string) error {
			_, err := provider.Read(ctx, p.ReadRequest{Urn: parcelURN, ID: id, Properties: recorded})
			return err
		},
		"Update": func(id string) error {
			answer, err := provider.Update(ctx, p.UpdateRequest{Urn: parcelURN, ID: id, State: recorded, Inputs: texts("to", "them")})
			if err == nil {
				assert.Equal(t, texts("to", "them", "kept", "as it was"), answer.Properties)
			}
			return err
		},
		"Delete": func(id string) error {
			return provider.Delete(ctx, p.DeleteRequest{Urn: parcelURN, ID: id, Properties: recorded})
		},
	} {
		id, state = "", property.Map{}
		require.NoError(t, call("a"), name)
		assert.Equal(t, "A", id, name)
		assert.Equal(t, recorded.Set("read", property.New(true)), state, name)
		id = ""
		require.EqualError(t, call("broken"), "it is broken", name)
		assert.Empty(t, id, name)
	}
	_, err := provider.Read(ctx, p.ReadRequest{Urn: parcelURN, ID: "a"})
	require.NoError(t, err)
	assert.Equal(t, "a", id, "an import needs it as it is")
}
