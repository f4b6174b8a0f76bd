// Command rotate-all rotates the auth tokens of many users in many stacks with Pulumi's Automation API.
//
// The users are in a file, a stack and the OCID of a user on each line, or a stack alone that has no users any more. A user's token is rotated once for each value of -run, so
// a program that was stopped goes on where it was when it is run again with the same one. The values of the tokens stay in the
// stacks; what needs one reads the stack's output "tokens".
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// options are what the command line says.
type options struct {
	users      string
	run        string
	endpoint   string
	maxAgeDays int
	parallel   int
}

func main() {
	var o options
	flag.StringVar(&o.users, "users", "", "the `file` with a stack and the OCID of a user on each line, or a stack alone if it has no users any more")
	flag.StringVar(&o.run, "run", "", "the `name` of this rotation, such as 2026-Q4: each user is rotated once for each name")
	flag.IntVar(&o.maxAgeDays, "max-age-days", 90, "how many `days` old a token may become; the next rotation is due after a quarter of them")
	flag.IntVar(&o.parallel, "parallel", 4, "how many stacks are updated at a time")
	flag.StringVar(&o.endpoint, "endpoint", "", "where OCI Identity is, if it is not OCI's own")
	flag.Parse()
	if o.users == "" || o.run == "" || o.parallel < 1 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}

	// The first Ctrl-C stops the program when what is in flight is done. The handler stays, so that another one does not
	// end it while a new token is not yet in the state.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // What the log package prints goes to Pulumi's own log.
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	file, err := os.Open(o.users)
	if err != nil {
		return err
	}
	stacks, err := readStacks(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("%s: %w", o.users, err)
	}
	r := newReport(stacks)
	stopping := context.AfterFunc(ctx, func() {
		r.say("Stopping: no new stack is begun, and what is in flight is finished.")
	})
	err = rotateAll(ctx, o, stacks, r)
	stopping()
	if printed := r.print(os.Stdout); printed != nil {
		return errors.Join(err, printed)
	}
	switch left := r.left(); {
	case err != nil:
		return fmt.Errorf("%d users are left: run this again with -run %s to go on\n%w", left, o.run, err)
	case left > 0:
		return fmt.Errorf("stopped, and %d users are left: run this again with -run %s to go on", left, o.run)
	}
	return nil
}

// stack is a stack and its users, by their OCIDs.
type stack struct {
	name  string
	users []string
}

// readStacks returns the stacks in the order in which they are first named.
func readStacks(r io.Reader) ([]*stack, error) {
	var stacks []*stack
	byName, seen := map[string]*stack{}, map[string]bool{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		name := fields[0]
		if len(fields) > 2 || strings.HasPrefix(name, "ocid1.") {
			return nil, fmt.Errorf("line %d: it takes a stack and the OCID of a user", n)
		}
		if byName[name] == nil {
			byName[name] = &stack{name: name}
			stacks = append(stacks, byName[name])
		}
		if len(fields) == 1 {
			continue // without users, the stack's tokens are revoked
		}
		user := fields[1]
		// Two resources for one user would revoke each other's tokens.
		if seen[user] {
			return nil, fmt.Errorf("line %d: %s is in the file already", n, user)
		}
		seen[user] = true
		byName[name].users = append(byName[name].users, user)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(stacks) == 0 {
		return nil, errors.New("there are no users in it")
	}
	return stacks, nil
}
