// Command bench measures the plugin and a provider that does nothing, and prints a Markdown table. What both take is the cost of
// Pulumi. The difference is the cost of this provider.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

const (
	// resources is how many resources a stack has: two tokens, the most that OCI allows, for each of 50 users.
	resources = 100
	// limit is how long a run may take. It ends a run that hangs.
	limit = 20 * time.Minute
)

// groups lists what is measured. Within a group, each round takes all measures of one plugin, then all of the other. Whatever else
// the machine does then affects both.
var groups = []group{
	{rounds: 1, measures: []measure{
		{"size of the binary", megabytes, binarySize},
	}},
	{rounds: 7, warmUp: true, measures: []measure{
		{"start, until the port is printed", milliseconds, start},
		{"resident memory then", megabytes, residentAtStart},
	}},
	{rounds: 5, warmUp: true, measures: []measure{
		{"`pulumi package get-schema`", milliseconds, getSchema},
	}},
	// These four are one life of the stack. Each starts where the one before it ended.
	{rounds: 3, warmUp: true, measures: []measure{
		{"`pulumi up`, which creates 100", milliseconds, pulumi("up", "--yes", "--skip-preview")},
		{"`pulumi preview` of no change", milliseconds, pulumi("preview", "--expect-no-changes")},
		{"`pulumi refresh` of no change", milliseconds, pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")},
		{"`pulumi destroy` of the 100", milliseconds, pulumi("destroy", "--yes", "--skip-preview")},
	}},
	{rounds: 3, measures: []measure{
		{"most memory during such an `up`", megabytes, peakDuringUp},
	}},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, limit)
	err := run(ctx)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures everything and then prints the table. It leaves no file and no process behind.
func run(ctx context.Context) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	// A pulumi that tools/toolchain.sh has built comes first on PATH, as in the Makefile.
	path := filepath.Join(root, ".toolchain", "bin") + string(os.PathListSeparator) + os.Getenv("PATH")
	if err := os.Setenv("PATH", path); err != nil {
		return err
	}
	content, err := os.ReadFile(filepath.Join(root, "VERSION")) //nolint:gosec // it is the repository's own
	if err != nil {
		return err
	}
	version = strings.TrimSpace(string(content))
	machine, err := describeMachine(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	oci, err := startOCI(dir, resources, emulator.Config{})
	if err != nil {
		return err
	}
	defer oci.Close()

	ours, err := prepare(ctx, dir, tokenStack(oci))
	if err != nil {
		return err
	}
	noop, err := prepare(ctx, dir, noopStack())
	if err != nil {
		return err
	}
	rows, err := takeAll(ctx, groups, ours, noop)
	if err != nil {
		return err
	}
	printTable(os.Stdout, machine, ours.name, noop.name, rows)
	if err := endureAll(ctx, dir, os.Stdout); err != nil {
		return err
	}
	packages, err := packSDKs(ctx, root, dir, os.Stdout)
	if err != nil {
		return err
	}
	return measureTypeScript(ctx, dir, packages, os.Stdout)
}

// takeAll takes the measures of both plugins. It reports its progress on standard error.
func takeAll(ctx context.Context, groups []group, ours, noop *plugin) ([]row, error) {
	var rows []row
	for _, g := range groups {
		for _, m := range g.measures {
			fmt.Fprintln(os.Stderr, "measuring:", m.name)
		}
		taken, err := g.take(ctx, ours, noop)
		if err != nil {
			return nil, err
		}
		rows = append(rows, taken...)
	}
	return rows, nil
}
