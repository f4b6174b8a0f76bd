package infermend

import (
	"context"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferForgetsSecretArgumentsOfAnUpdateThatFailedHalfWay(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	made.updating = func(context.Context) error { return infer.ResourceInitFailedError{Reasons: []string{"rain"}} }
	secret := texts("to", "them", "note", "fragile", "weighed", "now").Set("note", property.New("fragile").WithSecret(true))
	update := p.UpdateRequest{
		Urn: parcelURN, ID: "id", State: secret, OldInputs: secret.Delete("weighed"), Inputs: texts("to", "me", "note", "open"),
	}
	answer, err := made.serve(t).Update(update)
	require.Error(t, err)
	require.Equal(t, property.New("fragile"), answer.Properties.Get("note"), learnt)

	server := made.serve(t, keepSecretArguments)
	answer, err = server.Update(update)
	require.Error(t, err)
	assert.Equal(t, property.New("fragile").WithSecret(true), answer.Properties.Get("note"))
	assert.Equal(t, property.New("them"), answer.Properties.Get("to"), "what was no secret is none")

	made.updating = nil
	answer, err = server.Update(update)
	require.NoError(t, err)
	assert.False(t, answer.Properties.Get("note").Secret(), "only where the update has failed")
}
