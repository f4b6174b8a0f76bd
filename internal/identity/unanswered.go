package identity

import (
	"context"
	"sync"
	"time"
)

// answerGrace is how long an answer to a creation is still awaited once the operation around it was cancelled or ran out
// of time. It is longer than the SDK's timeout of one request, 60 s.
const answerGrace = 75 * time.Second

// awaitAnswer is a context that outlives ctx by grace.
func awaitAnswer(ctx context.Context, clock Clock, grace time.Duration) (context.Context, context.CancelFunc) {
	outliving, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stopWatching := context.AfterFunc(ctx, func() {
		if clock.Sleep(outliving, grace) == nil {
			cancel(context.Cause(ctx))
		}
	})
	return outliving, func() {
		stopWatching()
		cancel(context.Canceled)
	}
}

// creation identifies one wish for a token.
type creation struct{ key, userID, description string }

// unanswered keeps the retry tokens of creations whose fate is not known, so that a second wish for the same token, as an
// error hook of the engine makes it, is answered with the token that may already exist. The zero value is ready for use.
type unanswered struct {
	mu          sync.Mutex
	retryTokens map[creation]string
}

// retryToken is what to send for this creation: what was sent before if that was never answered, else a new one.
func (u *unanswered) retryToken(c creation) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if token, ok := u.retryTokens[c]; ok {
		return token
	}
	return newRetryToken()
}

// renew forgets what was sent before and returns a new retry token.
func (u *unanswered) renew(c creation) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.retryTokens, c)
	return newRetryToken()
}

// settle notes whether the creation is still without an answer.
func (u *unanswered) settle(c creation, retryToken string, stillUnanswered bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !stillUnanswered {
		delete(u.retryTokens, c)
		return
	}
	if u.retryTokens == nil {
		u.retryTokens = map[creation]string{}
	}
	u.retryTokens[c] = retryToken
}
