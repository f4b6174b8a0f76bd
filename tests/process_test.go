package tests

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

// process is a plugin process, started as the engine starts it, with a gRPC connection to it.
type process struct {
	*world
	*os.Process
	plugin     pulumirpc.ResourceProviderClient
	connection *grpc.ClientConn
	// printed is what the plugin wrote to standard error.
	printed *said
	// exited receives the result of the process.
	exited <-chan error
}

// start starts the plugin with the world's environment and additional variables. If before is set, it is a command that runs the
// plugin.
func (w *world) start(environment []string, before ...string) *process {
	w.t.Helper()
	path := filepath.Join(toolchain.Bin(w.t), "pulumi-resource-ociauthtoken")
	line := append(before, path)
	command := exec.Command(line[0], line[1:]...)
	command.Env = append(os.Environ(), "HOME="+w.home)
	for name, value := range w.env {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Env = append(command.Env, environment...)
	printed := &said{}
	command.Stderr = printed
	output, err := command.StdoutPipe()
	require.NoError(w.t, err)
	require.NoError(w.t, command.Start())

	exited := make(chan error, 1)
	reader := bufio.NewReader(output)
	port, err := reader.ReadString('\n')
	go func() {
		_, _ = io.Copy(io.Discard, reader)
		exited <- command.Wait()
	}()
	w.t.Cleanup(func() { _ = command.Process.Kill() })
	require.NoError(w.t, err, printed.String())

	connection, err := grpc.NewClient(net.JoinHostPort("127.0.0.1", strings.TrimSpace(port)),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = connection.Close() })
	return &process{
		world: w, Process: command.Process, plugin: pulumirpc.NewResourceProviderClient(connection), connection: connection,
		printed: printed, exited: exited,
	}
}

func (p *process) configure(configuration map[string]any) error {
	p.t.Helper()
	_, err := p.plugin.Configure(context.Background(), configureRequest(p.t, configuration))
	return err
}

// beginCreation asks for a token. The channel receives the result.
func (p *process) beginCreation() <-chan creation {
	p.t.Helper()
	request := &pulumirpc.CreateRequest{
		Urn: tokenURN, Properties: properties(p.t, p.inputs(p.user, p.t.Name()).Mappable()),
	}
	done := make(chan creation, 1)
	go func() {
		response, err := p.plugin.Create(context.Background(), request)
		done <- creation{response, err}
	}()
	return done
}

type creation struct {
	response *pulumirpc.CreateResponse
	err      error
}

// noticed returns once the plugin accepts no further calls.
func (p *process) noticed() {
	p.t.Helper()
	require.True(p.t, p.connection.WaitForStateChange(p.t.Context(), connectivity.Ready))
}
