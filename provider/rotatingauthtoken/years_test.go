package rotatingauthtoken_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

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
					w := newRotatingPlugin(t, harness.IAM)
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
func (w *rotatingPlugin) calm(within time.Duration) time.Duration {
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
	page := toolchain.ReadFile(t, "docs/guides/rotation.md")
	rows := row.FindAllStringSubmatch(page, -1)
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
					number, err := strconv.Atoi(days)
					require.NoError(t, err)
					arguments[name] = number
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
	w := newRotatingPlugin(t, a)
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
