package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	ocir "github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
)

// explain adds to the error of a login that the registry has refused what OCI says about the user, and what to do.
func (l registryLookup) explain(ctx context.Context, err error, names registryNames, now time.Time) error {
	var refused *ocir.Refused
	if !errors.As(err, &refused) {
		return err
	}
	var remedies []string
	add := func(remedy string) {
		if remedy != "" {
			remedies = append(remedies, remedy)
		}
	}
	if l.args.Username != nil && l.args.UserID != nil {
		add(l.explainUsername(ctx, names))
	}
	add("The registry takes a minute or two to accept a new token, and longer outside of the home region: try again later, or set a longer " +
		"waitTimeoutSeconds. The password may also be the value of an older token, or of another user's")
	switch {
	case l.args.Username == nil:
		add("The user may sign in under another name: the Console shows it in the profile menu; set username to it")
		add(l.explainTokens(ctx, now))
	case l.args.UserID == nil: // the name may be anybody's
		add("Set userId too, and this error says which tokens the user has, and what the user is called")
	default:
		add(l.explainTokens(ctx, now))
	}
	return fmt.Errorf("%w. %s", err, strings.Join(remedies, ". "))
}

// explainTokens says which tokens the user has, and whether the registry can accept one of them.
func (l registryLookup) explainTokens(ctx context.Context, now time.Time) string {
	user, err := l.user()
	if err != nil {
		return ""
	}
	tokens, err := user.ListTokens(ctx, identity.Near)
	if err != nil {
		return fmt.Sprintf("The user's tokens could not be listed: %v", user.Locate(ctx, err))
	}
	if len(tokens) == 0 {
		return "OCI lists no auth token of the user"
	}
	// Identity domains do not say in which state a token is.
	usable := func(t identity.AuthToken) bool {
		return t.IsLive() && t.State != identity.StateInactive && (t.TimeExpires == nil || now.Before(*t.TimeExpires))
	}
	if !slices.ContainsFunc(tokens, usable) {
		return "None of the user's auth tokens works, because each is inactive or expired: replace the one that this password is for:\n" + user.Describe(tokens)
	}
	return "OCI lists these auth tokens of the user:\n" + user.Describe(tokens)
}

// explainUsername says under which names OCI knows the user, if the program has set another one.
func (l registryLookup) explainUsername(ctx context.Context, names registryNames) string {
	known, err := l.usernames(ctx, names.Namespace)
	switch {
	case err != nil:
		return fmt.Sprintf("Whether username is right is not known: %v", err)
	case slices.Contains(known, names.Username):
		return ""
	}
	return fmt.Sprintf("By what OCI knows of the user, the user name is %s: leave username out, or set it to that", strings.Join(known, " or "))
}
