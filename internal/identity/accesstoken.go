package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
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
	taken := t.access.join(ctx, access, t.askForAccess)
	defer t.access.leave(access, taken)
	select {
	case <-taken.done:
		return taken.token, taken.err
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

// accesses are the requests for access tokens that are under way.
type accesses struct {
	mu      sync.Mutex
	flights map[Access]*flight
}

// flight is a request for an access token. The token and err may be read once done is closed.
type flight struct {
	done    chan struct{}
	token   AccessToken
	err     error
	waiting int
	cancel  context.CancelFunc
}

// join returns the request that is under way, or makes it.
func (a *accesses) join(ctx context.Context, access Access, ask func(context.Context, Access) (AccessToken, error)) *flight {
	a.mu.Lock()
	defer a.mu.Unlock()
	taken, ok := a.flights[access]
	if !ok {
		taken = &flight{done: make(chan struct{})}
		a.flights[access] = taken
		// The call that makes the request may be cancelled while others wait for it.
		ctx, taken.cancel = context.WithCancel(context.WithoutCancel(ctx))
		go func() {
			defer close(taken.done)
			defer a.ended(access, taken)
			defer panics.Catch(&taken.err)
			taken.token, taken.err = ask(ctx, access)
		}()
	}
	taken.waiting++
	return taken
}

// leave notes that a call no longer waits. The last one to leave cancels the request.
func (a *accesses) leave(access Access, taken *flight) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if taken.waiting--; taken.waiting == 0 {
		taken.cancel()
		a.forget(access, taken)
	}
}

// ended notes that no further call can share the request.
func (a *accesses) ended(access Access, taken *flight) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forget(access, taken)
}

// forget removes a request, unless a newer one has taken its place. The caller holds the lock.
func (a *accesses) forget(access Access, taken *flight) {
	if a.flights[access] == taken {
		delete(a.flights, access)
	}
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
