package rotatingauthtoken_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
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
	page := toolchain.ReadFile(t, "docs/guides/rotation.md")
	_, section, found := strings.Cut(page, "## The way back\n")
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

func TestTheFirstMapOfATokenThatIsTakenOverIsRecorded(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string]map[string]any{
		"with overlap":    {"rotateWhenChanged": map[string]any{"n": "1"}},
		"without overlap": {"rotateWhenChanged": map[string]any{"n": "1"}, "overlap": false},
	} {
		s := newAdoptingStack(t, harness.IAM, arguments)
		value := s.Value("token")
		require.NoError(t, s.Preview(), name)
		assert.Equal(t, inPlace, s.Changes(), name)
		s.MustUp()
		assert.Equal(t, inPlace, s.Changes(), name)
		assert.Empty(t, s.OCI.Journal(), name)
		assert.Equal(t, value, s.output("token"), name)
		s.RequireNoChange(s.program, name)

		s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}})
		s.MustUp()
		assert.Equal(t, updated, s.Changes(), "%s: the next map is a change", name)
	}
}

// TestAMapThatComesAfterATakeOverRotates checks that the first map counts only at the take-over. A person who adds it later, because a
// token has leaked, wants a rotation.
func TestAMapThatComesAfterATakeOverRotates(t *testing.T) {
	t.Parallel()
	s := newAdoptingStack(t, harness.IAM, nil)
	s.MustUp()
	s.RequireNoChange(s.program, "taken over")
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}})
	s.MustUp()
	assert.Equal(t, updated, s.Changes())
}

func TestATakeOverWithAMapThatRotatesForAnotherReasonRotatesOnce(t *testing.T) {
	t.Parallel()
	s := newAdoptingStack(t, harness.IAM, map[string]any{"rotationDays": 30, "rotateWhenChanged": map[string]any{"n": "1"}})
	s.Clock.Advance(100 * harness.Day)
	s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
	require.Error(t, s.Up())
	s.MustUp()
	assert.Equal(t, 1, s.Calls("CreateAuthToken"))
	s.RequireNoChange(s.program, "rotated once")
	s.requireSlots(true)
}

// TestATokenThatIsTakenOverByItsSCIMIDRotates takes over a token of a domain whose id in the state is its SCIM id.
func TestATokenThatIsTakenOverByItsSCIMIDRotates(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{"SCIM id": "S", "path": "D/users/U/authTokens/S"} {
		s := newAdoptingStack(t, harness.IdentityDomain, map[string]any{"rotationDays": 30})
		live := s.OnlyToken()
		s.Token("token").ID = resource.ID(strings.NewReplacer("S", live.SCIMID, "D", s.DomainURL, "U", s.User).Replace(form))
		s.Clock.Advance(31 * harness.Day)
		require.NoError(t, s.Stack.Up(s.program), "%s: %s", name, s.Diagnostics())
		assert.Equal(t, live.Value, s.output("previousToken"), name)
		require.NoError(t, s.Refresh(), name)
		s.requireSlots(true)
	}
}

// TestARefreshBeforeATakeOverDoesNotMakeItARotation refreshes between an import from a file and the first up.
func TestARefreshBeforeATakeOverDoesNotMakeItARotation(t *testing.T) {
	t.Parallel()
	s := newAdoptingStack(t, harness.IdentityDomain, map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}, "overlap": false})
	live, state := s.OnlyToken(), s.Token("token")
	state.URN, state.Type = resource.URN(strings.Replace(string(state.URN), harness.AuthTokenType, harness.RotatingAuthTokenType, 1)), harness.RotatingAuthTokenType
	state.ID = resource.ID(s.ImportID(live.SCIMID))
	for _, resource := range s.Snapshot.Resources {
		if resource != state && len(resource.Dependencies) > 0 {
			resource.Dependencies[0], resource.PropertyDependencies["password"][0] = state.URN, state.URN
		}
	}
	s.options.Aliases = nil
	require.NoError(t, s.Refresh())
	require.NoError(t, s.Refresh())
	assert.Equal(t, resource.ID(live.ID), s.state().ID)
	s.MustUp()
	assert.Zero(t, s.Writes())
	assert.Equal(t, live.Value, s.output("token"))
	assert.Equal(t, live.ID, s.output("tokenId"))
	s.RequireNoChange(s.program, "taken over")
}

// TestEachCallReadsTheArgumentsOfATokenThatWasTakenOver passes the inputs and the state that 0.2.0 wrote for an AuthToken to a RotatingAuthToken that took
// it over with an alias, in each call that gets them.
func TestEachCallReadsTheArgumentsOfATokenThatWasTakenOver(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := inprocess.NewPlugin(harness.IdentityDomain.NewWorld(t))
	urn := strings.Replace(harness.TokenURN, "AuthToken", "RotatingAuthToken", 1)
	old := w.With(map[string]any{"timeExpires": "2999-01-01T00:00:00Z"})
	created, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: harness.TokenURN, Properties: old})
	require.NoError(t, err)
	news := w.Arguments("ci")

	checked, err := w.Client.Check(ctx, &pulumirpc.CheckRequest{Urn: urn, Olds: old, News: news})
	require.NoError(t, err)
	require.Empty(t, checked.Failures)
	_, err = w.Client.Diff(ctx, &pulumirpc.DiffRequest{Id: created.Id, Urn: urn, Olds: created.Properties, OldInputs: old, News: checked.Inputs})
	require.NoError(t, err)
	read, err := w.Client.Read(ctx, &pulumirpc.ReadRequest{Id: created.Id, Urn: urn, Properties: created.Properties, Inputs: old})
	require.NoError(t, err)
	require.Equal(t, created.Id, read.Id)
	// A refresh compares what it has read with the recorded arguments.
	_, err = w.Client.Diff(ctx, &pulumirpc.DiffRequest{Id: created.Id, Urn: urn, Olds: read.Properties, OldInputs: read.Inputs, News: old})
	require.NoError(t, err)
	assert.NotContains(t, read.Inputs.Fields, "timeExpires")
	for _, state := range []*structpb.Struct{created.Properties, read.Properties} {
		for _, preview := range []bool{true, false} {
			_, err = w.Client.Update(ctx, &pulumirpc.UpdateRequest{
				Id: created.Id, Urn: urn, Olds: state, OldInputs: old, News: checked.Inputs, Preview: preview,
			})
			require.NoError(t, err)
		}
	}
	_, err = w.Client.Delete(ctx, &pulumirpc.DeleteRequest{Id: created.Id, Urn: urn, Properties: created.Properties, OldInputs: old})
	require.NoError(t, err)
	assert.Empty(t, w.Tokens())
}

// TestRefreshRunsTheProgramOfATokenThatAnAliasTookOver runs the command that found it.
func TestRefreshRunsTheProgramOfATokenThatAnAliasTookOver(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.IdentityDomain.NewWorld(t))
	program := func(kind, more string) {
		c.Write("Pulumi.yaml", `name: test
runtime: yaml
resources:
  token:
    type: ociauthtoken:`+kind+`
    properties: {userId: `+c.User+`, domainUrl: `+c.DomainURL+`, description: ci`+more+"\n")
	}
	program("AuthToken", `, timeExpires: "2999-01-01T00:00:00Z"}`)
	c.Must("up", "--yes")
	program("RotatingAuthToken", "}\n    options: {aliases: [{type: 'ociauthtoken:index:AuthToken'}]}")
	c.Must("refresh", "--yes", "--run-program")
	c.Must("up", "--yes")
	require.Len(t, c.Tokens(), 1)
}
