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

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/panics"
)

// AccessToken is a password for the container registry, which OCI gives to whoever can sign a request.
type AccessToken struct {
	Value Value
	// TimeExpires is when the registry stops accepting it, by this machine's clock.
	TimeExpires time.Time
}

const (
	// registryBasePath is the version of the container registry's API.
	registryBasePath = "20180419"
	// longestAccess is the longest time that an access token is believed to be valid for. OCI says an hour.
	longestAccess = 366 * 24 * time.Hour
)

// AccessToken returns a new access token for the registry at a host of a region. A scope limits it, such as
// "repository:<namespace>/<name>:pull,push". Without a scope it allows what the policies allow the caller. It is GetAccessToken of OCI's
// SDKs: https://docs.oracle.com/iaas/api/#/en/registry/. Concurrent calls for the same access share a token, each until its own context ends.
func (t Tenancy) AccessToken(ctx context.Context, region, host, scope string) (AccessToken, error) {
	// The call that asks may be cancelled while others wait for it.
	asking := context.WithoutCancel(ctx)
	flight := t.access.DoChan(host+" "+region+" "+scope, func() (any, error) { return t.askForAccess(asking, region, host, scope) })
	select {
	case result := <-flight:
		token, _ := result.Val.(AccessToken)
		return token, result.Err
	case <-ctx.Done():
		return AccessToken{}, fmt.Errorf("stopped waiting for an access token of the registry %s: %w", host, context.Cause(ctx))
	}
}

func (t Tenancy) askForAccess(ctx context.Context, region, host, scope string) (token AccessToken, err error) {
	defer panics.Catch(&err)
	query := url.Values{}
	if scope != "" {
		query.Set("scope", scope)
	}
	err = t.calls.call(ctx, operation{
		doing: "get an access token of the registry " + host, to: t.home.configured.containerRegistry(region, host),
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
