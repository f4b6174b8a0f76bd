package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// do runs "pulumi do" with tokens, and returns what it prints as the result, and everything else that it prints.
func do(c *harness.CLI, arguments ...string) (result []byte, said string) {
	c.T.Helper()
	command := c.Command(append([]string{"do", "ociauthtoken:index:AuthToken"}, append(arguments, "--ociauthtoken:endpoint", c.URL)...)...)
	var rest bytes.Buffer
	command.Stderr = &rest
	result, err := command.Output()
	require.NoError(c.T, err, "%s", &rest)
	harness.RequireNoValue(c.T, string(result)+rest.String())
	return result, rest.String()
}

// TestDoListPrintsIDsThatImportTakes lists a user's tokens, and imports each of them by the id that was printed.
func TestDoListPrintsIDsThatImportTakes(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		c := harness.NewCLI(a.NewWorld(t))
		tokens := []string{c.OCI.AddToken(c.User, "by hand").ID, c.OCI.AddToken(c.User, "from CI").ID}
		list := func(arguments ...string) (listed []struct{ ID, Name string }) {
			arguments = append([]string{"list", "--user-id", c.User}, arguments...)
			if c.DomainURL != "" {
				arguments = append(arguments, "--domain-url", c.DomainURL+"/")
			}
			printed, _ := do(c, arguments...)
			require.NoError(t, json.Unmarshal(printed, &listed), "%s", printed)
			return listed
		}
		listed := list()
		require.Len(t, listed, 2)
		assert.ElementsMatch(t, []string{"by hand", "from CI"}, []string{listed[0].Name, listed[1].Name})
		for i, one := range listed {
			c.Must("import", "ociauthtoken:index:AuthToken", fmt.Sprint("token", i), one.ID,
				"--yes", "--skip-preview", "--protect=false", "--generate-code=false")
		}
		state, err := backend.Export(c.State, c.Stack)
		require.NoError(t, err)
		for _, id := range tokens {
			assert.Contains(t, string(state), `"id":"`+id+`"`)
		}
		assert.Len(t, list("--count", "1"), 1)
	})
}

// TestDoReadSaysNothingOfAnImport reads a token that is not in the state, as .get() does.
func TestDoReadSaysNothingOfAnImport(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	live := c.OCI.AddToken(c.User, "by hand")
	_, said := do(c, "read", "users/"+c.User+"/authTokens/"+live.ID)
	assert.Contains(t, said, live.ID)
	assert.NotContains(t, said, "import")
}
