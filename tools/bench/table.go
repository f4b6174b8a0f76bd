package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"time"
)

// unit is what numbers are printed in.
type unit struct {
	name string
	size float64
	form string
}

var (
	megabytes    = unit{"MB", 1e6, "%.1f"}
	milliseconds = unit{"ms", float64(time.Millisecond), "%.0f"}
)

// row is what was taken of both plugins.
type row struct {
	measure
	ours, noop []float64
}

// describeMachine says what the numbers depend on.
func describeMachine(ctx context.Context) (string, error) {
	cli, err := output(exec.CommandContext(ctx, "pulumi", "version"))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d cores, %s/%s, %s, Pulumi %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), cli), nil
}

// printTable prints the rows in Markdown: the median of each, and what it lies between.
func printTable(w io.Writer, machine, ours, noop string, rows []row) {
	_, _ = fmt.Fprintf(w, "%s. Each number is a median (least–most).\n\n", machine)
	_, _ = fmt.Fprintf(w, "| measure | %s | %s | ratio |\n| --- | ---: | ---: | ---: |\n", ours, noop)
	for _, r := range rows {
		_, _ = fmt.Fprintf(w, "| %s | %s | %s | %.2f |\n",
			r.name, r.unit.format(r.ours), r.unit.format(r.noop), median(r.ours)/median(r.noop))
	}
}

// format writes the median with what it lies between, where there is more than one number.
func (u unit) format(values []float64) string {
	number := func(value float64) string { return fmt.Sprintf(u.form, value/u.size) }
	text := number(median(values)) + " " + u.name
	if len(values) > 1 {
		text += fmt.Sprintf(" (%s–%s)", number(slices.Min(values)), number(slices.Max(values)))
	}
	return text
}

// median is the middle of an odd number of values, as all groups have them.
func median(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}
