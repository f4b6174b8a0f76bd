package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
)

// users returns the call that asks the domain for the user.
func (d API) users(doing, attributes string, read func(*oci.Answer) error) oci.Call {
	return oci.Call{
		Doing: doing + " user " + d.userID, To: d.domain, Read: read,
		Request: oci.Request{Method: http.MethodGet, Path: oci.Path("Users"), Query: url.Values{
			"filter": {d.filter("ocid")}, "attributes": {attributes}, "count": {"1"},
		}},
	}
}

// HasUser reports whether the domain shows the user to the caller.
func (d API) HasUser(ctx context.Context) (bool, error) {
	var found struct {
		TotalResults int `json:"totalResults"`
	}
	read := func(a *oci.Answer) error { return json.Unmarshal(a.Body, &found) }
	if failure := d.Try(ctx, d.users("look for", "ocid", read)); failure != nil {
		return false, failure.UnlessRefused()
	}
	return found.TotalResults > 0, nil
}

// Account returns what the domain says about the user.
func (d API) Account(ctx context.Context) (tokens.Account, error) {
	var found *tokens.Account
	err := d.Do(ctx, d.users("find out the name of", "userName,emails,domainOcid", func(a *oci.Answer) (err error) {
		found, err = readAccount(a.Body)
		return err
	}))
	switch {
	case err != nil:
		return tokens.Account{}, err
	case found == nil:
		return tokens.Account{}, fmt.Errorf("the identity domain at %s does not have user %s, or does not show it to the caller", d.URL(), d.userID)
	}
	return *found, nil
}

// readAccount reads a list of users, and returns the first, or nil if there is none.
func readAccount(body []byte) (*tokens.Account, error) {
	var page struct {
		Resources []struct {
			UserName   json.RawMessage `json:"userName"`
			DomainOCID json.RawMessage `json:"domainOcid"`
			Emails     []struct {
				Value   json.RawMessage `json:"value"`
				Primary bool            `json:"primary"`
			} `json:"emails"`
		} `json:"Resources"`
	}
	if json.Unmarshal(body, &page) != nil {
		return nil, errors.New("it is not a list of users")
	}
	if len(page.Resources) == 0 {
		return nil, nil
	}
	user := page.Resources[0]
	account := tokens.Account{Name: oci.Text(user.UserName), DomainID: oci.Text(user.DomainOCID)}
	if account.Name == "" {
		return nil, errors.New("it lacks the user's name")
	}
	for _, email := range user.Emails {
		if email.Primary {
			account.Email = oci.Text(email.Value)
		}
	}
	return &account, nil
}
