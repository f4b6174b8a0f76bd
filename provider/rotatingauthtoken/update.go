package rotatingauthtoken

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// This file carries out one update of a RotatingAuthToken: the steps that plan.go decides on, and what is recorded if one of them
// fails. A preview takes the same steps, and calls OCI only to read.

// update is one update while it runs.
type update struct {
	*RotatingAuthToken
	plan

	dryRun   bool
	user     *tokens.User
	creation tokens.Creation
	// from is the state that was recorded before the update. changed reports whether the state differs from it.
	from    State
	changed bool
	// listed reports whether OCI was asked for the user's tokens.
	listed bool
	// orphaned reports whether OCI may have created a token that the state does not have.
	orphaned bool
}

// newUpdate begins an update. If an error hook repeats an update, with the same state and arguments, newUpdate continues the earlier one.
func (r *RotatingAuthToken) newUpdate(
	ctx context.Context, req infer.UpdateRequest[Args, State],
) *update {
	state := req.State.adopted(req.ID, req.Inputs)
	run := &update{
		RotatingAuthToken: r, plan: r.planned(ctx, state, req.Inputs), dryRun: req.DryRun, from: req.State,
		creation: tokens.Creation{For: string(infermend.CallOf(ctx).URN) + "#" + token.OrEmpty(state.TokenID), Description: req.Inputs.Description},
	}
	if begun, ok := r.unfinished.Load(run.creation); ok && !req.DryRun {
		before := begun.(*update)
		if reflect.DeepEqual(before.from, run.from) && reflect.DeepEqual(before.inputs, run.inputs) {
			run.state, run.created, run.rotated, run.changed = before.state, before.created, before.rotated, before.changed
			run.unlisted = before.unlisted
		}
		run.listed = before.orphaned // the token that it may have created must not count as someone else's
	}
	return run
}

// carryOut takes one step after the other, until nothing is left to do.
func (run *update) carryOut(ctx context.Context) error {
	for {
		next := run.next()
		switch {
		case next != awaitActive && !run.listed && (run.why() != notDue || run.previousIsOver() || run.lacksAge()):
			run.listed = true
			if err := run.checkRoom(ctx); err != nil {
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

// checkRoom asks OCI for the user's tokens, and updates the state. It returns an error if there is no room for a new token that is due, so
// that the resource's own tokens are not revoked in vain.
func (run *update) checkRoom(ctx context.Context) error {
	for _, from := range []tokens.ReadFrom{tokens.Writer, tokens.Home} {
		found, err := run.find(ctx, run.user, run.state, from, run.user.FindToken)
		if err != nil {
			why := cmp.Or(run.explain(), "it is not known how old the previous token is")
			return fmt.Errorf("%s, and nothing was changed: %w", why, err)
		}
		run.state, run.changed = found.update(run.state), run.changed || found.currentGone || found.previousGone
		run.unlisted = run.state.isLive() && found.current == nil
		others := found.others(run.state)
		run.others = len(others)
		if run.why() == notDue || run.hasRoom() {
			return nil
		}
		if from == tokens.Home {
			return noRoom(run.plan, run.user, others)
		}
	}
	return nil
}

// take takes one step and updates the state.
func (run *update) take(ctx context.Context, next step) error {
	switch next {
	case awaitActive:
		current, err := run.await(ctx)
		run.state, run.checked = run.state.updatedBy(current), true
		if err != nil {
			return run.state.finished(err)
		}
		run.rotated = run.rotated || run.state.IsUsable()
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
		if run.unlisted && run.hasPrevious() && oci.IsLimitExceeded(err) && !run.orphaned {
			run.unlisted = false // OCI counts the current token, so it exists, and the previous one can make room.
			return nil
		}
		if err != nil {
			return err
		}
		if run.state.isLive() && (!run.unlisted || !run.hasPrevious()) {
			run.state = run.state.currentAsPrevious()
		}
		run.unlisted = run.unlisted && run.dryRun // A preview cannot tell which of the two is the previous one then.
		run.state.RotateWhenChanged = run.inputs.RotateWhenChanged
		run.state, run.created, run.rotated, run.checked = run.state.withNewToken(created), true, true, false
	case nothing:
	}
	return nil
}

func (run *update) revoke(ctx context.Context, which string, id *string, created time.Time) error {
	if run.dryRun {
		return nil
	}
	p.GetLogger(ctx).InfoStatusf("revoking the %s token %s", which, token.OrEmpty(id))
	return run.user.DeleteToken(ctx, token.OrEmpty(id), created)
}

func (run *update) create(ctx context.Context) (tokens.Token, error) {
	if run.dryRun {
		return tokens.Token{State: tokens.StateActive, TimeCreated: run.now}, nil
	}
	created, err := run.user.CreateToken(ctx, run.creation)
	var orphan *tokens.OrphanError
	run.orphaned = errors.As(err, &orphan)
	return created, err
}

// await waits for the current token to become ACTIVE. If it was not new when it was last seen, await reads it again first. A preview
// assumes that a new token will become ACTIVE.
func (run *update) await(ctx context.Context) (tokens.Token, error) {
	current := tokens.Token{ID: token.OrEmpty(run.state.TokenID), State: run.state.State}
	if !run.created && current.State != tokens.StateCreating {
		found, _, err := run.user.FindToken(ctx, current.ID, run.state.Created())
		if err != nil || found == nil {
			return current, err
		}
		current = *found
	}
	if run.dryRun {
		if current.State == tokens.StateCreating {
			current.State = tokens.StateActive
		}
		return current, nil
	}
	return run.user.AwaitActive(ctx, current)
}

// describe changes the description on both tokens.
func (run *update) describe(ctx context.Context) error {
	if run.dryRun {
		return nil
	}
	if run.state.isLive() {
		current, err := run.user.UpdateToken(ctx, token.OrEmpty(run.state.TokenID), run.inputs.Description)
		if err != nil {
			return token.ExplainGone(err)
		}
		run.state, run.changed = run.state.updatedBy(current), true
	}
	if !run.hasPrevious() {
		return nil
	}
	id, created := token.OrEmpty(run.state.PreviousTokenID), run.state.previousCreated()
	_, err := run.user.UpdateToken(ctx, id, run.inputs.Description)
	if !oci.IsNotFound(err) {
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

// failed returns the error of an update that failed half-way. If the state has changed, the error makes the engine record it.
func (run *update) failed(err error) error {
	if run.dryRun {
		return err
	}
	run.unfinished.Delete(run.creation)
	if run.changed || run.orphaned {
		run.unfinished.Store(run.creation, run)
	}
	var failed infer.ResourceInitFailedError
	switch {
	case errors.As(err, &failed):
		return err
	case !run.changed:
		return token.KeepingState(token.OrEmpty(run.from.TokenID), run.from.Outputs, err)
	}
	works := "The current token still works"
	switch {
	case run.currentWorks():
	case run.hasPrevious():
		works = "The previous token still works"
	default:
		works = "There is no working token until the next \"pulumi up\""
	}
	return infer.ResourceInitFailedError{Reasons: []string{fmt.Sprintf("%v. %s. The tokens that exist are in the state, and the next "+
		"\"pulumi up\" continues the update", err, works)}}
}

// done returns the state with the new arguments. What is a reason for the rotation that the next update begins must still differ then.
func (run *update) done() State {
	waits := len(run.triggers()) > 0
	run.state.Args = run.inputs
	if waits {
		run.state.RotateWhenChanged = map[string]string{"": "finished an earlier rotation"}
	}
	return run.state.withDueDate()
}

// mayChange returns the names of the outputs that a preview cannot tell because an argument is not known yet.
func (run *update) mayChange(inputs property.Map) []string {
	unknown := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return inputs.Get(name).HasComputed() })
	}
	rotates := unknown("maxAgeDays", "rotationDays", "rotateWhenChanged")
	if !rotates && !unknown("previousDays", "overlap") {
		return nil
	}
	names := ofPrevious()
	if rotates || run.why() != notDue {
		names = append(names, ofNewToken()...)
	}
	return names
}

// ofPrevious returns the names of the outputs that are about the previous token.
func ofPrevious() []string {
	return []string{"previousToken", "previousTokenId", "previousTimeCreated"}
}

// ofNewToken returns the names of the outputs that are not known before the next token exists.
func ofNewToken() []string { return append(token.OfNewToken(), "tokenId", "timeRotationDue") }
