package rotatingauthtoken

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// This file decides whether a rotation is due, why, and which step comes next. It makes no calls.
//
//	revoke the previous token ──► create a token ──► wait for it to become ACTIVE
//
// The token that was current is then the previous one. It works until the next rotation begins, or for as long as previousDays and
// maxAgeDays allow. Without overlap, the current token is revoked before the new one is created.

// maxTokens is how many auth tokens OCI allows a user.
const maxTokens = 2

// With maxAgeDays, a token is current for the first quarter of that time. It then works for three more eighths, if the next rotation
// does not begin earlier. The last three eighths, 33 of 90 days, are for a "pulumi up" that comes late.
const (
	eighths          = 8
	currentForEighth = 2
	liveForEighth    = 5
)

// plan is what an update of a RotatingAuthToken has to do. It follows from the state, and is computed anew after each step.
type plan struct {
	now    time.Time
	state  State
	inputs Args
	// hidden reports whether the keys of rotateWhenChanged are part of a secret.
	hidden bool
	// others is how many other tokens the user has.
	others int
	// checked reports whether OCI was asked about the current token and knows best whether it can be used.
	checked bool
	// unlisted reports whether OCI does not show the current token, which is so new that it may be gone, or may not be shown yet.
	unlisted bool
	// created reports whether this update has created a token. rotated reports whether it has done so, or has finished a rotation that
	// an earlier update had begun. Only the next update begins another one then, because what depends on the resource has not got the
	// new value yet, and the previous one must still work.
	created, rotated bool
}

// reason is why a rotation is due. The zero value means that none is due.
type reason int

const (
	notDue reason = iota
	// lost means that there is no current token.
	lost
	// triggered means that something in rotateWhenChanged has changed.
	triggered
	// aged means that the current token is too old, or will expire soon.
	aged
)

// step is one thing to do.
type step int

const (
	nothing step = iota
	awaitActive
	revokePrevious
	revokeCurrent
	describe
	create
)

// next returns the next step. What an earlier update has begun comes first. If the current token cannot be used, a rotation revokes
// it, and keeps the previous one, which may work. If it may be gone, no token is revoked before OCI has been asked for a new one: OCI
// knows whether there is room.
func (p plan) next() step {
	rotate, live, previous := p.why() != notDue, p.state.isLive(), p.hasPrevious()
	revoke := rotate && (!p.unlisted || !p.overlap())
	switch {
	case live && !p.checked && (p.created || !p.state.IsUsable()):
		return awaitActive
	case revoke && previous && p.state.works(p.now), revoke && previous && !live && p.others > 0:
		return revokePrevious
	case revoke && live && (!p.overlap() || previous):
		return revokeCurrent
	case p.state.Description != p.inputs.Description:
		return describe // before the creation, so that a creation is the last thing that can fail
	case rotate:
		return create
	case p.previousIsOver():
		return revokePrevious
	default:
		return nothing
	}
}

// afterAwaiting returns what is left once a token that is CREATING has become ACTIVE, as a preview assumes.
func (p plan) afterAwaiting() plan {
	if p.state.State == tokens.StateCreating {
		p.state.State, p.rotated = tokens.StateActive, true
	}
	return p
}

// currentWorks reports whether the current token can be used, as far as is known.
func (p plan) currentWorks() bool { return p.state.works(p.now) && !p.unlisted }

// why returns why a rotation is due.
func (p plan) why() reason {
	switch due := p.due(); {
	case !p.state.isLive():
		return lost
	case p.rotated:
		return notDue
	case len(p.triggers()) > 0:
		return triggered
	case !due.IsZero() && !p.now.Before(due):
		return aged
	default:
		return notDue
	}
}

// triggers returns the keys of rotateWhenChanged that have changed since the last rotation.
func (p plan) triggers() []string {
	return changedKeys(p.state.RotateWhenChanged, p.inputs.RotateWhenChanged)
}

// lacksAge reports whether it is not known how old the previous token is, and that matters.
func (p plan) lacksAge() bool {
	return p.hasPrevious() && p.state.PreviousTimeCreated == nil && p.inputs.MaxAgeDays != nil
}

func (p plan) hasPrevious() bool { return p.state.PreviousTokenID != nil }

func (p plan) overlap() bool { return p.inputs.Overlap == nil || *p.inputs.Overlap }

// due returns when the current token is too old, or the zero time if it never is.
func (p plan) due() time.Time {
	share := currentForEighth
	if !p.overlap() {
		share = liveForEighth
	}
	created := p.state.Created()
	due := earlier(daysAfter(created, p.inputs.RotationDays), shareAfter(created, p.inputs.MaxAgeDays, share))
	return earlier(due, token.ExpiresSoonFrom(created, token.Time(token.OrEmpty(p.state.TimeExpires))))
}

// previousIsOver reports whether the previous token has to be revoked. It is kept as long as the current one cannot be used.
func (p plan) previousIsOver() bool { return p.whyOver() != "" }

// whyOver says why the previous token has to be revoked, or "" if it need not be.
func (p plan) whyOver() string {
	if !p.hasPrevious() || !p.currentWorks() {
		return ""
	}
	passed := func(t time.Time) bool { return !t.IsZero() && !p.now.Before(t) }
	switch days := p.inputs.PreviousDays; {
	case !p.overlap():
		return "overlap is false"
	case days != nil && *days == 0:
		return "previousDays have passed"
	case p.rotated && !p.created:
		return "" // it is the last value that was handed out
	case passed(daysAfter(p.state.Created(), days)):
		return "previousDays have passed"
	case passed(shareAfter(p.state.previousCreated(), p.inputs.MaxAgeDays, liveForEighth)):
		return fmt.Sprintf("it is %s old, and maxAgeDays is %d", inDays(p.now.Sub(p.state.previousCreated())), *p.inputs.MaxAgeDays)
	default:
		return ""
	}
}

// hasRoom reports whether there is a slot for a new token, free already or after the rotation has revoked a token of its own.
func (p plan) hasRoom() bool {
	taken := p.others
	if p.state.isLive() && p.overlap() {
		taken++
	}
	return taken < maxTokens
}

// lastPart says when a coming rotation is announced: in the last tenth of its period.
const lastPart = 10

// isDueSoon reports whether the next rotation is not due yet, but the last tenth of the period has begun.
func (p plan) isDueSoon() bool {
	due := p.due()
	return p.now.Before(due) && due.Sub(p.now) <= due.Sub(p.state.Created())/lastPart
}

// explain returns a message that says why a rotation is due.
func (p plan) explain() string {
	switch p.why() {
	case lost:
		return "a new token is due: the current one is gone"
	case triggered:
		// done leaves an empty key.
		keys := slices.DeleteFunc(p.triggers(), func(key string) bool { return key == "" })
		if p.hidden || len(keys) == 0 {
			return "a rotation is due: rotateWhenChanged has changed"
		}
		return "a rotation is due: rotateWhenChanged has changed (" + strings.Join(keys, ", ") + ")"
	case aged:
		expires := token.Time(token.OrEmpty(p.state.TimeExpires))
		if soon := token.ExpiresSoonFrom(p.state.Created(), expires); !soon.IsZero() && !p.now.Before(soon) {
			return "a rotation is due: the token expires on " + date(expires)
		}
		return fmt.Sprintf("a rotation is due: the token is %s old, and was due on %s", inDays(p.now.Sub(p.state.Created())), date(p.due()))
	case notDue:
	}
	if over := p.whyOver(); over != "" {
		return "the previous token will be revoked: " + over
	}
	return ""
}

// changedKeys returns the keys whose values differ, sorted.
func changedKeys(before, now map[string]string) []string {
	var changed []string
	for key, is := range now {
		if was, had := before[key]; !had || was != is {
			changed = append(changed, key)
		}
	}
	for key := range before {
		if _, has := now[key]; !has {
			changed = append(changed, key)
		}
	}
	slices.Sort(changed)
	return changed
}

func daysAfter(t time.Time, days *int) time.Time { return shareAfter(t, days, eighths) }

// shareAfter returns the time after some eighths of the days, or the zero time if one of the two is not known.
func shareAfter(t time.Time, days *int, share int) time.Time {
	if t.IsZero() || days == nil {
		return time.Time{}
	}
	return t.Add(time.Duration(*days) * token.Day * time.Duration(share) / eighths)
}

// earlier returns the earlier of two times. The zero time means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// inDays returns a duration in days, as people say it.
func inDays(d time.Duration) string {
	if n := d / token.Day; n != 1 {
		return fmt.Sprintf("%d days", n)
	}
	return "1 day"
}
