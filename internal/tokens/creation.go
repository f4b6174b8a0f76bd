package tokens

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

const (
	// answerGrace is how long a creation still waits for an answer after the operation was cancelled or ran out of time. It is
	// longer than the SDK's timeout for one request, 60 s.
	answerGrace = 75 * time.Second
	// userWithin bounds the wait for OCI to know a new user.
	userWithin = time.Minute
	// settleWithin bounds how long a doubtful creation waits for a connection or a busy user.
	settleWithin = 5 * time.Minute
	// freeWithin bounds how long after a revoke of our own the limit may still count that token.
	freeWithin = 2 * time.Minute
	// refusedAttempts bounds how often a doubtful creation is refused before it fails.
	refusedAttempts = 3

	// lookWithin bounds the time for listing a user's tokens after a creation has failed. As long as the list shows no suspect, it is
	// read up to suspectLooks times, because lists lag behind.
	lookWithin   = 30 * time.Second
	suspectLooks = 4

	// LongestStop is how long a call may still take after its context has ended.
	LongestStop = answerGrace + lookWithin
)

// stage is how far a creation has come:
//
//	unsent ──► answered ──► handed over
//	   │          ▲
//	   └► doubtful┘
//
// A creation that is handed over is forgotten: the engine knows that it has succeeded.
type stage int

const (
	// unsent: no request can have created a token. A creation that ends here is forgotten, and leaves nothing behind.
	unsent stage = iota
	// doubtful: a request was sent, but its answer never arrived, so there may be a token whose value nobody knows. The request is
	// repeated with the same retry token until OCI answers with that token. These requests have their own budget, and go on for a while
	// after the operation was cancelled. If the creation fails at this stage, the error names every token that it may have created.
	doubtful
	// answered: OCI has answered with the token's id and its value. No more requests are made.
	answered
)

// pending is a creation that is not handed over yet.
type pending struct {
	creation Creation
	// free lets one goroutine at a time go on with the creation. It is empty while none does.
	free chan struct{}

	// retryToken makes OCI answer a repeated request with the token of the first one, for 24 hours.
	retryToken string
	stage      stage
	// began is when the first request with this retry token was sent, by this machine's clock.
	began time.Time
	// seen is what the answers have said about the token so far.
	seen Token
	// suspected lists the tokens that the creation may have made, from the last list.
	suspected []Token
}

func newPending(creation Creation) *pending {
	return &pending{creation: creation, free: make(chan struct{}, 1), retryToken: rand.Text()}
}

// creator is a user with the pending creation that a call goes on with.
type creator struct {
	*User
	*pending
}

// take waits until no other goroutine goes on with the creation. If none does, it succeeds even if ctx has ended, so that an answer
// that has already arrived is not withheld.
func (cr *pending) take(ctx context.Context) error {
	select {
	case cr.free <- struct{}{}:
		return nil
	default:
	}
	select {
	case cr.free <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// release lets another goroutine go on.
func (cr *pending) release() { <-cr.free }

// answer goes on until OCI has answered with the token, and returns it with its value.
//
// If ctx ends while the creation is doubtful, it goes on for answerGrace. An error of the type *OrphanError means that there may be a
// token whose value nobody knows. After any other error, there is no token.
func (cr creator) answer(ctx context.Context) (Token, error) {
	if cr.stage != answered {
		if failure := cr.goOn(ctx); failure != nil {
			// The operation may have been cancelled or have run out of time. The user's tokens are still worth some more seconds.
			looking, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookWithin)
			defer cancel()
			if !cr.identify(looking) {
				return Token{}, cr.explain(looking, failure)
			}
		}
	}
	// Whatever happens next, the engine gets this token, so no error may name it as one to delete.
	cr.client.recorded.note(cr.ref.ID, cr.seen.ID, cr.seen.SCIMID)
	return cr.seen, nil
}

// goOn makes attempts until the creation is answered, fails for good, or there is no more time.
func (cr creator) goOn(ctx context.Context) *oci.Error {
	longer, stop := oci.Outliving(ctx, cr.calls.Clock, answerGrace)
	defer stop()

	// A doubtful creation goes on after the operation was cancelled.
	patience := func() context.Context {
		if cr.stage == doubtful {
			return longer
		}
		return ctx
	}
	spent := oci.NewBudget(ctx, cr.calls.Clock.Now())
	var found API
	hint := ""
	var failure *oci.Error
	for {
		if cr.stage == unsent {
			cr.began = cr.calls.Clock.Now()
		}
		call := cr.api.Create(cr.creation, cr.retryToken, cr.keep)
		call.Urgent, call.Request.UnlessOver = cr.stage == doubtful, patience()
		attempt := cr.calls.Try(longer, call)
		if attempt == nil {
			return nil
		}
		failure = attempt.After(failure)
		if failure.Verdict == oci.Doubtful && cr.stage == unsent {
			cr.stage = doubtful
			spent = oci.NewBudget(ctx, cr.calls.Clock.Now())
		}
		if failure.Verdict == oci.Invalidated && !cr.startOver(longer) {
			return failure
		}
		if ctx := patience(); ctx.Err() != nil {
			failure.Stopped = context.Cause(ctx)
			return failure
		}
		if failure.Verdict == oci.Moved {
			// All requests so far went to a region that does not create tokens.
			cr.stage, spent = unsent, oci.NewBudget(ctx, cr.calls.Clock.Now())
			continue
		}
		if failure.Verdict == oci.NotFound && hint == "" {
			found, hint, _ = cr.api.Elsewhere(ctx)
		}
		failure.Hint = hint
		freeing := failure.LimitExceeded() && cr.calls.Clock.Now().Before(cr.client.creations.lastRevoked(cr.ref).Add(freeWithin))
		if goesOn := cr.mayGoOn(spent, failure.Verdict) || freeing; !goesOn || (found != nil && cr.stage == unsent) {
			return failure
		}
		if failure.Verdict == oci.NotFound {
			cr.calls.InfoStatus(fmt.Sprintf("OCI does not know user %s yet: waiting, in case the user is new", cr.ref.ID))
		}
		if freeing {
			cr.calls.InfoStatus("waiting for OCI to free the place of a token that was revoked a moment ago")
		}
		if err := cr.calls.Pause(patience(), failure, spent.Alike, cr.creation.For+cr.creation.Description); err != nil {
			failure.Stopped = err
			return failure
		}
	}
}

// mayGoOn reports whether another attempt is allowed after one with the given verdict. It allows a creation more attempts than other
// calls. Each verdict is counted separately, so that throttling, for example, does not use up the attempts for a doubtful creation.
func (cr creator) mayGoOn(spent *oci.Budget, v oci.Verdict) bool {
	now := cr.calls.Clock.Now()
	if spent.Allows(v, now) {
		return true
	}
	took := now.Sub(spent.Began)
	switch v {
	case oci.Busy, oci.Unreachable:
		return cr.stage == doubtful && took <= settleWithin
	case oci.NotFound:
		return took <= userWithin
	case oci.Invalidated:
		return spent.After[v] < refusedAttempts
	case oci.Refused, oci.NotAllowed, oci.Unusable:
		return cr.stage == doubtful && spent.After[v] < refusedAttempts
	default:
		return false
	}
}

// keep notes what an answer says about the token. After an answer without an id or a value the creation stays doubtful, because
// there is a token, and the next answer to the same request may be complete.
func (cr *pending) keep(token Token) error {
	if token.ID != "" && cr.seen.ID != "" && !token.SameAs(cr.seen) {
		cr.seen, cr.stage = Token{}, doubtful // what earlier answers said is about another token
	}
	token.ID, token.Value = cmp.Or(token.ID, cr.seen.ID), cmp.Or(token.Value, cr.seen.Value)
	cr.seen = token
	switch {
	case cr.seen.ID == "" && cr.seen.Value == "":
		return errors.New("it has neither the token's id nor its value")
	case cr.seen.ID == "":
		return errors.New("it lacks the token's id")
	case cr.seen.Value == "":
		return errors.New("it lacks the token's value")
	}
	cr.stage = answered
	return nil
}

// startOver starts the creation again with a new retry token, after OCI has said that the token which the old one created has been
// changed or deleted since. It returns false if that token may still exist. Another one must not be created then.
func (cr creator) startOver(ctx context.Context) bool {
	if cr.stage == doubtful {
		if suspects, err := cr.suspects(ctx, false); err != nil || len(suspects) > 0 {
			return false
		}
		cr.calls.Warning(fmt.Sprintf("OCI says that the token which an earlier request created for user %s has been changed "+
			"or deleted since, and no token in the list could be that one. The provider asks for another token. Make sure that none is left "+
			"behind, with \"%s\"", cr.ref.ID, cr.api.ListCommand()))
	}
	cr.retryToken, cr.stage, cr.seen, cr.suspected = rand.Text(), unsent, Token{}, nil
	return true
}

// explain adds to a failure what the person needs to know to go on: which tokens the user has already, or which may be left behind.
func (cr creator) explain(ctx context.Context, failure *oci.Error) error {
	if cr.stage == unsent && !failure.LimitExceeded() {
		return failure
	}
	if cr.stage == unsent {
		failure.Hint = cr.WhenFull
		tokens, err := cr.api.List(ctx, Writer, false)
		if err != nil {
			return fmt.Errorf("%w. The user's tokens could not be listed (%w): list them with \"%s\"",
				failure, err, cr.api.ListCommand())
		}
		return fmt.Errorf("%w. The user's tokens are:\n%s", failure, cr.Describe(tokens))
	}
	suspects, err := cr.suspects(ctx, failure.Verdict != oci.Invalidated)
	if err != nil {
		// An earlier attempt at the same creation may have listed suspects, and its error may not have reached the person.
		suspects = slices.DeleteFunc(cr.suspected, func(t Token) bool { return cr.client.recorded.has(cr.ref.ID, t) })
	}
	if cr.seen.ID != "" && !slices.ContainsFunc(suspects, func(t Token) bool { return t.HasID(cr.seen.ID) }) {
		suspects = append(suspects, cr.seen)
	}
	return cr.orphaned(failure, suspects, err)
}
