package connection_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// createBehindProxy starts a plugin, creates a token with it, and deletes the token again.
func createBehindProxy(c *harness.CorporateNetwork, configuration map[string]any, environment ...string) error {
	c.T.Helper()
	p := c.Start(environment)
	defer p.End()
	if err := p.Configure(configuration); err != nil {
		return err
	}
	created := <-p.BeginCreation()
	if created.Err == nil {
		c.OCI.DeleteToken(c.User, c.OnlyToken().ID)
	}
	return created.Err
}

func TestEachSettingForTheCertificateAuthorityWorks(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	for _, variable := range []string{
		"OCI_DEFAULT_CERTS_PATH", "OCI_custom_cert_location", "OCI_CUSTOM_CERT_LOCATION", "TF_VAR_custom_cert_location",
		"custom_cert_location", "OCI_CLI_CERT_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
	} {
		require.NoError(t, createBehindProxy(c, nil, "REQUESTS_CA_BUNDLE=", variable+"="+c.Authorities), variable)
	}
	assert.Equal(t, "identity.us-phoenix-1.oci.oraclecloud.com:443", c.Connected[0])
	fileAt(c.World, "network.pem", c.ReadFile(c.Authorities))
	require.NoError(t, createBehindProxy(c, nil, "OCI_custom_cert_location=~/network.pem"))
	require.NoError(t, createBehindProxy(c, nil, "OCI_CLI_CERT_BUNDLE="+c.Authorities, "REQUESTS_CA_BUNDLE=/missing"), "the latter comes last")
	rc := fileAt(c.World, ".oci/oci_cli_rc", "[OCI_CLI_SETTINGS]\nproxy="+c.Proxy+"\n[DEFAULT]\ncert-bundle="+c.Authorities+"\n")
	require.NoError(t, createBehindProxy(c, nil, "HTTPS_PROXY=", "REQUESTS_CA_BUNDLE=/missing"), "the CLI's own configuration file")
	require.NoError(t, os.Remove(rc))

	// Signing in goes through the proxy too, and trusts the same authority. The metadata service is on the machine itself.
	c.Env = map[string]string{"HTTPS_PROXY": c.Proxy, "OCI_METADATA_BASE_URL": c.Server.URL + "/opc/v2"}
	c.Connected = nil
	require.NoError(t, createBehindProxy(c, map[string]any{"auth": "InstancePrincipal"}, "OCI_custom_cert_location="+c.Authorities))
	assert.Equal(t, "auth.us-phoenix-1.oraclecloud.com:443", c.Connected[0])
}

// logInBehindProxy starts a plugin, and calls getRegistryLogin with it.
func logInBehindProxy(c *harness.CorporateNetwork, arguments map[string]any, environment ...string) (resource.PropertyMap, error) {
	c.T.Helper()
	p := c.Start(environment)
	defer p.End()
	require.NoError(c.T, p.Configure(nil))
	answer, err := p.Client.Invoke(context.Background(), &pulumirpc.InvokeRequest{Tok: inprocess.GetRegistryLogin, Args: harness.Properties(c.T, arguments)})
	if err != nil {
		return nil, err
	}
	return harness.Unmarshal(c.T, answer.GetReturn()), nil
}

func TestEveryServiceIsReachedInTheSameWay(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	token := c.OCI.AddToken(c.User, "ci")
	arguments := map[string]any{"password": token.Value, "waitUntilReady": true, "waitTimeoutSeconds": 0}
	for _, variable := range []string{"OCI_DEFAULT_CERTS_PATH", "custom_cert_location", "OCI_CLI_CERT_BUNDLE", "REQUESTS_CA_BUNDLE"} {
		c.Connected = nil
		c.OCI.ResetJournal()
		_, err := logInBehindProxy(c, arguments, variable+"="+c.Authorities)
		require.NoError(t, err, variable)
		assert.ElementsMatch(t, []string{
			"identity.us-phoenix-1.oci.oraclecloud.com:443", "objectstorage.us-phoenix-1.oraclecloud.com:443",
			"ocir.us-phoenix-1.oci.oraclecloud.com:443",
		}, c.Connected, variable)
		agents := map[string]bool{}
		for _, request := range c.OCI.Journal() {
			agents[request.UserAgent] = true
		}
		assert.Len(t, agents, 1)
		for agent := range agents {
			assert.Regexp(t, `^pulumi-ociauthtoken/\S+ Oracle-GoSDK/`, agent)
		}
	}
}

func TestARegistryThatTheNetworkDoesNotLetThroughIsReported(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	arguments := map[string]any{
		"password": harness.Canary, "username": "alice", "namespace": "ns", "waitUntilReady": true, "waitTimeoutSeconds": 0,
	}
	for environment, complaints := range map[string][]string{
		"": {"certificate signed by unknown authority", "name the file in the environment variable OCI_DEFAULT_CERTS_PATH"},
		"HTTPS_PROXY=http://me:" + harness.Canary + "@127.0.0.1:1": {"connection refused", "The proxy 127.0.0.1:1 cannot be reached: check the environment variable HTTPS_PROXY"},
	} {
		_, err := logInBehindProxy(c, arguments, environment)
		for _, complaint := range append(complaints, "the registry ocir.us-phoenix-1.oci.oraclecloud.com cannot be reached") {
			require.ErrorContains(t, err, complaint)
		}
		harness.RequireNoValue(t, err.Error())
	}
}

func TestACertificateAuthorityThatIsNotTrustedIsReported(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	err := createBehindProxy(c, nil)
	require.ErrorContains(t, err, "certificate signed by unknown authority")
	require.ErrorContains(t, err, "name the file in the environment variable OCI_DEFAULT_CERTS_PATH")
	missing := filepath.Join(c.Home, "missing.pem")
	for _, variable := range []string{
		"OCI_DEFAULT_CERTS_PATH", "TF_VAR_custom_cert_location", "OCI_CLI_CERT_BUNDLE", "REQUESTS_CA_BUNDLE",
	} {
		err = createBehindProxy(c, nil, variable+"="+missing)
		require.ErrorContains(t, err, "the environment variable "+variable+" names: "+missing+" could not be read")
		err = createBehindProxy(c, nil, variable+"="+c.KeyFile("no certificate"))
		require.ErrorContains(t, err, "holds no certificate in PEM format")
	}
}

func TestAProxyThatIsDownIsReported(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	const address = "127.0.0.1:1" // nothing listens there
	err := createBehindProxy(c, nil, "HTTPS_PROXY=http://me:"+harness.Canary+"@"+address)
	require.ErrorContains(t, err, "connection refused")
	require.ErrorContains(t, err, "The proxy "+address+" cannot be reached: check the environment variable HTTPS_PROXY")
	harness.RequireNoValue(t, err.Error())
}

func TestAProxyThatWantsAPasswordIsReportedAndGetsIt(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	c.Password = harness.Canary + "@/:%"
	trusted := "OCI_DEFAULT_CERTS_PATH=" + c.Authorities
	address := strings.TrimPrefix(c.Proxy, "http://")
	for _, proxy := range []string{c.Proxy, "http://me:" + harness.Canary + "@" + address} {
		err := createBehindProxy(c, nil, "HTTPS_PROXY="+proxy, trusted)
		require.ErrorContains(t, err, "Proxy Authentication Required")
		require.ErrorContains(t, err, "The proxy "+address+" requires a user and a password: put them into the environment variable HTTPS_PROXY")
		harness.RequireNoValue(t, err.Error())
	}
	assert.Empty(t, c.Connected)
	require.NoError(t, createBehindProxy(c, nil, "HTTPS_PROXY=http://me:"+url.QueryEscape(c.Password)+"@"+address, trusted))
	assert.NotEmpty(t, c.Connected)
}

func TestAnInstanceInARealmThatTheSDKDoesNotKnow(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	c.Region = "xyz"
	trusted, metadata := "OCI_DEFAULT_CERTS_PATH="+c.Authorities, "OCI_METADATA_BASE_URL="+c.Server.URL+"/opc/v2"
	key := c.Env
	c.Env = map[string]string{"HTTPS_PROXY": c.Proxy}
	require.NoError(t, createBehindProxy(c, map[string]any{"auth": "InstancePrincipal"}, trusted, metadata))
	assert.Contains(t, c.Connected, "auth.us-new-1.new-realm.com:443")
	assert.Contains(t, c.Connected, "identity.us-new-1.oci.new-realm.com:443")

	// With an API key, the metadata service is asked if OCI's CLI would ask it.
	c.Env, c.Connected = key, nil
	use := "OCI_CLI_USE_INSTANCE_METADATA_SERVICE=1"
	require.NoError(t, createBehindProxy(c, map[string]any{"region": "us-new-1"}, trusted, metadata, use))
	assert.Equal(t, "identity.us-new-1.oci.new-realm.com:443", c.Connected[0])
	asked := c.Asked("/opc/v2/instance/regionInfo")
	require.NoError(t, createBehindProxy(c, map[string]any{"region": "us-phoenix-1"}, trusted, metadata, use))
	assert.Equal(t, asked, c.Asked("/opc/v2/instance/regionInfo"), "nothing is asked about a region that the SDK knows")
}

// The address 0.0.0.0 is this machine, and not a loopback address, for which net/http would use no proxy either.
func TestTheMetadataServiceIsAskedWithoutAProxy(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	metadata := strings.Replace(c.Server.URL, "127.0.0.1", "0.0.0.0", 1) + "/opc/v2"
	c.Env = map[string]string{
		"HTTP_PROXY": c.Proxy, "HTTPS_PROXY": c.Proxy, "NO_PROXY": "", "OCI_METADATA_BASE_URL": metadata, "OCI_DEFAULT_CERTS_PATH": c.Authorities,
		"OCI_RESOURCE_PRINCIPAL_VERSION": "1.1", "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT": c.Server.URL, "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT": c.Server.URL,
	}
	for _, way := range []string{"InstancePrincipal", "ResourcePrincipal"} {
		require.NoError(t, createBehindProxy(c, map[string]any{"auth": way}), way)
	}
}

func TestTerraformsSettingForTheDomainNameWorks(t *testing.T) {
	c := harness.NewCorporateNetwork(t)
	trusted := "OCI_DEFAULT_CERTS_PATH=" + c.Authorities
	for _, variable := range []string{"TF_VAR_domain_name_override", "OCI_domain_name_override", "domain_name_override"} {
		c.Connected = nil
		require.NoError(t, createBehindProxy(c, nil, variable+"=new-realm.com", trusted))
		assert.Equal(t, "identity.us-phoenix-1.oci.new-realm.com:443", c.Connected[0])
	}
	require.ErrorContains(t, createBehindProxy(c, nil, "TF_VAR_domain_name_override=https://new-realm.com/", trusted),
		"the environment variable TF_VAR_domain_name_override holds no domain name")
}
