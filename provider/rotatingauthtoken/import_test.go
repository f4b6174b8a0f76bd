package rotatingauthtoken_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

func TestImportOfOneOrTwoTokens(t *testing.T) { harness.ForEachAPI(t, importOfOneOrTwoTokens) }

func importOfOneOrTwoTokens(t *testing.T, a harness.API) {
	for name, test := range map[string]struct {
		form string
		two  bool
	}{
		"one":                {"U/C", false},
		"one, the long form": {"users/U/authTokens/C", false},
		"two":                {"U/C/P", true},
		"two, the long form": {"users/U/authTokens/C/P", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newRotatingStack(t, a, nil)
			if a.Domain != "" && !strings.HasPrefix(test.form, "users/") {
				return // there is no short form for domains
			}
			previous := s.OCI.AddToken(s.User, "ci")
			if !test.two {
				s.OCI.DeleteToken(s.User, previous.ID)
			}
			current := s.OCI.AddToken(s.User, "ci")
			s.options.ImportID = resource.ID(strings.NewReplacer("U", s.User, "C", current.ID, "P", previous.ID).Replace(test.form))
			if a.Domain != "" {
				s.options.ImportID = resource.ID(s.DomainURL + "/" + string(s.options.ImportID))
			}
			s.set(map[string]any{"rotationDays": nil})
			require.NoError(t, s.Stack.Up(s.program), s.Diagnostics())
			assert.Zero(t, s.Writes())
			assert.Contains(t, s.Diagnostics(), "stays empty after this import, until the first rotation")
			assert.Equal(t, resource.ID(current.ID), s.state().ID)
			assert.Equal(t, current.ID, s.output("tokenId"))
			assert.NotContains(t, s.state().Outputs, resource.PropertyKey("token"), "absent, not an empty lie")

			s.options.ImportID = ""
			require.NoError(t, s.Preview())
			assert.Empty(t, s.Changes())
			s.set(map[string]any{"rotationDays": 30})
			require.NoError(t, s.Stack.Up(s.program))
			assert.Zero(t, s.Writes())
			s.Clock.Advance(31 * harness.Day)
			require.NoError(t, s.Stack.Up(s.program))
			assert.Equal(t, current.ID, s.output("previousTokenId"))
			assert.True(t, s.state().Outputs["previousToken"].IsNull(), "nobody knows its value")
			require.Len(t, s.Tokens(), 2)
			assert.Equal(t, s.Tokens()[1].Value, s.output("token"), "a rotation gives a value")
			s.requireLogin()
			require.NoError(t, s.Destroy())
			assert.Empty(t, s.Tokens())
		})
	}
}

func TestImportOfTokensThatDoNotExist(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, nil)
	live := s.OCI.AddToken(s.User, "ci")
	missing := live.ID[:len(live.ID)-4] + "zzzz"
	for id, complaint := range map[string]string{
		s.User + "/" + missing:                 "has no auth token " + missing,
		s.User + "/" + live.ID + "/" + missing: "has no auth token " + missing,
		s.User + "/" + missing + "/" + live.ID: "has no auth token " + missing,
		live.ID:                                "does not say whose token it is",
		"alice":                                "is not the id of a rotating auth token",
	} {
		s.options.ImportID = resource.ID(id)
		require.Error(t, s.Stack.Up(s.program), id)
		assert.Contains(t, s.Diagnostics(), complaint, id)
		assert.Nil(t, s.state(), "no ghost")
		assert.NotContains(t, s.Diagnostics(), "waiting", "a typing error is told at once")
	}
}

func TestImportWarnsOfTheOtherToken(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30})
	s.OCI.AddToken(s.User, "theirs")
	current := s.OCI.AddToken(s.User, "ci")
	s.options.ImportID = resource.ID(s.User + "/" + current.ID)
	require.NoError(t, s.Stack.Up(s.program))
	s.options.ImportID = ""
	require.NoError(t, s.Stack.Up(s.program))
	require.NoError(t, s.Refresh())
	assert.Contains(t, s.Diagnostics(), "the user has another auth token, which does not belong to this resource")
}

func TestImportFileBringsBothValuesAlong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		id       string
		previous bool
		whole    bool
	}{
		"the current value only": {"C", false, false},
		"both":                   {"C", true, true},
		"both tokens in the id":  {"users/U/authTokens/C/P", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := harness.NewCLI(harness.NewWorld(t))
			previous := c.OCI.AddToken(c.User, "by hand")
			current := c.OCI.AddToken(c.User, "by hand")
			outputs := map[string]any{"token": current.Value}
			if test.previous {
				outputs["previousToken"] = previous.Value
			} else {
				c.OCI.DeleteToken(c.User, previous.ID)
			}
			if test.whole {
				outputs["tokenId"], outputs["previousTokenId"], outputs["state"] = current.ID, previous.ID, "ACTIVE"
				outputs["userId"], outputs["description"] = c.User, "by hand"
			}
			id := strings.NewReplacer("U", c.User, "C", current.ID, "P", previous.ID).Replace(test.id)
			c.Write("import.json", harness.ImportFile(t, harness.RotatingAuthTokenType, id, map[string]any{"userId": c.User, "description": "by hand"}, outputs))
			c.Must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")

			rotates(c, "by hand", "")
			c.Must("up", "--yes", "--skip-preview")
			c.Must("refresh", "--yes", "--skip-preview")
			assert.Equal(t, current.Value, c.SecretOutput("token"))
			c.Must("preview", "--diff", "--expect-no-changes")
			assert.Zero(t, c.Calls("CreateAuthToken"))
			if !test.previous {
				return
			}

			rotates(c, "by hand", "      rotateWhenChanged: { leak: \"1\" }\n")
			c.Must("up", "--yes", "--skip-preview")
			assert.NotEqual(t, current.Value, c.SecretOutput("token"))
			assert.Len(t, c.Tokens(), 2)
			c.Must("destroy", "--yes", "--skip-preview")
			assert.Empty(t, c.Tokens())
		})
	}
}

// rotates writes a project with a RotatingAuthToken.
func rotates(c *harness.CLI, description, more string) {
	c.T.Helper()
	c.Write("Pulumi.yaml", `name: test
runtime: yaml
resources:
  token:
    type: ociauthtoken:RotatingAuthToken
    properties:
      userId: `+c.User+`
      description: `+description+`
`+more+`outputs:
  token: ${token.token}
`)
}

func TestTheFirstMapOfAnImportFileIsRecorded(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	live := c.OCI.AddToken(c.User, "by hand")
	c.Write("import.json", harness.ImportFile(t, harness.RotatingAuthTokenType, live.ID, map[string]any{"userId": c.User, "description": "by hand"},
		map[string]any{"token": live.Value}))
	c.Must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")
	rotates(c, "by hand", "      overlap: false\n      rotateWhenChanged: { leak: \"1\" }\n")
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, live.Value, c.SecretOutput("token"))
	assert.Zero(t, c.Writes())
	c.Must("preview", "--diff", "--expect-no-changes")
	rotates(c, "by hand", "      overlap: false\n      rotateWhenChanged: { leak: \"2\" }\n")
	c.Must("up", "--yes", "--skip-preview")
	assert.NotEqual(t, live.Value, c.SecretOutput("token"))
}

// TestTheFirstMapAfterAnImportByIDRotates checks that a token without a value gets one.
func TestTheFirstMapAfterAnImportByIDRotates(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, nil)
	live := s.OCI.AddToken(s.User, "ci")
	s.options.ImportID = resource.ID(s.User + "/" + live.ID)
	require.NoError(t, s.Stack.Up(s.program))
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}})
	require.NoError(t, s.Stack.Up(s.program), s.Diagnostics())
	assert.Equal(t, live.ID, s.output("previousTokenId"))
	assert.NotEmpty(t, s.output("token"))
}

func TestAnImportThatNamesOneTokenByBothItsIDsIsRefused(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IdentityDomain, nil)
	live := s.OCI.AddToken(s.User, "ci")
	for _, ids := range []string{live.ID + "/" + live.SCIMID, live.SCIMID + "/" + live.ID} {
		s.options.ImportID = resource.ID(s.DomainURL + "/users/" + s.User + "/authTokens/" + ids)
		require.Error(t, s.Stack.Up(s.program), ids)
		assert.Contains(t, s.Diagnostics(), "names the same token twice", ids)
		assert.Nil(t, s.state(), ids)
	}
}
