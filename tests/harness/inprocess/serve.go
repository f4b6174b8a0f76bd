package inprocess

import (
	"context"
	"errors"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// Serve runs a new provider with gRPC on loopback, as the engine starts a plugin for each provider.
func Serve(w *harness.World) pulumirpc.ResourceProviderClient {
	w.T.Helper()
	server, err := provider.Server(newProvider(w), harness.PluginVersion)(nil)
	require.NoError(w.T, err)
	stop := make(chan bool)
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stop,
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(s, server)
			return nil
		},
	})
	require.NoError(w.T, err)
	connection, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", handle.Port),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(w.T, err)
	w.T.Cleanup(func() {
		_ = connection.Close()
		close(stop)
		assert.NoError(w.T, <-handle.Done)
	})
	return pulumirpc.NewResourceProviderClient(connection)
}

// newProvider creates the provider under test, as main does.
func newProvider(w *harness.World) p.Provider {
	w.T.Helper()
	under, err := provider.New(provider.Options{
		Version: harness.PluginVersion,
		Clock:   w.Clock,
		Environment: auth.Environment{
			LookupEnv: func(name string) (string, bool) {
				if w.LookupPanics {
					panic(harness.Canary)
				}
				value, ok := w.Env[name]
				return value, ok
			},
			HomeDir: func() (string, error) {
				if w.Home == "" {
					return "", errors.New("$HOME is not defined")
				}
				return w.Home, nil
			},
			Setenv: w.SetProcessEnv,
		},
	})
	require.NoError(w.T, err)
	return under
}

// Configured returns a new provider with this configuration.
func Configured(w *harness.World, configuration map[string]any) pulumirpc.ResourceProviderClient {
	w.T.Helper()
	plugin := Serve(w)
	_, err := plugin.Configure(context.Background(), harness.ConfigureRequest(w.T, configuration))
	require.NoError(w.T, err)
	return plugin
}
