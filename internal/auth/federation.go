package auth

import (
	"context"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
	sdk "github.com/oracle/oci-go-sdk/v65/common/auth"
)

// The values of the property tokenExchangeAuth, which says how the caller proves to the identity domain that it may exchange tokens.
const (
	exchangeAsClient   = "OAuthClientCredentials"
	exchangeAsInstance = "InstancePrincipal"
)

// resourceSessionToken is the type of a token that stands for a resource. To ask for one, one has to name the type of the resource.
const resourceSessionToken = "urn:oci:token-type:oci-rpst" //nolint:gosec // the name of a type, no credential

// subjectIsJWT is the default type of the token that is exchanged.
const subjectIsJWT = "jwt"

// workloadIdentityFederation exchanges the token of another issuer, such as a Kubernetes cluster, for a token of OCI. See
// https://docs.oracle.com/iaas/Content/Identity/api-getstarted/json_web_token_exchange.htm.
func workloadIdentityFederation(ctx context.Context, s *sources) (Credentials, error) {
	r := &requirement{sources: s}
	issuer := tokenFile(s.path(r.require(propertyWorkloadIdentityTokenPath)))
	exchange := sdk.TokenExchangeBuilder{
		DomainUrl:          strings.TrimRight(string(r.require(propertyTokenExchangeDomainURL)), "/"),
		Region:             string(r.require(propertyRegion)),
		RequestedTokenType: string(r.require(propertyTokenExchangeRequestedTokenType)),
		SubjectTokenType:   string(s.find(propertyTokenExchangeSubjectTokenType).value),
		RpstExp:            string(s.find(propertyTokenExchangeRPSTExpiration).value),
		PublicKey:          string(s.find(propertyTokenExchangePublicKey).value),
	}
	if exchange.SubjectTokenType == "" {
		exchange.SubjectTokenType = subjectIsJWT
	}
	if exchange.RequestedTokenType == resourceSessionToken {
		exchange.ResType = string(r.require(propertyTokenExchangeResourceType))
	}
	asInstance := false
	if how := s.find(propertyTokenExchangeAuth); how.value != "" {
		asInstance = strings.EqualFold(string(r.check(propertyTokenExchangeAuth, how)), exchangeAsInstance)
	}
	if !asInstance {
		exchange.ClientId = string(r.require(propertyTokenExchangeClientID))
		exchange.ClientSecret = string(r.require(propertyTokenExchangeClientSecret))
	}
	if issuer != "" {
		if _, err := issuer.GetToken(); err != nil {
			r.add(wrong(propertyWorkloadIdentityTokenPath, "%v", err))
		}
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	if asInstance {
		instance, err := instancePrincipal(ctx, s)
		if err != nil {
			return nil, err
		}
		exchange.InstancePrincipalProvider = instance
	}
	return signInAs(ctx, s, WorkloadIdentityFederation, func() (common.ConfigurationProvider, error) {
		return sdk.TokenExchangeConfigurationProviderFromIssuer(issuer, exchange)
	})
}
