package moving

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestImportOfTokenMadeByHandBringsItsValue runs the commands that the description of AuthToken shows, with a password manager
// that has the value.
func TestImportOfTokenMadeByHandBringsItsValue(t *testing.T) {
	t.Parallel()
	const description = "docker login from CI"
	m := newMove(t, map[string]int{description: 1})
	token := m.moving[description]
	m.Write("Pulumi.yaml", "name: test\nruntime: yaml\n")
	m.NewStack("prod")
	require.NoError(t, os.WriteFile(filepath.Join(m.tools, "pass"), []byte("#!/bin/sh\ncat <<'END'\n"+token.Value+"\nEND\n"), 0o700))

	// The person knows the description, and looks up the token by it.
	m.Write("Pulumi.yaml", `name: test
runtime: yaml
variables:
  all:
    fn::invoke:
      function: ociauthtoken:getAuthTokens
      arguments: {userId: `+token.UserID+`}
outputs:
  id: ${all.tokens[0].id}
  description: ${all.tokens[0].description}
`)
	m.Must("up", "--yes", "--skip-preview")
	require.Equal(t, description, m.SecretOutput("description"))
	id := m.SecretOutput("id")

	page, err := os.ReadFile(filepath.Join(toolchain.Root, "provider", "authtoken", "authtoken.md"))
	require.NoError(t, err)
	var commands string
	for _, block := range fence.FindAllStringSubmatch(string(page), -1) {
		if strings.Contains(block[2], "by-hand.jq") {
			commands += block[2]
		}
	}
	printed, err := m.shell(strings.NewReplacer(
		"ocid1.user.oc1..aaaa...", token.UserID, "ocid1.credential.oc1..aaaa...", id).Replace(commands))
	require.NoError(t, err, printed)

	m.Program("example", description)
	m.Must("preview", "--diff", "--expect-no-changes")
	m.Must("refresh", "--yes", "--skip-preview")
	m.Must("preview", "--diff", "--expect-no-changes")
	m.requireUntouched()
	m.requireDestroyRevokesWhatMoved()
}
