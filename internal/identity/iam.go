package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// iam is the API of OCI Identity and Access Management, for one user.
type iam struct {
	calls   caller
	home    *home
	tenancy func() (string, error)
	// domainOf returns the API of the identity domain with the given URL.
	domainOf func(domainURL string) (domain, error)
	userID   string
}

func (i iam) create(wish Wish, retryToken string, found func(AuthToken) error) operation {
	return operation{
		doing: "create an auth token for user " + i.userID, creates: true, to: homeward{i},
		request: request{
			method: http.MethodPost, path: escaped("users", i.userID, "authTokens"),
			body: authTokenDetails{wish.Description}, retryToken: retryToken,
		},
		read: func(a *answer) error { return found(readAuthToken(a.body)) },
	}
}

func (i iam) list(ctx context.Context, from View, urgent bool) (tokens []AuthToken, err error) {
	at := i.home.configured
	switch from {
	case Written:
		at = i.home.writer()
	case Home:
		if at, err = i.home.find(ctx, "", i.subscribedHome); err != nil {
			return nil, fmt.Errorf("the tenancy's home region, which has the last word on the auth tokens of user %s, could not be "+
				"found out: %w", i.userID, err)
		}
	}
	err = i.calls.call(ctx, operation{
		doing: "list the auth tokens of user " + i.userID, to: at, urgent: urgent,
		request: request{method: http.MethodGet, path: escaped("users", i.userID, "authTokens")},
		read: func(a *answer) (err error) {
			tokens, err = readAuthTokens(a, i.userID)
			return err
		},
	})
	return tokens, err
}

// find looks for the token in a list, because this API has no call for a single token.
func (i iam) find(ctx context.Context, from View, id string) (*AuthToken, error) {
	tokens, err := i.list(ctx, from, false)
	return Pick(tokens, id), err
}

func (i iam) update(ctx context.Context, id, description string) (token AuthToken, err error) {
	err = i.calls.call(ctx, operation{
		doing: "update auth token " + id + " of user " + i.userID, to: homeward{i},
		request: request{
			method: http.MethodPut, path: escaped("users", i.userID, "authTokens", id), body: authTokenDetails{description},
		},
		read: func(a *answer) error {
			token = readAuthToken(a.body)
			return a.updated(token, i.userID)
		},
	})
	return token, err
}

func (i iam) delete(ctx context.Context, id string) error {
	return i.calls.call(ctx, operation{
		doing: "delete auth token " + id + " of user " + i.userID, to: homeward{i},
		request: request{method: http.MethodDelete, path: escaped("users", i.userID, "authTokens", id)},
		read:    (*answer).deleted,
	})
}

// account is https://docs.oracle.com/iaas/api/#/en/identity/20160918/User/GetUser. The region in which a token was created is the first to
// know a new user.
func (i iam) account(ctx context.Context) (account Account, err error) {
	err = i.calls.call(ctx, operation{
		doing: "find out the name of user " + i.userID, to: i.home.writer(),
		request: request{method: http.MethodGet, path: escaped("users", i.userID)},
		read: func(a *answer) error {
			var said struct {
				Name  json.RawMessage `json:"name"`
				Email json.RawMessage `json:"email"`
			}
			if !a.isJSON() || json.Unmarshal(a.body, &said) != nil || text(said.Name) == "" {
				return errors.New("it has no name")
			}
			account = Account{Name: text(said.Name), Email: text(said.Email)}
			return nil
		},
	})
	return account, err
}

func (i iam) deleteCommand(id string) string {
	return fmt.Sprintf("oci iam auth-token delete --user-id %s --auth-token-id %s", i.userID, outside.Sentence(id))
}

func (i iam) listCommand() string { return "oci iam auth-token list --user-id " + i.userID }

// elsewhere looks for the identity domain that the user is in. It lists the domains and asks each of them once. See
// https://docs.oracle.com/iaas/api/#/en/identity/20160918/Domain/ListDomains.
func (i iam) elsewhere(ctx context.Context) (api, string, error) {
	const unknown = ". If the user is in an identity domain other than Default, set domainUrl: " + hosts.WhereDomainURLs
	tenancy, err := i.tenancy()
	if err != nil || tenancy == "" {
		return nil, unknown, nil
	}
	var domains []struct {
		Name string `json:"displayName"`
		Type string `json:"type"`
		URL  string `json:"url"`
	}
	if failure := i.calls.try(ctx, operation{
		doing: "list the identity domains of tenancy " + tenancy, to: i.home.configured,
		request: request{method: http.MethodGet, path: escaped("domains"), query: url.Values{"compartmentId": {tenancy}}},
		read:    func(a *answer) error { return json.Unmarshal(a.body, &domains) },
	}); failure != nil {
		return nil, unknown, unlessRefused(failure)
	}
	for _, found := range domains {
		if found.Type == "DEFAULT" {
			continue
		}
		in, err := i.domainOf(found.URL)
		if err != nil {
			continue
		}
		switch has, err := in.hasUser(ctx); {
		case err != nil:
			return nil, unknown, err
		case has:
			return in, fmt.Sprintf(". The user is in the identity domain %q: set domainUrl to %s", outside.Sentence(found.Name), in.service.domain), nil
		}
	}
	return nil, unknown, nil
}

// domainName returns the name of an identity domain, or "" for the Default domain:
// https://docs.oracle.com/iaas/api/#/en/identity/20160918/Domain/GetDomain.
func (i iam) domainName(ctx context.Context, ocid string) (name string, err error) {
	err = i.calls.call(ctx, operation{
		doing: "find out the name of identity domain " + outside.Sentence(ocid), to: i.home.configured,
		request: request{method: http.MethodGet, path: escaped("domains", ocid)},
		read: func(a *answer) error {
			var said struct {
				Name json.RawMessage `json:"displayName"`
				Type json.RawMessage `json:"type"`
			}
			if !a.isJSON() || json.Unmarshal(a.body, &said) != nil || text(said.Name) == "" {
				return errors.New("it has no name")
			}
			if name = text(said.Name); text(said.Type) == "DEFAULT" {
				name = ""
			}
			return nil
		},
	})
	return name, err
}

// homeward is the route of writes. It leads to the home region, once that is known.
type homeward struct{ iam }

func (h homeward) next() *service     { return h.home.writer() }
func (h homeward) worked(at *service) { h.home.is(at) }
func (h homeward) elsewhere(ctx context.Context, _ *service, message string) (*service, error) {
	return h.home.find(ctx, message, h.subscribedHome)
}

// subscribedHome asks OCI which of the regions that the tenancy subscribes to is its home region.
func (i iam) subscribedHome(ctx context.Context) (string, error) {
	subscriptions, err := i.subscriptions(ctx)
	if err != nil {
		return "", err
	}
	for _, subscription := range subscriptions {
		if subscription.IsHomeRegion && regionName.MatchString(subscription.RegionName) {
			return subscription.RegionName, nil
		}
	}
	return "", errors.New("OCI names none of the tenancy's regions as its home region")
}

// subscription is a region that the tenancy subscribes to.
type subscription struct {
	RegionKey    string `json:"regionKey"`
	RegionName   string `json:"regionName"`
	IsHomeRegion bool   `json:"isHomeRegion"`
}

// subscriptions is https://docs.oracle.com/iaas/api/#/en/identity/20160918/RegionSubscription/ListRegionSubscriptions.
func (i iam) subscriptions(ctx context.Context) (subscriptions []subscription, err error) {
	tenancy, err := i.tenancy()
	if err != nil || tenancy == "" {
		return nil, errors.New("the tenancy is not known: set tenancyOcid in the provider's configuration")
	}
	err = i.calls.call(ctx, operation{
		doing: "find out the regions of tenancy " + tenancy, to: i.home.configured,
		request: request{method: http.MethodGet, path: escaped("tenancies", tenancy, "regionSubscriptions")},
		read:    func(a *answer) error { return json.Unmarshal(a.body, &subscriptions) },
	})
	return subscriptions, err
}

// authTokenDetails are the body of a creation and of an update.
type authTokenDetails struct {
	Description string `json:"description"`
}

// readAuthTokens reads a list of a user's tokens. If it cannot read a token, it returns an error: in a list with tokens left out, these
// would seem to be gone.
func readAuthTokens(a *answer, userID string) ([]AuthToken, error) {
	var items []json.RawMessage
	switch {
	case !a.isJSON():
		return nil, errors.New("it is not JSON")
	case a.cut != nil:
		return nil, a.cut
	case json.Unmarshal(a.body, &items) != nil || items == nil:
		return nil, errors.New("it is not a list")
	}
	tokens := make([]AuthToken, len(items))
	for i, item := range items {
		if tokens[i] = readAuthToken(item); tokens[i].ID == "" {
			return nil, errors.New("something in the list is not an auth token")
		}
		if err := tokens[i].of(userID); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// readAuthToken reads a token field by field, and leaves out fields that it cannot read. The value in the answer to a creation must
// not be lost because of another field.
func readAuthToken(body []byte) AuthToken {
	said := fields(body)
	token := AuthToken{
		ID: text(said["id"]), UserID: text(said["userId"]), Value: Value(text(said["token"])), State: text(said["lifecycleState"]),
	}
	var description *string
	if json.Unmarshal(said["description"], &description) == nil {
		token.Description = description
	}
	var flags *int64
	if json.Unmarshal(said["inactiveStatus"], &flags) == nil {
		token.InactiveStatus = flags
	}
	token.TimeCreated, _ = readTime(said["timeCreated"])
	if expires, ok := readTime(said["timeExpires"]); ok {
		token.TimeExpires = &expires
	}
	return token
}
