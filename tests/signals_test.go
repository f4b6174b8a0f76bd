package tests

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
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests tell the plugin to stop, in each way that a terminal, systemd or a container does.

var stopSignals = []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

func TestSignalStillWaitsForTheAnswer(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for _, signal := range stopSignals {
			t.Run(signal.String(), func(t *testing.T) {
				t.Parallel()
				w := a.newWorld(t)
				p := w.start(nil)
				require.NoError(t, p.configure(map[string]any{"endpoint": w.url}))
				arrived, release := w.gate("CreateAuthToken")
				done := p.beginCreation()
				<-arrived
				require.NoError(t, p.Signal(signal))
				p.noticed()
				// A whole process group may well get the signal twice.
				require.NoError(t, p.Signal(signal))
				release()

				created := <-done
				require.NoError(t, created.err)
				requireSecretToken(t, created.response.Properties, w.onlyToken().Value)
				assert.NoError(t, <-p.exited)
				assert.Equal(t, 1, w.calls("CreateAuthToken"))
				requireNoValue(t, p.printed.String())
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
			w := newWorldWith(t, emulator.Config{CreatingLists: 1000})
			p := w.start(nil)
			require.NoError(t, p.configure(map[string]any{"endpoint": w.url}))
			arrived, release := w.gate("ListAuthTokens")
			done := p.beginCreation()
			<-arrived
			require.NoError(t, p.Signal(signal))
			p.noticed()
			release()

			created := <-done
			require.Error(t, created.err)
			for _, detail := range status.Convert(created.err).Details() {
				if failed, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok {
					requireSecretToken(t, failed.Properties, w.onlyToken().Value)
					assert.LessOrEqual(t, w.calls("ListAuthTokens"), 1)
					assert.NoError(t, <-p.exited)
					return
				}
			}
			t.Fatalf("the token was not handed over: %v", created.err)
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
		p := newWorld(t).start(nil)
		require.NoError(t, p.Signal(signal))
		assert.NoError(t, <-p.exited, signal)
	}
}

// nohup starts a program with SIGHUP ignored. The program must keep ignoring it.
func TestIgnoredHangUpStaysIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(nil, "sh", "-c", `trap "" HUP; exec "$0"`)
	require.NoError(t, p.configure(map[string]any{"endpoint": w.url}))
	require.NoError(t, p.Signal(syscall.SIGHUP))
	created := <-p.beginCreation()
	require.NoError(t, created.err)
	_, err := p.plugin.GetPluginInfo(context.Background(), &emptypb.Empty{})
	require.NoError(t, err)
}

// upAndKill runs "pulumi up", and sends a signal to the plugin after OCI has created a token and before it answers. With pulumi, the
// command itself gets the signal too, as when the machine shuts down.
func (c *cli) upAndKill(signal syscall.Signal, withPulumi bool) (printed string) {
	c.t.Helper()
	// A plugin that writes its process id to a file.
	path := filepath.Join(toolchain.Bin(c.t), "pulumi-resource-ociauthtoken")
	folder := c.t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho $$ > %s/pid\nexec %s \"$@\"\n", folder, path)
	wrapper := filepath.Join(folder, filepath.Base(path))
	require.NoError(c.t, os.WriteFile(wrapper, []byte(script), 0o700))
	for i, variable := range c.env {
		if rest, ok := strings.CutPrefix(variable, "PATH="); ok {
			c.env[i] = "PATH=" + folder + ":" + rest
		}
	}

	c.program("token", "ci")
	arrived, release := c.gate("CreateAuthToken")
	up := c.command("up", "--yes", "--skip-preview")
	var output bytes.Buffer
	up.Stdout, up.Stderr = &output, &output
	require.NoError(c.t, up.Start())
	<-arrived
	pid, err := strconv.Atoi(strings.TrimSpace(c.readFile(filepath.Join(folder, "pid"))))
	require.NoError(c.t, err)
	if withPulumi {
		require.NoError(c.t, syscall.Kill(up.Process.Pid, signal))
	}
	require.NoError(c.t, syscall.Kill(pid, signal))
	if signal == syscall.SIGKILL {
		_ = up.Wait()
		release()
	} else {
		release()
		_ = up.Wait()
	}
	requireNoValue(c.t, output.String())
	return output.String()
}

func TestSIGTERMToThePluginDuringUpRecordsTheToken(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	printed := c.upAndKill(syscall.SIGTERM, false)
	c.must("refresh", "--yes", "--skip-preview")
	c.must("up", "--yes", "--skip-preview")
	assert.Equal(t, c.onlyToken().Value, c.secretOutput("token"), "the one token there is, is the one in the state")
	assert.Equal(t, 1, c.calls("CreateAuthToken"), printed)
}

// The next two tests are the only case in which OCI's protocol leaves behind a token whose value nobody knows. They follow
// docs/guides/troubleshooting.md.

func TestPluginKilledBetweenCommitAndAnswer(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	assert.Contains(t, c.upAndKill(syscall.SIGKILL, false), "creating failed")
	orphan := c.onlyToken()

	c.must("up", "--yes", "--skip-preview")
	tokens := c.tokens()
	require.Len(t, tokens, 2, "nobody knows the value of the first one, so there is another")
	assert.Equal(t, tokens[1].Value, c.secretOutput("token"))
	c.oci.DeleteToken(c.user, orphan.ID) // as "oci iam auth-token delete" does
	c.must("preview", "--refresh", "--expect-no-changes")
	c.must("destroy", "--yes", "--skip-preview")
	assert.Empty(t, c.tokens())
}

func TestPulumiAndPluginKilledBetweenCommitAndAnswer(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	c.upAndKill(syscall.SIGKILL, true)
	orphan := c.onlyToken()

	// The state knows that a creation was under way, and the next run says so.
	c.must("cancel", "--yes")
	assert.Contains(t, c.must("stack", "export"), `"pending_operations"`)
	assert.Contains(t, c.must("up", "--yes", "--skip-preview"), "token, interrupted while creating")
	c.oci.DeleteToken(c.user, orphan.ID)
	c.must("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
	assert.NotContains(t, c.must("up", "--yes", "--skip-preview", "--expect-no-changes"), "interrupted")
	assert.Equal(t, c.onlyToken().Value, c.secretOutput("token"))
}
