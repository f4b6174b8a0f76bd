package rotatingauthtoken_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// TestReplacingARotatingTokenSaysHowToRotate asks for a replacement of a RotatingAuthToken that has both of the user's tokens, and then does
// what the error says.
func TestReplacingARotatingTokenSaysHowToRotate(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	c.RotatingProgram("first")
	c.Must("up", "--yes", "--skip-preview")
	c.RotatingProgram("second")
	c.Must("up", "--yes", "--skip-preview")
	tokens := c.Tokens()
	require.Len(t, tokens, 2)
	urn := "urn:pulumi:test::test::ociauthtoken:index:RotatingAuthToken::token"
	replace := func(arguments ...string) {
		printed, err := c.Run(append([]string{"up", "--yes", "--skip-preview"}, arguments...)...)
		require.Error(t, err)
		said := strings.Join(strings.Fields(printed), " ")
		assert.Contains(t, said, "these are its own, and still work: do not delete them. To get a new token, change rotateWhenChanged instead")
		assert.Contains(t, said, "pulumi state untaint '"+urn+"'")
		assert.Equal(t, tokens, c.Tokens())
	}
	replace("--target-replace", urn)
	c.Must("state", "taint", urn, "--yes")
	replace()

	// This is what the message says.
	c.Must("state", "untaint", urn, "--yes")
	c.RotatingProgram("third")
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, tokens[1].ID, c.Tokens()[0].ID)
	assert.Equal(t, c.Tokens()[1].Value, c.SecretOutput("token"))
}
