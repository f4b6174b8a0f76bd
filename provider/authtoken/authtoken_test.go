package authtoken_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/display"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

func TestUpCreatesATokenAndRecordsItsValue(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "docker login"))

		live := s.OnlyToken()
		assert.Equal(t, live.Value, s.Value("token"))
		state := s.Token("token")
		assert.Equal(t, live.ID, string(state.ID))
		assert.Equal(t, "docker login", state.Outputs["description"].StringValue())
		assert.Equal(t, s.User, state.Outputs["userId"].StringValue())
		assert.Equal(t, s.Active(), state.Outputs["state"].StringValue())
		assert.Equal(t, resource.NewNullProperty(), state.Outputs["inactiveState"])
		assert.Equal(t, resource.NewNullProperty(), state.Outputs["timeExpires"])
		_, err := time.Parse(time.RFC3339, state.Outputs["timeCreated"].StringValue())
		require.NoError(t, err)
		assert.Equal(t, 1, s.Calls("CreateAuthToken"), "one POST")
		s.RequireNoOtherAPI()
		harness.RequireNoValue(t, strings.ReplaceAll(s.Checkpoint(), live.Value, ""))
	})
}

func TestSecondUpChangesNothing(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.TokenAndLogin(s.User, "ci"))
		s.OCI.ResetJournal()

		require.NoError(t, s.Preview(s.TokenAndLogin(s.User, "ci")))
		assert.Empty(t, s.Changes())
		s.MustUp(s.TokenAndLogin(s.User, "ci"))
		assert.Empty(t, s.Changes())
		assert.Zero(t, s.Writes())
	})
}

func TestPreviewOfACreationWritesNothingAndShowsUnknownOutputs(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		var outputs resource.PropertyMap
		require.NoError(t, s.Preview(func(m *deploytest.ResourceMonitor) error {
			token, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
				Inputs: s.Inputs(s.User, "ci"),
			})
			if err == nil {
				outputs = token.Outputs
			}
			return err
		}))
		assert.Zero(t, s.Writes())
		for _, name := range append(infermend.NamesIn[token.Outputs](), "token", "timeExpires") {
			assert.True(t, outputs[resource.PropertyKey(name)].ContainsUnknowns(), "%s is known before the token exists", name)
		}
		assert.True(t, outputs["token"].IsSecret(), "the value to come is a secret already")
		assert.Equal(t, "ci", outputs["description"].StringValue())
	})
}

func TestDescriptionIsUpdatedInPlaceAndDependentsStayTheSame(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.TokenAndLogin(s.User, "old"))
		before, id := s.Value("token"), s.Token("token").ID
		s.OCI.ResetJournal()

		require.NoError(t, s.Preview(s.TokenAndLogin(s.User, "new")))
		assert.Equal(t, display.ResourceChanges{"update": 1}, s.Changes(), "the login does not move")
		assert.Zero(t, s.Writes())

		s.MustUp(s.TokenAndLogin(s.User, "new"))
		assert.Equal(t, display.ResourceChanges{"update": 1}, s.Changes())
		assert.Equal(t, before, s.Value("token"), "the value stays")
		assert.Equal(t, id, s.Token("token").ID)
		assert.Equal(t, "new", s.OnlyToken().Description)
		assert.Equal(t, 1, s.Writes())
		assert.Equal(t, []string{before}, s.Consumer.Received)
	})
}

func TestAnotherUserReplacesTheTokenAndDependentsFollow(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		other := s.AddUser("other")
		s.MustUp(s.TokenAndLogin(s.User, "ci"))
		before := s.Value("token")

		require.NoError(t, s.Preview(s.TokenAndLogin(other, "ci")))
		assert.Equal(t, display.ResourceChanges{"replace": 1, "update": 1}, s.Changes())

		s.MustUp(s.TokenAndLogin(other, "ci"))
		after := s.Value("token")
		assert.NotEqual(t, before, after)
		assert.Empty(t, s.Tokens(), "the old user's token is revoked")
		require.Len(t, s.OCI.Tokens(other), 1)
		assert.Equal(t, after, s.OCI.Tokens(other)[0].Value)
		assert.Equal(t, []string{before, after}, s.Consumer.Received)
	})
}

func TestTokenDeletedOutsideIsCreatedAgainAfterRefresh(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		old := s.OnlyToken()
		s.OCI.DeleteToken(s.User, old.ID)
		s.Clock.Advance(time.Hour)

		require.NoError(t, s.Refresh())
		assert.Nil(t, s.Token("token"), "what is gone is gone")
		s.MustUp(s.OneToken(s.User, "ci"))
		assert.NotEqual(t, old.Value, s.Value("token"))
		assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
	})
}

func TestRefreshTakesOverDriftAndKeepsTheValue(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		value := s.Value("token")
		s.OCI.EditToken(s.User, s.OnlyToken().ID, func(token *emulator.Token) {
			token.Description = "changed by hand"
			token.LifecycleState = "INACTIVE"
			token.InactiveStatus = new(int64(4))
		})

		require.NoError(t, s.Refresh())
		state := s.Token("token")
		assert.Equal(t, "changed by hand", state.Outputs["description"].StringValue())
		if a.Domain == "" { // a domain does not return it
			assert.Equal(t, "INACTIVE", state.Outputs["state"].StringValue())
			assert.Equal(t, "4", state.Outputs["inactiveState"].StringValue())
		}
		assert.Equal(t, value, s.Value("token"))

		require.NoError(t, s.Preview(s.OneToken(s.User, "ci")))
		assert.Equal(t, display.ResourceChanges{"update": 1}, s.Changes(), "the program's description is put back")
	})
}

func TestRefreshOfAnUnchangedTokenChangesNothing(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		before := s.CheckpointOf("token")
		require.NoError(t, s.Refresh())
		assert.Empty(t, s.Changes())
		assert.Equal(t, before, s.CheckpointOf("token"))
	})
}

func TestDestroyRevokesTheToken(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		require.NoError(t, s.Destroy())
		assert.Empty(t, s.Tokens())
		assert.Empty(t, s.Snapshot.Resources)
	})
}

func TestDestroyThatMayNotDeleteFailsAndKeepsTheToken(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		value := s.Value("token")
		// The token is no longer new, so that a 404 could mean that it is gone.
		s.Clock.Advance(time.Hour)
		// A caller who has lost the permission to use tokens may still list them. The call for one token is a domain's.
		for _, operation := range []string{"DeleteAuthToken", "GetAuthToken"} {
			s.OCI.Inject(emulator.Fault{
				Operation: operation, Status: 404, Code: "NotAuthorizedOrNotFound",
				Message: "Authorization failed or requested resource not found.",
			})
		}
		require.Error(t, s.Destroy())
		assert.Equal(t, value, s.Value("token"))
	})
}

func TestGetReadsATokenThatTheProgramDoesNotOwn(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]func(s *inprocess.Stack, tokenID string) string{
		"users/U/authTokens/T": func(s *inprocess.Stack, tokenID string) string { return "users/" + s.User + "/authTokens/" + tokenID },
		"U/T":                  func(s *inprocess.Stack, tokenID string) string { return s.User + "/" + tokenID },
	} {
		t.Run(strings.ReplaceAll(name, "/", " "), func(t *testing.T) {
			t.Parallel()
			s := inprocess.NewStack(harness.NewWorld(t))
			live := s.OCI.AddToken(s.User, "by hand")
			s.MustUp(func(m *deploytest.ResourceMonitor) error {
				_, outputs, err := m.ReadResource(harness.AuthTokenType, "token", resource.ID(id(s, live.ID)), "",
					resource.PropertyMap{}, "", "", "", nil, "", "")
				if err == nil && outputs["description"].StringValue() != "by hand" {
					err = errors.New("the description is not what OCI has")
				}
				return err
			})
			assert.NotContains(t, s.Token("token").Outputs, resource.PropertyKey("token"))
			assert.Zero(t, s.Writes())
			require.NoError(t, s.Destroy())
			assert.Len(t, s.Tokens(), 1, "what was only read is not deleted")
		})
	}
}

func TestDescriptionsOfAllKinds(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, description := range map[string]string{
			"empty":      "",
			"unicode":    "jeton d'été für 東京 🗝️ \u202etxet",
			"10 kB":      strings.Repeat("0123456789", 1024),
			"quotes":     `"quotes" and \backslashes\ and <html> & 'more'`,
			"line break": "one\ntwo\ttabbed",
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := inprocess.NewStack(a.NewWorld(t))
				s.MustUp(s.OneToken(s.User, description))
				assert.Equal(t, description, s.OnlyToken().Description)
				require.NoError(t, s.Refresh())
				require.NoError(t, s.Preview(s.OneToken(s.User, description)))
				assert.Empty(t, s.Changes())
				s.MustUp(s.OneToken(s.User, description+"!"))
				assert.Equal(t, description+"!", s.OnlyToken().Description)
			})
		}
	})
}

func TestUserIDThatIsNotKnownYetPassesAtPreview(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		require.NoError(t, s.Preview(func(m *deploytest.ResourceMonitor) error {
			_, err := m.RegisterResource(harness.AuthTokenType, "token", true, deploytest.ResourceOptions{
				Inputs: resource.PropertyMap{
					"description": resource.MakeComputed(resource.NewProperty("")),
					"userId":      resource.MakeComputed(resource.NewProperty("")),
				},
			})
			return err
		}))
		assert.Equal(t, display.ResourceChanges{"create": 1}, s.Changes())
	})
}

func TestTwoProvidersInOneProgram(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	other := harness.NewWorld(t)
	s.MustUp(func(m *deploytest.ResourceMonitor) error {
		provider, err := m.RegisterResource("pulumi:providers:ociauthtoken", "other", true, deploytest.ResourceOptions{
			Inputs: resource.NewPropertyMapFromMap(map[string]any{
				"endpoint": other.URL, "tenancyOcid": other.Credentials.TenancyID, "userOcid": other.User,
				"fingerprint": other.Credentials.Fingerprint, "privateKey": other.Credentials.PrivateKeyPEM,
			}),
		})
		if err != nil {
			return err
		}
		_, err = m.RegisterResource(harness.AuthTokenType, "theirs", true, deploytest.ResourceOptions{
			Inputs: other.Inputs(other.User, "theirs"), Provider: string(provider.URN) + "::" + string(provider.ID),
		})
		if err != nil {
			return err
		}
		return s.OneToken(s.User, "ours")(m)
	})
	assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
	assert.Equal(t, other.OnlyToken().Value, s.Value("theirs"))
	assert.NotContains(t, s.Checkpoint(), "PRIVATE KEY", "a key given to a provider is encrypted in the state")
}

func TestStateIsReadBackInAnotherSession(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		value := s.Value("token")

		s.Restore(s.Checkpoint())
		require.NoError(t, s.Refresh())
		require.NoError(t, s.Preview(s.OneToken(s.User, "ci")))
		assert.Empty(t, s.Changes())
		s.MustUp(s.OneToken(s.User, "other"))
		assert.Equal(t, value, s.Value("token"))
		require.NoError(t, s.Destroy())
		assert.Empty(t, s.Tokens())
	})
}
