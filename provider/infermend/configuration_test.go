package infermend

import (
	"context"
	"errors"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferReplacesAProviderWhoseConfigurationChanges(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	diff := p.DiffRequest{
		State: texts("street", "old"), OldInputs: texts("street", "old", "version", "1.0.0"),
		Inputs: texts("street", "new", "version", "1.1.0", "__internal", "x"),
	}
	answer, err := made.serve(t).DiffConfig(diff)
	require.NoError(t, err)
	require.Equal(t, p.UpdateReplace, answer.DetailedDiff["street"].Kind, learnt)

	server := serve(t, configuredBy(made.bare, nil))
	for name, test := range map[string]struct {
		inputs property.Map
		want   map[string]p.PropertyDiff
	}{
		"nothing": {texts("street", "old"), map[string]p.PropertyDiff{}},
		"changed": {texts("street", "new"), map[string]p.PropertyDiff{"street": {Kind: p.Update, InputDiff: true}}},
		"removed": {texts(), map[string]p.PropertyDiff{"street": {Kind: p.Delete, InputDiff: true}}},
		"added": {texts("street", "old", "town", "x"), map[string]p.PropertyDiff{
			"town": {Kind: p.Add, InputDiff: true},
		}},
		"another version": {texts("street", "old", "version", "1.1.0"), map[string]p.PropertyDiff{}},
	} {
		diff.Inputs = test.inputs
		answer, err := server.DiffConfig(diff)
		require.NoError(t, err, name)
		assert.Equal(t, test.want, answer.DetailedDiff, name)
		assert.Equal(t, len(test.want) > 0, answer.HasChanges, name)
	}
}

func TestInferKeepsAnOptionThatIsNoLongerConfigured(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	server := made.serve(t)
	_, err := server.CheckConfig(p.CheckRequest{Inputs: texts("street", "old")})
	require.NoError(t, err)
	require.NoError(t, server.Configure(p.ConfigureRequest{Args: texts("town", "new")}))
	require.NotNil(t, made.configured.Street, learnt)

	mark := errors.New("ours was called")
	server = serve(t, configuredBy(made.bare, func(context.Context, p.ConfigureRequest) error { return mark }))
	assert.Equal(t, mark, server.Configure(p.ConfigureRequest{}))
}
