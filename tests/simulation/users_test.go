package simulation

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// TestTwoHundredUsersAreRotatedAtTheRateThatOCIAdmits rotates the tokens of 200 users in 20 stacks at once, each with its own plugin. OCI
// accepts 10 requests per second in total, and one request in twenty fails.
func TestTwoHundredUsersAreRotatedAtTheRateThatOCIAdmits(t *testing.T) {
	const stacks, usersOfEach = 20, 10
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(&story{began: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		defer w.close()
		type owner struct {
			process *process
			user    string
			record  *record
		}
		var owners []*owner
		for i := range stacks {
			e := newEngine(w, stackCount+i)
			if err := e.start(); err != nil {
				t.Fatal(err)
			}
			defer e.stop()
			for range usersOfEach {
				n := len(owners)
				user := w.oci.AddUser(fmt.Sprint("user ", n)).ID
				name := fmt.Sprint("r", resourceCount+n)
				owners = append(owners, &owner{e.process, user, &record{stack: e, name: name}})
			}
		}
		// up updates one resource, tries again after each failure, and counts the failures.
		up := func(o *owner, reason string) (failures int) {
			inputs := properties(map[string]any{
				"userId": o.user, "description": "ci", "rotateWhenChanged": map[string]any{"quarter": reason},
			})
			urn, plugin := o.record.urn(), o.process.plugin
			for ; failures < 10; failures++ {
				if o.record.id == "" {
					created, err := plugin.Create(o.process.ctx, &pulumirpc.CreateRequest{Urn: urn, Properties: inputs})
					if err == nil {
						o.record.id, o.record.outputs = created.Id, created.Properties
						break
					}
					continue
				}
				updated, err := plugin.Update(o.process.ctx, &pulumirpc.UpdateRequest{
					Id: o.record.id, Urn: urn, Olds: o.record.outputs, OldInputs: o.record.inputs, News: inputs,
				})
				if err == nil {
					o.record.outputs = updated.Properties
					break
				}
				if failed := initFailure(err); failed != nil {
					o.record.outputs = failed.Properties
				}
			}
			o.record.inputs = inputs
			o.record.handOver()
			return failures
		}
		all := func(reason string) (failures int) {
			var wg sync.WaitGroup
			var mu sync.Mutex
			for _, o := range owners {
				wg.Go(func() {
					failed := up(o, reason)
					mu.Lock()
					defer mu.Unlock()
					failures += failed
				})
			}
			wg.Wait()
			return failures
		}
		all("2027-1")
		w.oci.SetRequestsPerSecond(10, 0)
		w.oci.Inject(
			emulator.Fault{Probability: 0.025, Status: 503, Code: "ServiceUnavailable"},
			emulator.Fault{Probability: 0.025, Drop: emulator.DropAfterCommit},
		)
		for _, quarter := range []string{"2027-2", "2027-3"} {
			time.Sleep(90 * 24 * time.Hour)
			w.oci.ResetJournal()
			held := map[string]string{}
			for _, o := range owners {
				held[o.user] = o.record.held
			}
			began := time.Now()
			failures := all(quarter)
			took, requests, refused := time.Since(began), 0, 0
			for _, request := range w.oci.Journal() {
				requests++
				if request.Status == 429 {
					refused++
				}
			}
			t.Logf("%s: %d users in %s, %d requests, %d of them throttled, %d updates failed and were repeated", quarter, len(owners),
				took.Round(time.Second), requests, refused, failures)
			if took > 10*time.Minute {
				t.Errorf("%d users took %s", len(owners), took)
			}
			for _, o := range owners {
				values := map[string]bool{}
				for _, token := range w.oci.Tokens(o.user) {
					values[token.Value] = true
				}
				if len(values) != 2 || !values[o.record.current()] || !values[held[o.user]] || o.record.current() == held[o.user] {
					t.Errorf("%s: of user %s's tokens, the new one and the one from before are to work", quarter, o.user)
				}
			}
		}
	})
}
