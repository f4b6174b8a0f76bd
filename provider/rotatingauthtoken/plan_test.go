package rotatingauthtoken

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

var begin = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func at(days float64) time.Time { return begin.Add(time.Duration(days * float64(token.Day))) }

// after returns a plan some days after the current token was created.
func after(days float64, changes ...func(*plan)) plan {
	args := Args{Owner: token.Owner{UserID: "u"}, Description: "ci", RotationDays: new(30)}
	p := plan{now: at(days), inputs: args, state: State{
		Args: args, TokenID: new("current"), Token: new("value"),
		Outputs: token.Outputs{State: tokens.StateActive, TimeCreated: tokens.RFC3339(begin)},
	}}
	for _, change := range changes {
		change(&p)
	}
	return p
}

// hasOlder gives the resource a previous token, which was created some days before the current one.
func hasOlder(days float64) func(*plan) {
	return func(p *plan) {
		p.state.PreviousTokenID, p.state.PreviousTimeCreated = new("previous"), new(tokens.RFC3339(at(-days)))
	}
}

var previous = hasOlder(30)

func endsAfter(days int) func(*plan) { return func(p *plan) { p.inputs.PreviousDays = &days } }
func gone(p *plan)                   { p.state = p.state.withoutCurrent() }
func pending(p *plan)                { p.state.State = tokens.StateCreating }
func unusable(p *plan)               { p.state.State, p.checked = tokens.StateInactive, true }
func single(p *plan)                 { p.inputs.Overlap = new(false) }
func others(p *plan)                 { p.others = 1 }
func leaked(p *plan)                 { p.inputs.RotateWhenChanged = map[string]string{"leak": "yes"} }
func described(p *plan)              { p.inputs.Description = "new" }
func never(p *plan)                  { p.inputs.RotationDays = nil }
func atMost90(p *plan)               { p.inputs.RotationDays, p.inputs.MaxAgeDays = nil, new(90) }
func expiring(days float64) func(*plan) {
	return func(p *plan) { p.state.TimeExpires = new(tokens.RFC3339(at(days))) }
}

// stepsOf returns the steps that a preview takes until there is nothing more to do, and the state after them.
func stepsOf(t *testing.T, p plan) (taken []step, after State) {
	t.Helper()
	run := &update{plan: p, dryRun: true, listed: true}
	for s := run.next(); s != nothing && len(taken) < 20; s = run.next() {
		taken = append(taken, s)
		require.NoError(t, run.take(context.Background(), s))
	}
	return taken, run.state
}

func TestWhatIsDueAndWhichStepsFollow(t *testing.T) {
	t.Parallel()
	type do = []step
	for name, test := range map[string]struct {
		plan  plan
		why   reason
		steps do
	}{
		"nothing":                     {after(29.9), notDue, nil},
		"due to the second":           {after(30), aged, do{create, awaitActive}},
		"months late":                 {after(240), aged, do{create, awaitActive}},
		"with a previous one":         {after(30, previous), aged, do{revokePrevious, create, awaitActive}},
		"never by time":               {after(9999, never), notDue, nil},
		"the age is not known":        {after(9999, func(p *plan) { p.state.TimeCreated = "" }), notDue, nil},
		"a clock before the creation": {after(-3650), notDue, nil},
		"triggered":                   {after(1, leaked, previous), triggered, do{revokePrevious, create, awaitActive}},
		"triggered and due: once":     {after(40, leaked), triggered, do{create, awaitActive}},

		"the previous one is revoked at once": {
			after(30, previous, endsAfter(0)), aged, do{revokePrevious, create, awaitActive, revokePrevious},
		},
		"the previous one is not over": {after(6.9, previous, endsAfter(7)), notDue, nil},
		"the previous one is over":     {after(7, previous, endsAfter(7)), notDue, do{revokePrevious}},

		"begun: revoked":                             {after(31), aged, do{create, awaitActive}},
		"begun: created":                             {after(0, previous, pending), notDue, do{awaitActive}},
		"begun, and due again":                       {after(31, previous, pending), aged, do{awaitActive}},
		"begun, and triggered again":                 {after(1, previous, pending, leaked), triggered, do{awaitActive}},
		"begun, and previousDays have passed":        {after(7, previous, pending, endsAfter(7)), notDue, do{awaitActive}},
		"begun, and the previous one ends at once":   {after(7, previous, pending, endsAfter(0)), notDue, do{awaitActive, revokePrevious}},
		"the new one cannot be used":                 {after(7, previous, unusable, endsAfter(7)), notDue, nil},
		"the new one cannot be used, triggered":      {after(7, previous, unusable, leaked), triggered, do{revokeCurrent, create, awaitActive}},
		"it cannot be used, and is the only one":     {after(7, unusable, leaked), triggered, do{create, awaitActive}},
		"it cannot be used, triggered and described": {after(7, previous, unusable, leaked, described), triggered, do{revokeCurrent, describe, create, awaitActive}},

		"lost":                           {after(3, previous, gone), lost, do{create, awaitActive}},
		"lost, and its slot is taken":    {after(3, previous, gone, others), lost, do{revokePrevious, create, awaitActive}},
		"lost, without overlap":          {after(3, previous, gone, single), lost, do{create, awaitActive, revokePrevious}},
		"without overlap":                {after(30, single, others), aged, do{revokeCurrent, create, awaitActive}},
		"without overlap, begun":         {after(3, single, gone), lost, do{create, awaitActive}},
		"without overlap, with previous": {after(30, single, previous), aged, do{revokePrevious, revokeCurrent, create, awaitActive}},
		"overlap switched off":           {after(3, single, previous), notDue, do{revokePrevious}},

		"a description":                    {after(3, described), notDue, do{describe}},
		"a description and a rotation":     {after(30, described, previous), aged, do{revokePrevious, describe, create, awaitActive}},
		"a description, and it is pending": {after(3, described, pending), notDue, do{awaitActive, describe}},

		"at most 90 days: a quarter":     {after(22.4, atMost90), notDue, nil},
		"at most 90 days: due":           {after(22.5, atMost90), aged, do{create, awaitActive}},
		"at most 90 days: the previous":  {after(22.4, atMost90, hasOlder(33.8)), notDue, nil},
		"at most 90 days: it is over":    {after(22.4, atMost90, hasOlder(33.9)), notDue, do{revokePrevious}},
		"at most 90 days: far too late":  {after(57, atMost90), aged, do{create, awaitActive, revokePrevious}},
		"at most 90 days, single":        {after(56.2, atMost90, single), notDue, nil},
		"at most 90 days, single: due":   {after(56.25, atMost90, single), aged, do{revokeCurrent, create, awaitActive}},
		"at most 90 days, begun":         {after(30, atMost90, hasOlder(33.9), pending), aged, do{awaitActive}},
		"what comes first":               {after(22.5, atMost90, func(p *plan) { p.inputs.RotationDays = new(60) }), aged, do{create, awaitActive}},
		"it expires in more than a week": {after(22.9, expiring(30)), notDue, nil},
		"it expires in a week":           {after(23, expiring(30)), aged, do{create, awaitActive}},
		"it expires, and nothing else":   {after(23, expiring(30), never), aged, do{create, awaitActive}},
		"it has expired":                 {after(300, expiring(30), never), aged, do{create, awaitActive}},
		"it has expired, not the other":  {after(300, expiring(30), never, previous), aged, do{revokeCurrent, create, awaitActive}},
	} {
		taken, state := stepsOf(t, test.plan)
		assert.Equal(t, test.why, test.plan.why(), name)
		assert.Equal(t, test.steps, taken, name)
		assert.Equal(t, test.why != notDue || test.plan.previousIsOver(), test.plan.explain() != "", name)
		if len(taken) > 0 {
			assert.Equal(t, test.plan.inputs.Description, state.Description, name)
			again := test.plan
			again.state, again.checked = state, true
			if rest, _ := stepsOf(t, again); again.why() == notDue && !again.previousIsOver() {
				assert.Empty(t, rest, "%s: finished", name)
			}
		}
	}
}

// TestARotationInterruptedAnywhereGoesOnAndEnds lets each step fail once. The next update begins where the last one stopped.
func TestARotationInterruptedAnywhereGoesOnAndEnds(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]plan{
		"by time":              after(30, previous),
		"at once":              after(30, previous, endsAfter(0)),
		"by a trigger":         after(2, previous, leaked),
		"one slot":             after(30, single),
		"described":            after(30, previous, described),
		"the one cannot work":  after(30, previous, unusable),
		"at most so many days": after(40, previous, atMost90),
	} {
		whole, end := stepsOf(t, p)
		for interrupted := range whole {
			run := &update{plan: p, dryRun: true, listed: true}
			for _, s := range whole[:interrupted] {
				require.NoError(t, run.take(context.Background(), s))
			}
			rest := p
			if rest.state = run.state; run.created {
				rest.state.State, rest.checked = tokens.StateCreating, false
			}
			taken, state := stepsOf(t, rest)
			assert.Equal(t, end, state, "%s, after %d steps", name, interrupted)
			created := 0
			for _, s := range append(whole[:interrupted:interrupted], taken...) {
				if s == create {
					created++
				}
			}
			assert.Equal(t, 1, created, "%s, after %d steps", name, interrupted)
		}
	}
}

func TestRoomForARotation(t *testing.T) {
	t.Parallel()
	both := func(p *plan) { p.others = 2 }
	for name, test := range map[string]struct {
		plan plan
		want bool
	}{
		"the other slot is free":          {after(30), true},
		"the other slot is ours":          {after(30, previous), true},
		"the other slot is not ours":      {after(30, others), false},
		"one slot is enough":              {after(30, others, single), true},
		"ours is gone, one is not ours":   {after(30, others, gone), true},
		"ours is gone, both are not ours": {after(30, both, gone), false},
		"one slot, and both are not ours": {after(30, both, single, gone), false},
	} {
		assert.Equal(t, test.want, test.plan.hasRoom(), name)
	}
}

func TestARotationIsAnnouncedInTheLastTenth(t *testing.T) {
	t.Parallel()
	for days, want := range map[float64]bool{0: false, 26.9: false, 27: true, 29.9: true, 30: false, 300: false} {
		assert.Equal(t, want, after(days).isDueSoon(), "after %g days", days)
	}
	assert.False(t, after(29, never).isDueSoon())
}
