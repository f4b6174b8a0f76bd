package tests

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

const rotatingURN = "urn:pulumi:test::test::ociauthtoken:index:RotatingAuthToken::token"

// rotatingWire is a RotatingAuthToken at the other end of a gRPC connection, and the state that an engine records for it. It is faster
// than the real engine, which would need long for the days of ten years.
type rotatingWire struct {
	*wire
	arguments map[string]any
	id        string
	inputs    *structpb.Struct
	state     *structpb.Struct
	failed    bool // the state is recorded with errors
	// holds is the value that a dependent got last.
	holds string
}

func newRotatingWire(t *testing.T) *rotatingWire {
	t.Helper()
	w := api{}.newWorldOfYears(t)
	return &rotatingWire{wire: &wire{world: w, plugin: w.configured(map[string]any{"endpoint": w.url})}}
}

// another starts another plugin process, as every command does.
func (w *rotatingWire) another() { w.plugin = w.configured(map[string]any{"endpoint": w.url}) }

// up does what the engine does with the resource during an update.
func (w *rotatingWire) up() error {
	w.t.Helper()
	ctx := context.Background()
	news := map[string]any{"userId": w.user, "description": "ci"}
	maps.Copy(news, w.arguments)
	checked, err := w.plugin.Check(ctx, &pulumirpc.CheckRequest{Urn: rotatingURN, Olds: w.inputs, News: properties(w.t, news)})
	require.NoError(w.t, err)
	require.Empty(w.t, checked.Failures)
	if w.id == "" {
		created, err := w.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: rotatingURN, Properties: checked.Inputs})
		if err != nil {
			failed := initFailure(err)
			if failed == nil {
				return err
			}
			created = &pulumirpc.CreateResponse{Id: failed.Id, Properties: failed.Properties}
		}
		w.id, w.inputs, w.state, w.failed = created.Id, checked.Inputs, created.Properties, err != nil
		if err == nil {
			w.holds = w.text("token")
		}
		return err
	}
	diff, err := w.plugin.Diff(ctx, &pulumirpc.DiffRequest{
		Id: w.id, Urn: rotatingURN, Olds: w.state, OldInputs: w.inputs, News: checked.Inputs,
	})
	require.NoError(w.t, err)
	require.Empty(w.t, diff.Replaces)
	if diff.Changes != pulumirpc.DiffResponse_DIFF_SOME && !w.failed {
		w.inputs = checked.Inputs
		return nil
	}
	answer, err := w.plugin.Update(ctx, &pulumirpc.UpdateRequest{
		Id: w.id, Urn: rotatingURN, Olds: w.state, OldInputs: w.inputs, News: checked.Inputs,
	})
	if err == nil {
		w.inputs, w.state, w.failed = checked.Inputs, answer.Properties, false
		w.holds = w.text("token")
		return nil
	}
	if failed := initFailure(err); failed != nil {
		w.state, w.failed = failed.Properties, true
	}
	return err
}

// refresh does what the engine does with the resource during a refresh.
func (w *rotatingWire) refresh() error {
	read, err := w.plugin.Read(context.Background(), &pulumirpc.ReadRequest{
		Id: w.id, Urn: rotatingURN, Properties: w.state, Inputs: w.inputs,
	})
	if err != nil {
		return err
	}
	w.id, w.inputs, w.state, w.failed = read.Id, read.Inputs, read.Properties, false
	return nil
}

func initFailure(err error) *pulumirpc.ErrorResourceInitFailed {
	for _, detail := range status.Convert(err).Details() {
		if failed, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok {
			return failed
		}
	}
	return nil
}

// text returns one of the outputs.
func (w *rotatingWire) text(name resource.PropertyKey) string {
	return text(unmarshalled(w.t, w.state), name)
}

// age returns how old the current token is.
func (w *rotatingWire) age() time.Duration {
	created, err := time.Parse(time.RFC3339, w.text("timeCreated"))
	require.NoError(w.t, err)
	return w.clock.Now().Sub(created)
}

// requireOrder fails unless the dependent's value works and every token is recorded.
func (w *rotatingWire) requireOrder(when string) {
	w.t.Helper()
	works := false
	for _, token := range w.tokens() {
		works = works || token.Value == w.holds
		require.Contains(w.t, []string{w.text("tokenId"), w.text("previousTokenId")}, token.ID, "%s: nobody has recorded it", when)
	}
	require.True(w.t, works, "%s: what the dependent holds no longer works", when)
}

func TestTenYearsOfRotation(t *testing.T) {
	t.Parallel()
	// rhythms holds functions that return the days until the next "up".
	rhythms := map[string]func(*rand.Rand) float64{
		"daily":             func(*rand.Rand) float64 { return 1 },
		"monthly":           func(*rand.Rand) float64 { return 30.4 },
		"twice in a minute": func(r *rand.Rand) float64 { return []float64{1. / 2880, 10}[r.IntN(2)] },
		"months late":       func(r *rand.Rand) float64 { return []float64{1, 7, 240}[r.IntN(3)] },
	}
	faults := []emulator.Fault{
		{Operation: "CreateAuthToken", Times: 9, Drop: emulator.DropBeforeCommit},
		{Operation: "CreateAuthToken", Times: 3, Drop: emulator.DropAfterCommit},
		{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"},
		{Operation: "DeleteAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"},
		{Operation: "DeleteAuthToken", Times: 9, Drop: emulator.DropAfterCommit},
		{Operation: "ListAuthTokens", Times: 3, Status: 503},
	}
	for _, period := range []int{30, 90} {
		for name, rhythm := range rhythms {
			for _, faulty := range []bool{false, true} {
				if name == "daily" && !faulty {
					continue // these are thousands of days, so one case is enough
				}
				t.Run(fmt.Sprintf("every %d days, %s, faults %t", period, name, faulty), func(t *testing.T) {
					t.Parallel()
					if name == "daily" || !faulty {
						toolchain.Long(t)
					}
					random := rand.New(rand.NewPCG(1, uint64(period)))
					w := newRotatingWire(t)
					w.arguments = map[string]any{"rotationDays": period}
					require.NoError(t, w.up())
					began := w.clock.Now()
					rotations, tokenID := 0, w.text("tokenId")
					for w.clock.Now().Sub(began) < 3650*day {
						pause := rhythm(random)
						w.clock.advance(time.Duration(pause * float64(day)))
						w.oci.ResetJournal()
						if random.IntN(50) == 0 {
							w.another()
						}
						if random.IntN(20) == 0 {
							require.NoError(t, w.refresh())
						}
						if faulty && random.IntN(4) == 0 {
							w.oci.Inject(faults[random.IntN(len(faults))])
						}
						due := w.age() >= time.Duration(period)*day
						err := w.up()
						when := w.clock.Now().Sub(began).String()
						if err != nil {
							require.True(t, faulty, "%s: %v", when, err)
							w.oci.ClearFaults()
							w.requireOrder(when + ", after an error")
							require.NoError(t, w.up(), when)
						}
						w.oci.ClearFaults()
						w.requireOrder(when)
						rotated := w.text("tokenId") != tokenID
						require.Equal(t, due, rotated, "%s: the token was %s old", when, w.age())
						if rotated {
							tokenID = w.text("tokenId")
							rotations++
						}
						require.Less(t, w.age(), time.Duration(period)*day, when)
					}
					assert.LessOrEqual(t, rotations, 3650/period+1)
					assert.Greater(t, rotations, 10)
				})
			}
		}
	}
}

func TestAClockThatIsWrongNeverRotatesEarly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ahead     time.Duration
		arguments map[string]any
	}{
		"hours":                    {12 * time.Hour, map[string]any{"rotationDays": 30}},
		"years":                    {3 * 365 * day, map[string]any{"rotationDays": 30}},
		"years, with previousDays": {3 * 365 * day, map[string]any{"rotationDays": nil, "previousDays": 30}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRotatingStack(t, map[string]any{"rotationDays": 30})
			s.mustUp()
			s.clock.advance(31 * day)
			s.mustUp()
			s.set(test.arguments)
			s.mustUp()
			s.clock.advance(30*day - time.Hour)
			before := s.state().Outputs

			// From here on this machine's clock is wrong, and OCI's is not.
			right := s.clock
			s.clock = newTestClock()
			s.clock.advance(time.Until(right.Now().Add(test.ahead)))
			require.NoError(t, s.preview())
			assert.Empty(t, s.changes())
			s.mustUp()
			assert.Empty(t, s.changes())
			assert.Equal(t, before, s.state().Outputs)
			assert.Contains(t, s.diagnostics(), "ahead of OCI's clock: correct it")

			s.clock = right
			s.clock.advance(2 * time.Hour)
			s.mustUp()
			assert.NotEqual(t, before, s.state().Outputs, "when it is due, it is due")
		})
	}
}
