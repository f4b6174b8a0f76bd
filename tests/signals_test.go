package tests

import (
	"bytes"
	"context"
	"fmt"
	"os"
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
)

// These tests tell the plugin to stop, in each way that a terminal, systemd or a container does.

var stopSignals = []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

func TestSignalLetsTheAnswerInFlightArrive(t *testing.T) {
	t.Parallel()
	for _, signal := range stopSignals {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.start(nil)
			require.NoError(t, p.configure(map[string]any{"endpoint": w.url}))
			arrived, release := w.gate("CreateAuthToken")
			done := p.beginCreation()
			<-arrived
			require.NoError(t, p.Signal(signal))
			p.noticed()
			// Whoever stops a whole group of processes may well do it twice.
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
}

// Waiting for a token to become ACTIVE would take minutes yet.
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

func TestSignalEndsAnIdlePluginAtOnce(t *testing.T) {
	t.Parallel()
	for _, signal := range stopSignals {
		p := newWorld(t).start(nil)
		require.NoError(t, p.Signal(signal))
		assert.NoError(t, <-p.exited, signal)
	}
}

// nohup starts a program with SIGHUP ignored, and it has to stay so.
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

func TestSIGTERMToThePluginDuringUpRecordsTheToken(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	// A plugin that writes down which process it is.
	path, err := builtPlugin()
	require.NoError(t, err)
	folder := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho $$ > %s/pid\nexec %s \"$@\"\n", folder, path)
	wrapper := filepath.Join(folder, filepath.Base(path))
	require.NoError(t, os.WriteFile(wrapper, []byte(script), 0o700)) //nolint:gosec // it is a program
	for i, variable := range c.env {
		if rest, ok := strings.CutPrefix(variable, "PATH="); ok {
			c.env[i] = "PATH=" + folder + ":" + rest
		}
	}

	c.program("token", "ci")
	arrived, release := c.gate("CreateAuthToken")
	up := c.command("up", "--yes", "--skip-preview")
	var printed bytes.Buffer
	up.Stdout, up.Stderr = &printed, &printed
	require.NoError(t, up.Start())
	<-arrived
	pid, err := strconv.Atoi(strings.TrimSpace(c.readFile(filepath.Join(folder, "pid"))))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGTERM))
	release()
	_ = up.Wait()
	requireNoValue(t, printed.String())

	c.must("refresh", "--yes")
	c.must("up", "--yes")
	assert.Equal(t, c.onlyToken().Value, c.secretOutput("token"), "the one token there is, is the one in the state")
	assert.Equal(t, 1, c.calls("CreateAuthToken"), printed.String())
}
