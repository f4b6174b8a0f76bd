package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	ocir "github.com/ociauthtoken/pulumi-ociauthtoken/internal/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
)

// explain adds to the error of a login that the registry has refused what OCI says about the user, and what to do.
func (l lookup) explain(ctx context.Context, err error, names loginNames, now time.Time) error {
	var refused *ocir.Refused
	if !errors.As(err, &refused) {
		return err
	}
	if names.Username == ocir.BearerUser {
		return fmt.Errorf("%w. An access token is valid for an hour: get another one", err)
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
func (l lookup) explainTokens(ctx context.Context, now time.Time) string {
	ref, err := l.user()
	if err != nil {
		return ""
	}
	user, err := l.oci.User(ctx, ref)
	if err != nil {
		return ""
	}
	listed, err := user.ListTokens(ctx, tokens.Configured)
	if err != nil {
		return fmt.Sprintf("The user's tokens could not be listed: %v", user.Locate(ctx, err))
	}
	if len(listed) == 0 {
		return "OCI lists no auth token of the user"
	}
	// Identity domains do not say in which state a token is.
	usable := func(t tokens.Token) bool {
		return t.IsLive() && t.State != tokens.StateInactive && (t.TimeExpires == nil || now.Before(*t.TimeExpires))
	}
	if !slices.ContainsFunc(listed, usable) {
		return "None of the user's auth tokens works, because each is inactive or expired: replace the one that this password is for:\n" + user.Describe(listed)
	}
	return "OCI lists these auth tokens of the user:\n" + user.Describe(listed)
}

// explainUsername says under which names OCI knows the user, if the program has set another one.
func (l lookup) explainUsername(ctx context.Context, names loginNames) string {
	known, err := l.usernames(ctx, names.Namespace)
	switch {
	case err != nil:
		return fmt.Sprintf("Whether username is right is not known: %v", err)
	case slices.Contains(known, names.Username):
		return ""
	}
	return fmt.Sprintf("By what OCI knows of the user, the user name is %s: leave username out, or set it to that", strings.Join(known, " or "))
}
