package provider

import (
	"fmt"
	"strings"
	"time"
)

// This file decides about rotations: what is due, why, and which step comes next. It makes no calls.
//
//	revoke the previous token ──► create a token ──► wait for it to become ACTIVE
//
// Then the token that was current is the previous one, and works until the next rotation begins or previousDays are over.
// Without overlap, the current token is revoked before the new one is created.

// slotsPerUser is how many auth tokens OCI lets a user have.
const slotsPerUser = 2

// lastPart is the share of a period at the end of which a person is told that a rotation comes up.
const lastPart = 10

// rotation is where one RotatingAuthToken stands, and what is wanted of it.
type rotation struct {
	// now is the time. A rotation is due by time only if it is due by OCI's clock and by this machine's.
	now time.Time
	// created is when the current token was created. Zero means that the state does not say.
	created time.Time
	// current and previous report whether there are such tokens. The current one is missing after it was deleted outside of
	// Pulumi, or by a rotation without overlap that got no further.
	current, previous bool
	// pending reports whether the current token still has to become ACTIVE, or was not when it was seen last.
	pending bool
	// unusable reports whether it was looked at, and cannot be used.
	unusable bool
	// foreign is how many tokens the user has besides these two.
	foreign int
	// changed are the keys of rotateWhenChanged that have changed since the last rotation.
	changed []string
	// describe reports whether the description has to be changed on the tokens that there are.
	describe bool

	rotationDays, previousDays *int
	overlap                    bool
}

// reason is why a rotation is due. The zero value means that it is not.
type reason int

const (
	notDue reason = iota
	// lost: there is no current token.
	lost
	// triggered: something in rotateWhenChanged has changed.
	triggered
	// aged: the current token is rotationDays old.
	aged
)

// step is one thing to do.
type step int

const (
	nothing step = iota
	revokePrevious
	revokeCurrent
	create
	awaitActive
	describe
)

// why returns why a rotation is due.
func (r rotation) why() reason {
	switch {
	case !r.current:
		return lost
	case len(r.changed) > 0:
		return triggered
	case !r.due().IsZero() && !r.now.Before(r.due()):
		return aged
	default:
		return notDue
	}
}

// due returns when the next rotation is due by time, or zero if it never is.
func (r rotation) due() time.Time { return daysAfter(r.created, r.rotationDays) }

// previousEnds returns when the previous token is to be revoked, or zero if that comes with the next rotation.
func (r rotation) previousEnds() time.Time { return daysAfter(r.created, r.previousDays) }

// previousIsOver reports whether the previous token has outlived previousDays. It is kept as long as the current one cannot
// be used.
func (r rotation) previousIsOver() bool {
	if !r.previous || !r.current || r.pending || r.unusable || r.previousDays == nil {
		return false
	}
	if *r.previousDays == 0 {
		return true // whatever the clocks say
	}
	return !r.created.IsZero() && !r.now.Before(r.previousEnds())
}

func daysAfter(t time.Time, days *int) time.Time {
	if t.IsZero() || days == nil {
		return time.Time{}
	}
	return t.AddDate(0, 0, *days)
}

// comesUp reports whether the next rotation is not due yet, but will be within the last tenth of its period.
func (r rotation) comesUp() bool {
	due := r.due()
	if due.IsZero() || !r.now.Before(due) {
		return false
	}
	return due.Sub(r.now) <= due.Sub(r.created)/lastPart
}

// next returns the next step.
func (r rotation) next() step {
	rotate := r.why() != notDue
	switch {
	case rotate && r.previous && (r.current || !r.overlap || r.foreign > 0):
		return revokePrevious
	case rotate && r.current && !r.overlap:
		return revokeCurrent
	case rotate:
		return create
	case r.pending:
		return awaitActive
	case r.previousIsOver():
		return revokePrevious
	case r.describe:
		return describe
	default:
		return nothing
	}
}

// took returns the rotation after a step was taken. A token that was created was created now, by OCI's time.
func (r rotation) took(s step, now time.Time) rotation {
	switch s {
	case revokePrevious:
		r.previous = false
	case revokeCurrent:
		r.current = false
	case create:
		// Only a current token that this rotation replaces becomes the previous one: where it was gone, the one before it stays.
		r.previous = r.previous || r.current
		r.current, r.pending, r.unusable, r.changed, r.created = true, true, false, nil, now
	case awaitActive:
		r.pending = false
	case describe:
		r.describe = false
	case nothing:
	}
	return r
}

// hasRoom reports whether a rotation finds a slot that is free, or that it may free.
func (r rotation) hasRoom() bool {
	taken := r.foreign
	if r.current && r.overlap {
		taken++
	}
	return taken < slotsPerUser
}

// explain says why a rotation is due, for the person at the terminal.
func (r rotation) explain() string {
	switch r.why() {
	case lost:
		return "a new token is due: the current one is gone"
	case triggered:
		return "a rotation is due: rotateWhenChanged has changed (" + strings.Join(r.changed, ", ") + ")"
	case aged:
		return fmt.Sprintf("a rotation is due: the token is %s old, and was due on %s", days(r.now.Sub(r.created)), date(r.due()))
	case notDue:
	}
	if r.previousIsOver() {
		return "the previous token is to be revoked: its time is over"
	}
	return ""
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// days says how long something has lasted.
func days(d time.Duration) string {
	n := int(d / (24 * time.Hour))
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
