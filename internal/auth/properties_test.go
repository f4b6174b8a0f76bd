package auth

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNamesInTheEnvironmentFollowFromTheName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		property Property
		names    string
	}{
		{propertyAuth, "TF_VAR_auth OCI_AUTH OCI_CLI_AUTH"},
		{propertyTenancyOCID, "TF_VAR_tenancy_ocid OCI_TENANCY_OCID OCI_CLI_TENANCY"},
		{propertyUserOCID, "TF_VAR_user_ocid OCI_USER_OCID OCI_CLI_USER"},
		{propertyPrivateKey, "TF_VAR_private_key OCI_PRIVATE_KEY OCI_CLI_KEY_CONTENT"},
		{propertyPrivateKeyPath, "TF_VAR_private_key_path OCI_PRIVATE_KEY_PATH OCI_CLI_KEY_FILE"},
		{propertyPrivateKeyPassword, "TF_VAR_private_key_password OCI_PRIVATE_KEY_PASSWORD OCI_CLI_PASSPHRASE"},
		{propertyConfigFileProfile, "TF_VAR_config_file_profile OCI_CONFIG_FILE_PROFILE OCI_CLI_PROFILE"},
		{propertyTokenExchangeDomainURL, "TF_VAR_token_exchange_domain_url OCI_TOKEN_EXCHANGE_DOMAIN_URL"},
		{propertyTokenExchangeRPSTExpiration, "TF_VAR_token_exchange_rpst_exp OCI_TOKEN_EXCHANGE_RPST_EXP"},
		{Property{Name: "endpoint", ProgramOnly: true}, ""},
	} {
		assert.Equal(t, test.names, strings.Join(test.property.Variables(), " "))
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		property Property
		value    string
		said     string // what the error says; empty if the value is right
	}{
		{propertyAuth, "ApiKey", ""},
		{propertyAuth, "okeWORKLOADidentity", ""},
		{propertyAuth, "oke_workload_identity", ""},
		{propertyAuth, "instance_obo_user", ""},
		{propertyAuth, "Magic", `"Magic" is not a way to sign in: use one of ApiKey, SecurityToken, `},
		{propertyTenancyOCID, "ocid1.tenancy.oc1..a", ""},
		{propertyTenancyOCID, "ocidv1:tenancy:oc1:phx:1460406592660:aaaa", ""},
		{propertyTenancyOCID, "ocid1.user.oc1..a", "not of a tenancy"},
		{propertyUserOCID, "ocid1.user.oc1..a", ""},
		{propertyUserOCID, "alice", "not an OCID"},
		{propertyFingerprint, strings.Repeat("0a:", 15) + "FF", ""},
		{propertyFingerprint, strings.Repeat("0a:", 15), "is not a fingerprint"},
		{propertyFingerprint, strings.Repeat("0a:", 15) + "FF:00", "is not a fingerprint"},
		{propertyFingerprint, strings.Repeat("0g:", 15) + "FF", "is not a fingerprint"},
		{propertyRegion, "us-phoenix-1", ""},
		{propertyRegion, "PHX", ""},
		{propertyRegion, "us-region-1.oci.example.com", ""},
		{propertyRegion, "us-region-1..example", "is not a region"},
		{propertyRegion, "us phoenix", "is not a region"},
		{propertyRegion, "us-phoenix-1/x", "is not a region"},
		{propertyRegion, "identity.example.com:443", "is not a region"},
		{propertyTokenExchangeAuth, "oauthclientcredentials", ""},
		{propertyTokenExchangeAuth, "InstancePrincipal", ""},
		{propertyTokenExchangeAuth, "ApiKey", "neither OAuthClientCredentials nor InstancePrincipal"},
		{propertyTokenExchangeDomainURL, "https://idcs-1.identity.oraclecloud.com", ""},
		{propertyTokenExchangeDomainURL, "https://idcs-1.identity.oraclecloud.com:443/", ""},
		{propertyTokenExchangeDomainURL, "http://localhost:8080", ""},
		{propertyTokenExchangeDomainURL, "http://[::1]:8080", ""},
		{propertyTokenExchangeDomainURL, "http://idcs-1.identity.oraclecloud.com", "use https"},
		{propertyTokenExchangeDomainURL, "https://me:secret@idcs", "more than scheme, host and port"},
		{propertyTokenExchangeDomainURL, "https://idcs/path", "more than scheme, host and port"},
		{propertyTokenExchangeDomainURL, "https://idcs?a=b", "more than scheme, host and port"},
		{propertyTokenExchangeDomainURL, "ftp://idcs", "is not the URL"},
		{propertyTokenExchangeDomainURL, "idcs", "is not the URL"},
	} {
		err := test.property.Check(test.value)
		if test.said == "" {
			require.NoError(t, err, test.value)
		} else {
			require.ErrorContains(t, err, test.said, test.value)
		}
	}
}

func TestTheFirstLineOfSeveralProblemsNamesThem(t *testing.T) {
	t.Parallel()
	missing := func(p Property) *problem { return (&sources{}).missing(p) }
	bad := wrong(propertyUserOCID, "no good")
	for _, test := range []struct {
		problems  problems
		firstLine string
	}{
		{problems{bad}, "userOcid: no good"},
		{problems{missing(propertyRegion), missing(propertyFingerprint)}, "region and fingerprint are not set:"},
		{problems{missing(propertyRegion), bad, missing(propertyTenancyOCID), missing(propertyFingerprint)},
			"region, tenancyOcid and fingerprint are not set, userOcid is invalid:"},
	} {
		said := test.problems.Error()
		firstLine, _, _ := strings.Cut(said, "\n")
		assert.Equal(t, test.firstLine, firstLine)
		for _, problem := range test.problems {
			assert.Contains(t, said, problem.Error())
		}
	}
}

// TestEveryPropertyIsRead looks for find, require or firstOf of each property in the code, unless its description says that it has no effect.
func TestEveryPropertyIsRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	code := map[string]string{}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			code[file] = string(text)
		}
	}
	reads := strings.Join(slices.Collect(maps.Values(code)), "\n")
	for _, p := range Properties() {
		if strings.Contains(p.Description, "It has no effect") {
			continue
		}
		defined := regexp.MustCompile(`(\w+) += define\(Property\{\s*Name: +"` + p.Name + `"`).FindStringSubmatch(code["properties.go"])
		require.NotNil(t, defined, p.Name)
		assert.True(t, regexp.MustCompile(`\b(find|require|firstOf)\(`+defined[1]+`\b`).MatchString(reads), "nothing reads %s", p.Name)
	}
}
