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

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
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
	return t.known.access.Do(ctx, fmt.Sprint(access), func(ctx context.Context) (AccessToken, error) { return t.askForAccess(ctx, access) })
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
	said := oci.Fields(a.Body)
	value := oci.Text(said["token"])
	if value == "" {
		value = oci.Text(said["access_token"])
	}
	seconds, err := json.Number(strings.Trim(string(said["expires_in"]), `"`)).Int64()
	lives := time.Duration(min(seconds, int64(longestAccess/time.Second))) * time.Second
	switch {
	case value == "":
		return AccessToken{}, errors.New("there is no token in it")
	case err != nil:
		return AccessToken{}, errors.New("it does not say in expires_in for how many seconds the token is valid")
	case lives <= 0:
		return AccessToken{}, fmt.Errorf("it says that the token has expired already: expires_in is %d", seconds)
	}
	return AccessToken{Password(value), now.Add(lives)}, nil
}
