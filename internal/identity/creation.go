package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
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

	// lookWithin bounds the look at a user's tokens after a creation has failed, and looks is how often it is taken as long
	// as it shows nothing, for lists lag behind.
	lookWithin = 30 * time.Second
	looks      = 4
	lookPause  = 2 * time.Second

	// skew is how far this machine's clock may be off OCI's: requests signed with more than that are refused.
	skew = 5 * time.Minute
)

// Wish is one wish for a token. As long as the answer to it has not been handed over, whoever wishes the same goes on where
// it stands.
type Wish struct {
	// For identifies what the token is for, such as a resource's URN.
	For string
	// UserID and Description are the token's.
	UserID, Description string
}

// Creation takes a wish to its answer, through these stages:
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
type Creation struct {
	wish   Wish
	ledger *ledger
	// turn lets one goroutine at a time go on with it.
	turn chan struct{}

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

// ledger keeps every creation until it is handed over, and knows which tokens are recorded.
type ledger struct {
	mu   sync.Mutex
	open map[Wish]*Creation
	// recorded are the last ids of each user's tokens that are known to be in the state.
	recorded map[string][]string
}

// remembered is how many ids of a user's tokens the ledger keeps. A user has two tokens at most.
const remembered = 8

func newLedger() *ledger {
	return &ledger{open: map[Wish]*Creation{}, recorded: map[string][]string{}}
}

// Create begins a creation, or goes on with the one that the same wish has begun. Nothing is sent before Answer.
func (c *Client) Create(wish Wish) *Creation {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	creation, ok := c.ledger.open[wish]
	if !ok {
		creation = &Creation{wish: wish, ledger: c.ledger, turn: make(chan struct{}, 1), retryToken: rand.Text()}
		c.ledger.open[wish] = creation
	}
	return creation
}

// HandOver says that the answer is recorded, and that nobody will wish the same again for the same token.
func (cr *Creation) HandOver() { cr.ledger.forget(cr) }

// Recorded notes that a user's token is in the state, so that it is never taken for one that nobody has recorded.
func (c *Client) Recorded(userID, id string) { c.ledger.record(userID, id) }

func (l *ledger) record(userID, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := l.recorded[userID]
	if slices.Contains(ids, id) {
		return
	}
	if ids = append(ids, id); len(ids) > remembered {
		ids = slices.Delete(ids, 0, 1)
	}
	l.recorded[userID] = ids
}

func (l *ledger) isRecorded(userID, id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.recorded[userID], id)
}

func (l *ledger) forget(cr *Creation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[cr.wish] == cr {
		delete(l.open, cr.wish)
	}
}

// forgetToken ends the creation of a token that has been deleted since: the next wish is for another one.
func (l *ledger) forgetToken(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for wish, cr := range l.open {
		select {
		case cr.turn <- struct{}{}:
			if cr.answered() && cr.seen.ID == id {
				delete(l.open, wish)
			}
			<-cr.turn
		default: // somebody is going on with it, so it is not a token that could be deleted
		}
	}
}

func (cr *Creation) answered() bool { return cr.seen.ID != "" && cr.seen.Value != "" }

// Answer goes on until OCI has shown the token, and returns it with its value.
//
// A creation is not abandoned in the middle: when ctx ends while its fate is open, it goes on for answerGrace. An error of
// the type *Unsettled means that its fate is still open. After any other error, there is no token.
// See https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/CreateAuthToken.
func (cr *Creation) Answer(ctx context.Context, c *Client) (AuthToken, error) {
	if err := cr.takeTurn(ctx); err != nil {
		return AuthToken{}, err
	}
	defer func() { <-cr.turn }()
	if !cr.answered() {
		if failure := cr.goOn(ctx, c); failure != nil && !cr.identify(ctx, c) {
			return AuthToken{}, cr.explain(ctx, c, failure)
		}
	}
	// Whatever happens next, the engine is given this token: nobody's advice is to delete it.
	cr.ledger.record(cr.wish.UserID, cr.seen.ID)
	return cr.seen, nil
}

// takeTurn waits until nobody else goes on with the creation. If nobody does, it succeeds even if ctx has ended: an answer that
// is there already is handed over to whoever asks.
func (cr *Creation) takeTurn(ctx context.Context) error {
	select {
	case cr.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case cr.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// goOn makes attempts until the creation is answered, fails for good, or there is no more time.
func (cr *Creation) goOn(ctx context.Context, c *Client) *Error {
	answered, stop := outliving(ctx, c.clock, answerGrace)
	defer stop()

	budget := newBudget(c.clock.Now())
	for attempts := 1; ; attempts++ {
		if !cr.doubtful {
			cr.began = c.clock.Now()
		}
		// While its fate is open, a creation goes on after the person has lost patience.
		patience := ctx
		if cr.doubtful {
			patience = answered
		}
		op := c.create(cr.wish.UserID, cr.wish.Description, cr.retryToken, cr.takeIn)
		op.urgent = cr.doubtful
		failure := c.attempt(answered, patience, op)
		if failure == nil {
			return nil
		}
		failure.Attempts = attempts
		if failure.verdict == doubtful && !cr.doubtful {
			cr.doubtful = true
			budget = newBudget(c.clock.Now())
		}
		if failure.verdict == invalidated && !cr.startOver(answered, c) {
			return failure
		}
		patience = ctx
		if cr.doubtful {
			patience = answered
		}
		if patience.Err() != nil {
			failure.Stopped = context.Cause(patience)
			return failure
		}
		if failure.verdict == moved {
			// Whatever was sent until now went to a region that makes no tokens.
			cr.doubtful, budget = false, newBudget(c.clock.Now())
			continue
		}
		if !budget.allows(failure.verdict, cr.doubtful, c.clock.Now()) {
			return failure
		}
		if failure.verdict == notFound {
			c.report(fmt.Sprintf("OCI does not know user %s yet: waiting, in case the user is new", cr.wish.UserID))
		}
		if err := c.pause(patience, failure, budget.alike); err != nil {
			failure.Stopped = err
			return failure
		}
	}
}

// takeIn keeps what an answer says of the token. An answer without an id or a value leaves the creation doubtful, for there
// is a token, and the same request may be answered better.
func (cr *Creation) takeIn(token AuthToken) error {
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
func (cr *Creation) startOver(ctx context.Context, c *Client) bool {
	if cr.doubtful {
		if suspects, err := cr.suspects(ctx, c, false); err != nil || len(suspects) > 0 {
			return false
		}
		c.warn(fmt.Sprintf("OCI says that the token which an earlier request made for user %s has been changed or deleted since, and "+
			"lists none that could be it: another one is asked for. Make sure that nothing is left behind with \"%s\"",
			cr.wish.UserID, ListCommand(cr.wish.UserID)))
	}
	cr.retryToken, cr.doubtful, cr.seen, cr.suspected = rand.Text(), false, AuthToken{}, nil
	return true
}

// identify finds the id of a token whose value was answered without it. It reports whether there is no doubt which one it is.
func (cr *Creation) identify(ctx context.Context, c *Client) bool {
	if cr.seen.Value == "" {
		return false
	}
	ctx, cancel := lastLook(ctx)
	defer cancel()
	suspects, err := cr.suspects(ctx, c, true)
	if !cr.seen.TimeCreated.IsZero() {
		suspects = slices.DeleteFunc(suspects, func(t AuthToken) bool { return !t.TimeCreated.Equal(cr.seen.TimeCreated) })
	}
	if err != nil || len(suspects) != 1 {
		return false
	}
	return cr.takeIn(suspects[0]) == nil
}

// budget is what one call of Answer may spend.
type budget struct {
	began time.Time // of the call, or of the doubt
	// after counts the attempts that came to each verdict.
	after map[verdict]int
	// last is the last verdict, and alike how often in a row it was that one.
	last  verdict
	alike int
}

func newBudget(now time.Time) budget { return budget{began: now, after: map[verdict]int{}} }

// allows reports whether another attempt is worth it after one that came to a verdict. What does not bear on whether there is
// a token, such as throttling, does not use up what there is for finding out.
func (b *budget) allows(v verdict, inDoubt bool, now time.Time) bool {
	if v != b.last {
		b.last, b.alike = v, 0
	}
	b.alike++
	b.after[v]++
	spent := now.Sub(b.began)
	switch v {
	case doubtful:
		return b.after[v] < faultAttempts
	case throttled:
		return spent <= throttleBudget
	case busy:
		return b.after[v] < faultAttempts || (inDoubt && spent <= settleWithin)
	case unreachable:
		return b.after[v] < unreachableAttempts || (inDoubt && spent <= settleWithin)
	case notFound:
		return spent <= userWithin
	case invalidated:
		return b.after[v] < refusedAttempts
	case refused, notAllowed, unusable:
		return inDoubt && b.after[v] < refusedAttempts
	default:
		return false
	}
}

// suspects are the tokens that may be the one that was made and never shown: new, not recorded, and with the wish's
// description unless OCI has said that the token has been changed since. As long as there are none, it looks again, for lists
// lag behind.
func (cr *Creation) suspects(ctx context.Context, c *Client, sameDescription bool) ([]AuthToken, error) {
	for look := 1; ; look++ {
		tokens, err := c.list(ctx, c.writer(), cr.wish.UserID, true)
		if err != nil {
			return nil, err
		}
		tokens = slices.DeleteFunc(tokens, func(t AuthToken) bool {
			switch {
			case t.ID == cr.seen.ID:
				return false
			case cr.ledger.isRecorded(cr.wish.UserID, t.ID):
				return true
			case sameDescription && t.Description != nil && *t.Description != cr.wish.Description:
				return true
			}
			return !t.TimeCreated.IsZero() && t.TimeCreated.Before(cr.began.Add(-skew))
		})
		cr.suspected = tokens
		if len(tokens) > 0 || look == looks {
			return tokens, nil
		}
		if err := c.clock.Sleep(ctx, lookPause); err != nil {
			return nil, nil
		}
	}
}

// Unsettled is the error of a creation whose fate is open: there may be a token whose value nobody knows.
type Unsettled struct {
	// Cause is why the creation was given up.
	Cause error
	// Suspects are the tokens that it may have made.
	Suspects []AuthToken

	userID string
	// unlisted is why the user's tokens could not be listed, or nil.
	unlisted error
}

// Error says what happened, which tokens may be left behind, and what to do about them.
func (e *Unsettled) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%v. A token may have been created whose value nobody knows. ", e.Cause)
	switch {
	case len(e.Suspects) > 0:
		fmt.Fprintf(&s, "It would be one of these:\n%s\nIf no one else has made it, delete it:", Describe(e.Suspects))
		for _, token := range e.Suspects {
			fmt.Fprintf(&s, "\n  %s", DeleteCommand(e.userID, token.ID))
		}
		s.WriteString("\nThis shows all that the user has:")
	case e.unlisted != nil:
		fmt.Fprintf(&s, "Which tokens the user has could not be found out (%v). Look, and delete one that is new and that no "+
			"one else has made:", e.unlisted)
	default:
		s.WriteString("None that is new and has this description is listed, but lists lag behind. Look again in a few minutes, " +
			"and delete one that is new and that no one else has made:")
	}
	fmt.Fprintf(&s, "\n  %s\n", ListCommand(e.userID))
	return strings.TrimSuffix(s.String(), "\n")
}

// Unwrap returns why the creation was given up.
func (e *Unsettled) Unwrap() error { return e.Cause }

// explain adds to a failure what the person needs in order to go on: which tokens stand in the way, or which may be left
// behind. It forgets a creation that certainly has left nothing behind.
func (cr *Creation) explain(ctx context.Context, c *Client, failure *Error) error {
	if !cr.doubtful {
		cr.ledger.forget(cr)
		if !failure.limitExceeded() {
			return failure
		}
	}
	ctx, cancel := lastLook(ctx)
	defer cancel()
	if !cr.doubtful {
		tokens, err := c.list(ctx, c.writer(), cr.wish.UserID, false)
		if err != nil {
			return fmt.Errorf("%w. Which tokens the user has could not be found out (%w): look with \"%s\"",
				failure, err, ListCommand(cr.wish.UserID))
		}
		return fmt.Errorf("%w. The user's tokens are:\n%s", failure, Describe(tokens))
	}
	suspects, err := cr.suspects(ctx, c, failure.verdict != invalidated)
	if err != nil {
		// The person may not have been shown what an earlier call of Create has said.
		suspects = slices.DeleteFunc(cr.suspected, func(t AuthToken) bool { return cr.ledger.isRecorded(cr.wish.UserID, t.ID) })
	}
	if cr.seen.ID != "" && !slices.ContainsFunc(suspects, func(t AuthToken) bool { return t.ID == cr.seen.ID }) {
		suspects = append(suspects, cr.seen)
	}
	return &Unsettled{Cause: failure, Suspects: suspects, userID: cr.wish.UserID, unlisted: err}
}

// lastLook is the context of a look at the user's tokens after a creation has failed. The operation may have been cancelled,
// or be out of time, and it is worth a moment all the same.
func lastLook(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), lookWithin)
}

// Describe shows tokens one to a line, without their values.
func Describe(tokens []AuthToken) string {
	lines := make([]string, len(tokens))
	for i, token := range tokens {
		description := ""
		if token.Description != nil {
			description = *token.Description
		}
		created := "at a time that OCI does not say"
		if !token.TimeCreated.IsZero() {
			created = RFC3339(token.TimeCreated)
		}
		lines[i] = fmt.Sprintf("  %s, created %s, %s, description %q",
			outside.Sentence(token.ID), created, outside.Sentence(token.State), shorten(description, 200))
	}
	return strings.Join(lines, "\n")
}

// outliving is a context that outlives ctx by grace.
func outliving(ctx context.Context, clock Clock, grace time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stopWatching := context.AfterFunc(ctx, func() {
		if clock.Sleep(longer, grace) == nil {
			cancel(context.Cause(ctx))
		}
	})
	return longer, func() {
		stopWatching()
		cancel(context.Canceled)
	}
}
