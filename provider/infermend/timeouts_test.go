package infermend

import (
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferCutsTimeoutsToSeconds(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	create := p.CreateRequest{Urn: parcelURN, Properties: texts("to", "me"), Timeout: 1000.5}
	_, err := made.serve(t).Create(create)
	require.NoError(t, err)
	require.LessOrEqual(t, made.seen.deadline, 1000*time.Second, learnt)

	server := made.serve(t, keepTimeout)
	_, err = server.Create(create)
	require.NoError(t, err)
	assert.Greater(t, made.seen.deadline, 1000*time.Second)
	create.Timeout = 0
	_, err = server.Create(create)
	require.NoError(t, err)
	assert.Zero(t, made.seen.deadline)
}
