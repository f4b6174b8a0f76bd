package iam

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// Account is what IAM says about a user.
type Account struct {
	// Name is the name under which the user signs in. The name of a federated user contains the identity provider.
	Name string
	// Email is the user's e-mail address, or empty.
	Email string
}

// Account is https://docs.oracle.com/iaas/api/#/en/identity/20160918/User/GetUser. The region in which a token was created is the first to
// know a new user.
func (i API) Account(ctx context.Context) (account Account, err error) {
	err = i.Do(ctx, oci.Call{
		Doing: "find out the name of user " + i.userID, To: i.Writer(),
		Request: oci.Request{Method: http.MethodGet, Path: oci.Path("users", i.userID)},
		Read: func(a *oci.Answer) error {
			var said struct {
				Name  json.RawMessage `json:"name"`
				Email json.RawMessage `json:"email"`
			}
			if !a.IsJSON() || json.Unmarshal(a.Body, &said) != nil || oci.Text(said.Name) == "" {
				return errors.New("it has no name")
			}
			account = Account{Name: oci.Text(said.Name), Email: oci.Text(said.Email)}
			return nil
		},
	})
	return account, err
}

// DomainName returns the name of an identity domain, or "" for the Default domain:
// https://docs.oracle.com/iaas/api/#/en/identity/20160918/Domain/GetDomain.
func (i API) DomainName(ctx context.Context, ocid string) (name string, err error) {
	err = i.Do(ctx, oci.Call{
		Doing: "find out the name of identity domain " + safetext.Sentence(ocid), To: i.Configured(),
		Request: oci.Request{Method: http.MethodGet, Path: oci.Path("domains", ocid)},
		Read: func(a *oci.Answer) error {
			var said struct {
				Name json.RawMessage `json:"displayName"`
				Type json.RawMessage `json:"type"`
			}
			if !a.IsJSON() || json.Unmarshal(a.Body, &said) != nil || oci.Text(said.Name) == "" {
				return errors.New("it has no name")
			}
			if name = oci.Text(said.Name); oci.Text(said.Type) == "DEFAULT" {
				name = ""
			}
			return nil
		},
	})
	return name, err
}
