package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

// HasUser reports whether the domain shows the user to the caller.
func (d API) HasUser(ctx context.Context) (bool, error) {
	filter, err := json.Marshal(d.userID)
	if err != nil {
		return false, err
	}
	var found struct {
		TotalResults int `json:"totalResults"`
	}
	failure := d.Try(ctx, oci.Call{
		Doing: "look for user " + d.userID, To: d.domain,
		Request: oci.Request{Method: http.MethodGet, Path: oci.Path("Users"), Query: url.Values{
			"filter": {"ocid eq " + string(filter)}, "attributes": {"ocid"}, "count": {"1"},
		}},
		Read: func(a *oci.Answer) error { return json.Unmarshal(a.Body, &found) },
	})
	if failure != nil {
		return false, failure.UnlessRefused()
	}
	return found.TotalResults > 0, nil
}

// Account is what a domain says about a user.
type Account struct {
	// Name is the name under which the user signs in.
	Name string
	// Email is the user's e-mail address, or empty.
	Email string
	// DomainID is the OCID of the domain, or empty.
	DomainID string
}

// Account returns what the domain says about the user.
func (d API) Account(ctx context.Context) (Account, error) {
	filter, err := json.Marshal(d.userID)
	if err != nil {
		return Account{}, err
	}
	var found []Account
	err = d.Do(ctx, oci.Call{
		Doing: "find out the name of user " + d.userID, To: d.domain,
		Request: oci.Request{Method: http.MethodGet, Path: oci.Path("Users"), Query: url.Values{
			"filter": {"ocid eq " + string(filter)}, "attributes": {"userName,emails,domainOcid"}, "count": {"1"},
		}},
		Read: func(a *oci.Answer) (err error) {
			found, err = readAccounts(a)
			return err
		},
	})
	switch {
	case err != nil:
		return Account{}, err
	case len(found) == 0:
		return Account{}, fmt.Errorf("the identity domain at %s does not have user %s, or does not show it to the caller", d.domain.Domain, d.userID)
	}
	return found[0], nil
}

// readAccounts reads a list of users.
func readAccounts(a *oci.Answer) ([]Account, error) {
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
	if !a.IsJSON() || json.Unmarshal(a.Body, &page) != nil {
		return nil, errors.New("it is not a list of users")
	}
	var accounts []Account
	for _, user := range page.Resources {
		account := Account{Name: oci.Text(user.UserName), DomainID: oci.Text(user.DomainOCID)}
		if account.Name == "" {
			return nil, errors.New("it lacks a user's name")
		}
		for _, email := range user.Emails {
			if email.Primary {
				account.Email = oci.Text(email.Value)
			}
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}
