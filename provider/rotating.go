package provider

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// This file carries out one update of a RotatingAuthToken: the steps that rotation.go decides on, what is recorded if one of them
// fails, and what a preview shows of them.

// rotating is one update while it runs.
type rotating struct {
	*RotatingAuthToken
	user *identity.User
	// from is the state that was recorded before the update. state is the current one.
	from, state RotatingAuthTokenState
	inputs      RotatingAuthTokenArgs
	stands      rotation
	wish        identity.Wish
	// changed reports whether the state differs from from. created reports whether there is a new token.
	changed, created bool
	// unsettled reports whether OCI may have created a token that the state does not have.
	unsettled bool
}

// goOn begins an update. If an error hook repeats an update, with the same state and arguments, goOn continues the earlier one.
func (r *RotatingAuthToken) goOn(
	ctx context.Context, req infer.UpdateRequest[RotatingAuthTokenArgs, RotatingAuthTokenState],
) *rotating {
	state := req.State.held(req.ID, req.Inputs)
	run := &rotating{
		RotatingAuthToken: r, from: req.State, state: state, inputs: req.Inputs,
		wish: identity.Wish{For: urnOf(ctx) + "#" + value(state.TokenID), Description: req.Inputs.Description},
	}
	if begun, ok := r.begun.Load(run.wish); ok && !req.DryRun {
		before := begun.(*rotating)
		if reflect.DeepEqual(before.from, req.State) && reflect.DeepEqual(before.inputs, req.Inputs) {
			run.state, run.changed, run.created = before.state, before.changed, before.created
		}
	}
	run.stands = r.stands(ctx, run.state, req.Inputs)
	return run
}

// makeSure asks OCI for its time and the user's tokens. It does so before a rotation, and before a token is revoked because of time.
// It returns an error if there is no room for the new token, so that the resource's own tokens are not revoked in vain.
func (run *rotating) makeSure(ctx context.Context) error {
	begun, ok := run.begun.Load(run.wish)
	if (ok && begun.(*rotating).unsettled) || (run.stands.why() == notDue && !run.stands.previousIsOver()) {
		return nil // a token that the earlier attempt may have created must not count as someone else's
	}
	for _, view := range []identity.View{identity.Written, identity.Home} {
		found, err := run.look(ctx, run.user, run.state, view)
		run.doubtTheClock(ctx)
		if err != nil {
			return fmt.Errorf("%s, and nothing was changed: %w", run.stands.explain(), err)
		}
		run.stands.now = run.now()
		if found.currentGone {
			run.state, run.stands.current, run.changed = run.state.withoutCurrent(), false, true
		}
		strangers := found.strangers(run.state)
		run.stands.foreign = len(strangers)
		if run.stands.why() == notDue || run.stands.hasRoom() {
			return nil
		}
		if view == identity.Home {
			return noRoom(run.stands, run.user, strangers)
		}
	}
	return nil
}

// take takes one step and updates the state.
func (run *rotating) take(ctx context.Context, next step) error {
	logger := p.GetLogger(ctx)
	switch next {
	case revokePrevious:
		id := value(run.state.PreviousTokenID)
		logger.InfoStatusf("revoking the previous token %s", id)
		if err := run.user.DeleteToken(ctx, id, run.state.previousCreated()); err != nil {
			return err
		}
		run.state = run.state.withoutPrevious()
	case revokeCurrent:
		id := value(run.state.TokenID)
		logger.InfoStatusf("revoking the current token %s", id)
		if err := run.user.DeleteToken(ctx, id, run.state.created()); err != nil {
			return err
		}
		run.state = run.state.withoutCurrent()
	case create:
		token, err := run.user.CreateToken(ctx, run.wish)
		if err != nil {
			unsettled := (*identity.Unsettled)(nil)
			run.unsettled = errors.As(err, &unsettled)
			return err
		}
		if run.stands.current {
			run.state = run.state.demoted()
		}
		run.state.RotateWhenChanged = run.inputs.RotateWhenChanged
		run.state, run.created = run.state.holding(token), true
	case awaitActive:
		token, err := run.await(ctx)
		run.state = run.state.seen(token)
		if err != nil {
			return run.state.finished(err)
		}
		run.stands.unusable = !run.state.isUsable()
	case describe:
		return run.describe(ctx)
	case nothing:
	}
	run.changed = true
	run.stands = run.stands.took(next, run.now())
	return nil
}

// await waits for the current token to become ACTIVE. If the token was INACTIVE or DELETING when it was last seen, await reads it
// again first.
func (run *rotating) await(ctx context.Context) (identity.AuthToken, error) {
	id := value(run.state.TokenID)
	token := identity.AuthToken{ID: id, State: value(run.state.State)}
	if token.State != "" && token.State != identity.StateCreating && token.State != identity.StateActive {
		found, _, err := run.user.FindToken(ctx, id, run.state.created())
		if err != nil || found == nil {
			return token, err
		}
		token = *found
	}
	return run.user.AwaitActive(ctx, token)
}

// describe changes the description on both tokens.
func (run *rotating) describe(ctx context.Context) error {
	if run.state.isLive() {
		token, err := run.user.UpdateToken(ctx, value(run.state.TokenID), run.inputs.Description)
		if err != nil {
			if identity.IsNotFound(err) {
				err = fmt.Errorf("%w. If the token was deleted outside of Pulumi, run \"pulumi refresh\". The next "+
					"\"pulumi up\" then creates a new one", err)
			}
			return err
		}
		run.state = run.state.seen(token)
	}
	if run.state.PreviousTokenID != nil {
		_, err := run.user.UpdateToken(ctx, value(run.state.PreviousTokenID), run.inputs.Description)
		if identity.IsNotFound(err) {
			// The caller may only lack a permission. A token that still exists stays in the state.
			_, gone, failure := run.user.FindToken(ctx, value(run.state.PreviousTokenID), run.state.previousCreated())
			switch {
			case failure != nil:
				err = fmt.Errorf("%w; the check whether the token still exists failed too: %w", err, failure)
			case gone:
				p.GetLogger(ctx).Warningf("the previous token %s is gone", value(run.state.PreviousTokenID))
				run.state, run.stands.previous, err = run.state.withoutPrevious(), false, nil
			}
		}
		if err != nil {
			return err
		}
	}
	run.state.Description = run.inputs.Description
	run.stands = run.stands.took(describe, run.now())
	return nil
}

// stuck returns the error of an update that failed half-way. If the state has changed, the error makes the engine record it.
func (run *rotating) stuck(err error) error {
	run.begun.Delete(run.wish)
	if run.changed || run.unsettled {
		run.begun.Store(run.wish, run)
	}
	if !run.changed {
		return err
	}
	var failed infer.ResourceInitFailedError
	if errors.As(err, &failed) {
		return err
	}
	stands := "The current token still works"
	if !run.state.isLive() {
		stands = "There is no working token until the next \"pulumi up\""
	}
	return infer.ResourceInitFailedError{Reasons: []string{fmt.Sprintf("%v. %s. The tokens that exist are in the state, and the next "+
		"\"pulumi up\" continues the update", err, stands)}}
}

// done returns the state with the new arguments.
func (run *rotating) done() RotatingAuthTokenState {
	run.state.RotatingAuthTokenArgs = run.inputs
	return run.state.dated()
}

// previewed returns the state after all steps, as far as a preview knows it. After a rotation, today's current token is the previous
// one.
func (run *rotating) previewed() RotatingAuthTokenState {
	for next := run.stands.next(); next != nothing; next = run.stands.next() {
		switch next {
		case revokePrevious:
			run.state = run.state.withoutPrevious()
		case create:
			if run.stands.current {
				run.state = run.state.demoted()
			}
		case nothing, revokeCurrent, awaitActive, describe:
		}
		run.stands = run.stands.took(next, run.now())
	}
	return run.done()
}

// changedByRotation returns the names of the outputs that a rotation changes.
func changedByRotation(stands rotation) []string {
	names := []string{"token", "tokenId", "state", "timeCreated"}
	if stands.rotationDays != nil {
		names = append(names, "timeRotationDue")
	}
	return names
}

// dependsOnUnknowns reports whether a preview cannot tell if a rotation is due.
func dependsOnUnknowns(ctx context.Context) bool {
	inputs := requestOf(ctx).inputs
	for _, name := range []string{"rotationDays", "rotateWhenChanged"} {
		if inputs.Get(name).HasComputed() {
			return true
		}
	}
	return false
}
