package main

import (
	"context"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
)

func TestStoppingCancelsThenStopsThenExits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 1)
		begun := time.Now()
		var steps []string
		step := func(name string) { steps = append(steps, name+" after "+time.Since(begun).String()) }
		go func() {
			time.Sleep(time.Hour)
			signals <- syscall.SIGTERM
			signals <- syscall.SIGTERM
		}()
		stopping{
			cancel: func(context.Context) error { step("cancel"); return nil },
			stop:   func() { step("stop") },
			exit:   func(err error) { step("exit"); assert.ErrorContains(t, err, "terminated") },
		}.on(signals)
		assert.Equal(t, []string{"cancel after 1h0m0s", "stop after 1h0m0s", "exit after " + (time.Hour + stopWithin).String()}, steps)
		assert.Greater(t, stopWithin, provider.LongestStop, "calls that end in time must still return what they have")
	})
}
