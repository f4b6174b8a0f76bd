package examples

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
)

// These tests run a program that makes a user, a group, a membership, a policy and a token, and pushes an image as that user. The page on
// where a token goes says what happens.

// newWhole returns the program with an empty stack.
func newWhole(t *testing.T, l language, userName string) *project {
	t.Helper()
	p := newPageProgram(t, l, "whole")
	write(t, filepath.Join(p.dir, "app", "hello.txt"), "hello\n")
	write(t, filepath.Join(p.dir, "app", "Dockerfile"), "FROM scratch\nCOPY hello.txt /\n")
	p.env = append(p.env, "OCI_EMULATOR="+p.url)
	ocir.Start(t, p.oci, p.url)
	p.newStack("dev", map[string]string{"tenancyOcid": p.oci.TenancyID(), "userName": userName})
	return p
}

// fails runs a pulumi command that must fail, and returns what it prints.
func (p *project) fails(arguments ...string) string {
	p.t.Helper()
	printed, err := try(p.t, p.dir, p.env, "pulumi", append(arguments, "--non-interactive")...)
	require.Error(p.t, err, printed)
	return printed
}

// TestUserGroupPolicyTokenAndPush is the shape of the programs that people write.
func TestUserGroupPolicyTokenAndPush(t *testing.T) {
	t.Parallel()
	for _, l := range pageLanguages {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			p := newWhole(t, l, "image.pusher@example.com")
			p.pulumi("preview") // The user is not known yet.
			p.pulumi("up", "--yes")
			user := p.outputs()["userId"].(string)
			assert.Len(t, p.oci.Tokens(user), 1)
			assert.NotEmpty(t, p.outputs()["image"])
			p.requireNoChanges()
			requireNoValueBelow(t, p.state)

			p.pulumi("destroy", "--yes", "--skip-preview")
			assert.Len(t, p.oci.Users(), 2, "the user is gone")
			assert.Equal(t, 1, p.calls("DeleteAuthToken"), "the token was revoked before the user was deleted")
		})
	}
}

// TestAPolicyThatDoesNotWorkYet has a login that works before the policy does. The push is refused, and repeating "pulumi up" is enough.
func TestAPolicyThatDoesNotWorkYet(t *testing.T) {
	t.Parallel()
	p := newWhole(t, yaml, "image-pusher")
	p.env = append(p.env, "OCI_POLICY_LATE=yes")
	printed := p.fails("up", "--yes", "--skip-preview")
	assert.Contains(t, printed, "401 Unauthorized")
	assert.Empty(t, p.checkpoints(imageType))
	require.Equal(t, 1, p.calls("CreateAuthToken"))
	user := p.oci.Users()[2].ID
	accepted := p.calls("RegistryLogin")
	assert.Positive(t, accepted, "the login was accepted")

	p.oci.LimitRepositories(user, "pull", "push")
	p.pulumi("up", "--yes", "--skip-preview")
	assert.Len(t, p.checkpoints(imageType), 1)
	assert.Equal(t, 1, p.calls("CreateAuthToken"))
	requireNoValueBelow(t, p.state)
}

// TestAnotherUserGetsAnotherToken replaces the user.
func TestAnotherUserGetsAnotherToken(t *testing.T) {
	t.Parallel()
	p := newWhole(t, yaml, "image-pusher")
	p.pulumi("up", "--yes", "--skip-preview")
	first := p.outputs()["userId"]
	done := p.operations("--config", "userName=another")
	assert.Equal(t, "replaced", done["pusher"])
	assert.Equal(t, "replaced", done["token"])
	second := p.outputs()["userId"].(string)
	assert.NotEqual(t, first, second)
	assert.Len(t, p.oci.Tokens(second), 1)
	assert.Len(t, p.oci.Users(), 3, "the first user is gone")
	assert.Equal(t, 1, p.calls("DeleteAuthToken"))
	p.pulumi("destroy", "--yes", "--skip-preview")
}

// TestTheUserIsGoneBeforeTheToken destroys a stack whose user somebody else has deleted already. OCI deletes the tokens with the user.
func TestTheUserIsGoneBeforeTheToken(t *testing.T) {
	t.Parallel()
	p := newWhole(t, yaml, "image-pusher")
	p.pulumi("up", "--yes", "--skip-preview")
	require.True(t, p.oci.RemoveUser(p.outputs()["userId"].(string)))
	printed := p.pulumi("destroy", "--yes", "--skip-preview")
	assert.Contains(t, printed, "warning:")
	assert.Empty(t, p.checkpoints("ociauthtoken:index:RotatingAuthToken"))
}
