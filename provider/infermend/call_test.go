package infermend

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferPassesNoURN(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	_, err := made.serve(t).Create(p.CreateRequest{Urn: parcelURN, Properties: texts("to", "me")})
	require.NoError(t, err)
	require.Empty(t, made.seen.urn, learnt)

	server := made.serve(t, answerUnknown)
	state := texts("to", "me", "weighed", "now")
	for name, call := range map[string]func(resource.URN) error{
		"Create": func(urn resource.URN) error {
			_, err := server.Create(p.CreateRequest{Urn: urn, Properties: texts("to", "me")})
			return err
		},
		"Read": func(urn resource.URN) error {
			_, err := server.Read(p.ReadRequest{Urn: urn, ID: "id", Properties: state, Inputs: texts("to", "me")})
			return err
		},
		"Update": func(urn resource.URN) error {
			_, err := server.Update(p.UpdateRequest{Urn: urn, ID: "id", State: state, Inputs: texts("to", "me")})
			return err
		},
		"Delete": func(urn resource.URN) error {
			return server.Delete(p.DeleteRequest{Urn: urn, ID: "id", Properties: state})
		},
	} {
		for _, urn := range []resource.URN{parcelURN, childURN} {
			require.NoError(t, call(urn), name)
			assert.Equal(t, string(urn), made.seen.urn, name)
		}
	}
}
