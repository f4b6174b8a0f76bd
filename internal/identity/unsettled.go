package identity

import (
	"fmt"
	"strings"
)

// Unsettled is the error of a creation whose fate is open: there may be a token whose value nobody knows.
type Unsettled struct {
	// Cause is why the creation was given up.
	Cause error
	// Suspects are the tokens that it may have made.
	Suspects []AuthToken

	// unlisted is why the user's tokens could not be listed, or nil.
	unlisted error
	// listCommand lists the user's tokens, and deleteCommand deletes one.
	listCommand   string
	deleteCommand func(id string) string
}

// Error tells what happened, which tokens may be left behind, and what to do about them.
func (e *Unsettled) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%v. A token may have been created whose value nobody knows. ", e.Cause)
	switch {
	case len(e.Suspects) > 0:
		fmt.Fprintf(&s, "It would be one of these:\n%s\nIf no one else has made it, delete it:", Describe(e.Suspects))
		for _, token := range e.Suspects {
			fmt.Fprintf(&s, "\n  %s", e.deleteCommand(token.ID))
		}
		s.WriteString("\nThis shows all that the user has:")
	case e.unlisted != nil:
		fmt.Fprintf(&s, "Which tokens the user has could not be found out (%v). Look, and delete one that is new and that no "+
			"one else has made:", e.unlisted)
	default:
		s.WriteString("None that is new and has this description is listed, but lists lag behind. Look again in a few minutes, " +
			"and delete one that is new and that no one else has made:")
	}
	fmt.Fprintf(&s, "\n  %s\n", e.listCommand)
	return strings.TrimSuffix(s.String(), "\n")
}

// Unwrap returns why the creation was given up.
func (e *Unsettled) Unwrap() error { return e.Cause }
