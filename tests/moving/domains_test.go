package moving

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// TestImportOfTokenOfIdentityDomain imports a token from the state of each of the resources that others have for identity domains.
func TestImportOfTokenOfIdentityDomain(t *testing.T) {
	t.Parallel()
	for program, state := range map[string]func(c *harness.CLI, token emulator.Token) string{
		"from-terraform": func(c *harness.CLI, token emulator.Token) string {
			resource := terraformTokens("", "ci", nil)
			resource["type"] = "oci_identity_domains_auth_token"
			resource["instances"].([]any)[0].(map[string]any)["attributes"] = map[string]any{
				"id": "idcsEndpoint/" + c.DomainURL + "/authTokens/0a1b", "ocid": token.ID, "token": token.Value, "description": token.Description,
				"idcs_endpoint": c.DomainURL, "expires_on": nil, "user": []any{map[string]any{"ocid": c.User}},
			}
			return terraformState(resource)
		},
		"from-pulumi-oci": func(c *harness.CLI, token emulator.Token) string {
			return stackWith(oldToken("ci", map[string]any{
				"urn": "urn:pulumi:test::test::oci:Identity/domainsAuthToken:DomainsAuthToken::ci", "type": "oci:Identity/domainsAuthToken:DomainsAuthToken",
				"id": "idcsEndpoint/" + c.DomainURL + "/authTokens/0a1b", "parent": "",
				"inputs": map[string]any{"idcsEndpoint": c.DomainURL, "user": map[string]any{"ocid": c.User}, "description": token.Description},
				"outputs": map[string]any{
					"idcsEndpoint": c.DomainURL, "ocid": token.ID, "token": token.Value, "description": token.Description,
					"user": map[string]any{"ocid": c.User},
				},
			}))
		},
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			c := harness.NewCLI(harness.IdentityDomain.NewWorld(t))
			live := c.OCI.AddToken(c.User, "ci")
			for _, jq := range jqs(t) {
				file, err := runJQ(jq, program, state(c, live))
				require.NoError(t, err, file)
				c.Write("import.json", file)
			}
			c.Must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")

			c.ProgramOf("ci", "ociauthtoken:AuthToken", map[string]any{"description": "ci", "domainUrl": c.DomainURL}, "token")
			c.Must("up", "--yes", "--skip-preview")
			assert.Equal(t, live.Value, c.SecretOutput("token"))
			c.Must("refresh", "--yes", "--skip-preview")
			c.Must("preview", "--diff", "--expect-no-changes")
			assert.Equal(t, []emulator.Token{live}, c.Tokens())
			assert.Zero(t, c.Writes())
			c.Must("destroy", "--yes", "--skip-preview")
			assert.Empty(t, c.Tokens())
		})
	}
}
