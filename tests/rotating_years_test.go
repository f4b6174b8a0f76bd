package tests

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
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
	return api{}.newRotatingWire(t)
}

func (a api) newRotatingWire(t *testing.T) *rotatingWire {
	t.Helper()
	w := a.newWorldOfYears(t)
	return &rotatingWire{wire: &wire{world: w, plugin: w.configured(map[string]any{"endpoint": w.url})}}
}

// another starts another plugin process, as every command does.
func (w *rotatingWire) another() { w.plugin = w.configured(map[string]any{"endpoint": w.url}) }

// up does what the engine does with the resource during an update.
func (w *rotatingWire) up() error {
	w.t.Helper()
	ctx, checked := context.Background(), w.check()
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
	if !w.changes(checked) && !w.failed {
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

// check does what the engine does first.
func (w *rotatingWire) check() *pulumirpc.CheckResponse {
	w.t.Helper()
	news := map[string]any{"userId": w.user, "description": "ci"}
	if w.domainURL != "" {
		news["domainUrl"] = w.domainURL
	}
	maps.Copy(news, w.arguments)
	checked, err := w.plugin.Check(context.Background(), &pulumirpc.CheckRequest{Urn: rotatingURN, Olds: w.inputs, News: properties(w.t, news)})
	require.NoError(w.t, err)
	require.Empty(w.t, checked.Failures)
	return checked
}

// changes reports whether an update would change something.
func (w *rotatingWire) changes(checked *pulumirpc.CheckResponse) bool {
	w.t.Helper()
	diff, err := w.plugin.Diff(context.Background(), &pulumirpc.DiffRequest{
		Id: w.id, Urn: rotatingURN, Olds: w.state, OldInputs: w.inputs, News: checked.Inputs,
	})
	require.NoError(w.t, err)
	require.Empty(w.t, diff.Replaces)
	return diff.Changes == pulumirpc.DiffResponse_DIFF_SOME
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

// calm returns how much later, within the given time, an update would still change nothing.
func (w *rotatingWire) calm(within time.Duration) time.Duration {
	w.t.Helper()
	checked := w.check()
	changesIn := func(d time.Duration) bool {
		w.clock.advance(d)
		defer w.clock.advance(-d)
		return w.changes(checked)
	}
	if !changesIn(within) {
		return within
	}
	calm, within := time.Duration(0), within
	for within-calm > time.Minute {
		if half := (calm + within) / 2; changesIn(half) {
			within = half
		} else {
			calm = half
		}
	}
	return calm
}

// row matches a row of the table in docs/guides/rotation.md that says how old a token becomes.
var row = regexp.MustCompile("(?m)^\\| every (\\w+) \\| (`.*`) \\| (\\d+) \\| (\\d+) \\|$")

// TestHowOldATokenBecomes computes the table in docs/guides/rotation.md. The updates come at the worst moments that a schedule allows.
func TestHowOldATokenBecomes(t *testing.T) {
	page, err := os.ReadFile("../docs/guides/rotation.md")
	require.NoError(t, err)
	rows := row.FindAllStringSubmatch(string(page), -1)
	require.Len(t, rows, 4)
	forEachAPI(t, func(t *testing.T, a api) {
		for _, row := range rows {
			t.Run(row[0], func(t *testing.T) {
				t.Parallel()
				if row[1] == "day" {
					toolchain.Long(t) // thousands of updates
				}
				interval := map[string]time.Duration{"day": day, "week": 7 * day, "month": 31 * day}[row[1]]
				arguments := map[string]any{}
				for _, argument := range strings.Split(strings.ReplaceAll(row[2], "`", ""), ", ") {
					name, days, _ := strings.Cut(argument, ": ")
					arguments[name], err = strconv.Atoi(days)
					require.NoError(t, err)
				}
				greatest, least := a.tenYears(t, interval, arguments)
				for said, measured := range map[string]float64{row[3]: math.Ceil(greatest), row[4]: math.Floor(least)} {
					assert.Equal(t, said, strconv.Itoa(int(measured)), "the greatest age is %.2f days, and the least overlap %.2f", greatest, least)
				}
			})
		}
	})
}

// tenYears returns the greatest age of a token and the least overlap, in days.
func (a api) tenYears(t *testing.T, interval time.Duration, arguments map[string]any) (greatest, least float64) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	faults := []emulator.Fault{
		{Operation: "CreateAuthToken", Times: 9, Drop: emulator.DropBeforeCommit},
		{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"},
		{Operation: "DeleteAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"},
		{Operation: "ListAuthTokens", Times: 3, Status: 503},
	}
	w := a.newRotatingWire(t)
	w.arguments = arguments
	require.NoError(t, w.up())
	least = math.Inf(1)
	superseded := map[string]time.Time{} // by value, when the next one was handed out
	for began := w.clock.Now(); w.clock.Now().Sub(began) < 3650*day; {
		switch random.IntN(4) {
		case 0:
			w.clock.advance(min(w.calm(interval)+time.Minute, interval))
		case 1:
			w.clock.advance(w.calm(interval))
		default:
			w.clock.advance(interval)
		}
		for _, token := range w.tokens() {
			greatest = max(greatest, w.clock.Now().Sub(token.TimeCreated).Hours()/24)
		}
		if random.IntN(10) == 0 {
			w.oci.Inject(faults[random.IntN(len(faults))])
		}
		held := w.holds
		if w.up() != nil {
			w.oci.ClearFaults()
			w.requireOrder("after an error")
			require.NoError(t, w.up())
		}
		w.oci.ClearFaults()
		w.requireOrder("after an update")
		if w.holds != held {
			superseded[held] = w.clock.Now()
		}
		for value, since := range superseded {
			if !slices.ContainsFunc(w.tokens(), func(t emulator.Token) bool { return t.Value == value }) {
				least = min(least, w.clock.Now().Sub(since).Hours()/24)
				delete(superseded, value)
			}
		}
		w.oci.ResetJournal()
	}
	return greatest, least
}

// TestAClockThatIsWrongRotatesNothing lets this machine's clock be two hours ahead of OCI's. A rotation is due by this machine's clock
// only, and OCI refuses every request that is signed more than five minutes off.
func TestAClockThatIsWrongRotatesNothing(t *testing.T) {
	t.Parallel()
	var behind atomic.Int64
	w := newWorldWith(t, emulator.Config{Clock: func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) }})
	s := newRotatingStackIn(w, map[string]any{"rotationDays": 30, "previousDays": 30})
	s.mustUp()
	s.oci.EditToken(s.user, s.output("tokenId"), func(t *emulator.Token) { t.TimeCreated = t.TimeCreated.Add(time.Hour - 30*day) })
	require.NoError(t, s.refresh())
	s.mustUp()
	before := s.state().Outputs

	behind.Store(int64(2 * time.Hour))
	s.clock.advance(2 * time.Hour)
	require.Error(t, s.up())
	assert.Contains(t, s.diagnostics(), "clock")
	assert.Equal(t, before, s.state().Outputs)
	behind.Store(0)
	s.mustUp()
	assert.NotEqual(t, before, s.state().Outputs, "when it is due, it is due")
}
