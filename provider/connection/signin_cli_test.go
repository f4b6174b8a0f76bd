package connection_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// askByCLI asks for the user's tokens with OCI's CLI, on the same machine.
func askByCLI(i *harness.Issuer, cli string) {
	i.T.Helper()
	command := exec.CommandContext(i.T.Context(), cli, "--endpoint", i.URL, "--no-retry", "iam", "auth-token", "list", "--user-id", i.User)
	command.Env = []string{"HOME=" + i.Home, "OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING=True", "SUPPRESS_LABEL_WARNING=True"}
	for name, value := range i.Env {
		command.Env = append(command.Env, name+"="+value)
	}
	output, err := command.CombinedOutput()
	require.NoError(i.T, err, string(output))
}

// The CLI's own tests of machines are in tests/contract. These machines need an issuer of security tokens.
func TestTheCLISignsInAsTheSamePrincipal(t *testing.T) {
	toolchain.Long(t)
	cli := filepath.Join(toolchain.Python(t, "contract-python", filepath.Join(toolchain.Root, "tests/contract/python/requirements.txt")), "bin", "oci")
	for name, setUp := range map[string]func(*harness.Issuer){
		"an instance": func(i *harness.Issuer) { i.Env["OCI_CLI_AUTH"] = "instance_principal" },
		"an instance whose profile is nowhere": func(i *harness.Issuer) {
			i.Env["OCI_CLI_AUTH"], i.Env["OCI_CLI_PROFILE"] = "instance_principal", "NOWHERE"
		},
		"an instance by the CLI's own file": func(i *harness.Issuer) {
			i.ConfigFile(stranger(i.World, "DEFAULT"))
			fileAt(i.World, ".oci/oci_cli_rc", "[DEFAULT]\nauth=instance_principal\n")
		},
		"an instance for a user": func(i *harness.Issuer) {
			i.Env["OCI_CLI_AUTH"] = "instance_obo_user"
			i.ConfigFile("[DEFAULT]\nregion=us-phoenix-1\ntenancy=" + i.Credentials.TenancyID + "\ndelegation_token_file=" + cloudShell(i) + "\n")
		},
		"a function": func(i *harness.Issuer) {
			ephemeral(i)
			i.Env["OCI_CLI_AUTH"] = "resource_principal"
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := harness.NewIssuer(t)
			i.OCI.RemoveAPIKey(i.User, i.Credentials.Fingerprint)
			// The SDK calls the federation service somewhere else, unless the CLI's variable counts.
			i.Setenv("OCI_SDK_AUTH_CLIENT_REGION_URL", "http://127.0.0.1:1")
			i.Env["OCI_CLI_FEDERATION_ENDPOINT"] = i.Server.URL + "/v1/x509"
			setUp(i)
			askByCLI(i, cli)
			creates(i.World, inprocess.Configured(i.World, onlyEndpoint(i.World)))
			for _, request := range i.OCI.Journal() {
				assert.Equal(t, i.User, request.CallerID, request.Operation)
			}
		})
	}
}
