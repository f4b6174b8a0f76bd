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

// unit is the unit in which numbers are printed.
type unit struct {
	name string
	size float64
	form string
}

var (
	megabytes    = unit{"MB", 1e6, "%.1f"}
	milliseconds = unit{"ms", float64(time.Millisecond), "%.0f"}
)

// row holds the numbers that were measured for both plugins.
type row struct {
	measure
	ours, floor []float64
}

// describeMachine returns a description of the machine, which the numbers depend on.
func describeMachine(ctx context.Context) (string, error) {
	cli, err := output(exec.CommandContext(ctx, "pulumi", "version"))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d cores, %s/%s, %s, Pulumi %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), cli), nil
}

// printTable prints the rows in Markdown: the median, and the smallest and largest number.
func printTable(w io.Writer, machine, ours, floor string, rows []row) {
	_, _ = fmt.Fprintf(w, "%s. Each number is a median (least–most).\n\n", machine)
	_, _ = fmt.Fprintf(w, "| measure | %s | %s | ratio |\n| --- | ---: | ---: | ---: |\n", ours, floor)
	for _, r := range rows {
		_, _ = fmt.Fprintf(w, "| %s | %s | %s | %.2f |\n",
			r.name, r.unit.format(r.ours), r.unit.format(r.floor), median(r.ours)/median(r.floor))
	}
}

// format returns the median. If there is more than one number, the smallest and the largest follow.
func (u unit) format(values []float64) string {
	number := func(value float64) string { return fmt.Sprintf(u.form, value/u.size) }
	text := number(median(values)) + " " + u.name
	if len(values) > 1 {
		text += fmt.Sprintf(" (%s–%s)", number(slices.Min(values)), number(slices.Max(values)))
	}
	return text
}

// median returns the median of an odd number of values. All groups have an odd number of rounds.
func median(values []float64) float64 {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}
