// Package iam is the API of OCI Identity and Access Management, for the auth tokens of one user.
package iam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens/scim"
)

// API is the API of OCI Identity and Access Management, for one user.
type API struct {
	oci.Caller

	userID string
}

// Open returns the API for the tokens of a user: that of the user's identity domain, if the user has one.
func Open(calls oci.Caller, user tokens.UserRef) (tokens.API, error) {
	if user.DomainURL != "" {
		return scim.New(calls, user)
	}
	return New(calls, user.ID), nil
}

// New returns the API of IAM for a user.
func New(calls oci.Caller, userID string) API { return API{calls, userID} }

// Create returns the call that creates a token.
func (i API) Create(creation tokens.Creation, retryToken string, found func(tokens.Token) error) oci.Call {
	return oci.Call{
		Doing: "create an auth token for user " + i.userID, Creates: true,
		Request: oci.Request{
			Method: http.MethodPost, Path: oci.Path("users", i.userID, "authTokens"),
			Body: map[string]string{"description": creation.Description}, RetryToken: retryToken,
		},
		Read: func(a *oci.Answer) error { return found(readAuthToken(a.Body)) },
	}
}

// List lists the tokens.
func (i API) List(ctx context.Context, from tokens.ReadFrom, urgent bool) (listed []tokens.Token, err error) {
	at := i.Configured()
	switch from {
	case tokens.Writer:
		at = i.Writer()
	case tokens.Home:
		if at, err = i.Home(ctx); err != nil {
			return nil, fmt.Errorf("the tenancy's home region, which has the last word on the auth tokens of user %s, could not be "+
				"found out: %w", i.userID, err)
		}
	}
	err = i.Do(ctx, oci.Call{
		Doing: "list the auth tokens of user " + i.userID, To: at, Urgent: urgent,
		Request: oci.Request{Method: http.MethodGet, Path: oci.Path("users", i.userID, "authTokens")},
		Read: func(a *oci.Answer) (err error) {
			listed, err = readAuthTokens(a.Body, i.userID)
			return err
		},
	})
	return listed, err
}

// Find looks for the token in a list, because this API has no call for a single token.
func (i API) Find(ctx context.Context, from tokens.ReadFrom, id string) (*tokens.Token, error) {
	listed, err := i.List(ctx, from, false)
	return tokens.Pick(listed, id), err
}

// Update changes a token's description.
func (i API) Update(ctx context.Context, id, description string) (token tokens.Token, err error) {
	err = i.Do(ctx, oci.Call{
		Doing: "update auth token " + id + " of user " + i.userID,
		Request: oci.Request{
			Method: http.MethodPut, Path: oci.Path("users", i.userID, "authTokens", id), Body: map[string]string{"description": description},
		},
		Read: func(a *oci.Answer) error {
			token = readAuthToken(a.Body)
			return token.Of(i.userID)
		},
	})
	return token, err
}

// Delete deletes a token.
func (i API) Delete(ctx context.Context, id string) error {
	return i.Do(ctx, oci.Call{
		Doing:   "delete auth token " + id + " of user " + i.userID,
		Request: oci.Request{Method: http.MethodDelete, Path: oci.Path("users", i.userID, "authTokens", id)},
		Read:    (*oci.Answer).Deleted,
	})
}

// DeleteCommand returns the command that deletes a token.
func (i API) DeleteCommand(id string) string {
	return fmt.Sprintf("oci iam auth-token delete --user-id %s --auth-token-id %s", i.userID, id)
}

// ListCommand returns the command that lists the user's tokens.
func (i API) ListCommand() string { return "oci iam auth-token list --user-id " + i.userID }

// Elsewhere looks for the identity domain that the user is in. It lists the domains and asks each of them once. See
// https://docs.oracle.com/iaas/api/#/en/identity/20160918/Domain/ListDomains.
func (i API) Elsewhere(ctx context.Context) (tokens.API, string, error) {
	const unknown = ". If the user is in an identity domain other than Default, set domainUrl: " + hosts.WhereDomainURLs
	tenancy, err := i.Tenancy()
	if err != nil || tenancy == "" {
		return nil, unknown, err
	}
	var domains []struct {
		Name string `json:"displayName"`
		Type string `json:"type"`
		URL  string `json:"url"`
	}
	if failure := i.Try(ctx, oci.Call{
		Doing: "list the identity domains of tenancy " + tenancy, To: i.Configured(),
		Request: oci.Request{Method: http.MethodGet, Path: oci.Path("domains"), Query: url.Values{"compartmentId": {tenancy}}},
		Read:    func(a *oci.Answer) error { return json.Unmarshal(a.Body, &domains) },
	}); failure != nil {
		return nil, unknown, failure.UnlessRefused()
	}
	for _, found := range domains {
		if found.Type == "DEFAULT" {
			continue
		}
		in, err := scim.New(i.Caller, tokens.UserRef{ID: i.userID, DomainURL: found.URL})
		if err != nil {
			continue
		}
		switch has, err := in.HasUser(ctx); {
		case err != nil:
			return nil, unknown, err
		case has:
			return in, fmt.Sprintf(". The user is in the identity domain %q: set domainUrl to %s", safetext.Sentence(found.Name), in.URL()), nil
		}
	}
	return nil, unknown, nil
}

// readAuthTokens reads a list of a user's tokens.
func readAuthTokens(body []byte, userID string) ([]tokens.Token, error) {
	items := oci.Field[[]json.RawMessage](body)
	if items == nil {
		return nil, errors.New("it is not a list")
	}
	return tokens.ReadList(*items, userID, readAuthToken)
}

// readAuthToken reads a token.
func readAuthToken(body []byte) tokens.Token { return tokens.ReadToken(oci.Fields(body)) }
