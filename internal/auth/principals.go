package auth

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	sdk "github.com/oracle/oci-go-sdk/v65/common/auth"
)

// principal signs as what runs this program, rather than as a user. OCI gives it a security token for a while, which the
// SDK renews. See https://docs.oracle.com/iaas/Content/API/Concepts/sdk_authentication_methods.htm.
type principal struct {
	common.ConfigurationProvider
	kind   string
	region string // empty leaves it to the SDK
}

// newPrincipal takes what the SDK has made of the surroundings, or its error.
func newPrincipal(s *sources, kind string, provider common.ConfigurationProvider, err error) (common.ConfigurationProvider, error) {
	if err != nil {
		return nil, wrong(propertyAuth, "%s does not work here: %v", kind, redacted(err))
	}
	p := principal{ConfigurationProvider: provider, kind: kind, region: s.find(propertyRegion).value}
	if region, err := p.Region(); err != nil || region == "" {
		return nil, wrong(propertyRegion, "is not set. %s", s.whereToSet(propertyRegion))
	}
	if _, err := p.KeyID(); err != nil {
		return nil, wrong(propertyAuth, "%v", err)
	}
	return p, nil
}

// KeyID is the security token as it is now.
func (p principal) KeyID() (string, error) {
	id, err := p.ConfigurationProvider.KeyID()
	if err != nil {
		return "", fmt.Errorf("signing in as %s: %w", p.kind, redacted(err))
	}
	return id, nil
}

// PrivateRSAKey is the key that belongs to the security token.
func (p principal) PrivateRSAKey() (*rsa.PrivateKey, error) {
	key, err := p.ConfigurationProvider.PrivateRSAKey()
	if err != nil {
		return nil, fmt.Errorf("signing in as %s: %w", p.kind, redacted(err))
	}
	return key, nil
}

// Region is the region to call.
func (p principal) Region() (string, error) {
	if p.region != "" {
		return p.region, nil
	}
	return p.ConfigurationProvider.Region()
}

var (
	// longToken is what may be a security token or a part of one: the SDK quotes what it cannot parse.
	longToken = regexp.MustCompile(`[A-Za-z0-9+=_-]{24,}(\.[A-Za-z0-9+=_-]+)*`)
	// longName is what is long and no token: the name of a variable, or a part of a path.
	longName = regexp.MustCompile(`^([A-Z0-9_]+|[a-z_-]+(\.[a-z]+)*)$`)
)

// redacted is an error of the SDK without anything that may be a secret.
func redacted(err error) error {
	return errors.New(longToken.ReplaceAllStringFunc(err.Error(), func(s string) string {
		if longName.MatchString(s) {
			return s
		}
		return "…"
	}))
}

// metadataVariable is what the SDK reads to find the instance metadata service elsewhere than at metadataURL.
const (
	metadataVariable = "OCI_METADATA_BASE_URL"
	metadataURL      = "http://169.254.169.254/opc/v2"
	// metadataWithin bounds the look at whether there is such a service. The SDK itself tries for minutes.
	metadataWithin = 5 * time.Second
)

// checkMetadata finds out whether this machine is an instance.
func checkMetadata(s *sources, kind string) *PropertyError {
	base := s.env(metadataVariable)
	if base == "" {
		base = metadataURL
	}
	ctx, cancel := context.WithTimeout(context.Background(), metadataWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/instance/region", nil)
	if err != nil {
		return wrong(propertyAuth, "%s: %s is not a URL", kind, metadataVariable)
	}
	request.Header.Set("Authorization", "Bearer Oracle")
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return nil
		}
		err = fmt.Errorf("it answers %s", response.Status)
	}
	return wrong(propertyAuth, "%s works on an OCI instance only, and the instance metadata service at %s cannot be used (%v): "+
		"choose another way to sign in, or run this on an instance", kind, base, err)
}

// instancePrincipal signs as the instance that this program runs on.
func instancePrincipal(s *sources) (common.ConfigurationProvider, error) {
	if problem := checkMetadata(s, InstancePrincipal); problem != nil {
		return nil, problem
	}
	provider, err := sdk.InstancePrincipalConfigurationProvider()
	return newPrincipal(s, InstancePrincipal, provider, err)
}

// instancePrincipalWithCerts signs as an instance whose certificates are in files, under the names that OCI's Terraform
// provider gives them.
func instancePrincipalWithCerts(s *sources) (common.ConfigurationProvider, error) {
	r := &requirement{sources: s}
	region := r.require(propertyRegion)
	if err := r.err(); err != nil {
		return nil, err
	}
	dir := "."
	for _, name := range []string{
		"TF_VAR_test_certificates_location", "OCI_TEST_CERTIFICATES_LOCATION", "test_certificates_location",
	} {
		if value := s.env(name); value != "" {
			dir = s.path(value)
			break
		}
	}
	files := map[string][]byte{}
	for _, name := range []string{"ip_cert.pem", "ip_key.pem", "intermediate.pem"} {
		content, err := readFile(filepath.Join(dir, name))
		if err != nil {
			return nil, wrong(propertyAuth, "%s: %v. The certificates are looked for in the working directory, or in the folder "+
				"that the environment variable OCI_TEST_CERTIFICATES_LOCATION names", InstancePrincipalWithCerts, err)
		}
		files[name] = content
	}
	passphrase, err := os.ReadFile(filepath.Join(dir, "leaf_passphrase"))
	if err != nil {
		passphrase = nil // it is there only where the key is encrypted
	}
	provider, err := sdk.InstancePrincipalConfigurationWithCerts(common.StringToRegion(region),
		files["ip_cert.pem"], passphrase, files["ip_key.pem"], [][]byte{files["intermediate.pem"]})
	return newPrincipal(s, InstancePrincipalWithCerts, provider, err)
}

// resourcePrincipal signs as the function or other resource that this program runs in. The resource's surroundings say how,
// in the environment variables OCI_RESOURCE_PRINCIPAL_...
func resourcePrincipal(s *sources) (common.ConfigurationProvider, error) {
	provider, err := sdk.ResourcePrincipalConfigurationProvider()
	return newPrincipal(s, ResourcePrincipal, provider, err)
}

// okeWorkloadIdentity signs as the Kubernetes workload that this program runs in, on an enhanced OKE cluster.
func okeWorkloadIdentity(s *sources) (common.ConfigurationProvider, error) {
	tokens := sdk.NewDefaultServiceAccountTokenProvider()
	if path := s.find(propertyWorkloadIdentityTokenPath).value; path != "" {
		tokens = tokens.WithSaTokenPath(s.path(path))
	}
	provider, err := sdk.OkeWorkloadIdentityConfigurationProviderWithServiceAccountTokenProvider(tokens)
	return newPrincipal(s, OKEWorkloadIdentity, provider, err)
}
