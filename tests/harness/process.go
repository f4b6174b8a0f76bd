package harness

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// Process is a plugin process, started as the engine starts it, with a gRPC connection to it.
type Process struct {
	*World
	*os.Process
	// Client calls the plugin.
	Client     pulumirpc.ResourceProviderClient
	connection *grpc.ClientConn
	// Printed is what the plugin wrote to standard error.
	Printed *Messages
	// Exited receives the result of the process.
	Exited <-chan error
}

// Start starts the plugin with the world's environment and additional variables, and without those of this machine. If before is set, it
// is a command that runs the plugin.
func (w *World) Start(environment []string, before ...string) *Process {
	w.T.Helper()
	path := filepath.Join(toolchain.Bin(w.T), "pulumi-resource-ociauthtoken")
	line := append(before, path)
	command := exec.Command(line[0], line[1:]...)
	command.Env = []string{"PATH=" + toolchain.Path(), "HOME=" + w.Home, "TMPDIR=" + os.TempDir()}
	for name, value := range w.Env {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Env = append(command.Env, environment...)
	printed := &Messages{}
	command.Stderr = printed
	output, err := command.StdoutPipe()
	require.NoError(w.T, err)
	require.NoError(w.T, command.Start())

	exited := make(chan error, 1)
	reader := bufio.NewReader(output)
	port, err := reader.ReadString('\n')
	go func() {
		_, _ = io.Copy(io.Discard, reader)
		exited <- command.Wait()
	}()
	w.T.Cleanup(func() { _ = command.Process.Kill() })
	require.NoError(w.T, err, printed.String())

	connection, err := grpc.NewClient(net.JoinHostPort("127.0.0.1", strings.TrimSpace(port)),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(w.T, err)
	w.T.Cleanup(func() { _ = connection.Close() })
	return &Process{
		World: w, Process: command.Process, Client: pulumirpc.NewResourceProviderClient(connection), connection: connection,
		Printed: printed, Exited: exited,
	}
}

// Configure configures the provider.
func (p *Process) Configure(configuration map[string]any) error {
	p.T.Helper()
	_, err := p.Client.Configure(context.Background(), ConfigureRequest(p.T, configuration))
	return err
}

// BeginCreation asks for a token. The channel receives the result.
func (p *Process) BeginCreation() <-chan Creation {
	p.T.Helper()
	request := &pulumirpc.CreateRequest{
		Urn: TokenURN, Properties: Properties(p.T, p.Inputs(p.User, p.T.Name()).Mappable()),
	}
	done := make(chan Creation, 1)
	go func() {
		response, err := p.Client.Create(context.Background(), request)
		done <- Creation{response, err}
	}()
	return done
}

// Creation is the result of a creation.
type Creation struct {
	Response *pulumirpc.CreateResponse
	Err      error
}

// WaitUntilClosed returns once the plugin accepts no further calls.
func (p *Process) WaitUntilClosed() {
	p.T.Helper()
	require.True(p.T, p.connection.WaitForStateChange(p.T.Context(), connectivity.Ready))
}

// End ends the plugin, and returns everything that it wrote to standard error.
func (p *Process) End() string {
	_ = p.Kill()
	<-p.Exited //nolint:errcheck // The error says that it was killed.
	return p.Printed.String()
}
