package infermend

import (
	"context"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGoProviderAnswersTheReadOfAMissingResourceWithEmptyOutputs(t *testing.T) {
	t.Parallel()
	missing := p.Provider{Read: func(context.Context, p.ReadRequest) (p.ReadResponse, error) { return p.ReadResponse{}, nil }}
	read := &pulumirpc.ReadRequest{Id: "id", Urn: "urn:pulumi:test::test::test:index:Parcel::__exists__parcel"}
	bare, err := p.RawServer("test", "1.0.0", missing)(nil)
	require.NoError(t, err)
	answer, err := bare.Read(t.Context(), read)
	require.NoError(t, err)
	require.NotNil(t, answer.GetProperties(), learnt)

	server, err := Server(missing, "test", "1.0.0")(nil)
	require.NoError(t, err)
	answer, err = server.Read(t.Context(), read)
	require.NoError(t, err)
	assert.Nil(t, answer.GetProperties())

	read.Urn = string(parcelURN)
	answer, err = server.Read(t.Context(), read)
	require.NoError(t, err)
	assert.NotNil(t, answer.GetProperties(), "only where the engine asks whether there is one")
}
