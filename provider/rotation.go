package provider

import (
	"fmt"
	"strings"
	"time"
)

// This file decides whether a rotation is due, why, and which step comes next. It makes no calls.
//
//	revoke the previous token ──► create a token ──► wait for it to become ACTIVE
//
// The token that was current is then the previous one. It works until the next rotation begins or previousDays have passed. Without
// overlap, the current token is revoked before the new one is created.

// slotsPerUser is how many auth tokens OCI allows a user.
const slotsPerUser = 2

// lastPart says when a coming rotation is announced: in the last tenth of its period.
const lastPart = 10

// rotation is the current state of a RotatingAuthToken, and what its arguments ask for.
type rotation struct {
	// now is the earlier of OCI's time and this machine's, so that a rotation is due only if both clocks say so.
	now time.Time
	// created is when the current token was created. Zero means that the state does not say.
	created time.Time
	// current and previous report whether these tokens exist. There is no current one if it was deleted outside of Pulumi, or by a
	// rotation without overlap that then failed.
	current, previous bool
	// pending reports whether the current token has to become ACTIVE: it was not ACTIVE when it was last seen.
	pending bool
	// unusable reports whether OCI was asked about the current token and it cannot be used.
	unusable bool
	// foreign is how many other tokens the user has.
	foreign int
	// changed lists the keys of rotateWhenChanged that have changed since the last rotation.
	changed []string
	// hidden reports whether the keys are part of a secret.
	hidden bool
	// describe reports whether the description of existing tokens has to be changed.
	describe bool

	rotationDays, previousDays *int
	overlap                    bool
}

// reason is why a rotation is due. The zero value means that none is due.
type reason int

const (
	notDue reason = iota
	// lost means that there is no current token.
	lost
	// triggered means that something in rotateWhenChanged has changed.
	triggered
	// aged means that the current token is rotationDays old.
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

// due returns when rotationDays make the next rotation due, or the zero time if they never do.
func (r rotation) due() time.Time { return daysAfter(r.created, r.rotationDays) }

// previousEnds returns when previousDays have passed, or the zero time if the previous token stays until the next rotation.
func (r rotation) previousEnds() time.Time { return daysAfter(r.created, r.previousDays) }

// previousIsOver reports whether previousDays have passed, so that the previous token has to be revoked. It is kept as long as the
// current one cannot be used.
func (r rotation) previousIsOver() bool {
	if !r.previous || !r.current || r.pending || r.unusable || r.previousDays == nil {
		return false
	}
	if *r.previousDays == 0 {
		return true // even if the clocks disagree
	}
	return !r.created.IsZero() && !r.now.Before(r.previousEnds())
}

func daysAfter(t time.Time, days *int) time.Time {
	if t.IsZero() || days == nil {
		return time.Time{}
	}
	return t.AddDate(0, 0, *days)
}

// comesUp reports whether the next rotation is not due yet, but the last tenth of the period has begun.
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

// took returns the rotation after a step has succeeded. If the step created a token, it was created now.
func (r rotation) took(s step, now time.Time) rotation {
	switch s {
	case revokePrevious:
		r.previous = false
	case revokeCurrent:
		r.current = false
	case create:
		// The current token becomes the previous one. If there was no current token, the previous one stays.
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

// hasRoom reports whether there is a slot for a new token, free already or after the rotation has revoked a token of its own.
func (r rotation) hasRoom() bool {
	taken := r.foreign
	if r.current && r.overlap {
		taken++
	}
	return taken < slotsPerUser
}

// explain returns a message that says why a rotation is due.
func (r rotation) explain() string {
	switch r.why() {
	case lost:
		return "a new token is due: the current one is gone"
	case triggered:
		if r.hidden {
			return "a rotation is due: rotateWhenChanged has changed"
		}
		return "a rotation is due: rotateWhenChanged has changed (" + strings.Join(r.changed, ", ") + ")"
	case aged:
		return fmt.Sprintf("a rotation is due: the token is %s old, and was due on %s", days(r.now.Sub(r.created)), date(r.due()))
	case notDue:
	}
	if r.previousIsOver() {
		return "the previous token will be revoked: previousDays have passed"
	}
	return ""
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// days returns a duration in days, as people say it.
func days(d time.Duration) string {
	n := int(d / (24 * time.Hour))
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
