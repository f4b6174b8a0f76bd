package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopWithin is how long calls that run when the plugin is told to stop may still take. It is longer than the 75 s for which
// a creation awaits its answer once it is cancelled: that answer is the only one that ever holds the token.
const stopWithin = 90 * time.Second

// stopSignals are the signals that tell the plugin to stop: the engine and a terminal send SIGINT, systemd and containers
// SIGTERM, a terminal that is closed SIGHUP. A SIGHUP that was ignored when the plugin started stays so, as nohup wants it.
func stopSignals() <-chan os.Signal {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	return signals
}

// stopping is what is done to stop.
type stopping struct {
	// cancel is what the RPC Cancel does: it cancels all calls that run and that are still to come.
	cancel func(context.Context) error
	// stop takes no further calls, waits for those that run, hands their answers over and lets the plugin end.
	stop func()
	// exit ends the plugin whatever it does.
	exit func(error)
}

// on waits for a signal, and stops. Further signals change nothing: systemd and shells send two at a time, and ending at the
// second would lose what the first has waited for.
func (s stopping) on(signals <-chan os.Signal) {
	received := <-signals
	// It has nothing to fail at, and stopping goes on all the same.
	_ = s.cancel(context.Background())
	s.stop()
	time.Sleep(stopWithin)
	s.exit(fmt.Errorf("stopped by %s with calls that did not end within %s", received, stopWithin))
}
