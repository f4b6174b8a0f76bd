package iam

import (
	"context"
	"errors"
	"net/http"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
)

// Account is https://docs.oracle.com/iaas/api/#/en/identity/20160918/User/GetUser. The region in which a token was created is the first to
// know a new user.
func (i API) Account(ctx context.Context) (account tokens.Account, err error) {
	err = i.Do(ctx, oci.Call{
		Doing: "find out the name of user " + i.userID, To: i.Writer(),
		Request: oci.Request{Method: http.MethodGet, Path: oci.Path("users", i.userID)},
		Read: func(a *oci.Answer) error {
			said := oci.Fields(a.Body)
			account = tokens.Account{Name: oci.Text(said["name"]), Email: oci.Text(said["email"])}
			if account.Name == "" {
				return errors.New("it has no name")
			}
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
			said := oci.Fields(a.Body)
			if name = oci.Text(said["displayName"]); name == "" {
				return errors.New("it has no name")
			}
			if oci.Text(said["type"]) == "DEFAULT" {
				name = ""
			}
			return nil
		},
	})
	return name, err
}
