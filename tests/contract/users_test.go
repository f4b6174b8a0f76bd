package contract

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
)

// TestCommandsOfErrorsPrintOCIDs runs the command that the error names for each of the other names that people have for a user.
func TestCommandsOfErrorsPrintOCIDs(t *testing.T) {
	t.Parallel()
	s := newServiceWith(t, emulator.Config{
		Users:   []string{"alice", "oracleidentitycloudservice/alice@example.com", "bob@example.com"},
		Domains: []string{"sales"},
	})
	users, domain := s.Users(), s.Domains()[0].URL
	cli := newCLI(t, s)
	inDomain := decode[struct{ Resources []struct{ ID string } }](t,
		cli.run(nil, "identity-domains", "users", "list", "--endpoint", domain).Data).Resources
	require.Len(t, inDomain, 1)
	for _, test := range []struct{ given, name, want string }{
		{"alice", "alice", users[0].ID},
		{"bob@example.com", "bob@example.com", users[2].ID},
		{"ocid1.saml2idp.oc1..aaaa/alice@example.com", "alice@example.com", users[1].ID},
		{inDomain[0].ID, "", users[3].ID},
	} {
		err := ocid.Check(test.given, ocid.User)
		require.Error(t, err)
		command := regexp.MustCompile(`oci (iam|identity-domains) .*--raw-output`).FindString(err.Error())
		require.NotEmpty(t, command, err)
		command = strings.NewReplacer("<user's name>", test.name, "<name>", test.name, "<domainUrl>", domain, "<id>", test.given).Replace(command)
		// A shell splits it into words.
		words, err := exec.CommandContext(t.Context(), "sh", "-c", `printf '%s\n' `+strings.TrimPrefix(command, "oci ")).Output()
		require.NoError(t, err, command)
		arguments := strings.Split(strings.TrimSpace(string(words)), "\n")
		if arguments[0] == "iam" {
			arguments = append([]string{"--endpoint", s.url}, arguments...)
		}
		printed, stderr := cli.command(nil, arguments...)
		assert.Empty(t, stderr, command)
		assert.Equal(t, test.want, strings.TrimSpace(printed), command)
	}
}
