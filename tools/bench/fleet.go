package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// fleet is a stack with many tokens.
type fleet struct {
	tokens int
	// checkpoints says that Pulumi writes the state after each step, as it does unless it is told not to.
	checkpoints bool
}

// withoutCheckpoints makes Pulumi write the state once, at the end. It is here to see what the checkpoints take, and no advice: a token
// whose creation is not recorded is lost if the machine goes down.
var withoutCheckpoints = []string{"PULUMI_EXPERIMENTAL=true", "PULUMI_SKIP_CHECKPOINTS=true"}

// measureFleets prints what stacks with many tokens cost: the whole command, and the plugin's part of it.
func measureFleets(ctx context.Context, dir string, fleets []fleet, w io.Writer) error {
	_, _ = fmt.Fprint(w, "\n| tokens | state | command | took | a token | plugin: CPU | a token | plugin: most memory |\n"+
		"| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |\n")
	for i, f := range fleets {
		if err := f.measure(ctx, filepath.Join(dir, fmt.Sprintf("fleet%d", i)), w); err != nil {
			return fmt.Errorf("%d tokens: %w", f.tokens, err)
		}
	}
	return nil
}

// measure creates the tokens, refreshes and destroys them.
func (f fleet) measure(ctx context.Context, dir string, w io.Writer) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	at, err := startOCI(dir, f.tokens, emulator.Config{})
	if err != nil {
		return err
	}
	defer at.Close()
	p, err := prepare(ctx, dir, tokenStack(at))
	if err != nil {
		return err
	}
	written, env := "written after each step", []string(nil)
	if !f.checkpoints {
		written, env = "written once", withoutCheckpoints
	}
	for _, command := range []string{"up", "refresh", "destroy"} {
		fmt.Fprintln(os.Stderr, "measuring:", command, "of", f.tokens, "tokens, the state", written)
		running, err := p.start(ctx)
		if err != nil {
			return err
		}
		attach := append([]string{"PULUMI_DEBUG_PROVIDERS=" + p.name + ":" + running.port}, env...)
		began := time.Now()
		err = p.pulumi(ctx, attach, command, "--yes", "--skip-preview")
		took := time.Since(began)
		cpu, cpuErr := running.cpu()
		peak, peakErr := running.memory("VmHWM")
		running.stop()
		for _, err := range []error{err, cpuErr, peakErr} {
			if err != nil {
				return err
			}
		}
		each := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000/float64(f.tokens)) }
		_, _ = fmt.Fprintf(w, "| %d | %s | `pulumi %s` | %.1f s | %s | %.1f s | %s | %.0f MB |\n",
			f.tokens, written, command, took.Seconds(), each(took), cpu.Seconds(), each(cpu), peak/1e6)
	}
	return nil
}

// cpu returns the CPU time that the process has used.
func (r *process) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name of the program, in parentheses, may contain spaces. The times are the 12th and 13th fields after it, in hundredths of a second.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var ticks time.Duration
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		ticks += time.Duration(n)
	}
	return ticks * 10 * time.Millisecond, nil
}
