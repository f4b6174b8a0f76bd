package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// answerGrace is how long an answer to a creation is still awaited once the operation around it was cancelled or ran
	// out of time. It is longer than the SDK's timeout of one request, 60 s.
	answerGrace = 75 * time.Second
	// userWithin bounds the wait for a new user to be known.
	userWithin = time.Minute
	// settleWithin bounds how long a creation whose fate is open waits for a connection, a user or the service itself.
	settleWithin = 5 * time.Minute
	// refusedAttempts bounds how often such a creation is refused before the person is told.
	refusedAttempts = 3

	// lookWithin bounds the look at a user's tokens after a creation has failed, and suspectLooks is how often it is taken as long
	// as it shows nothing, for lists lag behind.
	lookWithin   = 30 * time.Second
	suspectLooks = 4
	lookPause    = 2 * time.Second

	// skew is how far this machine's clock may be off OCI's: requests signed with more than that are refused.
	skew = 5 * time.Minute
)

// creation takes a wish to its answer, through these stages:
//
//	unsent ──► answered ──► handed over
//	   │          ▲
//	   └► doubtful┘
//
// unsent: nothing that was sent can have made a token. A creation that ends here is forgotten, and leaves nothing behind.
//
// doubtful: a request was sent whose answer never came, so there may be a token whose value nobody knows. The request is
// repeated under the same retry token until OCI answers with that token. That has a budget of its own, and goes on for a
// while after the person has cancelled. If it ends here all the same, the error names every token that it may be about.
//
// answered: OCI has shown the token. From here on nothing is asked for any more.
//
// handed over: the engine has been told of success, and the creation is forgotten.
type creation struct {
	user UserRef
	wish Wish
	// free lets one goroutine at a time go on with it. It is empty while nobody does.
	free chan struct{}

	// retryToken is what makes OCI answer a repeated request with the first one's token, for 24 hours.
	retryToken string
	// doubtful is true once a request may have made a token that is not known.
	doubtful bool
	// began is when the first request of this retry token was sent, by this machine's clock.
	began time.Time
	// seen is what the answers so far have told of the token. It is answered once it has an id and a value.
	seen AuthToken
	// suspected are the tokens that it may have made, as they were listed last.
	suspected []AuthToken
}

func newCreation(user UserRef, wish Wish) *creation {
	return &creation{user: user, wish: wish, free: make(chan struct{}, 1), retryToken: rand.Text()}
}

func (cr *creation) answered() bool { return cr.seen.ID != "" && cr.seen.Value != "" }

// turn is a creation in the hands of the one who goes on with it now.
type turn struct {
	*creation
	api      api
	calls    caller
	recorded *recorded
}

// take waits until nobody else goes on with the creation. If nobody does, it succeeds even if ctx has ended: an answer that
// is there already is handed over to whoever asks.
func (cr *creation) take(ctx context.Context) error {
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

// release lets somebody else go on.
func (cr *creation) release() { <-cr.free }

// answer goes on until OCI has shown the token, and returns it with its value.
//
// A creation is not abandoned in the middle: when ctx ends while its fate is open, it goes on for answerGrace. An error of
// the type *Unsettled means that its fate is still open. After any other error, there is no token.
func (cr turn) answer(ctx context.Context) (AuthToken, error) {
	if !cr.answered() {
		if failure := cr.goOn(ctx); failure != nil && !cr.identify(ctx) {
			return AuthToken{}, cr.explain(ctx, failure)
		}
	}
	// Whatever happens next, the engine is given this token: nobody's advice is to delete it.
	cr.recorded.note(cr.user.ID, cr.seen.ID)
	return cr.seen, nil
}

// goOn makes attempts until the creation is answered, fails for good, or there is no more time.
func (cr turn) goOn(ctx context.Context) *callError {
	answered, stop := outliving(ctx, cr.calls.clock, answerGrace)
	defer stop()

	// While its fate is open, a creation goes on after the person has lost patience.
	patience := func() context.Context {
		if cr.doubtful {
			return answered
		}
		return ctx
	}
	spent := newBudget(cr.calls.clock.Now())
	var found api
	hint := ""
	for attempts := 1; ; attempts++ {
		if !cr.doubtful {
			cr.began = cr.calls.clock.Now()
		}
		op := cr.api.create(cr.wish, cr.retryToken, cr.takeIn)
		op.urgent, op.request.unlessOver = cr.doubtful, patience()
		failure := cr.calls.try(answered, op)
		if failure == nil {
			return nil
		}
		failure.attempts = attempts
		if failure.verdict == doubtful && !cr.doubtful {
			cr.doubtful = true
			spent = newBudget(cr.calls.clock.Now())
		}
		if failure.verdict == invalidated && !cr.startOver(answered) {
			return failure
		}
		if ctx := patience(); ctx.Err() != nil {
			failure.stopped = context.Cause(ctx)
			return failure
		}
		if failure.verdict == moved {
			// Whatever was sent until now went to a region that makes no tokens.
			cr.doubtful, spent = false, newBudget(cr.calls.clock.Now())
			continue
		}
		if failure.verdict == notFound && hint == "" {
			found, hint = cr.api.elsewhere(ctx)
		}
		failure.hint = hint
		if !cr.mayGoOn(spent, failure.verdict) || (found != nil && !cr.doubtful) {
			return failure
		}
		if failure.verdict == notFound {
			cr.calls.listener.InfoStatus(fmt.Sprintf("OCI does not know user %s yet: waiting, in case the user is new", cr.user.ID))
		}
		if err := cr.calls.pause(patience(), failure, spent.alike, cr.wish.For+cr.wish.Description); err != nil {
			failure.stopped = err
			return failure
		}
	}
}

// mayGoOn reports whether another attempt is worth it after one that came to a verdict. It allows a creation more than other
// calls. What does not bear on whether there is a token, such as throttling, does not use up what there is for finding out.
func (cr turn) mayGoOn(spent *budget, v verdict) bool {
	now := cr.calls.clock.Now()
	if spent.allows(v, now) {
		return true
	}
	took := now.Sub(spent.began)
	switch v {
	case busy, unreachable:
		return cr.doubtful && took <= settleWithin
	case notFound:
		return took <= userWithin
	case invalidated:
		return spent.after[v] < refusedAttempts
	case refused, notAllowed, unusable:
		return cr.doubtful && spent.after[v] < refusedAttempts
	default:
		return false
	}
}

// takeIn keeps what an answer says of the token. An answer without an id or a value leaves the creation doubtful, for there
// is a token, and the same request may be answered better.
func (cr *creation) takeIn(token AuthToken) error {
	if token.ID != "" && cr.seen.ID != "" && token.ID != cr.seen.ID {
		cr.seen = AuthToken{} // what was told before is of another token, and no use for this one
	}
	id, value := cr.seen.ID, cr.seen.Value
	if token.ID == "" {
		token.ID = id
	}
	if token.Value == "" {
		token.Value = value
	}
	cr.seen = token
	switch {
	case cr.seen.ID == "" && cr.seen.Value == "":
		return errors.New("it has neither the token's id nor its value")
	case cr.seen.ID == "":
		return errors.New("it lacks the token's id")
	case cr.seen.Value == "":
		return errors.New("it lacks the token's value")
	}
	return nil
}

// startOver begins again after OCI has said that what was made under the retry token has been changed or deleted since. It
// reports false where that token may still be there, and nothing must be made in its place.
func (cr turn) startOver(ctx context.Context) bool {
	if cr.doubtful {
		if suspects, err := cr.suspects(ctx, false); err != nil || len(suspects) > 0 {
			return false
		}
		cr.calls.listener.Warning(fmt.Sprintf("OCI says that the token which an earlier request made for user %s has been changed "+
			"or deleted since, and lists none that could be it: another one is asked for. Make sure that nothing is left behind "+
			"with \"%s\"", cr.user.ID, cr.api.listCommand()))
	}
	cr.retryToken, cr.doubtful, cr.seen, cr.suspected = rand.Text(), false, AuthToken{}, nil
	return true
}

// identify finds the id of a token whose value was answered without it. It reports whether there is no doubt which one it is.
func (cr turn) identify(ctx context.Context) bool {
	if cr.seen.Value == "" {
		return false
	}
	ctx, cancel := lastLook(ctx)
	defer cancel()
	suspects, err := cr.suspects(ctx, true)
	if !cr.seen.TimeCreated.IsZero() {
		suspects = slices.DeleteFunc(suspects, func(t AuthToken) bool { return !t.TimeCreated.Equal(cr.seen.TimeCreated) })
	}
	if err != nil || len(suspects) != 1 {
		return false
	}
	return cr.takeIn(suspects[0]) == nil
}

// suspects returns the tokens that may be the one that was made and never shown: new, not recorded, and with the wish's
// description unless OCI has said that the token has been changed since. As long as there are none, it looks again, for lists
// lag behind.
func (cr turn) suspects(ctx context.Context, sameDescription bool) ([]AuthToken, error) {
	for look := 1; ; look++ {
		tokens, err := cr.api.list(ctx, Written, true)
		if err != nil {
			return nil, err
		}
		tokens = slices.DeleteFunc(tokens, func(t AuthToken) bool {
			switch {
			case t.is(cr.seen.ID):
				return false
			case cr.recorded.has(cr.user.ID, t):
				return true
			case sameDescription && t.Description != nil && *t.Description != cr.wish.Description:
				return true
			}
			return !t.TimeCreated.IsZero() && t.TimeCreated.Before(cr.began.Add(-skew))
		})
		cr.suspected = tokens
		if len(tokens) > 0 || look == suspectLooks {
			return tokens, nil
		}
		if err := cr.calls.clock.Sleep(ctx, lookPause); err != nil {
			return nil, nil
		}
	}
}

// explain adds to a failure what the person needs in order to go on: which tokens stand in the way, or which may be left
// behind.
func (cr turn) explain(ctx context.Context, failure *callError) error {
	if !cr.doubtful && !failure.limitExceeded() {
		return failure
	}
	ctx, cancel := lastLook(ctx)
	defer cancel()
	if !cr.doubtful {
		tokens, err := cr.api.list(ctx, Written, false)
		if err != nil {
			return fmt.Errorf("%w. Which tokens the user has could not be found out (%w): look with \"%s\"",
				failure, err, cr.api.listCommand())
		}
		return fmt.Errorf("%w. The user's tokens are:\n%s", failure, Describe(tokens))
	}
	suspects, err := cr.suspects(ctx, failure.verdict != invalidated)
	if err != nil {
		// The person may not have been shown what an earlier attempt at the same wish has said.
		suspects = slices.DeleteFunc(cr.suspected, func(t AuthToken) bool { return cr.recorded.has(cr.user.ID, t) })
	}
	if cr.seen.ID != "" && !slices.ContainsFunc(suspects, func(t AuthToken) bool { return t.is(cr.seen.ID) }) {
		suspects = append(suspects, cr.seen)
	}
	return &Unsettled{
		Cause: failure, Suspects: suspects, unlisted: err,
		listCommand: cr.api.listCommand(), deleteCommand: cr.api.deleteCommand,
	}
}

// recorded knows the last tokens of each user that are known to be in the state.
type recorded struct {
	mu  sync.Mutex
	ids map[string][]string // by the user's OCID
}

// remembered is how many ids of a user's tokens are kept. A user has two tokens at most.
const remembered = 8

func (r *recorded) note(userID, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := r.ids[userID]
	if slices.Contains(ids, id) {
		return
	}
	if ids = append(ids, id); len(ids) > remembered {
		ids = slices.Delete(ids, 0, 1)
	}
	r.ids[userID] = ids
}

func (r *recorded) has(userID string, token AuthToken) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.ids[userID], token.is)
}

// lastLook is the context of a look at the user's tokens after a creation has failed. The operation may have been cancelled,
// or be out of time, and it is worth a moment all the same.
func lastLook(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), lookWithin)
}
