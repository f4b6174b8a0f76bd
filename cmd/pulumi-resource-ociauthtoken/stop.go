package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
)

// stopWithin is how long running calls may still take after the plugin was told to stop, and then hand over what they return.
const stopWithin = provider.LongestStop + 15*time.Second

// stopSignals returns the signals that tell the plugin to stop. The engine and Ctrl-C send SIGINT. systemd and containers send
// SIGTERM. A terminal that is closed sends SIGHUP. If SIGHUP was ignored when the plugin started, it is still ignored, as nohup
// needs it.
func stopSignals() <-chan os.Signal {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	return signals
}

// stopping holds what it takes to stop the plugin.
type stopping struct {
	// cancel does what the RPC Cancel does. It cancels all running calls, and all later ones.
	cancel func(context.Context) error
	// stop accepts no further calls. It lets the running ones return their answers to the engine, and then lets the plugin end.
	stop func()
	// exit ends the plugin even if calls are still running.
	exit func(error)
}

// on waits for a signal and then stops the plugin. Further signals change nothing. systemd and shells may send two at once, and to
// end at the second would lose the answer that is being waited for.
func (s stopping) on(signals <-chan os.Signal) {
	received := <-signals
	// The plugin stops even if this fails.
	_ = s.cancel(context.Background())
	s.stop()
	time.Sleep(stopWithin)
	s.exit(fmt.Errorf("stopped by %s, but some calls did not end within %s", received, stopWithin))
}
