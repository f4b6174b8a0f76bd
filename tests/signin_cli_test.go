package tests

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// askByCLI asks for the user's tokens with OCI's CLI, on the same machine.
func (i *issuer) askByCLI(cli string) {
	i.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, cli, "--endpoint", i.url, "--no-retry", "iam", "auth-token", "list", "--user-id", i.user)
	command.Env = []string{"HOME=" + i.home, "OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING=True", "SUPPRESS_LABEL_WARNING=True"}
	for name, value := range i.env {
		command.Env = append(command.Env, name+"="+value)
	}
	output, err := command.CombinedOutput()
	require.NoError(i.t, err, string(output))
}

// The CLI's own tests of machines are in tests/contract. These machines need an issuer of security tokens.
func TestTheCLISignsInAsTheSamePrincipal(t *testing.T) {
	toolchain.Long(t)
	cli := filepath.Join(toolchain.Python(t, "contract-python", "contract/python/requirements.txt"), "bin", "oci")
	for name, setUp := range map[string]func(*issuer){
		"an instance": func(i *issuer) { i.env["OCI_CLI_AUTH"] = "instance_principal" },
		"an instance whose profile is nowhere": func(i *issuer) {
			i.env["OCI_CLI_AUTH"], i.env["OCI_CLI_PROFILE"] = "instance_principal", "NOWHERE"
		},
		"an instance by the CLI's own file": func(i *issuer) {
			i.configFile(i.stranger("DEFAULT"))
			i.fileAt(".oci/oci_cli_rc", "[DEFAULT]\nauth=instance_principal\n")
		},
		"an instance for a user": func(i *issuer) {
			i.env["OCI_CLI_AUTH"] = "instance_obo_user"
			i.configFile("[DEFAULT]\nregion=us-phoenix-1\ntenancy=" + i.creds.TenancyID + "\ndelegation_token_file=" + i.cloudShell() + "\n")
		},
		"a function": func(i *issuer) {
			i.ephemeral()
			i.env["OCI_CLI_AUTH"] = "resource_principal"
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			i.oci.RemoveAPIKey(i.user, i.creds.Fingerprint)
			// The SDK calls the federation service somewhere else, unless the CLI's variable counts.
			i.setenv("OCI_SDK_AUTH_CLIENT_REGION_URL", "http://127.0.0.1:1")
			i.env["OCI_CLI_FEDERATION_ENDPOINT"] = i.URL + "/v1/x509"
			setUp(i)
			i.askByCLI(cli)
			i.creates(i.configured(i.nothing()))
			for _, request := range i.oci.Journal() {
				assert.Equal(t, i.user, request.CallerID, request.Operation)
			}
		})
	}
}
