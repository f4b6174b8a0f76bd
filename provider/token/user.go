package token

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
)

// CheckUser refuses what cannot be a user or the URL of an identity domain. It returns the URL in its canonical form.
func CheckUser(inputs property.Map, domainURL *string, refuse func(name string, err error)) *string {
	if userID := inputs.Get("userId"); userID.IsString() {
		if err := ocid.Check(userID.AsString(), ocid.User); err != nil {
			refuse("userId", err)
		}
	}
	if given := inputs.Get("domainUrl"); given.IsString() {
		canonical, err := hosts.ParseDomainURL(given.AsString())
		if err == nil {
			return &canonical
		}
		refuse("domainUrl", err)
	}
	return domainURL
}

// ParseDomainURL returns the URL of an identity domain in canonical form, or "" if there is none.
func ParseDomainURL(said *string) (string, error) {
	if said == nil {
		return "", nil
	}
	domainURL, err := hosts.ParseDomainURL(*said)
	if err != nil {
		return "", fmt.Errorf("domainUrl: %w", err)
	}
	return domainURL, nil
}
