package infermend

import (
	"context"
	"errors"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	host "github.com/pulumi/pulumi/sdk/v3/go/pulumi/provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// A program asks AuthToken.exists(id), with SDKs that "pulumi package add" generates since Pulumi 3.273, whether there is a token. The
// engine then reads it under a URN of its own making.

// asksWhetherItExists reports whether the engine reads a resource to know whether it exists, and not to import it.
func asksWhetherItExists(urn resource.URN) bool {
	return urn.IsValid() && strings.HasPrefix(urn.Name(), "__exists__")
}

// missingError says that a token that is to be read does not exist.
type missingError struct{ error }

// Missing returns the error for the read of a resource that does not exist.
func Missing(err error) error { return missingError{err} }

// answerExists answers such a read of a missing token as that of one that was deleted. An import of it fails.
func answerExists(ctx context.Context, call *Call, next func(context.Context) error) error {
	err := next(ctx)
	if asksWhetherItExists(call.URN) && errors.As(err, new(missingError)) {
		call.Answer = Answer{}
		return nil
	}
	return err
}

// Server returns what makes the gRPC server of the provider.
func Server(provider p.Provider, pkg, version string) func(*host.HostClient) (pulumirpc.ResourceProviderServer, error) {
	return func(client *host.HostClient) (pulumirpc.ResourceProviderServer, error) {
		inner, err := p.RawServer(pkg, version, provider)(client)
		return server{inner}, err
	}
}

// server answers what go-provider cannot.
type server struct {
	pulumirpc.ResourceProviderServer
}

// Read leaves the outputs of a missing resource out. To the engine, the empty ones that go-provider sends say that it is not known
// whether the resource exists. There is no upstream issue for it yet.
func (s server) Read(ctx context.Context, req *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	resp, err := s.ResourceProviderServer.Read(ctx, req)
	if err == nil && resp.GetId() == "" && asksWhetherItExists(resource.URN(req.GetUrn())) {
		resp.Properties = nil
	}
	return resp, err
}
