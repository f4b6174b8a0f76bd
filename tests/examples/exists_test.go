package examples

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// TestExistsInAProgram asks with the SDK and the pulumi command whether tokens exist.
func TestExistsInAProgram(t *testing.T) {
	t.Parallel()
	toolchain.NeedPulumi(t, "3.273.0")
	p := newProject(t, "automation-typescript", typeScript)
	write(t, filepath.Join(p.dir, "exists.js"), read(t, filepath.Join("testdata", "exists", "index.js")))
	user := p.users[1]
	live, gone := p.oci.AddToken(user, "by hand"), p.oci.AddToken(user, "gone")
	require.True(t, p.oci.DeleteToken(user, gone.ID))
	printed := execute(t, p.dir, p.env, "node", "exists.js", p.url, "users/"+user+"/authTokens/"+live.ID, user+"/"+gone.ID)
	answers, rest, _ := strings.Cut(printed, "\n")
	var exist map[string]bool
	require.NoError(t, json.Unmarshal([]byte(answers), &exist), printed)
	assert.Equal(t, map[string]bool{"live": true, "rotatingLive": true, "gone": false, "rotatingGone": false}, exist)
	assert.NotContains(t, rest, "warning", "nothing was imported")
	assert.Equal(t, live, p.onlyToken(user))
}
