package infermend

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferDoesNotMarkSecretsOnRead(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	read := p.ReadRequest{Urn: parcelURN, ID: "id"}
	answer, err := made.serve(t).Read(read)
	require.NoError(t, err)
	require.False(t, answer.Properties.Get("code").Secret(), learnt)

	server := made.serve(t, markSecretsOnRead)
	answer, err = server.Read(read)
	require.NoError(t, err)
	assert.True(t, answer.Properties.Get("code").Secret())
	assert.Equal(t, "code", answer.Properties.Get("code").AsString())
	assert.False(t, answer.Properties.Get("weighed").Secret())

	answer, err = server.Read(p.ReadRequest{Urn: letterURN, ID: "id", Properties: texts("code", "plain")})
	require.NoError(t, err)
	assert.False(t, answer.Properties.Get("code").Secret(), "the tags of another kind of resource say nothing of this one")
}
