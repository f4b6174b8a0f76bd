package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/panics"
)

// AccessToken is a password for the container registry, which OCI gives to whoever can sign a request.
type AccessToken struct {
	Value Value
	// TimeExpires is when the registry stops accepting it, by this machine's clock.
	TimeExpires time.Time
}

// longestAccess is the longest time that an access token is believed to be valid for. OCI says an hour.
const longestAccess = 366 * 24 * time.Hour

// Access is what an access token is for.
type Access struct {
	// Region is the name of the registry's region, and Host the registry's host name.
	Region, Host string
	// Scope limits the token, such as "repository:<namespace>/<name>:pull,push". Empty means all that the policies allow the caller.
	Scope string
}

// AccessToken returns a new access token. It is GetAccessToken of OCI's SDKs: https://docs.oracle.com/iaas/api/#/en/registry/. Calls for
// the same access share the request that is under way.
func (t Tenancy) AccessToken(ctx context.Context, access Access) (AccessToken, error) {
	return sharing(ctx, t.access, access, t.askForAccess)
}

// sharing waits for the request for an access token that is under way, or makes it.
func sharing(
	ctx context.Context, all *singleflight.Group, access Access, ask func(context.Context, Access) (AccessToken, error),
) (AccessToken, error) {
	// The call that makes the request may be cancelled while others wait for it.
	answer := all.DoChan(fmt.Sprint(access), func() (token any, err error) {
		defer panics.Catch(&err)
		return ask(context.WithoutCancel(ctx), access)
	})
	select {
	case answered := <-answer:
		token, _ := answered.Val.(AccessToken)
		return token, answered.Err
	case <-ctx.Done():
		return AccessToken{}, fmt.Errorf("stopped waiting for an access token of the registry %s: %w", access.Host, context.Cause(ctx))
	}
}

func (t Tenancy) askForAccess(ctx context.Context, access Access) (token AccessToken, err error) {
	query := url.Values{}
	if access.Scope != "" {
		query.Set("scope", access.Scope)
	}
	err = t.calls.call(ctx, operation{
		doing: "get an access token of the registry " + access.Host, to: t.home.configured.containerRegistry(access.Region, access.Host),
		request: request{method: http.MethodGet, path: "/docker/token", query: query},
		read: func(a *answer) (err error) {
			token, err = readAccessToken(a, t.calls.clock.Now())
			return err
		},
	})
	var failure *callError
	if errors.As(err, &failure) && (failure.status == http.StatusUnauthorized || failure.status == http.StatusNotFound) {
		err = fmt.Errorf("%w. The tenancy has to be subscribed to the region of the registry", err)
	}
	return token, err
}

// readAccessToken reads an answer that came now. Its errors say what came, without a token.
func readAccessToken(a *answer, now time.Time) (AccessToken, error) {
	if !a.isJSON() {
		return AccessToken{}, fmt.Errorf("it is %s, not JSON", outside.Sentence(a.header.Get("Content-Type")))
	}
	said := fields(a.body)
	value := text(said["token"])
	if value == "" {
		value = text(said["access_token"])
	}
	seconds, err := json.Number(strings.Trim(string(said["expires_in"]), `"`)).Int64()
	lives := time.Duration(min(seconds, int64(longestAccess/time.Second))) * time.Second
	switch {
	case a.cut != nil:
		return AccessToken{}, a.cut
	case value == "":
		return AccessToken{}, errors.New("there is no token in it")
	case err != nil:
		return AccessToken{}, errors.New("it does not say in expires_in for how many seconds the token is valid")
	case lives <= 0:
		return AccessToken{}, fmt.Errorf("it says that the token has expired already: expires_in is %d", seconds)
	}
	return AccessToken{Value(value), now.Add(lives)}, nil
}
