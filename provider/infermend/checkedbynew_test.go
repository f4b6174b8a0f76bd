package infermend

import (
	"encoding/json"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferHasNoOptionForPulumiNew(t *testing.T) {
	t.Parallel()
	bare := newTiny(t).bare
	before := ofPulumiNew(t, bare)
	require.False(t, before.ValidateCredentialsOnNew, learnt)
	require.Empty(t, before.ConfigurationDocsURL, learnt)

	after := ofPulumiNew(t, checkedByNew(bare, "test"))
	assert.True(t, after.ValidateCredentialsOnNew)
	assert.Equal(t, "https://www.pulumi.com/registry/packages/test/installation-configuration/", after.ConfigurationDocsURL)
}

// newProperties are the properties of a schema that "pulumi new" reads.
type newProperties struct {
	ValidateCredentialsOnNew bool
	ConfigurationDocsURL     string `json:"configurationDocsUrl"`
}

func ofPulumiNew(t *testing.T, provider p.Provider) (found newProperties) {
	t.Helper()
	answer, err := serve(t, provider).GetSchema(p.GetSchemaRequest{})
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(answer.Schema), &found))
	return found
}
