package auth

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
	sdk "github.com/oracle/oci-go-sdk/v65/common/auth"
)

// The values of the property tokenExchangeAuth: how the caller proves to the identity domain that it may exchange tokens.
const (
	exchangeAsClient   = "OAuthClientCredentials"
	exchangeAsInstance = "InstancePrincipal"
)

// workloadIdentityFederation exchanges a token of another issuer, such as a Kubernetes cluster's, for one of OCI.
func workloadIdentityFederation(s *sources) (common.ConfigurationProvider, error) {
	r := &requirement{sources: s}
	issuer := tokenFile(s.path(r.require(propertyWorkloadIdentityTokenPath)))
	exchange := sdk.TokenExchangeBuilder{
		DomainUrl:          r.require(propertyTokenExchangeDomainURL),
		Region:             r.require(propertyRegion),
		RequestedTokenType: r.require(propertyTokenExchangeRequestedTokenType),
		ResType:            r.require(propertyTokenExchangeResourceType),
		SubjectTokenType:   r.require(propertyTokenExchangeSubjectTokenType),
		RpstExp:            s.find(propertyTokenExchangeRPSTExpiration).value,
		PublicKey:          s.find(propertyTokenExchangePublicKey).value,
	}
	asInstance := false
	if how := s.find(propertyTokenExchangeAuth); how.value != "" {
		if err := checkTokenExchangeAuth(how.value); err != nil {
			r.add(wrong(propertyTokenExchangeAuth, "%v (from %s)", err, how.origin))
		}
		asInstance = strings.EqualFold(how.value, exchangeAsInstance)
	}
	if !asInstance {
		exchange.ClientId = r.require(propertyTokenExchangeClientID)
		exchange.ClientSecret = r.require(propertyTokenExchangeClientSecret)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	if asInstance {
		instance, err := instancePrincipal(s)
		if err != nil {
			return nil, err
		}
		exchange.InstancePrincipalProvider = instance
	}
	provider, err := sdk.TokenExchangeConfigurationProviderFromIssuer(issuer, exchange)
	return newPrincipal(s, WorkloadIdentityFederation, provider, err)
}

// tokenFile is the path of a token that something else renews, as Kubernetes does with a projected service account token.
type tokenFile string

// GetToken reads the token as it is now.
func (f tokenFile) GetToken() (string, error) {
	content, err := readFile(string(f))
	return strings.TrimSpace(string(content)), err
}

func checkTokenExchangeAuth(s string) error {
	if strings.EqualFold(s, exchangeAsClient) || strings.EqualFold(s, exchangeAsInstance) {
		return nil
	}
	return fmt.Errorf("%q is neither %s nor %s", s, exchangeAsClient, exchangeAsInstance)
}

func checkDomainURL(s string) error {
	if u, err := url.Parse(s); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("%q is not the URL of an identity domain, such as https://idcs-....identity.oraclecloud.com", s)
	}
	return nil
}
