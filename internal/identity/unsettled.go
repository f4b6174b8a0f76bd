package identity

import (
	"fmt"
	"strings"
)

// Unsettled is the error of a creation that may have made a token whose value nobody knows.
type Unsettled struct {
	// Cause is why the creation failed.
	Cause error
	// Suspects lists the tokens that it may have made.
	Suspects []AuthToken

	// described is a line for each suspect.
	described string
	// unlisted is why the user's tokens could not be listed, or nil.
	unlisted error
	// listCommand lists the user's tokens, and deleteCommand deletes one.
	listCommand   string
	deleteCommand func(id string) string
}

// Error says what happened, which tokens may be left behind, and how to delete them.
func (e *Unsettled) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%v. A token may have been created whose value nobody knows. ", e.Cause)
	switch {
	case len(e.Suspects) > 0:
		fmt.Fprintf(&s, "It is one of these:\n%s\nIf nobody else has created it, delete it:", e.described)
		for _, token := range e.Suspects {
			fmt.Fprintf(&s, "\n  %s", e.deleteCommand(token.ID))
		}
		s.WriteString("\nThis command lists all tokens of the user:")
	case e.unlisted != nil:
		fmt.Fprintf(&s, "The user's tokens could not be listed (%v). List them, and delete the one that is new and that nobody "+
			"else has created:", e.unlisted)
	default:
		s.WriteString("The list shows no new token with this description, but lists lag behind. List the tokens again in a few minutes, " +
			"and delete the one that is new and that nobody else has created:")
	}
	fmt.Fprintf(&s, "\n  %s\n", e.listCommand)
	return strings.TrimSuffix(s.String(), "\n")
}

// Unwrap returns why the creation failed.
func (e *Unsettled) Unwrap() error { return e.Cause }
