package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"sync"
	"text/tabwriter"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// outcome is what became of a user's token. It never has the token.
type outcome struct {
	what string
	// rotated is when the current token was created, and due when it is to be rotated, both in RFC 3339.
	rotated, due string
}

// report shows how far the rotation is, and says at the end what was done.
type report struct {
	stacks []*stack
	total  int

	mu       sync.Mutex
	outcomes map[string]outcome // by user
	bar      *progressbar.ProgressBar
}

func newReport(stacks []*stack) *report {
	r := &report{stacks: stacks, outcomes: map[string]outcome{}}
	for _, s := range stacks {
		r.total += len(s.users)
	}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		r.bar = progressbar.NewOptions(r.total, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("users"),
			progressbar.OptionShowCount(), progressbar.OptionFullWidth(), progressbar.OptionSetPredictTime(true))
		_ = r.bar.RenderBlank()
	}
	return r
}

// note takes in what an event says, and returns the errors that it tells of.
func (r *report) note(event events.EngineEvent) []string {
	if d := event.DiagnosticEvent; d != nil && d.Severity == "error" {
		return []string{colors.Never.Colorize(d.Message)}
	}
	user, outcome, ok := result(event)
	if !ok {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes[user] = outcome
	if r.bar != nil {
		_ = r.bar.Set(len(r.outcomes))
	}
	return nil
}

// stackDone says how far the rotation is where there is no bar that shows it.
func (r *report) stackDone(s *stack) {
	r.mu.Lock()
	defer r.mu.Unlock()
	done := 0
	for _, user := range s.users {
		if _, ok := r.outcomes[user]; ok {
			done++
		}
	}
	if r.bar == nil {
		fmt.Fprintf(os.Stderr, "%s: %d of %d users; in all %d of %d\n", s.name, done, len(s.users), len(r.outcomes), r.total)
	}
}

// say prints a line beside the bar.
func (r *report) say(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bar != nil {
		_ = r.bar.Clear()
	}
	fmt.Fprintln(os.Stderr, line)
}

// left counts the users who are not rotated yet.
func (r *report) left() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total - len(r.outcomes)
}

// print writes the table of all users.
func (r *report) print(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bar != nil {
		_ = r.bar.Exit()
		fmt.Fprintln(os.Stderr)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "STACK\tUSER\t\tTOKEN OF\tNEXT DUE")
	for _, s := range r.stacks {
		for _, user := range s.users {
			o := r.outcomes[user]
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.name, user,
				cmp.Or(o.what, "not yet"), cmp.Or(o.rotated, "-"), cmp.Or(o.due, "-"))
		}
	}
	return table.Flush()
}
