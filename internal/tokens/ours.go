package tokens

import (
	"context"
	"fmt"
	"slices"
)

// This file judges whether a token is ours. docs/internals/promises.md has the table.

// Of returns an error if an answer says that the token is one of another user. The calls of identity domains name a token without its
// user, so its id alone does not say whose it is.
func (t Token) Of(userID string) error {
	if t.UserID == "" || t.UserID == userID {
		return nil
	}
	return fmt.Errorf("auth token %s is one of user %s, not of user %s", t.ID, t.UserID, userID)
}

// identify finds the id of a token if OCI answered with the value and without the id. It reports whether it is certain of the id.
func (cr creator) identify(ctx context.Context) bool {
	if cr.seen.Value == "" {
		return false
	}
	suspects, err := cr.suspects(ctx, true)
	same := cr.certain(suspects)
	return err == nil && same != nil && cr.keep(*same) == nil
}

// certain returns the token that an answer without an id is about, or nil if that is not certain. Somebody else may have created a
// token with the same description, and a list may lack ours, so the answer and the list must agree on when it was created.
func (cr *pending) certain(suspects []Token) *Token {
	same := slices.DeleteFunc(slices.Clone(suspects), func(t Token) bool { return !t.TimeCreated.Equal(cr.seen.TimeCreated) })
	if len(same) != 1 || cr.seen.TimeCreated.IsZero() {
		return nil
	}
	return &same[0]
}

// mayHaveMade reports whether the creation may have made a token: it is new. If sameDescription is true, it also has the description
// of the creation. If OCI has said that the token was changed since, its description may be another.
func (cr *pending) mayHaveMade(t Token, sameDescription bool) bool {
	switch {
	case cr.seen.ID != "" && t.HasID(cr.seen.ID):
		return true
	case sameDescription && t.Description != nil && *t.Description != cr.creation.Description:
		return false
	}
	return t.TimeCreated.IsZero() || !t.TimeCreated.Before(cr.began.Add(-skew))
}

// suspects returns the tokens that the creation may have made and that are not known to be recorded. As long as there are none, it
// lists again, because lists lag behind.
func (cr creator) suspects(ctx context.Context, sameDescription bool) (suspects []Token, err error) {
	err = cr.calls.Poll(ctx, suspectLooks, "", func() (bool, error) {
		tokens, err := cr.api.List(ctx, Writer, true)
		if err != nil {
			return false, err
		}
		suspects = slices.DeleteFunc(tokens, func(t Token) bool {
			return !cr.mayHaveMade(t, sameDescription) || !t.HasID(cr.seen.ID) && cr.client.recorded.has(cr.ref.ID, t)
		})
		cr.suspected = suspects
		return len(suspects) > 0, nil
	})
	if ctx.Err() != nil && suspects != nil {
		err = nil // there was at least one list
	}
	return suspects, err
}
