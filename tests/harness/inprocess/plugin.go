package inprocess

import (
	"context"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// Plugin is a configured provider that a test calls over gRPC, without an engine or an SDK in between. A property that is secret here is
// secret with every SDK.
type Plugin struct {
	*harness.World
	Client pulumirpc.ResourceProviderClient
}

// NewPlugin configures a new provider to use the world's OCI.
func NewPlugin(w *harness.World) *Plugin {
	w.T.Helper()
	return NewPluginWith(w, map[string]any{"endpoint": w.URL})
}

// NewPluginWith configures a new provider.
func NewPluginWith(w *harness.World, configuration map[string]any) *Plugin {
	w.T.Helper()
	return &Plugin{World: w, Client: Configured(w, configuration)}
}

// Create creates a token of the user.
func (p *Plugin) Create(urn, description string) (*pulumirpc.CreateResponse, error) {
	return p.Client.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn, Properties: p.Arguments(description)})
}

// MustCreate is like Create, which must succeed.
func (p *Plugin) MustCreate(urn, description string) *pulumirpc.CreateResponse {
	p.T.Helper()
	created, err := p.Create(urn, description)
	require.NoError(p.T, err)
	return created
}

// Arguments returns the arguments of a token of the user.
func (p *Plugin) Arguments(description string) *structpb.Struct {
	s, err := plugin.MarshalProperties(p.Inputs(p.User, description), plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true})
	require.NoError(p.T, err)
	return s
}

// With returns the same, with some of them replaced.
func (p *Plugin) With(others map[string]any) *structpb.Struct {
	inputs := p.Inputs(p.User, "ci").Mappable()
	maps.Copy(inputs, others)
	return harness.Properties(p.T, inputs)
}
