package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// measure measures one number for a plugin.
type measure struct {
	name string
	unit unit
	take func(context.Context, *plugin) (float64, error)
}

// group holds measures that are taken together, in order.
type group struct {
	rounds   int
	warmUp   bool // one more round comes first, and does not count
	measures []measure
}

// take takes all measures of a group, as many times as it has rounds.
func (g group) take(ctx context.Context, ours, floor *plugin) ([]row, error) {
	rows := make([]row, len(g.measures))
	first := 0
	if g.warmUp {
		first = -1
	}
	for round := first; round < g.rounds; round++ {
		for _, p := range []*plugin{ours, floor} {
			for i, m := range g.measures {
				value, err := m.take(ctx, p)
				if err != nil {
					return nil, fmt.Errorf("%s of %s: %w", m.name, p.name, errors.Join(context.Cause(ctx), err))
				}
				if round < 0 {
					continue
				}
				rows[i].measure = m
				if p == ours {
					rows[i].ours = append(rows[i].ours, value)
				} else {
					rows[i].floor = append(rows[i].floor, value)
				}
			}
		}
	}
	return rows, nil
}

func binarySize(_ context.Context, p *plugin) (float64, error) {
	info, err := os.Stat(p.binary)
	if err != nil {
		return 0, err
	}
	return float64(info.Size()), nil
}

func start(ctx context.Context, p *plugin) (float64, error) {
	began := time.Now()
	running, err := p.start(ctx)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	running.stop()
	return float64(took), nil
}

func residentAtStart(ctx context.Context, p *plugin) (float64, error) {
	running, err := p.start(ctx)
	if err != nil {
		return 0, err
	}
	defer running.stop()
	return running.memory("VmRSS")
}

func getSchema(ctx context.Context, p *plugin) (float64, error) {
	return pulumi("package", "get-schema", p.binary)(ctx, p)
}

// pulumi measures how long the pulumi command takes, including the start of the plugin.
func pulumi(args ...string) func(context.Context, *plugin) (float64, error) {
	return func(ctx context.Context, p *plugin) (float64, error) {
		began := time.Now()
		err := p.pulumi(ctx, nil, args...)
		return float64(time.Since(began)), err
	}
}

// peakDuringUp measures the peak memory of a plugin during "pulumi up". It starts the plugin itself, so that it knows the process. It
// leaves the stack empty.
func peakDuringUp(ctx context.Context, p *plugin) (float64, error) {
	running, err := p.start(ctx)
	if err != nil {
		return 0, err
	}
	defer running.stop()
	attach := []string{"PULUMI_DEBUG_PROVIDERS=" + p.name + ":" + running.port}
	if err := p.pulumi(ctx, attach, "up", "--yes", "--skip-preview"); err != nil {
		return 0, err
	}
	peak, err := running.memory("VmHWM")
	if err != nil {
		return 0, err
	}
	return peak, p.pulumi(ctx, nil, "destroy", "--yes", "--skip-preview")
}

// process is a plugin that is ready for calls.
type process struct {
	command *exec.Cmd
	port    string
}

// start starts the plugin and waits for the port that it prints.
func (p *plugin) start(ctx context.Context) (*process, error) {
	command := exec.CommandContext(ctx, p.binary) //nolint:gosec // build has just made it
	command.Env = p.env
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	running := &process{command: command}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		running.stop()
		return nil, fmt.Errorf("%s printed no port: %w", p.binary, err)
	}
	running.port = strings.TrimSpace(line)
	return running, nil
}

// stop ends the process.
func (r *process) stop() {
	_ = r.command.Process.Kill()
	_ = r.command.Wait()
}

// memory returns one of the memory figures that Linux keeps for the process, in bytes.
func (r *process) memory(field string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, field+":"); found {
			kilobytes, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			return kilobytes * 1024, err
		}
	}
	return 0, fmt.Errorf("the process has no %s", field)
}
