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
)

// These tests are about values that mean the same: another form of a URL, a time or an id, and a value that becomes a secret. None of
// these is a change. The state in such a form is that of an import file, of an import id, or of an older version.

// tokenOf returns a program with one AuthToken named "token" and a login that takes its value. Some arguments of the token are replaced.
func (w *world) tokenOf(others map[string]any) program {
	return func(m *deploytest.ResourceMonitor) error {
		inputs := w.inputs(w.user, "ci")
		for name, value := range others {
			inputs[resource.PropertyKey(name)] = resource.NewPropertyValue(value)
		}
		token, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{Inputs: inputs})
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

// rewrite replaces an argument of a resource in the state, in the inputs and in the outputs.
func (s *testStack) rewrite(kind, argument string, value any) {
	s.t.Helper()
	state := s.recorded(kind, "token")
	require.NotNil(s.t, state)
	for _, properties := range []resource.PropertyMap{state.Inputs, state.Outputs} {
		properties[resource.PropertyKey(argument)] = resource.NewPropertyValue(value)
	}
}

// secretly returns a value that is marked as a secret.
func secretly(value any) *resource.Secret {
	return &resource.Secret{Element: resource.NewPropertyValue(value)}
}

// requireNoChange previews and ups a program, which must change nothing and make no call.
func (s *testStack) requireNoChange(run program, because string) {
	s.t.Helper()
	s.oci.ResetJournal()
	require.NoError(s.t, s.preview(run), because)
	assert.Empty(s.t, s.changes(), because)
	s.mustUp(run)
	assert.Empty(s.t, s.changes(), because)
	assert.Empty(s.t, s.oci.Journal(), because)
}

// requireMarked is like requireNoChange, but the first up may record the mark of a secret. It makes no call for it, and nothing that
// depends on the resource moves.
func (s *testStack) requireMarked(run program, because string) {
	s.t.Helper()
	s.oci.ResetJournal()
	require.NoError(s.t, s.preview(run), because)
	assert.LessOrEqual(s.t, s.changes()["update"], 1, because)
	assert.Zero(s.t, s.changes()["replace"], because)
	s.mustUp(run)
	assert.LessOrEqual(s.t, s.changes()["update"], 1, because)
	assert.Zero(s.t, s.changes()["replace"], because)
	assert.Empty(s.t, s.oci.Journal(), because)
	s.requireNoChange(run, because)
}

// formsOf returns other forms of the URL of an identity domain. The host of each reaches the domain.
func formsOf(domainURL string) []string {
	host := strings.TrimPrefix(domainURL, "http://")
	return []string{domainURL, domainURL + "/", "HTTP://" + host, "Http://" + host + "//"}
}

func TestEveryFormOfADomainURLIsTheSameDomain(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	s.mustUp(s.tokenOf(nil))
	for _, recorded := range formsOf(s.domainURL) {
		for _, written := range formsOf(s.domainURL) {
			s.rewrite(authTokenType, "domainUrl", recorded)
			s.requireNoChange(s.tokenOf(map[string]any{"domainUrl": written}), recorded+" and then "+written)
		}
		s.rewrite(authTokenType, "domainUrl", recorded)
		require.NoError(t, s.refresh(), recorded)
		s.mustUp(s.tokenOf(map[string]any{"description": "changed", "domainUrl": recorded}))
		s.mustUp(s.tokenOf(nil))
	}
	s.rewrite(authTokenType, "domainUrl", s.domainURL+"/")
	require.NoError(t, s.destroy())
	assert.Empty(t, s.tokens())
}

func TestEveryFormOfADomainURLIsTheSameDomainForARotatingToken(t *testing.T) {
	t.Parallel()
	s := sales.newRotatingStack(t, map[string]any{"rotationDays": 30})
	s.mustUp()
	for _, recorded := range formsOf(s.domainURL) {
		for _, written := range formsOf(s.domainURL) {
			s.rewrite(rotatingType, "domainUrl", recorded)
			s.set(map[string]any{"domainUrl": written})
			s.requireNoChange(s.program, recorded+" and then "+written)
		}
	}
	s.rewrite(rotatingType, "domainUrl", s.domainURL+"/")
	s.clock.advance(31 * day)
	s.mustUp()
	assert.Equal(t, updated, s.changes())
	s.requireSlots(true)
}

// TestImportFileMayHaveADomainURLAsOCIPrintsIt imports a token with its value from a file that has the URL in another form, and in a
// program with the very same text.
func TestImportFileMayHaveADomainURLAsOCIPrintsIt(t *testing.T) {
	t.Parallel()
	w := sales.newWorld(t)
	c := newCLIIn(w)
	live := c.oci.AddToken(c.user, "ci")
	url := c.domainURL + "/"
	inputs := map[string]any{"userId": c.user, "description": "ci", "domainUrl": url}
	c.write("import.json", importFileOf(t, authTokenType, live.ID, inputs, map[string]any{
		"userId": c.user, "description": "ci", "domainUrl": url, "token": live.Value,
	}))
	c.must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")
	c.programOf("token", "ociauthtoken:AuthToken", map[string]any{"description": "ci", "domainUrl": url}, "token")
	c.must("preview", "--diff", "--expect-no-changes")
	c.must("up", "--yes", "--skip-preview")
	assert.Equal(t, live.Value, c.secretOutput("token"))
	assert.Zero(t, c.writes())
}

func TestTheSameInstantInOtherWordsIsTheSameExpiry(t *testing.T) {
	t.Parallel()
	s := sales.newStack(t)
	expires := s.clock.Now().Add(90 * day).UTC().Truncate(time.Second)
	var forms []string
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05.000000Z07:00"} {
		for _, hours := range []int{0, 2, -7} {
			forms = append(forms, expires.In(time.FixedZone("", hours*3600)).Format(layout))
		}
	}
	s.mustUp(s.tokenOf(map[string]any{"timeExpires": forms[0]}))
	for _, recorded := range forms {
		for _, written := range forms {
			s.rewrite(authTokenType, "timeExpires", recorded)
			s.requireNoChange(s.tokenOf(map[string]any{"timeExpires": written}), recorded+" and then "+written)
		}
	}
	require.NoError(t, s.preview(s.tokenOf(map[string]any{"timeExpires": expires.Add(time.Second).Format(time.RFC3339)})))
	assert.Equal(t, 1, s.changes()["replace"])
}

func TestAnImportedTokenExpiresAtTheTimeThatTheProgramSays(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]bool{"pulumi import": false, "the option import": true} {
		s := sales.newStack(t)
		live := s.oci.AddToken(s.user, "ci")
		expires := s.clock.Now().Add(90 * day).UTC().Truncate(time.Second)
		s.oci.EditToken(s.user, live.ID, func(token *emulator.Token) { token.TimeExpires = &expires })
		imported := func(m *deploytest.ResourceMonitor) error {
			inputs := s.inputs(s.user, "ci")
			inputs["timeExpires"] = resource.NewProperty(expires.Format(time.RFC3339))
			options := deploytest.ResourceOptions{Inputs: inputs, ImportID: resource.ID(s.importID(live.SCIMID))}
			if !option && s.token("token") != nil {
				options.ImportID = ""
			}
			_, err := m.RegisterResource(authTokenType, "token", true, options)
			return err
		}
		s.mustUp(imported)
		s.requireNoChange(imported, name)
	}
}

func TestAnArgumentThatBecomesASecretReplacesNothing(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.tokenOf(nil))
		value := s.value("token")
		for _, name := range []string{"userId", "description", "domainUrl"} {
			plain, ok := s.inputs(s.user, "ci").Mappable()[name]
			if !ok {
				continue
			}
			marked := s.tokenOf(map[string]any{name: secretly(plain)})
			s.requireMarked(marked, name+" is now a secret")
			assert.True(t, s.token("token").Outputs[resource.PropertyKey(name)].IsSecret(), "%s is a secret in the state", name)
			s.requireMarked(s.tokenOf(nil), name+" is no secret any more")
			assert.Equal(t, value, s.value("token"))
		}
	})
}

func TestAnArgumentOfARotatingTokenThatBecomesASecretChangesNothing(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newRotatingStack(t, map[string]any{
			"maxAgeDays": 90, "rotationDays": 30, "previousDays": 3, "overlap": true, "rotateWhenChanged": map[string]any{"n": "1", "m": "2"},
		})
		s.mustUp()
		for name, plain := range s.arguments {
			s.set(map[string]any{name: secretly(plain)})
			s.requireMarked(s.program, name+" is now a secret")
			assert.True(t, s.state().Outputs[resource.PropertyKey(name)].ContainsSecrets(), "%s is a secret in the state", name)
			s.set(map[string]any{name: plain})
			s.requireMarked(s.program, name+" is no secret any more")
		}
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": secretly("1"), "m": "2"}})
		s.requireMarked(s.program, "a key of rotateWhenChanged is a secret")
		s.set(map[string]any{"rotateWhenChanged": secretly(map[string]any{"n": "1", "m": secretly("2")})})
		s.requireMarked(s.program, "all keys of rotateWhenChanged are secret")
		s.requireSlots(false)
	})
}

func TestAdditionalSecretOutputsAreNoChange(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		arguments := map[string]any{"rotationDays": 30, "previousDays": 3, "rotateWhenChanged": map[string]any{"n": "1"}, "overlap": true}
		s := a.newRotatingStack(t, arguments)
		for name := range s.arguments {
			s.options.AdditionalSecretOutputs = append(s.options.AdditionalSecretOutputs, resource.PropertyKey(name))
		}
		s.mustUp()
		assert.True(t, s.state().Outputs["userId"].IsSecret())
		s.requireNoChange(s.program, "from the first up on")

		s = a.newRotatingStack(t, arguments)
		s.mustUp()
		for name := range s.arguments {
			s.options.AdditionalSecretOutputs = append(s.options.AdditionalSecretOutputs, resource.PropertyKey(name))
		}
		s.requireNoChange(s.program, "added later")
		require.NoError(t, s.refresh())
		s.requireNoChange(s.program, "after a refresh")
	})
}

func TestAdditionalSecretOutputsOfAnAuthTokenAreNoChange(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		options := deploytest.ResourceOptions{Inputs: s.inputs(s.user, "ci")}
		run := func(m *deploytest.ResourceMonitor) error {
			_, err := m.RegisterResource(authTokenType, "token", true, options)
			return err
		}
		s.mustUp(run)
		for name := range options.Inputs {
			options.AdditionalSecretOutputs = append(options.AdditionalSecretOutputs, name)
		}
		s.requireNoChange(run, "added later")
		require.NoError(t, s.refresh())
		s.requireNoChange(run, "after a refresh")
	})
}

func TestImportWithASecretUserIsNoReplacement(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for _, kind := range []string{authTokenType, rotatingType} {
			s := a.newStack(t)
			live := s.oci.AddToken(s.user, "ci")
			options := deploytest.ResourceOptions{Inputs: s.inputs(s.user, "ci"), ImportID: resource.ID(s.importID(live.ID))}
			options.Inputs["userId"] = resource.MakeSecret(resource.NewProperty(s.user))
			run := func(m *deploytest.ResourceMonitor) error {
				_, err := m.RegisterResource(tokens.Type(kind), "token", true, options)
				return err
			}
			s.mustUp(run)
			s.requireMarked(run, kind+" with the option")
			options.ImportID = ""
			s.requireMarked(run, kind+" without the option")
		}
	})
}

func TestTheFirstMapOfATokenThatIsTakenOverIsRecorded(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string]map[string]any{
		"with overlap":    {"rotateWhenChanged": map[string]any{"n": "1"}},
		"without overlap": {"rotateWhenChanged": map[string]any{"n": "1"}, "overlap": false},
	} {
		s := api{}.newAdoptingStack(t, arguments)
		value := s.value("token")
		require.NoError(t, s.preview(), name)
		assert.Equal(t, inPlace, s.changes(), name)
		s.mustUp()
		assert.Equal(t, inPlace, s.changes(), name)
		assert.Empty(t, s.oci.Journal(), name)
		assert.Equal(t, value, s.output("token"), name)
		s.requireNoChange(s.program, name)

		s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": "2"}})
		s.mustUp()
		assert.Equal(t, updated, s.changes(), "%s: the next map is a change", name)
	}
}

// TestAMapThatComesAfterATakeOverRotates checks that the first map counts only at the take-over. A person who adds it later, because a
// token has leaked, wants a rotation.
func TestAMapThatComesAfterATakeOverRotates(t *testing.T) {
	t.Parallel()
	s := api{}.newAdoptingStack(t, nil)
	s.mustUp()
	s.requireNoChange(s.program, "taken over")
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}})
	s.mustUp()
	assert.Equal(t, updated, s.changes())
}

func TestATakeOverWithAMapThatRotatesForAnotherReasonRotatesOnce(t *testing.T) {
	t.Parallel()
	s := api{}.newAdoptingStack(t, map[string]any{"rotationDays": 30, "rotateWhenChanged": map[string]any{"n": "1"}})
	s.clock.advance(100 * day)
	s.oci.Inject(emulator.Fault{Operation: "CreateAuthToken", Times: 1, Status: 400, Code: "InvalidParameter"})
	require.Error(t, s.up())
	s.mustUp()
	assert.Equal(t, 1, s.calls("CreateAuthToken"))
	s.requireNoChange(s.program, "rotated once")
	s.requireSlots(true)
}

func TestTheFirstMapOfAnImportFileIsRecorded(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	live := c.oci.AddToken(c.user, "by hand")
	c.write("import.json", importFileOf(t, rotatingType, live.ID, map[string]any{"userId": c.user, "description": "by hand"},
		map[string]any{"token": live.Value}))
	c.must("import", "--file", "import.json", "--yes", "--skip-preview", "--protect=false", "--generate-code=false")
	c.rotates("by hand", "      overlap: false\n      rotateWhenChanged: { leak: \"1\" }\n")
	c.must("up", "--yes", "--skip-preview")
	assert.Equal(t, live.Value, c.secretOutput("token"))
	assert.Zero(t, c.writes())
	c.must("preview", "--diff", "--expect-no-changes")
	c.rotates("by hand", "      overlap: false\n      rotateWhenChanged: { leak: \"2\" }\n")
	c.must("up", "--yes", "--skip-preview")
	assert.NotEqual(t, live.Value, c.secretOutput("token"))
}

// TestTheFirstMapAfterAnImportByIDRotates checks that a token without a value gets one.
func TestTheFirstMapAfterAnImportByIDRotates(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, nil)
	live := s.oci.AddToken(s.user, "ci")
	s.options.ImportID = resource.ID(s.user + "/" + live.ID)
	require.NoError(t, s.testStack.up(s.program))
	s.set(map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}})
	require.NoError(t, s.testStack.up(s.program), s.diagnostics())
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
			s := sales.twice(t, nil)
			current := s.output("token")
			for _, token := range s.tokens() {
				for _, output := range []resource.PropertyKey{"tokenId", "previousTokenId"} {
					if recorded[string(output)] && text(s.state().Outputs, output) == token.ID {
						s.state().Outputs[output] = resource.NewProperty(token.SCIMID)
					}
				}
			}
			require.NoError(t, s.preview(), s.diagnostics())
			assert.NotContains(t, s.diagnostics(), "auth-token delete")
			require.NoError(t, s.testStack.up(s.program), s.diagnostics())
			assert.NotContains(t, s.diagnostics(), "does not belong to this resource")
			assert.Equal(t, current, s.output("previousToken"))
			require.NoError(t, s.refresh())
			s.requireSlots(true)
		})
	}
}

func TestAnImportThatNamesOneTokenByBothItsIDsIsRefused(t *testing.T) {
	t.Parallel()
	s := sales.newRotatingStack(t, nil)
	live := s.oci.AddToken(s.user, "ci")
	for _, ids := range []string{live.ID + "/" + live.SCIMID, live.SCIMID + "/" + live.ID} {
		s.options.ImportID = resource.ID(s.domainURL + "/users/" + s.user + "/authTokens/" + ids)
		require.Error(t, s.testStack.up(s.program), ids)
		assert.Contains(t, s.diagnostics(), "names the same token twice", ids)
		assert.Nil(t, s.state(), ids)
	}
}

// TestATokenThatIsTakenOverByItsSCIMIDRotates takes over a token of a domain whose id in the state is its SCIM id.
func TestATokenThatIsTakenOverByItsSCIMIDRotates(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{"SCIM id": "S", "path": "D/users/U/authTokens/S"} {
		s := sales.newAdoptingStack(t, map[string]any{"rotationDays": 30})
		live := s.onlyToken()
		s.token("token").ID = resource.ID(strings.NewReplacer("S", live.SCIMID, "D", s.domainURL, "U", s.user).Replace(form))
		s.clock.advance(31 * day)
		require.NoError(t, s.testStack.up(s.program), "%s: %s", name, s.diagnostics())
		assert.Equal(t, live.Value, s.output("previousToken"), name)
		require.NoError(t, s.refresh(), name)
		s.requireSlots(true)
	}
}

// TestAnErrorNeverNamesATokenThatIsRecordedByItsPath makes errors that name tokens for deletion. One token of the user is in the state,
// with the id that an import file gave it.
func TestAnErrorNeverNamesATokenThatIsRecordedByItsPath(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for _, kind := range []string{authTokenType, rotatingType} {
			s := a.newRotatingStack(t, map[string]any{"rotationDays": 30})
			recorded := func(m *deploytest.ResourceMonitor) error {
				_, err := m.RegisterResource(tokens.Type(kind), "recorded", true, deploytest.ResourceOptions{Inputs: s.inputs(s.user, "ci")})
				return err
			}
			both := func(m *deploytest.ResourceMonitor) error {
				if err := recorded(m); err != nil {
					return err
				}
				return s.program(m)
			}
			s.parallel = 1
			require.NoError(t, s.testStack.up(recorded))
			other := s.onlyToken()
			require.NoError(t, s.testStack.up(both))
			path := "users/" + s.user + "/authTokens/" + other.ID
			if s.domainURL != "" {
				path = s.domainURL + "/" + path
			}
			state := s.recorded(kind, "recorded")
			state.ID = resource.ID(path)
			delete(state.Outputs, "tokenId")

			s.clock.advance(31 * day)
			require.Error(t, s.testStack.up(both), "there is no room")
			assert.Contains(t, s.diagnostics(), "remove the other resource of this provider")
			assert.NotContains(t, s.diagnostics(), s.deleteCommand(other.ID), kind)
			require.NoError(t, s.refresh(), "%s: %s", kind, s.diagnostics())
			require.NoError(t, s.destroy())
			assert.Empty(t, s.tokens(), kind)
		}
	})
}

func TestAnyKeyOfRotateWhenChangedCanChange(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", `"`, `\`, `"\"`, `\"`, "a.b", "[", "]", `a"]`, "0", "[0]", "ключ", " ", "*", "__"} {
		s := newRotatingStack(t, map[string]any{"rotateWhenChanged": map[string]any{key: "1"}})
		s.mustUp()
		s.set(map[string]any{"rotateWhenChanged": map[string]any{key: "2"}})
		require.NoError(t, s.preview(), "%q: %s", key, s.diagnostics())
		assert.Equal(t, updated, s.changes(), "%q", key)
		s.mustUp()
		assert.Equal(t, updated, s.changes(), "%q", key)
		s.requireNoChange(s.program, key)
	}
}

func TestAMapWithoutKeysIsNoChangeForEver(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, map[string]any{"rotateWhenChanged": map[string]any{}})
	s.mustUp()
	s.requireNoChange(s.program, "a map without keys")
	s.set(map[string]any{"rotateWhenChanged": nil})
	s.requireNoChange(s.program, "no map")
	s.set(map[string]any{"rotateWhenChanged": map[string]any{}})
	s.requireNoChange(s.program, "a map without keys again")
}

// TestARefreshBeforeATakeOverDoesNotMakeItARotation refreshes between an import from a file and the first up.
func TestARefreshBeforeATakeOverDoesNotMakeItARotation(t *testing.T) {
	t.Parallel()
	s := sales.newAdoptingStack(t, map[string]any{"rotateWhenChanged": map[string]any{"n": "1"}, "overlap": false})
	live, state := s.onlyToken(), s.token("token")
	state.URN, state.Type = resource.URN(strings.Replace(string(state.URN), authTokenType, rotatingType, 1)), rotatingType
	state.ID = resource.ID(s.importID(live.SCIMID))
	for _, resource := range s.snapshot.Resources {
		if resource != state && len(resource.Dependencies) > 0 {
			resource.Dependencies[0], resource.PropertyDependencies["password"][0] = state.URN, state.URN
		}
	}
	s.options.Aliases = nil
	require.NoError(t, s.refresh())
	require.NoError(t, s.refresh())
	assert.Equal(t, resource.ID(live.ID), s.state().ID)
	s.mustUp()
	assert.Zero(t, s.writes())
	assert.Equal(t, live.Value, s.output("token"))
	assert.Equal(t, live.ID, s.output("tokenId"))
	s.requireNoChange(s.program, "taken over")
}
