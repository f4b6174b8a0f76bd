package provider

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var begin = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// after returns a rotation some days after the current token was created, with overlap and room for a new token.
func after(days float64, change func(*rotation)) rotation {
	r := rotation{
		now: begin.Add(time.Duration(days * 24 * float64(time.Hour))), created: begin, current: true, overlap: true,
		rotationDays: new(30),
	}
	if change != nil {
		change(&r)
	}
	return r
}

// steps returns the steps that a rotation takes until there is nothing more to do.
func steps(r rotation) []step {
	var taken []step
	for s := r.next(); s != nothing && len(taken) < 20; s = r.next() {
		taken = append(taken, s)
		r = r.took(s, r.now)
	}
	return taken
}

func TestWhatIsDueAndWhichStepsFollow(t *testing.T) {
	t.Parallel()
	type do = []step
	for name, test := range map[string]struct {
		r     rotation
		why   reason
		steps do
	}{
		"nothing":           {after(29.9, nil), notDue, nil},
		"due to the second": {after(30, nil), aged, do{create, awaitActive}},
		"months late":       {after(240, nil), aged, do{create, awaitActive}},
		"with a previous one": {
			after(30, func(r *rotation) { r.previous = true }), aged, do{revokePrevious, create, awaitActive},
		},
		"never by time":               {after(9999, func(r *rotation) { r.rotationDays = nil }), notDue, nil},
		"the age is not known":        {after(9999, func(r *rotation) { r.created = time.Time{} }), notDue, nil},
		"a clock before the creation": {after(-3650, nil), notDue, nil},
		"triggered": {
			after(1, func(r *rotation) { r.changed, r.previous = []string{"leak"}, true }), triggered,
			do{revokePrevious, create, awaitActive},
		},
		"triggered and due: once": {
			after(40, func(r *rotation) { r.changed = []string{"leak"} }), triggered, do{create, awaitActive},
		},
		"the previous one is revoked at once": {
			after(30, func(r *rotation) { r.previous, r.previousDays = true, new(0) }), aged,
			do{revokePrevious, create, awaitActive, revokePrevious},
		},
		"the previous one is not over": {after(6.9, func(r *rotation) { r.previous, r.previousDays = true, new(7) }), notDue, nil},
		"the previous one is over": {
			after(7, func(r *rotation) { r.previous, r.previousDays = true, new(7) }), notDue, do{revokePrevious},
		},
		"the previous one is over, but the current one is not ACTIVE": {
			after(7, func(r *rotation) { r.previous, r.previousDays, r.pending = true, new(7), true }), notDue,
			do{awaitActive, revokePrevious},
		},
		"begun and not finished: revoked": {after(31, nil), aged, do{create, awaitActive}},
		"begun and not finished: created": {
			after(0, func(r *rotation) { r.previous, r.pending = true, true }), notDue, do{awaitActive},
		},
		"the current one is lost": {
			after(3, func(r *rotation) { r.current, r.previous = false, true }), lost, do{create, awaitActive},
		},
		"the current one is lost, and its slot is taken": {
			after(3, func(r *rotation) { r.current, r.previous, r.foreign = false, true, 1 }), lost,
			do{revokePrevious, create, awaitActive},
		},
		"without overlap": {
			after(30, func(r *rotation) { r.overlap, r.foreign = false, 1 }), aged, do{revokeCurrent, create, awaitActive},
		},
		"without overlap, with a previous one from before": {
			after(30, func(r *rotation) { r.overlap, r.previous = false, true }), aged,
			do{revokePrevious, revokeCurrent, create, awaitActive},
		},
		"without overlap, begun and not finished": {
			after(3, func(r *rotation) { r.overlap, r.current = false, false }), lost, do{create, awaitActive},
		},
		"overlap switched off is no reason": {after(3, func(r *rotation) { r.overlap, r.previous = false, true }), notDue, nil},
		"a description":                     {after(3, func(r *rotation) { r.describe = true }), notDue, do{describe}},
		"a description and a rotation": {
			after(30, func(r *rotation) { r.describe = true }), aged, do{create, awaitActive, describe},
		},
	} {
		assert.Equal(t, test.why, test.r.why(), name)
		assert.Equal(t, test.steps, steps(test.r), name)
		assert.Equal(t, test.why != notDue || test.r.previousIsOver(), test.r.explain() != "", name)
	}
}

// TestARotationInterruptedAnywhereGoesOnAndEnds lets each step fail once. The next update begins where the last one stopped.
func TestARotationInterruptedAnywhereGoesOnAndEnds(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]rotation{
		"by time":      after(30, func(r *rotation) { r.previous = true }),
		"at once":      after(30, func(r *rotation) { r.previous, r.previousDays = true, new(0) }),
		"by a trigger": after(2, func(r *rotation) { r.changed = []string{"a"}; r.previous = true }),
		"one slot":     after(30, func(r *rotation) { r.overlap = false }),
	} {
		whole := steps(r)
		for interrupted := range whole {
			taken, rest := whole[:interrupted], r
			for _, s := range taken {
				rest = rest.took(s, rest.now)
			}
			assert.Equal(t, whole[interrupted:], steps(rest), "%s, after %d steps", name, interrupted)
		}
	}
}

func TestRoomForARotation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		r    rotation
		want bool
	}{
		"the other slot is free":          {after(30, nil), true},
		"the other slot is ours":          {after(30, func(r *rotation) { r.previous = true }), true},
		"the other slot is not ours":      {after(30, func(r *rotation) { r.foreign = 1 }), false},
		"one slot is enough":              {after(30, func(r *rotation) { r.foreign, r.overlap = 1, false }), true},
		"ours is gone, one is not ours":   {after(30, func(r *rotation) { r.foreign, r.current = 1, false }), true},
		"ours is gone, both are not ours": {after(30, func(r *rotation) { r.foreign, r.current = 2, false }), false},
		"one slot, and both are not ours": {after(30, func(r *rotation) { r.foreign, r.current, r.overlap = 2, false, false }), false},
	} {
		assert.Equal(t, test.want, test.r.hasRoom(), name)
	}
}

func TestARotationIsAnnouncedInTheLastTenth(t *testing.T) {
	t.Parallel()
	for days, want := range map[float64]bool{0: false, 26.9: false, 27: true, 29.9: true, 30: false, 300: false} {
		assert.Equal(t, want, after(days, nil).comesUp(), "after %g days", days)
	}
	assert.False(t, after(29, func(r *rotation) { r.rotationDays = nil }).comesUp())
}
