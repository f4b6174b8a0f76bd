package tests

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests are about taking over existing tokens with a RotatingAuthToken, and about the way back.

// adopting makes the program's RotatingAuthToken take over an AuthToken, with an alias.
func (s *rotatingStack) adopting() {
	s.options.Aliases = []*pulumirpc.Alias{{Alias: &pulumirpc.Alias_Spec_{Spec: &pulumirpc.Alias_Spec{Type: harness.AuthTokenType}}}}
	s.options.AliasSpecs = true
}

// newAdoptingStack has an AuthToken in its state, and a program that makes it a RotatingAuthToken.
func newAdoptingStack(t *testing.T, a harness.API, arguments map[string]any) *rotatingStack {
	t.Helper()
	s := newRotatingStack(t, a, arguments)
	require.NoError(t, s.Stack.Up(s.TokenAndLogin(s.User, "ci")))
	s.adopting()
	return s
}

func TestAnAuthTokenInTheStateIsTakenOverByAnAlias(t *testing.T) {
	harness.ForEachAPI(t, isTakenOverByAnAlias)
}

func isTakenOverByAnAlias(t *testing.T, a harness.API) {
	s := newAdoptingStack(t, a, map[string]any{"rotationDays": 30})
	id, value := s.Token("token").ID, s.Value("token")
	s.Clock.Advance(20 * harness.Day)
	require.NoError(t, s.Preview())
	assert.Equal(t, inPlace, s.Changes(), "nothing is replaced, and the login does not move")
	s.MustUp()
	assert.Equal(t, inPlace, s.Changes())
	assert.Empty(t, s.OCI.Journal(), "it is not rotated, and there is nothing to ask")
	assert.Equal(t, id, s.state().ID)
	assert.Equal(t, string(id), s.output("tokenId"))
	assert.Equal(t, value, s.output("token"))
	s.requireSlots(false)

	s.options.Aliases = nil // it is no longer needed
	require.NoError(t, s.Refresh())
	s.MustUp()
	assert.Empty(t, s.Changes())
	s.Clock.Advance(11 * harness.Day)
	s.MustUp()
	assert.Equal(t, updated, s.Changes())
	assert.Equal(t, value, s.output("previousToken"))
	assert.Equal(t, id, s.state().ID)
	s.requireSlots(true)
	require.NoError(t, s.Destroy())
	assert.Empty(t, s.Tokens())
}

func TestAnOldAuthTokenIsTakenOverAndRotatedInOneUp(t *testing.T) {
	t.Parallel()
	s := newAdoptingStack(t, harness.IAM, map[string]any{"rotationDays": 30})
	value := s.Value("token")
	s.Clock.Advance(100 * harness.Day)
	require.NoError(t, s.Preview())
	assert.Equal(t, updated, s.Changes())
	s.MustUp()
	assert.Equal(t, value, s.output("previousToken"))
	s.requireSlots(true)
	s.MustUp()
	assert.Empty(t, s.Changes())
}

func TestDestroyRightAfterATakeOverRevokesTheToken(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string]map[string]any{"with no other argument": nil, "with one": {"rotationDays": 30}} {
		s := newAdoptingStack(t, harness.IAM, arguments)
		s.MustUp()
		require.NoError(t, s.Destroy(), name)
		assert.Empty(t, s.Tokens(), name)
	}
}

func TestATakeOverThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	s := newAdoptingStack(t, harness.IAM, map[string]any{"rotationDays": 30})
	value := s.Value("token")
	s.Clock.Advance(100 * harness.Day)
	s.OCI.AddToken(s.User, "theirs")
	require.Error(t, s.Up())
	s.OCI.DeleteToken(s.User, s.Tokens()[1].ID)
	s.MustUp()
	assert.Equal(t, value, s.output("previousToken"))
}

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

// importFileOf returns a file for "pulumi import --file" that contains values.
func importFileOf(t *testing.T, kind, id string, inputs, outputs map[string]any) string {
	t.Helper()
	for _, name := range []string{"token", "previousToken"} {
		if value, ok := outputs[name].(string); ok {
			plaintext, err := json.Marshal(value)
			require.NoError(t, err)
			outputs[name] = map[string]any{
				"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": string(plaintext),
			}
		}
	}
	file, err := json.Marshal(map[string]any{"resources": []any{map[string]any{
		"type": kind, "name": "token", "id": id, "inputs": inputs, "outputs": outputs,
	}}})
	require.NoError(t, err)
	return string(file)
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
			c.Write("import.json", importFileOf(t, harness.RotatingAuthTokenType, id, map[string]any{"userId": c.User, "description": "by hand"}, outputs))
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

// back is a program that makes the RotatingAuthToken an AuthToken, with an alias. The login takes its value.
func (s *rotatingStack) back(description string) inprocess.Program {
	return func(m *deploytest.ResourceMonitor) error {
		token, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
			Inputs:  s.Inputs(s.User, description),
			Aliases: []*pulumirpc.Alias{{Alias: &pulumirpc.Alias_Spec_{Spec: &pulumirpc.Alias_Spec{Type: harness.RotatingAuthTokenType}}}}, AliasSpecs: true,
		})
		if err != nil {
			return err
		}
		_, err = m.RegisterResource(inprocess.LoginType, "login", true, deploytest.ResourceOptions{
			Inputs:       resource.PropertyMap{"password": token.Outputs["token"]},
			PropertyDeps: map[resource.PropertyKey][]resource.URN{"password": {token.URN}},
			Dependencies: []resource.URN{token.URN},
		})
		return err
	}
}

// TestTheWayBackByAnAlias makes an AuthToken of a RotatingAuthToken whose id is the OCID of an earlier token.
func TestTheWayBackByAnAlias(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, next := range map[string]func(s *rotatingStack){
			"a refresh": func(s *rotatingStack) { require.NoError(t, s.Refresh()) },
			"an update": func(s *rotatingStack) {
				for _, description := range []string{"new", "ci"} {
					require.NoError(t, s.Stack.Up(s.back(description)))
					assert.Equal(t, inPlace, s.Changes())
					assert.Equal(t, description, s.OnlyToken().Description)
				}
				require.NoError(t, s.Refresh())
			},
			"a destroy": nil,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
				s.MustUp()
				s.Clock.Advance(31 * harness.Day)
				s.MustUp()
				s.set(map[string]any{"previousDays": 0})
				s.MustUp()
				live, value := s.OnlyToken(), s.output("token")
				require.NotEqual(t, live.ID, string(s.state().ID))

				s.OCI.ResetJournal()
				require.NoError(t, s.Stack.Preview(s.back("ci")))
				assert.Empty(t, s.Changes())
				require.NoError(t, s.Stack.Up(s.back("ci")))
				assert.Empty(t, s.Changes(), "the login keeps its value")
				assert.Empty(t, s.OCI.Journal())
				assert.Equal(t, value, s.Value("token"))
				if next != nil {
					next(s)
					assert.Equal(t, live.ID, string(s.Token("token").ID), "a refresh corrects the id")
					assert.NotContains(t, s.Token("token").Outputs, resource.PropertyKey("tokenId"))
					require.NoError(t, s.Stack.Up(s.back("ci")))
					assert.Empty(t, s.Changes())
					assert.Equal(t, value, s.Value("token"))
				}
				s.requireLogin()
				require.NoError(t, s.Destroy())
				assert.Empty(t, s.Tokens())
			})
		}
	})
}

// TestTheWayBackIsRefusedWithAPreviousToken checks that an alias leaves no token behind.
func TestTheWayBackIsRefusedWithAPreviousToken(t *testing.T) {
	t.Parallel()
	s := twice(t, harness.IAM, nil)
	before := s.state().Outputs
	require.Error(t, s.Stack.Up(s.back("ci")))
	assert.Contains(t, s.Diagnostics(), "docs/guides/rotation.md")
	assert.Contains(t, s.Diagnostics(), "set previousDays to 0")
	assert.Len(t, s.Tokens(), 2)
	s.MustUp()
	assert.Equal(t, before["token"], s.state().Outputs["previousToken"])
}

// TestTheWayBackToAnAuthToken follows docs/guides/rotation.md with the pulumi command. Another resource depends on the token.
func TestTheWayBackToAnAuthToken(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/guides/rotation.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "## The way back\n")
	require.True(t, found)
	_, program, found := strings.Cut(section, "```yaml\n")
	require.True(t, found)
	program, _, _ = strings.Cut(program, "```")
	commands := regexp.MustCompile("`pulumi (up|refresh)`").FindAllStringSubmatch(section, -1)
	require.Len(t, commands, 3)

	c := harness.NewCLI(harness.NewWorld(t))
	other := c.AddUser("other")
	dependent := "  dependent:\n    type: ociauthtoken:AuthToken\n    properties: { userId: " + other + ", description: other }\n" +
		"    options: { dependsOn: [ \"${registryToken}\" ] }\noutputs:\n  token: ${registryToken.token}\n"
	writes := func(resources string) {
		c.Write("Pulumi.yaml", "name: test\nruntime: yaml\n"+strings.ReplaceAll(resources, "${userId}", c.User)+dependent)
	}
	rotates := func(n, more string) {
		writes("resources:\n  registryToken:\n    type: ociauthtoken:RotatingAuthToken\n    properties:\n      userId: ${userId}\n" +
			"      description: docker login from CI\n      rotateWhenChanged: { n: \"" + n + "\" }\n" + more)
	}
	rotates("1", "")
	c.Must("up", "--yes", "--skip-preview")
	rotates("2", "")
	c.Must("up", "--yes", "--skip-preview")
	require.Len(t, c.Tokens(), 2)

	for i, command := range commands {
		switch i {
		case 0:
			rotates("2", "      previousDays: 0\n")
		case 1:
			c.OCI.ResetJournal()
			writes(program)
		}
		c.Must(command[1], "--yes", "--skip-preview")
	}
	live := c.OnlyToken()
	assert.Equal(t, live.Value, c.SecretOutput("token"))
	assert.Zero(t, c.Calls("CreateAuthToken")+c.Calls("DeleteAuthToken"))
	writes(strings.Split(program, "    options:")[0])
	c.Must("preview", "--diff", "--expect-no-changes")
	assert.Contains(t, c.Must("stack", "export"), `"id": "`+live.ID+`"`)
	c.Must("destroy", "--yes", "--skip-preview")
	assert.Empty(t, c.Tokens())
}

// requireSecretTokens decodes properties from the wire. Both values must be in them, as secrets and nowhere else.
func requireSecretTokens(t *testing.T, outputs resource.PropertyMap, current, previous string) {
	t.Helper()
	for name, value := range map[resource.PropertyKey]string{"token": current, "previousToken": previous} {
		if value == "" {
			require.True(t, outputs[name].IsNull())
			continue
		}
		require.True(t, outputs[name].IsSecret(), "%s is in clear on the wire", name)
		assert.Equal(t, value, outputs[name].SecretValue().Element.StringValue())
		delete(outputs, name)
	}
	rest, err := json.Marshal(outputs.Mappable())
	require.NoError(t, err)
	harness.RequireNoValue(t, string(rest))
}

func TestBothTokensAreSecretsOnEveryWire(t *testing.T) {
	t.Parallel()
	w := newRotatingWire(t, harness.IAM)
	w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}}
	require.NoError(t, w.Up())
	requireSecretTokens(t, harness.Unmarshal(t, w.state), w.Tokens()[0].Value, "")
	w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}}
	require.NoError(t, w.Up())
	current, previous := w.Tokens()[1].Value, w.Tokens()[0].Value
	requireSecretTokens(t, harness.Unmarshal(t, w.state), current, previous)

	// An engine or a program that does not know secrets sends the values back as plaintext.
	inClear := harness.Unmarshal(t, w.state)
	inClear["token"], inClear["previousToken"] = resource.NewProperty(current), resource.NewProperty(previous)
	w.state = harness.Properties(t, inClear.Mappable())
	require.NoError(t, w.refresh())
	requireSecretTokens(t, harness.Unmarshal(t, w.state), current, previous)

	w.state = harness.Properties(t, inClear.Mappable())
	for _, preview := range []bool{true, false} {
		answer, err := w.Client.Update(context.Background(), &pulumirpc.UpdateRequest{
			Id: w.id, Urn: rotatingURN, Olds: w.state, OldInputs: w.inputs, News: w.inputs, Preview: preview,
		})
		require.NoError(t, err)
		requireSecretTokens(t, harness.Unmarshal(t, answer.Properties), current, previous)
	}
}

// TestErrorHookThatRepeatsARotationGetsTheSameToken calls Update again with the same state, as the engine does when an error
// hook asks for it.
func TestErrorHookThatRepeatsARotationGetsTheSameToken(t *testing.T) {
	t.Parallel()
	toolchain.Long(t)
	for name, arguments := range map[string]map[string]any{
		"with overlap": nil, "at once": {"previousDays": 0}, "without overlap": {"overlap": false},
	} {
		w := newRotatingWire(t, harness.IAM)
		w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}}
		require.NoError(t, w.Up())
		w.Clock.Advance(time.Hour)
		w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}}
		require.NoError(t, w.Up())
		w.Clock.Advance(time.Hour)
		for key, value := range arguments {
			w.arguments[key] = value
		}
		w.arguments["rotateWhenChanged"] = map[string]any{"n": "3"}
		w.OCI.SetCreatingFor(30 * time.Minute)
		before, inputs, id := w.state, w.inputs, w.id
		require.Error(t, w.Up(), name)
		created := w.OCI.Tokens(w.User)[len(w.OCI.Tokens(w.User))-1].ID
		repeats := 0
		for err := errors.New("the hook repeats it"); err != nil && repeats < 10; repeats++ {
			w.state, w.inputs, w.id = before, inputs, id
			err = w.Up()
		}
		assert.Greater(t, repeats, 1, name)
		require.Less(t, repeats, 10, name)
		assert.Equal(t, created, w.text("tokenId"), name)
		want := 2
		if arguments != nil {
			want = 1
		}
		assert.Len(t, w.Tokens(), want, name)
		assert.Equal(t, 3, w.Calls("CreateAuthToken"), "%s: one for each rotation", name)
	}
}
