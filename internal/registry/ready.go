package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

// pauses are the pauses between the rounds of a wait. A new token works after one or two minutes, and sometimes later. There are few
// tries, because identity domains lock accounts after failed logins.
var pauses = []time.Duration{
	15 * time.Second, 30 * time.Second, time.Minute, 90 * time.Second, 105 * time.Second,
}

const (
	// lastPause is the pause between later rounds.
	lastPause = 2 * time.Minute
	// tryWithin bounds a try.
	tryWithin = 15 * time.Second
	// unreachableRounds bounds the rounds in a row without a registry. It is small, so that a wrong host name is reported soon.
	unreachableRounds = 3
)

// Wait is a wait for the registry to accept a login.
type Wait struct {
	Client *Client
	Clock  oci.Clock
	// Within bounds the wait. The last try is made so early that it can end in time. If Within is 0, there is one try.
	Within time.Duration
	// Report receives a short message about each pause.
	Report func(string)
}

// Refused is the error for a login that the registry has refused for the whole wait.
type Refused struct {
	// Server is the registry's host name, and Usernames the names that were tried, the most likely one first.
	Server    string
	Usernames []string
	// Tries counts the logins that the registry has refused.
	Tries int
	// Waited is how long it took.
	Waited time.Duration
	// Last is the error of the last try.
	Last error
}

// Error says what was tried and how it failed, in sentences.
func (r *Refused) Error() string {
	return fmt.Sprintf("the registry %s refuses the login after %s and %s, as %s: %v",
		r.Server, r.Waited.Round(time.Second), counted(r.Tries, "try", "tries"), strings.Join(shown(r.Usernames), " and as "), r.Last)
}

// Unwrap returns the error of the last try.
func (r *Refused) Unwrap() error { return r.Last }

// Until tries the login until the registry accepts it, and returns the user name that was accepted. It tries the first name in every
// round. It tries each of the others in the third round and in the last. The error is a *Refused if there was a registry and it did
// not accept the login.
func (w Wait) Until(ctx context.Context, login Login, usernames []string) (string, error) {
	began := w.Clock.Now()
	waited := func() time.Duration { return w.Clock.Now().Sub(began) }
	lastTry := w.Within - min(tryWithin, w.Within/2)
	refused := &Refused{Server: login.Server}
	unreached := 0
	accepted := ""
	err := oci.Poll(ctx, w.Clock, func(round int) (time.Duration, error) {
		names := usernames[:1]
		if round == 3 || waited() >= lastTry {
			names = usernames
		}
		var last error
		for _, name := range names {
			login.Username = name
			last = w.try(ctx, login, w.Within-waited())
			if last == nil {
				accepted = name
				return 0, nil
			}
			if !errors.Is(last, errRefused) {
				unreached++
				break // it says nothing of the name
			}
			unreached, refused.Last = 0, last
			refused.Tries++
			if !slices.Contains(refused.Usernames, name) {
				refused.Usernames = append(refused.Usernames, name)
			}
		}
		refused.Waited = waited()
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case errors.Is(last, errUnusable):
			return 0, last
		case unreached == unreachableRounds, refused.Waited >= lastTry && refused.Tries == 0:
			return 0, fmt.Errorf("%w (%s). Check the network and the region, or try again later", last, counted(unreached, "try", "tries in a row"))
		case refused.Waited >= lastTry:
			return 0, refused
		}
		pause := lastPause
		if round <= len(pauses) {
			pause = pauses[round-1]
		}
		pause = min(pause, lastTry-refused.Waited)
		w.Report(fmt.Sprintf("waiting for the registry %s to accept the token: %s so far in %s (%v); trying again in %s",
			login.Server, counted(round, "try", "tries"), refused.Waited.Round(time.Second), last, pause.Round(time.Second)))
		return pause, nil
	})
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("stopped waiting for the registry %s to accept the login: %w", login.Server, context.Cause(ctx))
	}
	return accepted, err
}

// try tries the login once, for what is left of the wait.
func (w Wait) try(ctx context.Context, login Login, left time.Duration) error {
	if w.Within == 0 || left > tryWithin {
		left = tryWithin
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	return w.Client.Try(ctx, login)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
