//go:debug rsa1024min=0

// Package simulation tells stories: what a person does with Pulumi while OCI, the network, other people and the plugin itself
// misbehave in any combination. Each story follows from a seed, runs through the provider's own calls against the local OCI
// Identity on virtual time, and is checked against every promise after every step.
package simulation

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"
)

var (
	flagSeed  = flag.Uint64("simulation.seed", 0, "tell the story of this `seed` alone")
	flagFresh = flag.Uint64("simulation.fresh", 0, "the `seed` from which on seeds are fresh; 0 means any")
	flagSteps = flag.Int("simulation.steps", 0, "take so many `steps`, of fresh seeds")
	flagFor   = flag.Duration("simulation.for", 0, "take steps for so `long`, of fresh seeds")
	flagKinds = flag.Bool("simulation.kinds", false, "go on after a promise was broken, and show one story of each kind")
)

const (
	// storyLength is how many steps a story has.
	storyLength = 40
	// fixedStories and freshStories are how many stories are told by default.
	fixedStories, freshStories = 450, 60
	// quickStories is how many of the fixed stories are told in the quick tests.
	quickStories = 30
)

// current is the network of the story that is being told.
var current atomic.Pointer[network]

func TestMain(m *testing.M) {
	// The order of concurrent calls follows from the seed only if no two goroutines run in parallel.
	runtime.GOMAXPROCS(1)
	// This makes OCI's SDK use net/http's default transport unchanged.
	if err := os.Setenv("OCI_GOSDK_USING_EXPECT_HEADER", "false"); err != nil {
		panic(err)
	}
	http.DefaultTransport = &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return current.Load().dial(ctx, address)
		},
	}
	slog.SetDefault(slog.New(listener{}))
	log.SetOutput(io.Discard)
	callerKey()
	os.Exit(m.Run())
}

// result is the result of a story.
type result struct {
	wrong *violation
	steps int
	story *story
}

// tell tells the story of a program.
func tell(t *testing.T, seed uint64, program []step, written bool) result {
	var r result
	watch := watchdog(seed, program)
	defer watch.Stop()
	t.Run("", func(t *testing.T) {
		cryptotest.SetGlobalRandom(t, seed)
		synctest.Test(t, func(t *testing.T) {
			r.story = &story{began: time.Now(), written: written}
			w, err := newWorld(r.story)
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			take := func(s step) bool {
				r.steps++
				r.story.note(s.String)
				w.do(s)
				time.Sleep(time.Second)
				w.ledger.check()
				return w.failed() == nil
			}
			for _, s := range program {
				if !take(s) {
					break
				}
			}
			if w.failed() == nil {
				r.story.note(func() string { return "all is well from here on" })
				w.heal()
				for stack := range stackCount {
					// The first update may finish a rotation, and the second begin the next one.
					_ = take(step{action: actionRefresh, stack: stack, fresh: true}) && take(step{action: actionUp, stack: stack, fresh: true}) &&
						take(step{action: actionUp, stack: stack, fresh: true})
				}
				w.checkThatItGoesOn()
				w.checkThatNothingIsLeft(take)
			}
			r.wrong = w.failed()
		})
	})
	return r
}

// watchdog ends the test if a story hangs. It uses real time, because virtual time stands still then.
func watchdog(seed uint64, program []step) *time.Timer {
	return time.AfterFunc(time.Minute, func() {
		fmt.Fprintf(os.Stderr, "the story of seed %d is frozen:\n%s", seed, steps(program))
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		os.Exit(2)
	})
}

func steps(program []step) string {
	var text strings.Builder
	for i, s := range program {
		fmt.Fprintf(&text, "%3d. %s\n", i+1, s)
	}
	return text.String()
}

func TestSimulation(t *testing.T) {
	began, taken, told := time.Now(), 0, 0
	kinds := map[string]int{}
	// one tells a story, and reports whether to go on.
	one := func(seed uint64) bool {
		program := newProgram(seed, storyLength)
		r := tell(t, seed, program, false)
		taken += r.steps
		told++
		if r.wrong == nil {
			return true
		}
		if kinds[r.wrong.kind]++; kinds[r.wrong.kind] == 1 {
			explain(t, seed, taken, program, r.wrong.kind)
		}
		return *flagKinds
	}
	defer func() {
		took := time.Since(began)
		t.Logf("%d steps in %d stories, %s, %.0f steps a second; broken: %v", taken, told, took.Round(time.Millisecond),
			float64(taken)/took.Seconds(), kinds)
	}()

	fresh := *flagFresh
	if fresh == 0 {
		fresh = rand.Uint64() >> 16
	}
	switch {
	case *flagSeed != 0:
		one(*flagSeed)
	case *flagSteps != 0 || *flagFor != 0:
		fmt.Printf("simulation: seeds from %d on\n", fresh)
		enough := func() bool {
			return (*flagSteps > 0 && taken >= *flagSteps) || (*flagFor > 0 && time.Since(began) >= *flagFor)
		}
		for ; !enough() && one(fresh); fresh++ {
			if told%1000 == 0 {
				fmt.Printf("simulation: %d steps, next seed %d\n", taken, fresh+1)
			}
		}
	case testing.Short():
		for seed := uint64(1); seed <= quickStories && one(seed); seed++ {
		}
	default:
		fmt.Printf("simulation: fixed seeds, and seeds from %d on\n", fresh)
		for seed := uint64(1); seed <= fixedStories; seed++ {
			if !one(seed) {
				return
			}
		}
		for range freshStories {
			if !one(fresh) {
				return
			}
			fresh++
		}
	}
}

// explain fails the test with the shrunk story of a seed.
func explain(t *testing.T, seed uint64, taken int, program []step, kind string) {
	program = shrink(t, seed, slices.Clone(program), kind)
	for range 5 {
		if r := tell(t, seed, program, true); r.wrong != nil && r.wrong.kind == kind {
			t.Errorf("seed %d, after %d steps: %s\n%s\n\nThe program, shrunk:\n%s\nThe story:\n%s", seed, taken, r.wrong.kind,
				shortIDs(r.wrong.text), steps(program), r.story)
			return
		}
	}
	t.Errorf("seed %d, after %d steps: %s; the story differs from time to time. The program, shrunk:\n%s", seed, taken, kind, steps(program))
}
