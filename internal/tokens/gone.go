package tokens

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

// This file judges whether a token is gone. docs/internals/promises.md has the table.

const (
	// NewFor is how long after its creation a token may exist although OCI does not show it.
	NewFor = 10 * time.Minute
	// newLooks is how often a new token is looked for.
	newLooks = 5
	// skew is how far this machine's clock can differ from OCI's. With a larger difference OCI refuses the signature.
	skew = 5 * time.Minute
)

// IsLive reports whether the token exists and is not being deleted.
func (t Token) IsLive() bool { return t.State != StateDeleted && t.State != StateDeleting }

// Pick returns the live token with this id, or nil if there is none.
func Pick(tokens []Token, id string) *Token {
	i := slices.IndexFunc(tokens, func(t Token) bool { return t.HasID(id) && t.IsLive() })
	if i < 0 {
		return nil
	}
	return &tokens[i]
}

// isNew reports whether a token may exist although OCI does not show it. Its age is that by OCI's clock. If OCI's time is not known, this
// machine's clock may be ahead as far as signatures allow; and it is never further ahead, whatever an answer says. A token whose age is
// not known may be new.
func isNew(created, now time.Time, offset time.Duration, known bool) bool {
	if !known {
		offset = -skew
	}
	offset = max(-skew, min(offset, skew))
	return created.IsZero() || now.Add(offset).Sub(created) < NewFor
}

func (u *User) isNew(created time.Time) bool {
	offset, known := u.calls.Ahead()
	return isNew(created, u.calls.Clock.Now(), offset, known)
}

// LookUp returns a token, or nil if OCI does not show it. Listed is what the user has in that case. If a list lacks the token, LookUp asks
// where OCI knows best, once.
func (u *User) LookUp(ctx context.Context, id string) (token *Token, listed []Token, err error) {
	if listed, err = u.ListTokens(ctx, Configured); err != nil {
		return nil, nil, err
	}
	if token = Pick(listed, id); token == nil {
		token, err = u.api.Find(ctx, Home, id)
	}
	if token != nil {
		u.client.recorded.alias(u.ref.ID, id, *token)
	}
	return token, listed, err
}

// FindToken returns a token that the state has. If a list lacks it, FindToken asks where OCI knows best, and more than once if the token
// is new. If it returns no token, gone reports whether there is none; otherwise the token is so new that OCI may not show it yet.
// Created is when the token was created, or zero.
func (u *User) FindToken(ctx context.Context, id string, created time.Time) (token *Token, gone bool, err error) {
	began := u.calls.Clock.Now()
	err = u.calls.Poll(ctx, newLooks, "waiting for OCI to list auth token "+id+", which may be new", func() (done bool, err error) {
		token, _, err = u.LookUp(ctx, id)
		// A token whose age is not known existed when the search began.
		old := !u.isNew(created) || created.IsZero() && u.calls.Clock.Now().Sub(began) >= NewFor
		gone = token == nil && old && err == nil
		return token != nil || gone, err
	})
	return token, gone, err
}

// DeleteToken revokes a token. If OCI says that there is none, it counts as deleted once OCI, asked for it, does not have it either. A
// new token gets time to appear. If the deletion cannot be confirmed, the listener is warned that a live token may remain. Created is
// when the token was created, or zero.
func (u *User) DeleteToken(ctx context.Context, id string, created time.Time) error {
	defer u.written()
	var failure error
	var shown *Token
	hidden := false
	err := u.calls.Poll(ctx, newLooks, "waiting for OCI to show auth token "+id+", which may be new, before it can be deleted", func() (bool, error) {
		if failure = u.api.Delete(ctx, id); !oci.IsNotFound(failure) {
			return true, nil
		}
		var err error
		shown, err = u.api.Find(ctx, Writer, id)
		hidden = oci.IsNotFound(err)
		return err != nil || !u.isNew(created), err
	})
	switch {
	case failure == nil:
		u.client.creations.noteRevoked(u.ref, id, u.calls.Clock.Now())
		return nil
	case !oci.IsNotFound(failure):
		return failure
	case hidden:
		return u.deleteElsewhere(ctx, id, created)
	case err != nil:
		return fmt.Errorf("%w. Whether the token is gone is not known: %w", failure, err)
	case shown != nil:
		return failure
	case u.isNew(created):
		u.warnOfDoubt(fmt.Sprintf("OCI neither deletes nor lists token %s of user %s, which may be new. Most likely it is "+
			"gone, so it counts as deleted. If OCI only does not show it yet, it is still live", id, u.ref.ID), id)
	}
	return nil
}

// deleteElsewhere goes on with a deletion when IAM shows neither the token nor its user to the caller. OCI moves users from IAM to
// identity domains, and their tokens with them.
func (u *User) deleteElsewhere(ctx context.Context, id string, created time.Time) error {
	found, _, err := u.api.Elsewhere(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("OCI shows neither token %s nor its user %s to the caller, and whether the user is in an identity domain is not "+
			"known: %w", id, u.ref.ID, err)
	case found != nil:
		moved := *u
		moved.api = found
		return moved.DeleteToken(ctx, id, created)
	}
	u.warnOfDoubt(fmt.Sprintf("OCI shows neither token %s nor its user %s to the caller. Most likely both are gone, so the token counts as "+
		"deleted. If the caller has lost the permission to see them, the token is still live", id, u.ref.ID), id)
	return nil
}

// warnOfDoubt warns about a token that counts as deleted and may live. The state no longer has it.
func (u *User) warnOfDoubt(why, id string) {
	u.calls.Warning(fmt.Sprintf("%s: revoke it with \"%s\".", why, u.api.DeleteCommand(id)))
}
