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

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests are about taking over existing tokens with a RotatingAuthToken, and about the way back.

// adopting makes the program's RotatingAuthToken take over an AuthToken, with an alias.
func (s *rotatingStack) adopting() {
	s.options.Aliases = []*pulumirpc.Alias{{Alias: &pulumirpc.Alias_Spec_{Spec: &pulumirpc.Alias_Spec{Type: authTokenType}}}}
	s.options.AliasSpecs = true
}

// newAdoptingStack has an AuthToken in its state, and a program that makes it a RotatingAuthToken.
func (a api) newAdoptingStack(t *testing.T, arguments map[string]any) *rotatingStack {
	t.Helper()
	s := a.newRotatingStack(t, arguments)
	require.NoError(t, s.testStack.up(s.tokenAndLogin(s.user, "ci")))
	s.adopting()
	return s
}

func TestAnAuthTokenInTheStateIsTakenOverByAnAlias(t *testing.T) { forEachAPI(t, isTakenOverByAnAlias) }

func isTakenOverByAnAlias(t *testing.T, a api) {
	s := a.newAdoptingStack(t, map[string]any{"rotationDays": 30})
	id, value := s.token("token").ID, s.value("token")
	s.clock.advance(20 * day)
	require.NoError(t, s.preview())
	assert.Equal(t, inPlace, s.changes(), "nothing is replaced, and the login does not move")
	s.mustUp()
	assert.Equal(t, inPlace, s.changes())
	assert.Empty(t, s.oci.Journal(), "it is not rotated, and there is nothing to ask")
	assert.Equal(t, id, s.state().ID)
	assert.Equal(t, string(id), s.output("tokenId"))
	assert.Equal(t, value, s.output("token"))
	s.requireSlots(false)

	s.options.Aliases = nil // it is no longer needed
	require.NoError(t, s.refresh())
	s.mustUp()
	assert.Empty(t, s.changes())
	s.clock.advance(11 * day)
	s.mustUp()
	assert.Equal(t, updated, s.changes())
	assert.Equal(t, value, s.output("previousToken"))
	assert.Equal(t, id, s.state().ID)
	s.requireSlots(true)
	require.NoError(t, s.destroy())
	assert.Empty(t, s.tokens())
}

func TestAnOldAuthTokenIsTakenOverAndRotatedInOneUp(t *testing.T) {
	t.Parallel()
	s := api{}.newAdoptingStack(t, map[string]any{"rotationDays": 30})
	value := s.value("token")
	s.clock.advance(100 * day)
	require.NoError(t, s.preview())
	assert.Equal(t, updated, s.changes())
	s.mustUp()
	assert.Equal(t, value, s.output("previousToken"))
	s.requireSlots(true)
	s.mustUp()
	assert.Empty(t, s.changes())
}

func TestDestroyRightAfterATakeOverRevokesTheToken(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string]map[string]any{"with no other argument": nil, "with one": {"rotationDays": 30}} {
		s := api{}.newAdoptingStack(t, arguments)
		s.mustUp()
		require.NoError(t, s.destroy(), name)
		assert.Empty(t, s.tokens(), name)
	}
}

func TestATakeOverThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	s := api{}.newAdoptingStack(t, map[string]any{"rotationDays": 30})
	value := s.value("token")
	s.clock.advance(100 * day)
	s.oci.AddToken(s.user, "theirs")
	require.Error(t, s.up())
	s.oci.DeleteToken(s.user, s.tokens()[1].ID)
	s.mustUp()
	assert.Equal(t, value, s.output("previousToken"))
}

func TestImportOfOneOrTwoTokens(t *testing.T) { forEachAPI(t, importOfOneOrTwoTokens) }

func importOfOneOrTwoTokens(t *testing.T, a api) {
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
			s := a.newRotatingStack(t, nil)
			if a.domain != "" && !strings.HasPrefix(test.form, "users/") {
				return // there is no short form for domains
			}
			previous := s.oci.AddToken(s.user, "ci")
			if !test.two {
				s.oci.DeleteToken(s.user, previous.ID)
			}
			current := s.oci.AddToken(s.user, "ci")
			s.options.ImportID = resource.ID(strings.NewReplacer("U", s.user, "C", current.ID, "P", previous.ID).Replace(test.form))
			if a.domain != "" {
				s.options.ImportID = resource.ID(s.domainURL + "/" + string(s.options.ImportID))
			}
			s.set(map[string]any{"rotationDays": nil})
			require.NoError(t, s.testStack.up(s.program), s.diagnostics())
			assert.Zero(t, s.writes())
			assert.Contains(t, s.diagnostics(), "stays empty after this import, until the first rotation")
			assert.Equal(t, resource.ID(current.ID), s.state().ID)
			assert.Equal(t, current.ID, s.output("tokenId"))
			assert.NotContains(t, s.state().Outputs, resource.PropertyKey("token"), "absent, not an empty lie")

			s.options.ImportID = ""
			require.NoError(t, s.preview())
			assert.Empty(t, s.changes())
			s.set(map[string]any{"rotationDays": 30})
			require.NoError(t, s.testStack.up(s.program))
			assert.Zero(t, s.writes())
			s.clock.advance(31 * day)
			require.NoError(t, s.testStack.up(s.program))
			assert.Equal(t, current.ID, s.output("previousTokenId"))
			assert.True(t, s.state().Outputs["previousToken"].IsNull(), "nobody knows its value")
			require.Len(t, s.tokens(), 2)
			assert.Equal(t, s.tokens()[1].Value, s.output("token"), "a rotation gives a value")
			s.requireLogin()
			require.NoError(t, s.destroy())
			assert.Empty(t, s.tokens())
		})
	}
}

func TestImportOfTokensThatDoNotExist(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, nil)
	live := s.oci.AddToken(s.user, "ci")
	missing := live.ID[:len(live.ID)-4] + "zzzz"
	for id, complaint := range map[string]string{
		s.user + "/" + missing:                 "has no auth token " + missing,
		s.user + "/" + live.ID + "/" + missing: "has no auth token " + missing,
		s.user + "/" + missing + "/" + live.ID: "has no auth token " + missing,
		live.ID:                                "does not say whose token it is",
		"alice":                                "is not the id of a rotating auth token",
	} {
		s.options.ImportID = resource.ID(id)
		require.Error(t, s.testStack.up(s.program), id)
		assert.Contains(t, s.diagnostics(), complaint, id)
		assert.Nil(t, s.state(), "no ghost")
		assert.NotContains(t, s.diagnostics(), "waiting", "a typing error is told at once")
	}
}

func TestImportWarnsOfTheOtherToken(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotationDays": 30})
	s.oci.AddToken(s.user, "theirs")
	current := s.oci.AddToken(s.user, "ci")
	s.options.ImportID = resource.ID(s.user + "/" + current.ID)
	require.NoError(t, s.testStack.up(s.program))
	s.options.ImportID = ""
	require.NoError(t, s.testStack.up(s.program))
	require.NoError(t, s.refresh())
	assert.Contains(t, s.diagnostics(), "the user has another auth token, which does not belong to this resource")
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
func (c *cli) rotates(description, more string) {
	c.t.Helper()
	c.write("Pulumi.yaml", `name: test
runtime: yaml
resources:
  token:
    type: ociauthtoken:RotatingAuthToken
    properties:
      userId: `+c.user+`
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
			c := newCLI(t)
			previous := c.oci.AddToken(c.user, "by hand")
			current := c.oci.AddToken(c.user, "by hand")
			outputs := map[string]any{"token": current.Value}
			if test.previous {
				outputs["previousToken"] = previous.Value
			} else {
				c.oci.DeleteToken(c.user, previous.ID)
			}
			if test.whole {
				outputs["tokenId"], outputs["previousTokenId"], outputs["state"] = current.ID, previous.ID, "ACTIVE"
				outputs["userId"], outputs["description"] = c.user, "by hand"
			}
			id := strings.NewReplacer("U", c.user, "C", current.ID, "P", previous.ID).Replace(test.id)
			c.write("import.json", importFileOf(t, rotatingType, id, map[string]any{"userId": c.user, "description": "by hand"}, outputs))
			c.must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")

			c.rotates("by hand", "")
			c.must("up", "--yes", "--skip-preview")
			c.must("refresh", "--yes", "--skip-preview")
			assert.Equal(t, current.Value, c.secretOutput("token"))
			c.must("preview", "--diff", "--expect-no-changes")
			assert.Zero(t, c.calls("CreateAuthToken"))
			if !test.previous {
				return
			}

			c.rotates("by hand", "      rotateWhenChanged: { leak: \"1\" }\n")
			c.must("up", "--yes", "--skip-preview")
			assert.NotEqual(t, current.Value, c.secretOutput("token"))
			assert.Len(t, c.tokens(), 2)
			c.must("destroy", "--yes", "--skip-preview")
			assert.Empty(t, c.tokens())
		})
	}
}

// back is a program that makes the RotatingAuthToken an AuthToken, with an alias. The login takes its value.
func (s *rotatingStack) back(description string) program {
	return func(m *deploytest.ResourceMonitor) error {
		token, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{
			Inputs:  s.inputs(s.user, description),
			Aliases: []*pulumirpc.Alias{{Alias: &pulumirpc.Alias_Spec_{Spec: &pulumirpc.Alias_Spec{Type: rotatingType}}}}, AliasSpecs: true,
		})
		if err != nil {
			return err
		}
		_, err = m.RegisterResource(loginType, "login", true, deploytest.ResourceOptions{
			Inputs:       resource.PropertyMap{"password": token.Outputs["token"]},
			PropertyDeps: map[resource.PropertyKey][]resource.URN{"password": {token.URN}},
			Dependencies: []resource.URN{token.URN},
		})
		return err
	}
}

// TestTheWayBackByAnAlias makes an AuthToken of a RotatingAuthToken whose id is the OCID of an earlier token.
func TestTheWayBackByAnAlias(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, next := range map[string]func(s *rotatingStack){
			"a refresh": func(s *rotatingStack) { require.NoError(t, s.refresh()) },
			"an update": func(s *rotatingStack) {
				for _, description := range []string{"new", "ci"} {
					require.NoError(t, s.testStack.up(s.back(description)))
					assert.Equal(t, inPlace, s.changes())
					assert.Equal(t, description, s.onlyToken().Description)
				}
				require.NoError(t, s.refresh())
			},
			"a destroy": nil,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := a.newRotatingStack(t, map[string]any{"rotationDays": 30})
				s.mustUp()
				s.clock.advance(31 * day)
				s.mustUp()
				s.set(map[string]any{"previousDays": 0})
				s.mustUp()
				live, value := s.onlyToken(), s.output("token")
				require.NotEqual(t, live.ID, string(s.state().ID))

				s.oci.ResetJournal()
				require.NoError(t, s.testStack.preview(s.back("ci")))
				assert.Empty(t, s.changes())
				require.NoError(t, s.testStack.up(s.back("ci")))
				assert.Empty(t, s.changes(), "the login keeps its value")
				assert.Empty(t, s.oci.Journal())
				assert.Equal(t, value, s.value("token"))
				if next != nil {
					next(s)
					assert.Equal(t, live.ID, string(s.token("token").ID), "a refresh corrects the id")
					assert.NotContains(t, s.token("token").Outputs, resource.PropertyKey("tokenId"))
					require.NoError(t, s.testStack.up(s.back("ci")))
					assert.Empty(t, s.changes())
					assert.Equal(t, value, s.value("token"))
				}
				s.requireLogin()
				require.NoError(t, s.destroy())
				assert.Empty(t, s.tokens())
			})
		}
	})
}

// TestTheWayBackIsRefusedWithAPreviousToken checks that an alias leaves no token behind.
func TestTheWayBackIsRefusedWithAPreviousToken(t *testing.T) {
	t.Parallel()
	s := twice(t, nil)
	before := s.state().Outputs
	require.Error(t, s.testStack.up(s.back("ci")))
	assert.Contains(t, s.diagnostics(), "docs/guides/rotation.md")
	assert.Contains(t, s.diagnostics(), "set previousDays to 0")
	assert.Len(t, s.tokens(), 2)
	s.mustUp()
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

	c := newCLI(t)
	other := c.addUser("other")
	dependent := "  dependent:\n    type: ociauthtoken:AuthToken\n    properties: { userId: " + other + ", description: other }\n" +
		"    options: { dependsOn: [ \"${registryToken}\" ] }\noutputs:\n  token: ${registryToken.token}\n"
	writes := func(resources string) {
		c.write("Pulumi.yaml", "name: test\nruntime: yaml\n"+strings.ReplaceAll(resources, "${userId}", c.user)+dependent)
	}
	rotates := func(n, more string) {
		writes("resources:\n  registryToken:\n    type: ociauthtoken:RotatingAuthToken\n    properties:\n      userId: ${userId}\n" +
			"      description: docker login from CI\n      rotateWhenChanged: { n: \"" + n + "\" }\n" + more)
	}
	rotates("1", "")
	c.must("up", "--yes", "--skip-preview")
	rotates("2", "")
	c.must("up", "--yes", "--skip-preview")
	require.Len(t, c.tokens(), 2)

	for i, command := range commands {
		switch i {
		case 0:
			rotates("2", "      previousDays: 0\n")
		case 1:
			c.oci.ResetJournal()
			writes(program)
		}
		c.must(command[1], "--yes", "--skip-preview")
	}
	live := c.onlyToken()
	assert.Equal(t, live.Value, c.secretOutput("token"))
	assert.Zero(t, c.calls("CreateAuthToken")+c.calls("DeleteAuthToken"))
	writes(strings.Split(program, "    options:")[0])
	c.must("preview", "--diff", "--expect-no-changes")
	assert.Contains(t, c.must("stack", "export"), `"id": "`+live.ID+`"`)
	c.must("destroy", "--yes", "--skip-preview")
	assert.Empty(t, c.tokens())
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
	requireNoValue(t, string(rest))
}

func TestBothTokensAreSecretsOnEveryWire(t *testing.T) {
	t.Parallel()
	w := newRotatingWire(t)
	w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}}
	require.NoError(t, w.up())
	requireSecretTokens(t, unmarshalled(t, w.state), w.tokens()[0].Value, "")
	w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}}
	require.NoError(t, w.up())
	current, previous := w.tokens()[1].Value, w.tokens()[0].Value
	requireSecretTokens(t, unmarshalled(t, w.state), current, previous)

	// An engine or a program that does not know secrets sends the values back as plaintext.
	inClear := unmarshalled(t, w.state)
	inClear["token"], inClear["previousToken"] = resource.NewProperty(current), resource.NewProperty(previous)
	w.state = properties(t, inClear.Mappable())
	require.NoError(t, w.refresh())
	requireSecretTokens(t, unmarshalled(t, w.state), current, previous)

	w.state = properties(t, inClear.Mappable())
	for _, preview := range []bool{true, false} {
		answer, err := w.plugin.Update(context.Background(), &pulumirpc.UpdateRequest{
			Id: w.id, Urn: rotatingURN, Olds: w.state, OldInputs: w.inputs, News: w.inputs, Preview: preview,
		})
		require.NoError(t, err)
		requireSecretTokens(t, unmarshalled(t, answer.Properties), current, previous)
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
		w := newRotatingWire(t)
		w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}}
		require.NoError(t, w.up())
		w.clock.advance(time.Hour)
		w.arguments = map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}}
		require.NoError(t, w.up())
		w.clock.advance(time.Hour)
		for key, value := range arguments {
			w.arguments[key] = value
		}
		w.arguments["rotateWhenChanged"] = map[string]any{"n": "3"}
		w.oci.SetCreatingFor(30 * time.Minute)
		before, inputs, id := w.state, w.inputs, w.id
		require.Error(t, w.up(), name)
		created := w.oci.Tokens(w.user)[len(w.oci.Tokens(w.user))-1].ID
		repeats := 0
		for err := errors.New("the hook repeats it"); err != nil && repeats < 10; repeats++ {
			w.state, w.inputs, w.id = before, inputs, id
			err = w.up()
		}
		assert.Greater(t, repeats, 1, name)
		require.Less(t, repeats, 10, name)
		assert.Equal(t, created, w.text("tokenId"), name)
		want := 2
		if arguments != nil {
			want = 1
		}
		assert.Len(t, w.tokens(), want, name)
		assert.Equal(t, 3, w.calls("CreateAuthToken"), "%s: one for each rotation", name)
	}
}
