package rotatingauthtoken

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// This file carries out one update of a RotatingAuthToken: the steps that rotation.go decides on, and what is recorded if one of them
// fails. A preview takes the same steps, and calls OCI only to read.

// rotating is one update while it runs.
type rotating struct {
	*RotatingAuthToken
	plan

	dryRun bool
	user   *identity.User
	wish   identity.Wish
	// from is the state that was recorded before the update. changed reports whether the state differs from it.
	from    State
	changed bool
	// looked reports whether OCI was asked for the user's tokens.
	looked bool
	// unsettled reports whether OCI may have created a token that the state does not have.
	unsettled bool
}

// goOn begins an update. If an error hook repeats an update, with the same state and arguments, goOn continues the earlier one.
func (r *RotatingAuthToken) goOn(
	ctx context.Context, req infer.UpdateRequest[Args, State],
) *rotating {
	state := req.State.held(req.ID, req.Inputs)
	run := &rotating{
		RotatingAuthToken: r, plan: r.planned(ctx, state, req.Inputs), dryRun: req.DryRun, from: req.State,
		wish: identity.Wish{For: string(infermend.CallOf(ctx).URN) + "#" + token.OrEmpty(state.TokenID), Description: req.Inputs.Description},
	}
	if begun, ok := r.begun.Load(run.wish); ok && !req.DryRun {
		before := begun.(*rotating)
		if reflect.DeepEqual(before.from, run.from) && reflect.DeepEqual(before.inputs, run.inputs) {
			run.state, run.created, run.turned, run.changed = before.state, before.created, before.turned, before.changed
		}
		run.looked = before.unsettled // the token that it may have created must not count as someone else's
	}
	return run
}

// steps takes one step after the other, until nothing is left to do.
func (run *rotating) steps(ctx context.Context) error {
	for {
		next := run.next()
		switch {
		case next != awaitActive && !run.looked && (run.why() != notDue || run.previousIsOver() || run.lacksAge()):
			run.looked = true
			if err := run.look(ctx); err != nil {
				return err
			}
		case next == nothing:
			return nil
		default:
			if err := run.take(ctx, next); err != nil {
				return err
			}
			run.changed = true
		}
	}
}

// look asks OCI for the user's tokens. It returns an error if there is no room for a new token that is due, so that the resource's own
// tokens are not revoked in vain.
func (run *rotating) look(ctx context.Context) error {
	for _, view := range []identity.View{identity.Written, identity.Home} {
		found, err := run.find(ctx, run.user, run.state, view, run.user.FindToken)
		if err != nil {
			return fmt.Errorf("%s, and nothing was changed: %w", run.explain(), err)
		}
		if found.previous != nil && run.state.PreviousTimeCreated == nil && !found.previous.TimeCreated.IsZero() {
			run.state.PreviousTimeCreated = new(identity.RFC3339(found.previous.TimeCreated))
		}
		if found.currentGone {
			run.state, run.changed = run.state.withoutCurrent(), true
		}
		strangers := found.strangers(run.state)
		run.foreign = len(strangers)
		if run.why() == notDue || run.hasRoom() {
			return nil
		}
		if view == identity.Home {
			return noRoom(run.plan, run.user, strangers)
		}
	}
	return nil
}

// take takes one step and updates the state.
func (run *rotating) take(ctx context.Context, next step) error {
	switch next {
	case awaitActive:
		current, err := run.await(ctx)
		run.state, run.asked = run.state.seen(current), true
		if err != nil {
			return run.state.finished(err)
		}
		run.turned = run.turned || run.state.IsUsable()
	case revokePrevious:
		if err := run.revoke(ctx, "previous", run.state.PreviousTokenID, run.state.previousCreated()); err != nil {
			return err
		}
		run.state = run.state.withoutPrevious()
	case revokeCurrent:
		if err := run.revoke(ctx, "current", run.state.TokenID, run.state.Created()); err != nil {
			return err
		}
		run.state = run.state.withoutCurrent()
	case describe:
		if err := run.describe(ctx); err != nil {
			return err
		}
		run.state.Description = run.inputs.Description
	case create:
		created, err := run.create(ctx)
		if err != nil {
			return err
		}
		if run.state.isLive() {
			run.state = run.state.demoted()
		}
		run.state.RotateWhenChanged = run.inputs.RotateWhenChanged
		run.state, run.created, run.turned, run.asked = run.state.holding(created), true, true, false
	case nothing:
	}
	return nil
}

func (run *rotating) revoke(ctx context.Context, which string, id *string, created time.Time) error {
	if run.dryRun {
		return nil
	}
	p.GetLogger(ctx).InfoStatusf("revoking the %s token %s", which, token.OrEmpty(id))
	return run.user.DeleteToken(ctx, token.OrEmpty(id), created)
}

func (run *rotating) create(ctx context.Context) (identity.AuthToken, error) {
	if run.dryRun {
		return identity.AuthToken{State: identity.StateActive, TimeCreated: run.now}, nil
	}
	created, err := run.user.CreateToken(ctx, run.wish)
	unsettled := (*identity.Unsettled)(nil)
	run.unsettled = errors.As(err, &unsettled)
	return created, err
}

// await waits for the current token to become ACTIVE. If it was not new when it was last seen, await reads it again first. A preview
// assumes that a new token will become ACTIVE.
func (run *rotating) await(ctx context.Context) (identity.AuthToken, error) {
	current := identity.AuthToken{ID: token.OrEmpty(run.state.TokenID), State: run.state.State}
	if !run.created && current.State != identity.StateCreating {
		found, _, err := run.user.FindToken(ctx, current.ID, run.state.Created())
		if err != nil || found == nil {
			return current, err
		}
		current = *found
	}
	if run.dryRun {
		if current.State == identity.StateCreating {
			current.State = identity.StateActive
		}
		return current, nil
	}
	return run.user.AwaitActive(ctx, current)
}

// describe changes the description on both tokens.
func (run *rotating) describe(ctx context.Context) error {
	if run.dryRun {
		return nil
	}
	if run.state.isLive() {
		current, err := run.user.UpdateToken(ctx, token.OrEmpty(run.state.TokenID), run.inputs.Description)
		if err != nil {
			return token.ExplainGone(err)
		}
		run.state, run.changed = run.state.seen(current), true
	}
	if !run.hasPrevious() {
		return nil
	}
	id, created := token.OrEmpty(run.state.PreviousTokenID), run.state.previousCreated()
	_, err := run.user.UpdateToken(ctx, id, run.inputs.Description)
	if !identity.IsNotFound(err) {
		return err
	}
	// The caller may only lack a permission. A token that still exists stays in the state.
	_, gone, failure := run.user.FindToken(ctx, id, created)
	switch {
	case failure != nil:
		return fmt.Errorf("%w; the check whether the token still exists failed too: %w", err, failure)
	case !gone:
		return err
	}
	p.GetLogger(ctx).Warningf("the previous token %s is gone", id)
	run.state = run.state.withoutPrevious()
	return nil
}

// stuck returns the error of an update that failed half-way. If the state has changed, the error makes the engine record it.
func (run *rotating) stuck(err error) error {
	if run.dryRun {
		return err
	}
	run.begun.Delete(run.wish)
	if run.changed || run.unsettled {
		run.begun.Store(run.wish, run)
	}
	var failed infer.ResourceInitFailedError
	if !run.changed || errors.As(err, &failed) {
		return err
	}
	works := "The current token still works"
	switch {
	case run.state.isLive() && run.state.IsUsable():
	case run.hasPrevious():
		works = "The previous token still works"
	default:
		works = "There is no working token until the next \"pulumi up\""
	}
	return infer.ResourceInitFailedError{Reasons: []string{fmt.Sprintf("%v. %s. The tokens that exist are in the state, and the next "+
		"\"pulumi up\" continues the update", err, works)}}
}

// done returns the state with the new arguments. What is a reason for the rotation that the next update begins must still differ then.
func (run *rotating) done() State {
	waits := len(run.triggers()) > 0
	run.state.Args = run.inputs
	if waits {
		run.state.RotateWhenChanged = map[string]string{"": "finished an earlier rotation"}
	}
	return run.state.dated()
}

// mayChange returns the names of the outputs that a preview cannot tell because an argument is not known yet.
func (run *rotating) mayChange(inputs property.Map) []string {
	unknown := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return inputs.Get(name).HasComputed() })
	}
	rotates := unknown("maxAgeDays", "rotationDays", "rotateWhenChanged")
	if !rotates && !unknown("previousDays", "overlap") {
		return nil
	}
	names := []string{"previousToken", "previousTokenId", "previousTimeCreated"}
	if rotates || run.why() != notDue {
		names = append(names, "timeRotationDue", "inactiveState", "timeExpires")
		names = append(names, changedByRotation(run.state)...)
	}
	return names
}

// changedByRotation returns the names of the outputs that a rotation changes, and that only the update knows.
func changedByRotation(state State) []string {
	names := []string{"token", "tokenId", "state", "timeCreated"}
	if state.TimeRotationDue != nil {
		names = append(names, "timeRotationDue")
	}
	return names
}
