package tokens

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
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
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := make([]string, len(tokens))
	for i, t := range tokens {
		description := `""`
		switch {
		case t.Description == nil:
		case r.secret[*t.Description]:
			description = "[secret]"
		default:
			description = fmt.Sprintf("%q", safetext.Shorten(*t.Description, 200))
		}
		state := ""
		if t.State != "" {
			state = ", " + t.State
		}
		lines[i] = fmt.Sprintf("  %s, created %s%s, description %s", t.ID, cmp.Or(RFC3339(t.TimeCreated), "at an unknown time"), state, description)
	}
	return strings.Join(lines, "\n")
}

// HasOCID reports whether the token's OCID is known. An identity domain may leave it out, and a state that has the token has it under the
// OCID.
func (t Token) HasOCID() bool { return t.ID != t.SCIMID }

// HowToDelete tells a person how to delete one of these tokens, and first how to make sure that no resource has it: a provider does not know
// the states of the person's stacks. It leaves out tokens that are known to be recorded, and those that no state could be searched for. If
// there are no others, it returns "".
func (u *User) HowToDelete(tokens []Token) string {
	var s strings.Builder
	for _, t := range tokens {
		if !t.HasOCID() || u.client.recorded.has(u.ref.ID, t) {
			continue
		}
		fmt.Fprintf(&s, "\nMake sure that none of your stacks has it, with this command for each of them, which must print nothing:"+
			"\n  pulumi stack export --stack <stack> | grep %s\nIf nobody else has created it either, delete it:\n  %s", t.ID, u.api.DeleteCommand(t.ID))
	}
	return s.String()
}

// OrphanError is the error of a creation that may have made a token whose value nobody knows.
type OrphanError struct {
	cause error
	// remedy says which tokens may be left behind, and how to delete them.
	remedy string
}

// Error says what happened and what to do.
func (e *OrphanError) Error() string {
	return fmt.Sprintf("%v. A token may have been created whose value nobody knows. %s", e.cause, e.remedy)
}

// Unwrap returns why the creation failed.
func (e *OrphanError) Unwrap() error { return e.cause }

// orphaned returns the error of a creation that may have made one of these tokens. Unlisted is why the user's tokens could not be listed,
// or nil.
func (u *User) orphaned(cause error, suspects []Token, unlisted error) *OrphanError {
	remedy := "The list shows no new token with this description, but lists lag behind. List the tokens again in a few minutes, and delete " +
		"the one that is new, that nobody else has created, and that \"pulumi stack export\" shows for none of your stacks:"
	switch {
	case len(suspects) > 0:
		remedy = fmt.Sprintf("It may be one of these, or one that the list does not show yet, because lists lag behind:\n%s%s\n"+
			"This command lists all tokens of the user:", u.Describe(suspects), u.HowToDelete(suspects))
	case unlisted != nil:
		remedy = fmt.Sprintf("The user's tokens could not be listed (%v). List them, and delete the one that is new, that nobody else has "+
			"created, and that \"pulumi stack export\" shows for none of your stacks:", unlisted)
	}
	return &OrphanError{cause, remedy + "\n  " + u.api.ListCommand()}
}
