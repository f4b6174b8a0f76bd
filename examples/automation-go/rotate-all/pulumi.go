package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// command runs Pulumi such that a Ctrl-C loses nothing. The Automation API's own way of running it kills Pulumi ten seconds
// after the context ends, and with it a token that OCI has created and the state does not have yet. And as a terminal sends
// Ctrl-C to the whole process group, Pulumi would get two: by the second one it ends at once.
type command struct {
	auto.PulumiCommand // says which version it is
}

func newPulumi() (auto.PulumiCommand, error) {
	found, err := auto.NewPulumiCommand(nil)
	return command{found}, err
}

// Run runs Pulumi with the arguments, and interrupts it once when ctx is done. Then it waits for as long as Pulumi takes.
func (command) Run(
	ctx context.Context, dir string, stdin io.Reader, stdouts, stderrs []io.Writer, env []string, args ...string,
) (stdout, stderr string, code int, err error) {
	var out, problems bytes.Buffer
	c := exec.CommandContext(ctx, "pulumi", append([]string{"--non-interactive"}, args...)...)
	c.Dir, c.Stdin = dir, stdin
	c.Env = append(append(os.Environ(), env...), "PULUMI_AUTOMATION_API=true")
	c.Stdout, c.Stderr = io.MultiWriter(append(stdouts, &out)...), io.MultiWriter(append(stderrs, &problems)...)
	ownProcessGroup(c)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	err = c.Run()
	return out.String(), problems.String(), c.ProcessState.ExitCode(), err
}
