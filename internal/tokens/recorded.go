package tokens

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// This file judges whether a token is recorded in a state, and so whether a person may be told to delete it. docs/internals/promises.md has the
// table.

// recorded holds the latest tokens of each user that are known to be in the state. The state may have more, and there may be other
// states: a process knows only what it has been asked about. It also holds the descriptions that programs have marked as secret.
type recorded struct {
	mu     sync.Mutex
	ids    map[string][]string // by the user's OCID
	secret map[string]bool
}

func newRecorded() *recorded { return &recorded{ids: map[string][]string{}, secret: map[string]bool{}} }

// remembered is how many token ids are kept for each user. A user has at most two tokens, each with two ids in an identity domain.
const remembered = 8

func (r *recorded) note(userID string, ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if id != "" && !slices.Contains(r.ids[userID], id) {
			r.ids[userID] = append(r.ids[userID], id)
		}
	}
	r.ids[userID] = r.ids[userID][max(0, len(r.ids[userID])-remembered):]
}

func (r *recorded) has(userID string, token Token) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.ids[userID], token.HasID)
}

// alias notes the other id of a token that is recorded under one.
func (r *recorded) alias(userID, id string, token Token) {
	if r.has(userID, Token{ID: id}) {
		r.note(userID, token.ID, token.SCIMID)
	}
}

// hide notes that a description is a secret.
func (r *recorded) hide(description string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret[description] = true
}

// describe returns a line for each token, without its value, and without descriptions that are secret.
func (r *recorded) describe(tokens []Token) string {
	return describe(tokens, func(description string) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.secret[description]
	})
}

// HowToDelete tells a person how to delete one of these tokens, and first how to make sure that no resource has it. It leaves out tokens
// that are known to be recorded. If there are no others, it returns "".
func (u *User) HowToDelete(tokens []Token) string {
	return howToDelete(slices.DeleteFunc(slices.Clone(tokens), func(t Token) bool { return u.client.recorded.has(u.ref.ID, t) }), u.api)
}

// HasOCID reports whether the token's OCID is known. An identity domain may leave it out, and a state that has the token has it under the
// OCID.
func (t Token) HasOCID() bool { return t.ID != t.SCIMID }

// howToDelete is what a message says in place of "delete the token": a provider does not know the states of the person's stacks. It leaves
// out tokens that no state could be searched for.
func howToDelete(tokens []Token, api API) string {
	var s strings.Builder
	for _, t := range tokens {
		if !t.HasOCID() {
			continue
		}
		id := shown(t.ID)
		fmt.Fprintf(&s, "\nMake sure that none of your stacks has it, with this command for each of them, which must print nothing:"+
			"\n  pulumi stack export --stack <stack> | grep %s\nIf nobody else has created it either, delete it:\n  %s", id, api.DeleteCommand(t.ID))
	}
	return s.String()
}

// OrphanError is the error of a creation that may have made a token whose value nobody knows.
type OrphanError struct {
	// Cause is why the creation failed.
	Cause error
	// Suspects lists the tokens that it may have made.
	Suspects []Token

	// unlisted is why the user's tokens could not be listed, or nil.
	unlisted error
	// described has a line for each suspect.
	described string
	api       API
}

// Error says what happened, which tokens may be left behind, and how to delete them.
func (e *OrphanError) Error() string {
	s := fmt.Sprintf("%v. A token may have been created whose value nobody knows. ", e.Cause)
	switch {
	case len(e.Suspects) > 0:
		s += fmt.Sprintf("It may be one of these, or one that the list does not show yet, because lists lag behind:\n%s%s\n"+
			"This command lists all tokens of the user:", e.described, howToDelete(e.Suspects, e.api))
	case e.unlisted != nil:
		s += fmt.Sprintf("The user's tokens could not be listed (%v). List them, and delete the one that is new, that nobody else has "+
			"created, and that \"pulumi stack export\" shows for none of your stacks:", e.unlisted)
	default:
		s += "The list shows no new token with this description, but lists lag behind. List the tokens again in a few minutes, and delete " +
			"the one that is new, that nobody else has created, and that \"pulumi stack export\" shows for none of your stacks:"
	}
	return s + "\n  " + e.api.ListCommand()
}

// Unwrap returns why the creation failed.
func (e *OrphanError) Unwrap() error { return e.Cause }
