package infermend

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferHasNoOptionForPulumiNew(t *testing.T) {
	t.Parallel()
	bare := newTiny(t).bare
	spec, err := p.GetSchema(t.Context(), "test", "1.0.0", bare)
	require.NoError(t, err)
	require.False(t, spec.ValidateCredentialsOnNew, learnt)
	require.Empty(t, spec.ConfigurationDocsURL, learnt)

	spec, err = p.GetSchema(t.Context(), "test", "1.0.0", checkedByNew(bare, "test"))
	require.NoError(t, err)
	assert.True(t, spec.ValidateCredentialsOnNew)
	assert.Equal(t, "https://www.pulumi.com/registry/packages/test/installation-configuration/", spec.ConfigurationDocsURL)
}
