package simulation

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestTheSameSeedTellsTheSameStory requires that a seed tells the same story each time.
func TestTheSameSeedTellsTheSameStory(t *testing.T) {
	for seed := uint64(1); seed <= 25; seed++ {
		program := newProgram(seed, storyLength)
		first, second := tell(t, seed, program, true), tell(t, seed, program, true)
		if a, b := first.story.String(), second.story.String(); a != b {
			t.Fatalf("seed %d tells two stories:\n%s", seed, firstDifference(a, b))
		}
	}
}

func firstDifference(a, b string) string {
	for i := 0; i < min(len(a), len(b)); i++ {
		if a[i] != b[i] {
			from := max(0, i-300)
			return fmt.Sprintf("...%s\n\nand\n\n...%s", a[from:min(len(a), i+200)], b[from:min(len(b), i+200)])
		}
	}
	return fmt.Sprintf("one is longer: %d and %d bytes", len(a), len(b))
}

// TestTenThousandCreationsLeaveNothingBehind creates, refreshes and deletes tokens in one plugin process, and checks its memory and its
// goroutines in between. The answer to one in ten creations is lost.
func TestTenThousandCreationsLeaveNothingBehind(t *testing.T) {
	toolchain.Long(t)
	const rounds, creations = 10, 1000
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(&story{began: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		defer w.close()
		if err := w.engines[0].start(); err != nil {
			t.Fatal(err)
		}
		w.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Probability: 0.1, Drop: emulator.DropAfterCommit})
		process := w.engines[0].process
		var memory, goroutines [rounds]int
		for round := range rounds {
			// OCI remembers every retry token of a user for a day. Deleting the user makes it forget them.
			user := w.oci.AddUser(fmt.Sprint("user ", round)).ID
			for i := range creations {
				urn := w.engines[0].urnOf(fmt.Sprintf("r%d-%d", round, i))
				inputs := properties(map[string]any{"userId": user, "description": "ci"})
				lifeOf(t, process, urn, inputs)
			}
			w.oci.RemoveUser(user)
			w.oci.ResetJournal()
			w.madeAt, w.attempts = map[string]time.Time{}, map[string]int{}
			w.askedAt, w.idOf, w.sender = map[string]time.Time{}, map[string]string{}, map[string]*engine{}
			synctest.Wait()
			memory[round], goroutines[round] = inUse(), runtime.NumGoroutine()
		}
		t.Logf("bytes in use: %v; goroutines: %v", memory, goroutines)
		if grown := memory[rounds-1] - memory[1]; grown > 20*creations {
			t.Errorf("%d creations leave %d bytes behind: %v", (rounds-2)*creations, grown, memory)
		}
		if goroutines[rounds-1] > goroutines[1]+5 {
			t.Errorf("goroutines are left behind: %v", goroutines)
		}
	})
}

// lifeOf creates, refreshes and deletes one token.
func lifeOf(t *testing.T, process *process, urn string, inputs *structpb.Struct) {
	t.Helper()
	ctx := context.WithValue(context.Background(), processKey{}, nil)
	created, err := process.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: urn, Properties: inputs})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := process.plugin.Read(ctx, &pulumirpc.ReadRequest{
		Id: created.Id, Urn: urn, Properties: created.Properties, Inputs: inputs,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := process.plugin.Delete(ctx, &pulumirpc.DeleteRequest{
		Id: created.Id, Urn: urn, Properties: created.Properties, OldInputs: inputs,
	}); err != nil {
		t.Fatal(err)
	}
}

func inUse() int {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
