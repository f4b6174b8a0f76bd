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
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

const rotatingURN = "urn:pulumi:test::test::ociauthtoken:index:RotatingAuthToken::token"

// rotatingWire is a RotatingAuthToken at the other end of a gRPC connection, and the state that an engine records for it. It is faster
// than the real engine, which would need long for the days of ten years.
type rotatingWire struct {
	*inprocess.Plugin
	arguments map[string]any
	id        string
	inputs    *structpb.Struct
	state     *structpb.Struct
	failed    bool // the state is recorded with errors
	// holds is the value that a dependent got last.
	holds string
}

func newRotatingWire(t *testing.T, a harness.API) *rotatingWire {
	t.Helper()
	w := a.NewWorldOnOneClock(t)
	return &rotatingWire{Plugin: inprocess.NewPlugin(w)}
}

// another starts another plugin process, as every command does.
func (w *rotatingWire) another() {
	w.Client = inprocess.Configured(w.World, map[string]any{"endpoint": w.URL})
}

// Up does what the engine does with the resource during an update.
func (w *rotatingWire) Up() error {
	w.T.Helper()
	ctx, checked := context.Background(), w.check()
	if w.id == "" {
		created, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: rotatingURN, Properties: checked.Inputs})
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
	answer, err := w.Client.Update(ctx, &pulumirpc.UpdateRequest{
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
	w.T.Helper()
	news := map[string]any{"userId": w.User, "description": "ci"}
	if w.DomainURL != "" {
		news["domainUrl"] = w.DomainURL
	}
	maps.Copy(news, w.arguments)
	checked, err := w.Client.Check(context.Background(), &pulumirpc.CheckRequest{Urn: rotatingURN, Olds: w.inputs, News: harness.Properties(w.T, news)})
	require.NoError(w.T, err)
	require.Empty(w.T, checked.Failures)
	return checked
}

// changes reports whether an update would change something.
func (w *rotatingWire) changes(checked *pulumirpc.CheckResponse) bool {
	w.T.Helper()
	diff, err := w.Client.Diff(context.Background(), &pulumirpc.DiffRequest{
		Id: w.id, Urn: rotatingURN, Olds: w.state, OldInputs: w.inputs, News: checked.Inputs,
	})
	require.NoError(w.T, err)
	require.Empty(w.T, diff.Replaces)
	return diff.Changes == pulumirpc.DiffResponse_DIFF_SOME
}

// refresh does what the engine does with the resource during a refresh.
func (w *rotatingWire) refresh() error {
	read, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{
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
	return harness.Text(harness.Unmarshal(w.T, w.state), name)
}

// age returns how old the current token is.
func (w *rotatingWire) age() time.Duration {
	created, err := time.Parse(time.RFC3339, w.text("timeCreated"))
	require.NoError(w.T, err)
	return w.Clock.Now().Sub(created)
}

// requireOrder fails unless the dependent's value works and every token is recorded.
func (w *rotatingWire) requireOrder(when string) {
	w.T.Helper()
	works := false
	for _, token := range w.Tokens() {
		works = works || token.Value == w.holds
		require.Contains(w.T, []string{w.text("tokenId"), w.text("previousTokenId")}, token.ID, "%s: nobody has recorded it", when)
	}
	require.True(w.T, works, "%s: what the dependent holds no longer works", when)
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
					w := newRotatingWire(t, harness.IAM)
					w.arguments = map[string]any{"rotationDays": period}
					require.NoError(t, w.Up())
					began := w.Clock.Now()
					rotations, tokenID := 0, w.text("tokenId")
					for w.Clock.Now().Sub(began) < 3650*harness.Day {
						pause := rhythm(random)
						w.Clock.Advance(time.Duration(pause * float64(harness.Day)))
						w.OCI.ResetJournal()
						if random.IntN(50) == 0 {
							w.another()
						}
						if random.IntN(20) == 0 {
							require.NoError(t, w.refresh())
						}
						if faulty && random.IntN(4) == 0 {
							w.OCI.Inject(faults[random.IntN(len(faults))])
						}
						due := w.age() >= time.Duration(period)*harness.Day
						err := w.Up()
						when := w.Clock.Now().Sub(began).String()
						if err != nil {
							require.True(t, faulty, "%s: %v", when, err)
							w.OCI.ClearFaults()
							w.requireOrder(when + ", after an error")
							require.NoError(t, w.Up(), when)
						}
						w.OCI.ClearFaults()
						w.requireOrder(when)
						rotated := w.text("tokenId") != tokenID
						require.Equal(t, due, rotated, "%s: the token was %s old", when, w.age())
						if rotated {
							tokenID = w.text("tokenId")
							rotations++
						}
						require.Less(t, w.age(), time.Duration(period)*harness.Day, when)
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
	w.T.Helper()
	checked := w.check()
	changesIn := func(d time.Duration) bool {
		w.Clock.Advance(d)
		defer w.Clock.Advance(-d)
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
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, row := range rows {
			t.Run(row[0], func(t *testing.T) {
				t.Parallel()
				if row[1] == "day" {
					toolchain.Long(t) // thousands of updates
				}
				interval := map[string]time.Duration{"day": harness.Day, "week": 7 * harness.Day, "month": 31 * harness.Day}[row[1]]
				arguments := map[string]any{}
				for _, argument := range strings.Split(strings.ReplaceAll(row[2], "`", ""), ", ") {
					name, days, _ := strings.Cut(argument, ": ")
					arguments[name], err = strconv.Atoi(days)
					require.NoError(t, err)
				}
				greatest, least := tenYears(t, a, interval, arguments)
				for said, measured := range map[string]float64{row[3]: math.Ceil(greatest), row[4]: math.Floor(least)} {
					assert.Equal(t, said, strconv.Itoa(int(measured)), "the greatest age is %.2f days, and the least overlap %.2f", greatest, least)
				}
			})
		}
	})
}

// tenYears returns the greatest age of a token and the least overlap, in days.
func tenYears(t *testing.T, a harness.API, interval time.Duration, arguments map[string]any) (greatest, least float64) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	faults := []emulator.Fault{
		{Operation: "CreateAuthToken", Times: 9, Drop: emulator.DropBeforeCommit},
		{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"},
		{Operation: "DeleteAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"},
		{Operation: "ListAuthTokens", Times: 3, Status: 503},
	}
	w := newRotatingWire(t, a)
	w.arguments = arguments
	require.NoError(t, w.Up())
	least = math.Inf(1)
	superseded := map[string]time.Time{} // by value, when the next one was handed out
	for began := w.Clock.Now(); w.Clock.Now().Sub(began) < 3650*harness.Day; {
		switch random.IntN(4) {
		case 0:
			w.Clock.Advance(min(w.calm(interval)+time.Minute, interval))
		case 1:
			w.Clock.Advance(w.calm(interval))
		default:
			w.Clock.Advance(interval)
		}
		for _, token := range w.Tokens() {
			greatest = max(greatest, w.Clock.Now().Sub(token.TimeCreated).Hours()/24)
		}
		if random.IntN(10) == 0 {
			w.OCI.Inject(faults[random.IntN(len(faults))])
		}
		held := w.holds
		if w.Up() != nil {
			w.OCI.ClearFaults()
			w.requireOrder("after an error")
			require.NoError(t, w.Up())
		}
		w.OCI.ClearFaults()
		w.requireOrder("after an update")
		if w.holds != held {
			superseded[held] = w.Clock.Now()
		}
		for value, since := range superseded {
			if !slices.ContainsFunc(w.Tokens(), func(t emulator.Token) bool { return t.Value == value }) {
				least = min(least, w.Clock.Now().Sub(since).Hours()/24)
				delete(superseded, value)
			}
		}
		w.OCI.ResetJournal()
	}
	return greatest, least
}

// TestAClockThatIsWrongRotatesNothing lets this machine's clock be two hours ahead of OCI's. A rotation is due by this machine's clock
// only, and OCI refuses every request that is signed more than five minutes off.
func TestAClockThatIsWrongRotatesNothing(t *testing.T) {
	t.Parallel()
	var behind atomic.Int64
	w := harness.NewWorldWith(t, emulator.Config{Clock: func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) }})
	s := newRotatingStackIn(w, map[string]any{"rotationDays": 30, "previousDays": 30})
	s.MustUp()
	s.OCI.EditToken(s.User, s.output("tokenId"), func(t *emulator.Token) { t.TimeCreated = t.TimeCreated.Add(time.Hour - 30*harness.Day) })
	require.NoError(t, s.Refresh())
	s.MustUp()
	before := s.state().Outputs

	behind.Store(int64(2 * time.Hour))
	s.Clock.Advance(2 * time.Hour)
	require.Error(t, s.Up())
	assert.Contains(t, s.Diagnostics(), "clock")
	assert.Equal(t, before, s.state().Outputs)
	behind.Store(0)
	s.MustUp()
	assert.NotEqual(t, before, s.state().Outputs, "when it is due, it is due")
}
