package infermend

import (
	"context"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferKnowsOutputsThatAnUpdateWillChangeWithoutAnInput(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	made.updating = func(ctx context.Context) error {
		CallOf(ctx).Answer.Unknown = []string{"code", "weighed"}
		return nil
	}
	inputs := texts("to", "me")
	update := p.UpdateRequest{
		Urn: parcelURN, ID: "id", State: texts("to", "me", "code", "old", "weighed", "yesterday"), OldInputs: inputs, Inputs: inputs,
		DryRun: true,
	}
	answer, err := made.serve(t).Update(update)
	require.NoError(t, err)
	require.False(t, answer.Properties.Get("code").HasComputed(), learnt)
	require.False(t, answer.Properties.Get("weighed").HasComputed(), learnt)

	server := made.serve(t, answerUnknown)
	answer, err = server.Update(update)
	require.NoError(t, err)
	assert.True(t, answer.Properties.Get("code").IsComputed())
	assert.True(t, answer.Properties.Get("code").Secret(), "the value to come is a secret already")
	assert.True(t, answer.Properties.Get("weighed").IsComputed())
	assert.False(t, answer.Properties.Get("weighed").Secret())
	assert.Equal(t, property.New("me"), answer.Properties.Get("to"))

	update.DryRun = false
	answer, err = server.Update(update)
	require.NoError(t, err)
	assert.Equal(t, "yesterday", answer.Properties.Get("weighed").AsString(), "only a preview has unknown outputs")
}
