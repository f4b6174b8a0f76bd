package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
)

// exchangeAsClient is how the caller proves to the identity domain that it may exchange tokens. The other way is InstancePrincipal.
const exchangeAsClient = "OAuthClientCredentials"

// workloadIdentityFederation exchanges the token of another issuer, such as a Kubernetes cluster, for a token of OCI. See
// https://docs.oracle.com/iaas/Content/Identity/api-getstarted/json_web_token_exchange.htm.
func workloadIdentityFederation(ctx context.Context, s *sources) (Credentials, error) {
	issuer := tokenFile{s.path(s.require(propertyWorkloadIdentityTokenPath))}
	s.require(propertyRegion)
	e := &exchange{
		client: common.DefaultBaseClientWithSigner(nil).HTTPClient,
		issuer: issuer,
		url:    strings.TrimRight(string(s.require(propertyTokenExchangeDomainURL)), "/") + "/oauth2/v1/token",
		form: url.Values{
			"grant_type":           {"urn:ietf:params:oauth:grant-type:token-exchange"},
			"requested_token_type": {string(s.require(propertyTokenExchangeRequestedTokenType))},
			"subject_token_type":   {string(cmp.Or(s.find(propertyTokenExchangeSubjectTokenType).value, "jwt"))},
		},
	}
	if e.form.Get("requested_token_type") == "urn:oci:token-type:oci-rpst" { // which stands for a resource
		e.form.Set("res_type", string(s.require(propertyTokenExchangeResourceType)))
		if expiration := s.find(propertyTokenExchangeRPSTExpiration).value; expiration != "" {
			e.form.Set("rpst_exp", string(expiration))
		}
	}
	how := cmp.Or(s.find(propertyTokenExchangeAuth), finding{value: exchangeAsClient})
	asInstance := strings.EqualFold(string(s.check(propertyTokenExchangeAuth, how)), InstancePrincipal)
	if !asInstance {
		client, secret := string(s.require(propertyTokenExchangeClientID)), string(s.require(propertyTokenExchangeClientSecret))
		e.authorize = func(request *http.Request) error {
			request.SetBasicAuth(client, secret)
			return nil
		}
	}
	if issuer.Text != "" {
		if _, err := issuer.GetToken(); err != nil {
			s.note(wrong(propertyWorkloadIdentityTokenPath, "%v", err))
		}
	}
	if err := s.err(); err != nil {
		return nil, err
	}
	if asInstance {
		instance, err := instancePrincipal(ctx, s)
		if err != nil {
			return nil, err
		}
		e.authorize = common.DefaultRequestSigner(instance).Sign
	}
	return signInAs(ctx, s, WorkloadIdentityFederation, func() (common.ConfigurationProvider, error) { return e, nil })
}

// exchange gets tokens of OCI for those of another issuer. The SDK has the same, but it does not say why there was no answer, and it renews a
// token that is valid for less than five minutes between the key and the token of one signature. See
// https://github.com/oracle/oci-go-sdk/blob/master/common/auth/federation_client.go.
type exchange struct {
	common.ConfigurationProvider // has the other methods, which nothing calls

	client    common.HTTPRequestDispatcher
	issuer    tokenFile
	url       string
	form      url.Values
	authorize func(*http.Request) error

	token  string
	claims claims
	key    *rsa.PrivateKey
}

// renew gets another token, for another key, unless the current one is valid for longer. If the identity domain has a fault, renew asks
// three times, as the SDK does.
func (e *exchange) renew(longer time.Duration) error {
	if time.Until(e.claims.expiry()) > longer {
		return nil
	}
	subject, err := e.issuer.GetToken()
	if err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	e.form.Set("subject_token", subject)
	e.form.Set("public_key", base64.StdEncoding.EncodeToString(publicDER(&key.PublicKey)))
	token, again, err := e.ask()
	for attempt := 1; again && attempt < 3; attempt++ {
		time.Sleep(time.Second << attempt)
		token, again, err = e.ask()
	}
	if err != nil {
		return err
	}
	claims, err := readClaims(token)
	if err != nil {
		return fmt.Errorf("the identity domain's answer holds no token: %w", err)
	}
	e.token, e.claims, e.key = token, claims, key
	return nil
}

// ask makes one request. If it fails, again reports whether the next one may succeed.
func (e *exchange) ask() (token string, again bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, strings.NewReader(e.form.Encode()))
	if err == nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		err = e.authorize(request)
	}
	if err != nil {
		return "", false, err
	}
	response, err := e.client.Do(request)
	if err != nil {
		return "", true, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", response.StatusCode >= http.StatusInternalServerError, fmt.Errorf("the identity domain answers %s", response.Status)
	}
	var answer struct{ Token string }
	err = json.NewDecoder(io.LimitReader(response.Body, longestFile)).Decode(&answer)
	return answer.Token, false, err
}

// PrivateRSAKey returns the key that belongs to the token, of a new token if the current one is about to expire. To sign a request, the SDK
// asks for the key first. KeyID then returns the token of that key.
func (e *exchange) PrivateRSAKey() (*rsa.PrivateKey, error) {
	err := e.renew(5 * time.Minute)
	return e.key, err
}

// KeyID returns the current token.
func (e *exchange) KeyID() (string, error) {
	err := e.renew(0)
	return securityTokenPrefix + e.token, err
}

// TenancyOCID returns the tenancy that the token names.
func (e *exchange) TenancyOCID() (string, error) {
	err := e.renew(0)
	return cmp.Or(e.claims.Tenancy, e.claims.ResourceTenancy), err
}
