package tests

import (
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// These tests are about values that mean the same: another form of a URL, a time or an id, and a value that becomes a secret. None of
// these is a change. The state in such a form is that of an import file, of an import id, or of an older version.

// tokenOf returns a program with one AuthToken named "token" and a login that takes its value. Some arguments of the token are replaced.
func tokenOf(w *harness.World, others map[string]any) inprocess.Program {
	return func(m *deploytest.ResourceMonitor) error {
		inputs := w.Inputs(w.User, "ci")
		for name, value := range others {
			inputs[resource.PropertyKey(name)] = resource.NewPropertyValue(value)
		}
		token, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{Inputs: inputs})
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

// formsOf returns other forms of the URL of an identity domain. The host of each reaches the domain.
func formsOf(domainURL string) []string {
	host := strings.TrimPrefix(domainURL, "http://")
	return []string{domainURL, domainURL + "/", "HTTP://" + host, "Http://" + host + "//"}
}

func TestEveryFormOfADomainURLIsTheSameDomain(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	s.MustUp(tokenOf(s.World, nil))
	for _, recorded := range formsOf(s.DomainURL) {
		for _, written := range formsOf(s.DomainURL) {
			s.Rewrite(harness.AuthTokenType, "domainUrl", recorded)
			s.RequireNoChange(tokenOf(s.World, map[string]any{"domainUrl": written}), recorded+" and then "+written)
		}
		s.Rewrite(harness.AuthTokenType, "domainUrl", recorded)
		require.NoError(t, s.Refresh(), recorded)
		s.MustUp(tokenOf(s.World, map[string]any{"description": "changed", "domainUrl": recorded}))
		s.MustUp(tokenOf(s.World, nil))
	}
	s.Rewrite(harness.AuthTokenType, "domainUrl", s.DomainURL+"/")
	require.NoError(t, s.Destroy())
	assert.Empty(t, s.Tokens())
}

func TestEveryFormOfADomainURLIsTheSameDomainForARotatingToken(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IdentityDomain, map[string]any{"rotationDays": 30})
	s.MustUp()
	for _, recorded := range formsOf(s.DomainURL) {
		for _, written := range formsOf(s.DomainURL) {
			s.Rewrite(harness.RotatingAuthTokenType, "domainUrl", recorded)
			s.set(map[string]any{"domainUrl": written})
			s.RequireNoChange(s.program, recorded+" and then "+written)
		}
	}
	s.Rewrite(harness.RotatingAuthTokenType, "domainUrl", s.DomainURL+"/")
	s.Clock.Advance(31 * harness.Day)
	s.MustUp()
	assert.Equal(t, updated, s.Changes())
	s.requireSlots(true)
}

// TestImportFileMayHaveADomainURLAsOCIPrintsIt imports a token with its value from a file that has the URL in another form, and in a
// program with the very same text.
func TestImportFileMayHaveADomainURLAsOCIPrintsIt(t *testing.T) {
	t.Parallel()
	w := harness.IdentityDomain.NewWorld(t)
	c := harness.NewCLI(w)
	live := c.OCI.AddToken(c.User, "ci")
	url := c.DomainURL + "/"
	inputs := map[string]any{"userId": c.User, "description": "ci", "domainUrl": url}
	c.Write("import.json", importFileOf(t, harness.AuthTokenType, live.ID, inputs, map[string]any{
		"userId": c.User, "description": "ci", "domainUrl": url, "token": live.Value,
	}))
	c.Must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")
	c.ProgramOf("token", "ociauthtoken:AuthToken", map[string]any{"description": "ci", "domainUrl": url}, "token")
	c.Must("preview", "--diff", "--expect-no-changes")
	c.Must("up", "--yes", "--skip-preview")
	assert.Equal(t, live.Value, c.SecretOutput("token"))
	assert.Zero(t, c.Writes())
}

func TestTheSameInstantInOtherWordsIsTheSameExpiry(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	expires := s.Clock.Now().Add(90 * harness.Day).UTC().Truncate(time.Second)
	var forms []string
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05.000000Z07:00"} {
		for _, hours := range []int{0, 2, -7} {
			forms = append(forms, expires.In(time.FixedZone("", hours*3600)).Format(layout))
		}
	}
	s.MustUp(tokenOf(s.World, map[string]any{"timeExpires": forms[0]}))
	for _, recorded := range forms {
		for _, written := range forms {
			s.Rewrite(harness.AuthTokenType, "timeExpires", recorded)
			s.RequireNoChange(tokenOf(s.World, map[string]any{"timeExpires": written}), recorded+" and then "+written)
		}
	}
	require.NoError(t, s.Preview(tokenOf(s.World, map[string]any{"timeExpires": expires.Add(time.Second).Format(time.RFC3339)})))
	assert.Equal(t, 1, s.Changes()["replace"])
}

func TestAnImportedTokenExpiresAtTheTimeThatTheProgramSays(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]bool{"pulumi import": false, "the option import": true} {
		s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
		live := s.OCI.AddToken(s.User, "ci")
		expires := s.Clock.Now().Add(90 * harness.Day).UTC().Truncate(time.Second)
		s.OCI.EditToken(s.User, live.ID, func(token *emulator.Token) { token.TimeExpires = &expires })
		imported := func(m *deploytest.ResourceMonitor) error {
			inputs := s.Inputs(s.User, "ci")
			inputs["timeExpires"] = resource.NewProperty(expires.Format(time.RFC3339))
			options := deploytest.ResourceOptions{Inputs: inputs, ImportID: resource.ID(s.ImportID(live.SCIMID))}
			if !option && s.Token("token") != nil {
				options.ImportID = ""
			}
			_, err := m.RegisterResource(harness.AuthTokenType, "token", true, options)
			return err
		}
		s.MustUp(imported)
		s.RequireNoChange(imported, name)
	}
}

func TestAnArgumentThatBecomesASecretReplacesNothing(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(tokenOf(s.World, nil))
		value := s.Value("token")
		for _, name := range []string{"userId", "description", "domainUrl"} {
			plain, ok := s.Inputs(s.User, "ci").Mappable()[name]
			if !ok {
				continue
			}
			marked := tokenOf(s.World, map[string]any{name: inprocess.Secret(plain)})
			s.RequireMarked(marked, name+" is now a secret")
			assert.True(t, s.Token("token").Outputs[resource.PropertyKey(name)].IsSecret(), "%s is a secret in the state", name)
			s.RequireMarked(tokenOf(s.World, nil), name+" is no secret any more")
			assert.Equal(t, value, s.Value("token"))
		}
	})
}

func TestAnArgumentOfARotatingTokenThatBecomesASecretChangesNothing(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := newRotatingStack(t, a, map[string]any{
			"maxAgeDays": 90, "rotationDays": 30, "previousDays": 3, "overlap": true, "rotateWhenChanged": map[string]any{"n": "1", "m": "2"},
		})
		s.MustUp()
		for name, plain := range s.arguments {
			s.set(map[string]any{name: inprocess.Secret(plain)})
			s.RequireMarked(s.program, name+" is now a secret")
			assert.True(t, s.state().Outputs[resource.PropertyKey(name)].ContainsSecrets(), "%s is a secret in the state", name)
			s.set(map[string]any{name: plain})
			s.RequireMarked(s.program, name+" is no secret any more")
		}
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": inprocess.Secret("1"), "m": "2"}})
		s.RequireMarked(s.program, "a key of rotateWhenChanged is a secret")
		s.set(map[string]any{"rotateWhenChanged": inprocess.Secret(map[string]any{"n": "1", "m": inprocess.Secret("2")})})
		s.RequireMarked(s.program, "all keys of rotateWhenChanged are secret")
		s.requireSlots(false)
	})
}

func TestAdditionalSecretOutputsAreNoChange(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		arguments := map[string]any{"rotationDays": 30, "previousDays": 3, "rotateWhenChanged": map[string]any{"n": "1"}, "overlap": true}
		s := newRotatingStack(t, a, arguments)
		for name := range s.arguments {
			s.options.AdditionalSecretOutputs = append(s.options.AdditionalSecretOutputs, resource.PropertyKey(name))
		}
		s.MustUp()
		assert.True(t, s.state().Outputs["userId"].IsSecret())
		s.RequireNoChange(s.program, "from the first up on")

		s = newRotatingStack(t, a, arguments)
		s.MustUp()
		for name := range s.arguments {
			s.options.AdditionalSecretOutputs = append(s.options.AdditionalSecretOutputs, resource.PropertyKey(name))
		}
		s.RequireNoChange(s.program, "added later")
		require.NoError(t, s.Refresh())
		s.RequireNoChange(s.program, "after a refresh")
	})
}

func TestAdditionalSecretOutputsOfAnAuthTokenAreNoChange(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		options := deploytest.ResourceOptions{Inputs: s.Inputs(s.User, "ci")}
		run := func(m *deploytest.ResourceMonitor) error {
			_, err := m.RegisterResource(harness.AuthTokenType, "token", true, options)
			return err
		}
		s.MustUp(run)
		for name := range options.Inputs {
			options.AdditionalSecretOutputs = append(options.AdditionalSecretOutputs, name)
		}
		s.RequireNoChange(run, "added later")
		require.NoError(t, s.Refresh())
		s.RequireNoChange(run, "after a refresh")
	})
}

func TestImportWithASecretUserIsNoReplacement(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, kind := range []string{harness.AuthTokenType, harness.RotatingAuthTokenType} {
			s := inprocess.NewStack(a.NewWorld(t))
			live := s.OCI.AddToken(s.User, "ci")
			options := deploytest.ResourceOptions{Inputs: s.Inputs(s.User, "ci"), ImportID: resource.ID(s.ImportID(live.ID))}
			options.Inputs["userId"] = resource.MakeSecret(resource.NewProperty(s.User))
			run := func(m *deploytest.ResourceMonitor) error {
				_, err := m.RegisterResource(tokens.Type(kind), "token", true, options)
				return err
			}
			s.MustUp(run)
			s.RequireMarked(run, kind+" with the option")
			options.ImportID = ""
			s.RequireMarked(run, kind+" without the option")
		}
	})
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

func TestTheFirstMapOfAnImportFileIsRecorded(t *testing.T) {
	t.Parallel()
	c := harness.NewCLI(harness.NewWorld(t))
	live := c.OCI.AddToken(c.User, "by hand")
	c.Write("import.json", importFileOf(t, harness.RotatingAuthTokenType, live.ID, map[string]any{"userId": c.User, "description": "by hand"},
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

// TestATokenIsTheSameByItsOCIDAndItsSCIMID rotates tokens that the state knows by the ids that the domain gives them.
func TestATokenIsTheSameByItsOCIDAndItsSCIMID(t *testing.T) {
	t.Parallel()
	for name, recorded := range map[string]map[string]bool{
		"the current one": {"tokenId": true}, "the previous one": {"previousTokenId": true}, "both": {"tokenId": true, "previousTokenId": true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twice(t, harness.IdentityDomain, nil)
			current := s.output("token")
			for _, token := range s.Tokens() {
				for _, output := range []resource.PropertyKey{"tokenId", "previousTokenId"} {
					if recorded[string(output)] && harness.Text(s.state().Outputs, output) == token.ID {
						s.state().Outputs[output] = resource.NewProperty(token.SCIMID)
					}
				}
			}
			require.NoError(t, s.Preview(), s.Diagnostics())
			assert.NotContains(t, s.Diagnostics(), "auth-token delete")
			require.NoError(t, s.Stack.Up(s.program), s.Diagnostics())
			assert.NotContains(t, s.Diagnostics(), "does not belong to this resource")
			assert.Equal(t, current, s.output("previousToken"))
			require.NoError(t, s.Refresh())
			s.requireSlots(true)
		})
	}
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

// TestAnErrorNeverNamesATokenThatIsRecordedByItsPath makes errors that name tokens for deletion. One token of the user is in the state,
// with the id that an import file gave it.
func TestAnErrorNeverNamesATokenThatIsRecordedByItsPath(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, kind := range []string{harness.AuthTokenType, harness.RotatingAuthTokenType} {
			s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
			recorded := func(m *deploytest.ResourceMonitor) error {
				_, err := m.RegisterResource(tokens.Type(kind), "recorded", true, deploytest.ResourceOptions{Inputs: s.Inputs(s.User, "ci")})
				return err
			}
			both := func(m *deploytest.ResourceMonitor) error {
				if err := recorded(m); err != nil {
					return err
				}
				return s.program(m)
			}
			s.Parallel = 1
			require.NoError(t, s.Stack.Up(recorded))
			other := s.OnlyToken()
			require.NoError(t, s.Stack.Up(both))
			path := "users/" + s.User + "/authTokens/" + other.ID
			if s.DomainURL != "" {
				path = s.DomainURL + "/" + path
			}
			state := s.Recorded(kind, "recorded")
			state.ID = resource.ID(path)
			delete(state.Outputs, "tokenId")

			s.Clock.Advance(31 * harness.Day)
			require.Error(t, s.Stack.Up(both), "there is no room")
			assert.Contains(t, s.Diagnostics(), "remove the other resource of this provider")
			assert.NotContains(t, s.Diagnostics(), s.DeleteCommand(other.ID), kind)
			require.NoError(t, s.Refresh(), "%s: %s", kind, s.Diagnostics())
			require.NoError(t, s.Destroy())
			assert.Empty(t, s.Tokens(), kind)
		}
	})
}

func TestAnyKeyOfRotateWhenChangedCanChange(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", `"`, `\`, `"\"`, `\"`, "a.b", "[", "]", `a"]`, "0", "[0]", "ключ", " ", "*", "__"} {
		s := newRotatingStack(t, harness.IAM, map[string]any{"rotateWhenChanged": map[string]any{key: "1"}})
		s.MustUp()
		s.set(map[string]any{"rotateWhenChanged": map[string]any{key: "2"}})
		require.NoError(t, s.Preview(), "%q: %s", key, s.Diagnostics())
		assert.Equal(t, updated, s.Changes(), "%q", key)
		s.MustUp()
		assert.Equal(t, updated, s.Changes(), "%q", key)
		s.RequireNoChange(s.program, key)
	}
}

func TestAMapWithoutKeysIsNoChangeForEver(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotateWhenChanged": map[string]any{}})
	s.MustUp()
	s.RequireNoChange(s.program, "a map without keys")
	s.set(map[string]any{"rotateWhenChanged": nil})
	s.RequireNoChange(s.program, "no map")
	s.set(map[string]any{"rotateWhenChanged": map[string]any{}})
	s.RequireNoChange(s.program, "a map without keys again")
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
