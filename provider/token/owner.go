package token

import (
	"fmt"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
)

// Owner is the arguments of a resource that say whose token it is.
type Owner struct {
	UserID    string  `pulumi:"userId"             provider:"replaceOnChanges" means:"user"`
	DomainURL *string `pulumi:"domainUrl,optional" provider:"replaceOnChanges" means:"domain"`
}

// Describe describes the arguments for the schema. It is no method Annotate, because infer lets that of a nested type win over the type
// around it. No upstream issue for that was found.
func (o *Owner) Describe(a infer.Annotator, userID, change string) {
	a.Describe(&o.UserID, userID+" "+change)
	a.Describe(&o.DomainURL, "The URL of the identity domain that the user is in, such as "+
		"`https://idcs-0123456789abcdef.identity.oraclecloud.com`, for a user of a domain other than Default. The Console and "+
		"`oci iam domain list --compartment-id <OCID of the tenancy>` show it. "+change)
}

// OwnerOf returns the arguments that name a user.
func OwnerOf(user tokens.UserRef) Owner {
	o := Owner{UserID: user.ID}
	if user.DomainURL != "" {
		o.DomainURL = &user.DomainURL
	}
	return o
}

// User returns the user.
func (o Owner) User() tokens.UserRef {
	return tokens.UserRef{ID: o.UserID, DomainURL: OrEmpty(o.DomainURL)}
}

// CheckOwner refuses what cannot be a user or the URL of an identity domain, and puts the URL into its canonical form. Values that are not known
// yet pass.
func (o *Owner) CheckOwner(inputs property.Map, refuse func(name string, err error)) {
	if userID := inputs.Get("userId"); userID.IsString() {
		if err := ocid.Check(userID.AsString(), ocid.User); err != nil {
			refuse("userId", err)
		}
	}
	if domainURL := inputs.Get("domainUrl"); domainURL.IsString() {
		canonical, err := hosts.ParseDomainURL(domainURL.AsString())
		if err != nil {
			refuse("domainUrl", err)
			return
		}
		o.DomainURL = &canonical
	}
}

// UserOf returns the user that the arguments of a function name. It has no OCID if userID is nil.
func UserOf(userID, domainURL *string) (user tokens.UserRef, err error) {
	if userID != nil {
		if err := ocid.Check(*userID, ocid.User); err != nil {
			return user, fmt.Errorf("userId: %w", err)
		}
		user.ID = *userID
	}
	if domainURL != nil {
		if user.DomainURL, err = hosts.ParseDomainURL(*domainURL); err != nil {
			return user, fmt.Errorf("domainUrl: %w", err)
		}
	}
	return user, nil
}
