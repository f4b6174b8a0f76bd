package auth

import (
	"cmp"
	"context"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
	sdk "github.com/oracle/oci-go-sdk/v65/common/auth"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// requireVariables returns an error that names the environment variables that are needed and not set, or nil.
func requireVariables(s *sources, kind, whoSets string, names ...string) *problem {
	var missing []string
	for _, name := range names {
		if s.env(name) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return wrong(propertyAuth, "%s needs environment variables that are not set: %s. %s. Elsewhere, choose another way to sign in",
		kind, strings.Join(missing, ", "), whoSets)
}

// resourcePrincipal signs as the function or other resource that this program runs in. OCI says how in the environment
// variables OCI_RESOURCE_PRINCIPAL_...
func resourcePrincipal(ctx context.Context, s *sources) (Credentials, error) {
	const (
		version1, version2, version3 = sdk.ResourcePrincipalVersion1_1, sdk.ResourcePrincipalVersion2_2, sdk.ResourcePrincipalVersion3_0
	)
	names := []string{sdk.ResourcePrincipalVersionEnvVar}
	resourceID := "" // the variable that says which resource a token of version 1.1 is for
	switch version := s.env(sdk.ResourcePrincipalVersionEnvVar); version {
	case "":
	case version1:
		resourceID = sdk.ResourceID
	case version2:
		names = append(names, sdk.ResourcePrincipalRPSTEnvVar, sdk.ResourcePrincipalPrivatePEMEnvVar)
		if !s.handRegion() {
			names = append(names, sdk.ResourcePrincipalRegionEnvVar)
		}
	case version3:
		names = append(names, sdk.ResourcePrincipalVersionForLeaf, sdk.ResourcePrincipalRptURLForParent,
			sdk.ResourcePrincipalRpstEndpointForParent)
		switch s.env(sdk.ResourcePrincipalVersionForLeaf) {
		case version1:
			resourceID = sdk.ResourcePrincipalResourceIdForLeaf
		case version2:
			names = append(names, sdk.ResourcePrincipalRpstForLeaf, sdk.ResourcePrincipalPrivatePemForLeaf,
				sdk.ResourcePrincipalRegionForLeaf)
		}
	default:
		return nil, wrong(propertyAuth, "%s has the versions %s, %s and %s, but the environment variable %s asks for %q",
			ResourcePrincipal, version1, version2, version3, sdk.ResourcePrincipalVersionEnvVar, version)
	}
	if resourceID != "" {
		names = append(names, sdk.ResourcePrincipalTokenEndpoint)
	}
	if problem := requireVariables(s, ResourcePrincipal, "OCI sets them for functions and other resources that can sign in this way",
		names...); problem != nil {
		return nil, problem
	}
	if resourceID != "" {
		if problem := requireInstance(ctx, s, ResourcePrincipal); problem != nil {
			return nil, problem
		}
		if s.env(resourceID) == "" { // it is the instance, which the SDK asks for at a fixed address, trusting whatever answers there
			_, id, err := readMetadata(ctx, s, "/instance/id")
			if err != nil {
				return nil, wrong(propertyAuth, "%s: %v", ResourcePrincipal, err)
			}
			s.handToSDK(resourceID, safetext.Text(id))
		}
	}
	return signInAs(ctx, s, ResourcePrincipal, func() (common.ConfigurationProvider, error) {
		return sdk.ResourcePrincipalConfigurationProvider()
	})
}

// handRegion gives the region from any place to the SDK, which requires that of the resource. It reports whether there is one.
func (s *sources) handRegion() bool {
	region := cmp.Or(s.env(sdk.ResourcePrincipalRegionEnvVar), s.find(propertyRegion).value)
	s.handToSDK(sdk.ResourcePrincipalRegionEnvVar, region)
	return region != ""
}

// okeWorkloadIdentity signs as the Kubernetes workload that this program runs in, on an enhanced OKE cluster. See
// https://docs.oracle.com/iaas/Content/ContEng/Tasks/contenggrantingworkloadaccesstoresources.htm.
func okeWorkloadIdentity(ctx context.Context, s *sources) (Credentials, error) {
	if problem := requireVariables(s, OKEWorkloadIdentity, "Kubernetes sets them in pods", sdk.KubernetesServiceHostEnvVar); problem != nil {
		return nil, problem
	}
	if !s.handRegion() {
		return nil, s.missing(propertyRegion)
	}
	content, err := readAuthorities(cmp.Or(s.env(sdk.OciKubernetesServiceAccountCertPath), sdk.DefaultKubernetesServiceAccountCertPath))
	if err != nil {
		return nil, wrong(propertyAuth, "%s: the cluster's certificate authority: %v. To use another file, set the environment variable %s",
			OKEWorkloadIdentity, err, sdk.OciKubernetesServiceAccountCertPath)
	}
	tokens, problem := serviceAccount(s)
	if problem != nil {
		return nil, problem
	}
	host := string(s.env(sdk.KubernetesServiceHostEnvVar))
	return signInAs(ctx, s, OKEWorkloadIdentity, func() (common.ConfigurationProvider, error) {
		return sdk.OkeWorkloadIdentityConfigurationProviderWithServiceAccountTokenProviderK8sService(&host, tokens, content)
	})
}

// serviceAccount returns where the service account's token comes from. OCI's CLI reads the same variables.
func serviceAccount(s *sources) (sdk.ServiceAccountTokenProvider, *problem) {
	path := s.find(propertyWorkloadIdentityTokenPath).value
	if token := s.variable("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING"); path == "" && token.value != "" {
		if _, err := readClaims(string(token.value)); err != nil {
			return nil, wrong(propertyAuth, "%s: %s holds no service account token: %v", OKEWorkloadIdentity, token.origin, err)
		}
		return sdk.NewSuppliedServiceAccountTokenProvider(string(token.value)), nil
	}
	tokens := tokenFile{s.path(cmp.Or(path, s.env("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH"), sdk.KubernetesServiceAccountTokenPath))}
	if _, err := tokens.ServiceAccountToken(); err != nil {
		return nil, wrong(propertyWorkloadIdentityTokenPath, "%v. %s", err, s.whereToSet(propertyWorkloadIdentityTokenPath))
	}
	return tokens, nil
}
