package auth

import (
	"cmp"
	"context"
	"path/filepath"
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
	// the variables with the version, the security token, its key, the region, and the resource that a token of version 1.1 is for
	asks, token, key := sdk.ResourcePrincipalVersionEnvVar, sdk.ResourcePrincipalRPSTEnvVar, sdk.ResourcePrincipalPrivatePEMEnvVar
	region, resource := sdk.ResourcePrincipalRegionEnvVar, sdk.ResourceID
	names := []string{asks}
	if s.env(asks) == version3 { // a leaf resource signs for its parent
		asks, token, key = sdk.ResourcePrincipalVersionForLeaf, sdk.ResourcePrincipalRpstForLeaf, sdk.ResourcePrincipalPrivatePemForLeaf
		region, resource = sdk.ResourcePrincipalRegionForLeaf, sdk.ResourcePrincipalResourceIdForLeaf
		names = append(names, asks, sdk.ResourcePrincipalRptURLForParent, sdk.ResourcePrincipalRpstEndpointForParent)
	}
	version := s.env(asks)
	switch version {
	case "":
	case version1:
		names = append(names, sdk.ResourcePrincipalTokenEndpoint)
	case version2:
		names = append(names, token, key)
		if !s.handRegion(region) {
			names = append(names, region)
		}
	default:
		return nil, wrong(propertyAuth, "%s has the versions %s, %s and %s, but the environment variable %s asks for %q",
			ResourcePrincipal, version1, version2, version3, asks, version)
	}
	if problem := requireVariables(s, ResourcePrincipal, "OCI sets them for functions and other resources that can sign in this way",
		names...); problem != nil {
		return nil, problem
	}
	if version == version2 {
		if err := s.checkSecurityToken(token); err != nil {
			return nil, wrong(propertyAuth, "%s: the environment variable %s holds no security token, and no path of one: %v",
				ResourcePrincipal, token, err)
		}
	} else if problem := requireInstance(ctx, s, ResourcePrincipal); problem != nil {
		return nil, problem
	} else if s.env(resource) == "" { // it is the instance, which the SDK asks for at a fixed address, trusting whatever answers there
		_, id, err := readMetadata(ctx, s, "/instance/id")
		if err != nil {
			return nil, wrong(propertyAuth, "%s: %v", ResourcePrincipal, err)
		}
		s.handToSDK(resource, safetext.Text(id))
	}
	return signInAs(ctx, s, ResourcePrincipal, func() (common.ConfigurationProvider, error) {
		return sdk.ResourcePrincipalConfigurationProvider()
	})
}

// checkSecurityToken checks what an environment variable holds, which is a security token or, if it begins with a slash, the path of one.
func (s *sources) checkSecurityToken(variable string) (err error) {
	token := string(s.env(variable))
	if filepath.IsAbs(token) {
		token, err = tokenFile{safetext.Text(token)}.read()
	}
	if err == nil {
		_, err = readClaims(token)
	}
	return err
}

// handRegion gives the region from any place to the SDK, which requires it in an environment variable. It reports whether there is one.
func (s *sources) handRegion(variable string) bool {
	region := cmp.Or(s.env(variable), s.find(propertyRegion).value)
	s.handToSDK(variable, region)
	return region != ""
}

// okeWorkloadIdentity signs as the Kubernetes workload that this program runs in, on an enhanced OKE cluster. See
// https://docs.oracle.com/iaas/Content/ContEng/Tasks/contenggrantingworkloadaccesstoresources.htm.
func okeWorkloadIdentity(ctx context.Context, s *sources) (Credentials, error) {
	if problem := requireVariables(s, OKEWorkloadIdentity, "Kubernetes sets them in pods", sdk.KubernetesServiceHostEnvVar); problem != nil {
		return nil, problem
	}
	if !s.handRegion(sdk.ResourcePrincipalRegionEnvVar) {
		return nil, s.missing(propertyRegion)
	}
	content, err := readCertificates(cmp.Or(s.env(sdk.OciKubernetesServiceAccountCertPath), sdk.DefaultKubernetesServiceAccountCertPath))
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
	inVariable := s.variable("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH").value
	tokens := tokenFile{s.path(cmp.Or(path, inVariable, sdk.KubernetesServiceAccountTokenPath))}
	if _, err := tokens.ServiceAccountToken(); err != nil {
		return nil, wrong(propertyWorkloadIdentityTokenPath, "%v. %s", err, s.whereToSet(propertyWorkloadIdentityTokenPath))
	}
	return tokens, nil
}
