package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests tell the plugin to stop, in each way that a terminal, systemd or a container does.

var stopSignals = []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

func TestSignalStillWaitsForTheAnswer(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, signal := range stopSignals {
			t.Run(signal.String(), func(t *testing.T) {
				t.Parallel()
				w := a.NewWorld(t)
				p := w.Start(nil)
				require.NoError(t, p.Configure(map[string]any{"endpoint": w.URL}))
				arrived, release := w.Gate("CreateAuthToken")
				done := p.BeginCreation()
				<-arrived
				require.NoError(t, p.Signal(signal))
				p.WaitUntilClosed()
				// A whole process group may well get the signal twice.
				require.NoError(t, p.Signal(signal))
				release()

				created := <-done
				require.NoError(t, created.Err)
				harness.RequireSecretToken(t, created.Response.Properties, w.OnlyToken().Value)
				assert.NoError(t, <-p.Exited)
				assert.Equal(t, 1, w.Calls("CreateAuthToken"))
				harness.RequireNoValue(t, p.Printed.String())
			})
		}
	})
}

// Without the signal, the plugin would wait minutes for the token to become ACTIVE.
func TestSignalCutsWaitsShort(t *testing.T) {
	t.Parallel()
	for _, signal := range stopSignals {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			w := harness.NewWorldWith(t, emulator.Config{CreatingLists: 1000})
			p := w.Start(nil)
			require.NoError(t, p.Configure(map[string]any{"endpoint": w.URL}))
			arrived, release := w.Gate("ListAuthTokens")
			done := p.BeginCreation()
			<-arrived
			require.NoError(t, p.Signal(signal))
			p.WaitUntilClosed()
			release()

			created := <-done
			require.Error(t, created.Err)
			for _, detail := range status.Convert(created.Err).Details() {
				if failed, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok {
					harness.RequireSecretToken(t, failed.Properties, w.OnlyToken().Value)
					assert.LessOrEqual(t, w.Calls("ListAuthTokens"), 1)
					assert.NoError(t, <-p.Exited)
					return
				}
			}
			t.Fatalf("the token was not handed over: %v", created.Err)
		})
	}
}

// Where SIGHUP is ignored, as nohup does, the programs that tests start would ignore it, too. They get the default for a signal that this
// process catches.
func init() {
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
}

func TestSignalEndsAnIdlePluginAtOnce(t *testing.T) {
	t.Parallel()
	for _, signal := range stopSignals {
		p := harness.NewWorld(t).Start(nil)
		require.NoError(t, p.Signal(signal))
		assert.NoError(t, <-p.Exited, signal)
	}
}

// nohup starts a program with SIGHUP ignored. The program must keep ignoring it.
func TestIgnoredHangUpStaysIgnored(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	p := w.Start(nil, "sh", "-c", `trap "" HUP; exec "$0"`)
	require.NoError(t, p.Configure(map[string]any{"endpoint": w.URL}))
	require.NoError(t, p.Signal(syscall.SIGHUP))
	created := <-p.BeginCreation()
	require.NoError(t, created.Err)
	_, err := p.Client.GetPluginInfo(context.Background(), &emptypb.Empty{})
	require.NoError(t, err)
}

// upAndKill runs "pulumi up", and sends a signal to the plugin after OCI has created a token and before it answers. With pulumi, the
// command itself gets the signal too, as when the machine shuts down.
func upAndKill(c *harness.CLI, signal syscall.Signal, withPulumi bool) (printed string) {
	c.T.Helper()
	// A plugin that writes its process id to a file.
	path := filepath.Join(toolchain.Bin(c.T), "pulumi-resource-ociauthtoken")
	folder := c.T.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho $$ > %s/pid\nexec %s \"$@\"\n", folder, path)
	wrapper := filepath.Join(folder, filepath.Base(path))
	require.NoError(c.T, os.WriteFile(wrapper, []byte(script), 0o700))
	for i, variable := range c.Env {
		if rest, ok := strings.CutPrefix(variable, "PATH="); ok {
			c.Env[i] = "PATH=" + folder + ":" + rest
		}
	}

	c.Program("token", "ci")
	arrived, release := c.Gate("CreateAuthToken")
	up := c.Command("up", "--yes", "--skip-preview")
	var output bytes.Buffer
	up.Stdout, up.Stderr = &output, &output
	require.NoError(c.T, up.Start())
	<-arrived
	pid, err := strconv.Atoi(strings.TrimSpace(c.ReadFile(filepath.Join(folder, "pid"))))
	require.NoError(c.T, err)
	if withPulumi {
		require.NoError(c.T, syscall.Kill(up.Process.Pid, signal))
	}
	require.NoError(c.T, syscall.Kill(pid, signal))
	if signal == syscall.SIGKILL {
		_ = up.Wait()
		release()
	} else {
		release()
		_ = up.Wait()
	}
	harness.RequireNoValue(c.T, output.String())
	return output.String()
}

func TestSIGTERMToThePluginDuringUpRecordsTheToken(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	printed := upAndKill(c, syscall.SIGTERM, false)
	c.Must("refresh", "--yes", "--skip-preview")
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, c.OnlyToken().Value, c.SecretOutput("token"), "the one token there is, is the one in the state")
	assert.Equal(t, 1, c.Calls("CreateAuthToken"), printed)
}

// The next two tests are the only case in which OCI's protocol leaves behind a token whose value nobody knows. They follow
// docs/guides/troubleshooting.md.

func TestPluginKilledBetweenCommitAndAnswer(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	assert.Contains(t, upAndKill(c, syscall.SIGKILL, false), "creating failed")
	orphan := c.OnlyToken()

	c.Must("up", "--yes", "--skip-preview")
	tokens := c.Tokens()
	require.Len(t, tokens, 2, "nobody knows the value of the first one, so there is another")
	assert.Equal(t, tokens[1].Value, c.SecretOutput("token"))
	c.OCI.DeleteToken(c.User, orphan.ID) // as "oci iam auth-token delete" does
	c.Must("preview", "--refresh", "--expect-no-changes")
	c.Must("destroy", "--yes", "--skip-preview")
	assert.Empty(t, c.Tokens())
}

func TestPulumiAndPluginKilledBetweenCommitAndAnswer(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	upAndKill(c, syscall.SIGKILL, true)
	orphan := c.OnlyToken()

	// The state knows that a creation was under way, and the next run says so.
	c.Must("cancel", "--yes")
	assert.Contains(t, c.Must("stack", "export"), `"pending_operations"`)
	assert.Contains(t, c.Must("up", "--yes", "--skip-preview"), "token, interrupted while creating")
	c.OCI.DeleteToken(c.User, orphan.ID)
	c.Must("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
	assert.NotContains(t, c.Must("up", "--yes", "--skip-preview", "--expect-no-changes"), "interrupted")
	assert.Equal(t, c.OnlyToken().Value, c.SecretOutput("token"))
}

func TestInterruptDuringCreationRecordsTheToken(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	c.Program("token", "ci")
	printed := upAndInterrupt(c, "CreateAuthToken")

	c.Must("refresh", "--yes", "--skip-preview")
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, c.OnlyToken().Value, c.SecretOutput("token"), "the one token there is, is the one in the state")
	assert.Equal(t, 1, c.Calls("CreateAuthToken"), printed)
}

// upAndInterrupt runs "pulumi up", interrupts it while OCI's answer to a call is held, and returns what was printed.
func upAndInterrupt(c *harness.CLI, operation string) string {
	c.T.Helper()
	arrived, release := c.Gate(operation)
	up := c.Command("up", "--yes", "--skip-preview")
	var printed bytes.Buffer
	up.Stdout, up.Stderr = &printed, &printed
	up.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(c.T, up.Start())
	<-arrived
	// This is what a terminal does on Ctrl-C: the signal goes to pulumi and to the plugins that it has started.
	require.NoError(c.T, syscall.Kill(-up.Process.Pid, syscall.SIGINT))
	release()
	_ = up.Wait()
	harness.RequireNoValue(c.T, printed.String())
	return printed.String()
}

func TestInterruptDuringRotationRecordsTheToken(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	c.RotatingProgram("before")
	c.Must("up", "--yes", "--skip-preview")
	first := c.OnlyToken()
	c.RotatingProgram("after")
	printed := upAndInterrupt(c, "CreateAuthToken")

	tokens := c.Tokens()
	require.Len(t, tokens, 2, printed)
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, tokens[1].Value, c.SecretOutput("token"), "the new token is the one in the state")
	assert.Equal(t, first.Value, c.SecretOutput("previousToken"))
	assert.Equal(t, tokens, c.Tokens(), "rotated once")
	assert.Equal(t, 2, c.Calls("CreateAuthToken"), printed)
}
