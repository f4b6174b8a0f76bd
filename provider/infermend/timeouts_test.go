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
	require.LessOrEqual(t, time.Until(made.seen.deadline), 1000*time.Second, learnt)

	server, began := made.serve(t, keepTimeout), time.Now()
	_, err = server.Create(create)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, made.seen.deadline.Sub(began), 1000*time.Second+500*time.Millisecond)
	create.Timeout = 0
	_, err = server.Create(create)
	require.NoError(t, err)
	assert.Zero(t, made.seen.deadline)
}
