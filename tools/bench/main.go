// Command bench prints Markdown tables with what the plugin costs. The first compares it with a provider that makes the same signed
// requests and does nothing else: the ratio is what this provider adds, and at most 1.05 is the goal. The others have the figures of
// docs/guides/fleets.md and README.md.
//
//	bench [-quick] [-packages DIR] [-only TABLE]
//
// With -quick, it takes every measure once and with few resources: the numbers mean little, but it shows that everything can be measured.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// limit is how long a run may take. It ends a run that hangs.
const limit = time.Hour

// amount says how much is measured.
type amount struct {
	// resources is how many resources a stack has: two tokens, the most that OCI allows, for each user.
	resources int
	fleets    []fleet
	// typeScriptRounds is how often each TypeScript program is measured. It is odd, for the median.
	typeScriptRounds int
	// once says that each measure of a group is taken once, and not to warm up.
	once bool
}

var (
	full  = amount{resources: 100, fleets: []fleet{{100, true}, {1000, true}, {1000, false}, {5000, false}}, typeScriptRounds: 5}
	quick = amount{resources: 4, fleets: []fleet{{20, true}, {20, false}}, typeScriptRounds: 1, once: true}
)

// groups returns what is measured. Within a group, each round takes all measures of one plugin, then all of the other. Whatever else
// the machine does then affects both.
func (a amount) groups() []group {
	groups := []group{
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
			{fmt.Sprintf("`pulumi up`, which creates %d", a.resources), milliseconds, pulumi("up", "--yes", "--skip-preview")},
			{"`pulumi preview` of no change", milliseconds, pulumi("preview", "--expect-no-changes")},
			{"`pulumi refresh` of no change", milliseconds, pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")},
			{fmt.Sprintf("`pulumi destroy` of the %d", a.resources), milliseconds, pulumi("destroy", "--yes", "--skip-preview")},
		}},
		{rounds: 3, measures: []measure{
			{"most memory during such an `up`", megabytes, peakDuringUp},
		}},
	}
	if a.once {
		for i := range groups {
			groups[i].rounds, groups[i].warmUp = 1, false
		}
	}
	return groups
}

func main() {
	few := flag.Bool("quick", false, "take every measure once, with few resources")
	packages := flag.String("packages", "", "the `folder` with the SDKs' packages, if they are built already")
	only := flag.String("only", "", "print one `table`: plugin, fleets or typescript")
	flag.Parse()
	a := full
	if *few {
		a = quick
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, limit)
	err := run(ctx, a, *packages, *only)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures everything and then prints the table. It leaves no file and no process behind.
func run(ctx context.Context, a amount, packages, only string) error {
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
	for _, table := range []struct {
		name  string
		print func() error
	}{
		{"plugin", func() error { return comparePlugins(ctx, dir, machine, a) }},
		{"fleets", func() error { return measureFleets(ctx, dir, a.fleets, os.Stdout) }},
		{"typescript", func() error {
			if packages == "" {
				packages = filepath.Join(dir, "packages")
				pack := exec.CommandContext(ctx, filepath.Join(root, "tools", "pack.sh"), packages) //nolint:gosec // it is the repository's own
				if _, err := output(pack); err != nil {
					return err
				}
			}
			return measureTypeScript(ctx, dir, packages, a, os.Stdout)
		}},
	} {
		if only != "" && only != table.name {
			continue
		}
		if err := table.print(); err != nil {
			return err
		}
	}
	return nil
}

// comparePlugins prints the table of the plugin and the floor.
func comparePlugins(ctx context.Context, dir, machine string, a amount) error {
	oci, err := startOCI(dir, a.resources, emulator.Config{})
	if err != nil {
		return err
	}
	defer oci.Close()
	ours, err := prepare(ctx, dir, tokenStack(oci))
	if err != nil {
		return err
	}
	floor, err := prepare(ctx, dir, floorStack(oci))
	if err != nil {
		return err
	}
	rows, err := takeAll(ctx, a.groups(), ours, floor)
	if err != nil {
		return err
	}
	printTable(os.Stdout, machine, ours.name, floor.name, rows)
	return nil
}

// takeAll takes the measures of both plugins. It reports its progress on standard error.
func takeAll(ctx context.Context, groups []group, ours, floor *plugin) ([]row, error) {
	var rows []row
	for _, g := range groups {
		for _, m := range g.measures {
			fmt.Fprintln(os.Stderr, "measuring:", m.name)
		}
		taken, err := g.take(ctx, ours, floor)
		if err != nil {
			return nil, err
		}
		rows = append(rows, taken...)
	}
	return rows, nil
}
