package auth

import (
	"context"
	"strings"

	"github.com/oracle/oci-go-sdk/v65/common"
	sdk "github.com/oracle/oci-go-sdk/v65/common/auth"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// requireVariables returns an error that names the environment variables that are needed and not set, or nil.
func requireVariables(s *sources, kind, whoSets string, names ...string) *PropertyError {
	var missing []string
	for _, name := range names {
		if s.env(name) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return wrong(propertyAuth, "%s needs environment variables that are not set: %s. %s", kind, strings.Join(missing, ", "), whoSets)
}

const (
	versionVariable = sdk.ResourcePrincipalVersionEnvVar

	functionsSet = "OCI sets them for functions and other resources that can sign in this way. Elsewhere, choose another way to sign in"
	podsSet      = "Kubernetes sets them in pods. Outside of OKE, choose another way to sign in"
)

// resourcePrincipal signs as the function or other resource that this program runs in. OCI says how in the environment
// variables OCI_RESOURCE_PRINCIPAL_...
func resourcePrincipal(ctx context.Context, s *sources) (Credentials, error) {
	const (
		version1, version2, version3 = sdk.ResourcePrincipalVersion1_1, sdk.ResourcePrincipalVersion2_2, sdk.ResourcePrincipalVersion3_0
	)
	names := []string{versionVariable}
	byInstance := false
	find := func() (common.ConfigurationProvider, error) { return sdk.ResourcePrincipalConfigurationProvider() }

	switch version := s.env(versionVariable); version {
	case "":
	case version1:
		byInstance = true
		names = append(names, sdk.ResourcePrincipalTokenEndpoint)
		find = func() (common.ConfigurationProvider, error) {
			return sdk.ResourcePrincipalConfigurationProviderWithPathProvider(resourcePath{ctx, s})
		}
	case version2:
		names = append(names, sdk.ResourcePrincipalRPSTEnvVar, sdk.ResourcePrincipalPrivatePEMEnvVar)
		if region := s.find(propertyRegion).value; region == "" {
			names = append(names, sdk.ResourcePrincipalRegionEnvVar)
		} else {
			find = func() (common.ConfigurationProvider, error) {
				return sdk.ResourcePrincipalConfigurationProviderForRegion(common.StringToRegion(string(region)))
			}
		}
	case version3:
		names = append(names, sdk.ResourcePrincipalVersionForLeaf, sdk.ResourcePrincipalRptURLForParent,
			sdk.ResourcePrincipalRpstEndpointForParent)
		switch s.env(sdk.ResourcePrincipalVersionForLeaf) {
		case version1:
			byInstance = true
			names = append(names, sdk.ResourcePrincipalTokenEndpoint)
		case version2:
			names = append(names, sdk.ResourcePrincipalRpstForLeaf, sdk.ResourcePrincipalPrivatePemForLeaf,
				sdk.ResourcePrincipalRegionForLeaf)
		}
	default:
		return nil, wrong(propertyAuth, "%s has the versions %s, %s and %s, but the environment variable %s asks for %q",
			ResourcePrincipal, version1, version2, version3, versionVariable, version)
	}
	if problem := requireVariables(s, ResourcePrincipal, functionsSet, names...); problem != nil {
		return nil, problem
	}
	if byInstance {
		if problem := requireInstance(ctx, s, ResourcePrincipal); problem != nil {
			return nil, problem
		}
	}
	return signInAs(ctx, s, ResourcePrincipal, find)
}

// resourcePath says where the resource that this program runs in gets its token. The SDK's own implementation asks for the
// instance's OCID at a fixed address, and trusts whatever answers there.
type resourcePath struct {
	ctx     context.Context
	sources *sources
}

// Path returns a template in which {id} stands for the resource's OCID.
func (r resourcePath) Path() (*string, error) {
	path := string(r.sources.env(sdk.ResourcePrincipalTokenPath))
	if path == "" {
		path = "/20180711/resourcePrincipalToken/{id}"
	}
	return &path, nil
}

// ResourceID returns the resource's OCID. If none is given, the resource is the instance.
func (r resourcePath) ResourceID() (*string, error) {
	id := string(r.sources.env(sdk.ResourceID))
	if id == "" {
		_, body, err := readMetadata(r.ctx, r.sources, "/instance/id")
		if err != nil {
			return nil, err
		}
		id = body
	}
	return &id, nil
}

// These tell OCI's CLI where the service account's token is, or what it is.
const (
	serviceAccountTokenVariable       = "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH"   //nolint:gosec // the name of a variable, no credential
	serviceAccountTokenStringVariable = "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING" //nolint:gosec // the name of a variable, no credential
)

// okeWorkloadIdentity signs as the Kubernetes workload that this program runs in, on an enhanced OKE cluster. See
// https://docs.oracle.com/iaas/Content/ContEng/Tasks/contenggrantingworkloadaccesstoresources.htm.
func okeWorkloadIdentity(ctx context.Context, s *sources) (Credentials, error) {
	if problem := requireVariables(s, OKEWorkloadIdentity, podsSet, sdk.KubernetesServiceHostEnvVar); problem != nil {
		return nil, problem
	}
	if s.env(sdk.ResourcePrincipalRegionEnvVar) == "" { // which the SDK requires, and the CLI does not
		r := &requirement{sources: s}
		region := r.require(propertyRegion)
		if err := r.err(); err != nil {
			return nil, err
		}
		if err := s.handToSDK(sdk.ResourcePrincipalRegionEnvVar, region); err != nil {
			return nil, err
		}
	}
	authorities := s.env(sdk.OciKubernetesServiceAccountCertPath)
	if authorities == "" {
		authorities = sdk.DefaultKubernetesServiceAccountCertPath
	}
	content, err := readAuthorities(authorities)
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

// serviceAccount returns where the service account's token comes from.
func serviceAccount(s *sources) (sdk.ServiceAccountTokenProvider, *PropertyError) {
	path := s.find(propertyWorkloadIdentityTokenPath).value
	if path == "" {
		if token := s.env(serviceAccountTokenStringVariable); token != "" {
			return sdk.NewSuppliedServiceAccountTokenProvider(string(token)), nil
		}
		path = s.env(serviceAccountTokenVariable)
	}
	if path == "" {
		path = outside.Text(sdk.KubernetesServiceAccountTokenPath)
	}
	tokens := tokenFile(s.path(path))
	if _, err := tokens.ServiceAccountToken(); err != nil {
		return nil, wrong(propertyWorkloadIdentityTokenPath, "%v. %s", err, s.whereToSet(propertyWorkloadIdentityTokenPath))
	}
	return tokens, nil
}
