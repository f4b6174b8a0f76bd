package registry

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

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/panics"
)

// AccessToken is a password for the container registry, which OCI gives to whoever can sign a request.
type AccessToken struct {
	Value Password
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
	return sharing(ctx, &t.known.access, access, t.askForAccess)
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
	err = t.Do(ctx, oci.Call{
		Doing: "get an access token of the registry " + access.Host, To: t.ContainerRegistry(access.Region, access.Host),
		Request: oci.Request{Method: http.MethodGet, Path: "/docker/token", Query: query},
		Read: func(a *oci.Answer) (err error) {
			token, err = readAccessToken(a, t.Clock.Now())
			return err
		},
	})
	var failure *oci.Error
	if errors.As(err, &failure) && (failure.Status == http.StatusUnauthorized || failure.Status == http.StatusNotFound) {
		err = fmt.Errorf("%w. The tenancy has to be subscribed to the region of the registry", err)
	}
	return token, err
}

// readAccessToken reads an answer that came now. Its errors say what came, without a token.
func readAccessToken(a *oci.Answer, now time.Time) (AccessToken, error) {
	if !a.IsJSON() {
		return AccessToken{}, fmt.Errorf("it is %s, not JSON", outside.Sentence(a.Header.Get("Content-Type")))
	}
	said := oci.Fields(a.Body)
	value := oci.Text(said["token"])
	if value == "" {
		value = oci.Text(said["access_token"])
	}
	seconds, err := json.Number(strings.Trim(string(said["expires_in"]), `"`)).Int64()
	lives := time.Duration(min(seconds, int64(longestAccess/time.Second))) * time.Second
	switch {
	case a.Cut != nil:
		return AccessToken{}, a.Cut
	case value == "":
		return AccessToken{}, errors.New("there is no token in it")
	case err != nil:
		return AccessToken{}, errors.New("it does not say in expires_in for how many seconds the token is valid")
	case lives <= 0:
		return AccessToken{}, fmt.Errorf("it says that the token has expired already: expires_in is %d", seconds)
	}
	return AccessToken{Password(value), now.Add(lives)}, nil
}
