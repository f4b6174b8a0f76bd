package token

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
)

// ExplainMissing returns the error for the import of a token that the user does not have. The user has these tokens.
func ExplainMissing(user *tokens.User, userID, id string, tokens []tokens.Token) error {
	if len(tokens) == 0 {
		return infermend.Missing(fmt.Errorf("user %s has no auth token %s, and no other auth token", userID, id))
	}
	return infermend.Missing(fmt.Errorf("user %s has no auth token %s. It has these:\n%s", userID, id, user.Describe(tokens)))
}

// Kept explains the error of a refresh.
func Kept(err error) error {
	return fmt.Errorf("%w. The resource stays in the state, because OCI does not show the value of a token again. If the token or its "+
		"user is really gone, remove it with \"pulumi state delete\"", err)
}

// ExplainGone explains the error of an update of a token that OCI does not find. Any other error it returns as it is.
func ExplainGone(err error) error {
	if !oci.IsNotFound(err) {
		return err
	}
	return fmt.Errorf("%w. If the token was deleted outside of Pulumi, run \"pulumi refresh\". The next \"pulumi up\" then creates a new one", err)
}

// ValueIsGone returns the warning of an import. Until says how long there is no value, and otherwise says how to get one.
func ValueIsGone(until, otherwise string) string {
	return "OCI shows the value of an auth token only when it is created, so the output \"token\" stays empty after this import" + until +
		". If you still have the value, import from a file with the value in its \"outputs\"." + otherwise
}

// Unlisted returns the warning for a token that stays in the state although OCI does not list it, because it may be new.
func Unlisted(created time.Time) string {
	const stays = "OCI does not list this token. It stays in the state, because "
	if created.IsZero() {
		return stays + "the state does not say when it was created, and it may be new. If it is gone, remove it with \"pulumi state delete\"."
	}
	return stays + fmt.Sprintf("it was created at %s, and OCI may take %.0f minutes to list it. If it is gone, a refresh after that time "+
		"removes it.", tokens.RFC3339(created), tokens.NewFor.Minutes())
}

// Finished returns nil for a token that can be used, or whose lifecycle state OCI does not tell. Otherwise it returns the error that
// makes the engine record the state, and look at the token again at the next "pulumi up". If the wait for the token to become
// ACTIVE ended early, unawaited is the reason. Otherwise it is nil.
func Finished(id string, outputs Outputs, unawaited error) error {
	switch {
	case unawaited != nil:
		return Unfinished(id, unawaited.Error())
	case outputs.IsUsable():
		return nil
	default:
		return Unfinished(id, fmt.Sprintf("it is %s%s and cannot be used", safetext.Sentence(outputs.State), inactiveReason(outputs)))
	}
}

// KeepingState returns an error of an update with which the engine records the state, if the token could not be used before. The update may be a
// part of the creation, repeated by an error hook: the state with the value is then recorded nowhere yet.
func KeepingState(id string, outputs Outputs, err error) error {
	if outputs.IsUsable() {
		return err
	}
	return Unfinished(id, err.Error())
}

// Unfinished returns the error for a token that exists and is recorded, but cannot be used.
func Unfinished(id, reason string) error {
	return infer.ResourceInitFailedError{Reasons: []string{
		fmt.Sprintf("auth token %s is recorded in the state, but %s. "+
			"The next \"pulumi up\" looks at it again", id, reason),
	}}
}

// inactiveReason returns the flags of an INACTIVE token in words, in parentheses, or "" if there are none.
func inactiveReason(outputs Outputs) string {
	flags, err := strconv.ParseInt(OrEmpty(outputs.InactiveState), 10, 64)
	if err != nil || flags == 0 {
		return ""
	}
	var names []string
	for i, name := range []string{"suspended", "disabled", "blocked", "locked"} {
		if flags&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return " (" + strings.Join(append(names, "status "+OrEmpty(outputs.InactiveState)), ", ") + ")"
}
