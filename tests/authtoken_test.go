package tests

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
)

func TestUpCreatesATokenAndRecordsItsValue(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "docker login"))

		live := s.onlyToken()
		assert.Equal(t, live.Value, s.value("token"))
		state := s.token("token")
		assert.Equal(t, live.ID, string(state.ID))
		assert.Equal(t, "docker login", state.Outputs["description"].StringValue())
		assert.Equal(t, s.user, state.Outputs["userId"].StringValue())
		assert.Equal(t, s.active(), state.Outputs["state"].StringValue())
		assert.Equal(t, resource.NewNullProperty(), state.Outputs["inactiveState"])
		assert.Equal(t, resource.NewNullProperty(), state.Outputs["timeExpires"])
		_, err := time.Parse(time.RFC3339, state.Outputs["timeCreated"].StringValue())
		require.NoError(t, err)
		assert.Equal(t, 1, s.calls("CreateAuthToken"), "one POST")
		s.requireNoOtherAPI()
		requireNoValue(t, strings.ReplaceAll(s.checkpoint(), live.Value, ""))
	})
}

func TestSecondUpChangesNothing(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.tokenAndLogin(s.user, "ci"))
		s.oci.ResetJournal()

		require.NoError(t, s.preview(s.tokenAndLogin(s.user, "ci")))
		assert.Empty(t, s.changes())
		s.mustUp(s.tokenAndLogin(s.user, "ci"))
		assert.Empty(t, s.changes())
		assert.Zero(t, s.writes())
	})
}

func TestPreviewOfACreationWritesNothingAndShowsUnknownOutputs(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		var outputs resource.PropertyMap
		require.NoError(t, s.preview(func(m *deploytest.ResourceMonitor) error {
			token, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{
				Inputs: s.inputs(s.user, "ci"),
			})
			if err == nil {
				outputs = token.Outputs
			}
			return err
		}))
		assert.Zero(t, s.writes())
		for _, name := range []resource.PropertyKey{"token", "state", "timeCreated", "inactiveState", "timeExpires"} {
			assert.True(t, outputs[name].ContainsUnknowns(), "%s is known before the token exists", name)
		}
		assert.True(t, outputs["token"].IsSecret(), "the value to come is a secret already")
		assert.Equal(t, "ci", outputs["description"].StringValue())
	})
}

func TestDescriptionIsUpdatedInPlaceAndDependentsStayTheSame(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.tokenAndLogin(s.user, "old"))
		before, id := s.value("token"), s.token("token").ID
		s.oci.ResetJournal()

		require.NoError(t, s.preview(s.tokenAndLogin(s.user, "new")))
		assert.Equal(t, display.ResourceChanges{"update": 1}, s.changes(), "the login does not move")
		assert.Zero(t, s.writes())

		s.mustUp(s.tokenAndLogin(s.user, "new"))
		assert.Equal(t, display.ResourceChanges{"update": 1}, s.changes())
		assert.Equal(t, before, s.value("token"), "the value stays")
		assert.Equal(t, id, s.token("token").ID)
		assert.Equal(t, "new", s.onlyToken().Description)
		assert.Equal(t, 1, s.writes())
		assert.Equal(t, []string{before}, s.consumer.received)
	})
}

func TestAnotherUserReplacesTheTokenAndDependentsFollow(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		other := s.addUser("other")
		s.mustUp(s.tokenAndLogin(s.user, "ci"))
		before := s.value("token")

		require.NoError(t, s.preview(s.tokenAndLogin(other, "ci")))
		assert.Equal(t, display.ResourceChanges{"replace": 1, "update": 1}, s.changes())

		s.mustUp(s.tokenAndLogin(other, "ci"))
		after := s.value("token")
		assert.NotEqual(t, before, after)
		assert.Empty(t, s.tokens(), "the old user's token is revoked")
		require.Len(t, s.oci.Tokens(other), 1)
		assert.Equal(t, after, s.oci.Tokens(other)[0].Value)
		assert.Equal(t, []string{before, after}, s.consumer.received)
	})
}

func TestTokenDeletedOutsideIsCreatedAgainAfterRefresh(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		old := s.onlyToken()
		s.oci.DeleteToken(s.user, old.ID)
		s.clock.advance(time.Hour)

		require.NoError(t, s.refresh())
		assert.Nil(t, s.token("token"), "what is gone is gone")
		s.mustUp(s.oneToken(s.user, "ci"))
		assert.NotEqual(t, old.Value, s.value("token"))
		assert.Equal(t, s.onlyToken().Value, s.value("token"))
	})
}

func TestRefreshTakesOverDriftAndKeepsTheValue(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		value := s.value("token")
		s.oci.EditToken(s.user, s.onlyToken().ID, func(token *emulator.Token) {
			token.Description = "changed by hand"
			token.LifecycleState = "INACTIVE"
			token.InactiveStatus = new(int64(4))
		})

		require.NoError(t, s.refresh())
		state := s.token("token")
		assert.Equal(t, "changed by hand", state.Outputs["description"].StringValue())
		if a.domain == "" { // a domain does not return it
			assert.Equal(t, "INACTIVE", state.Outputs["state"].StringValue())
			assert.Equal(t, "4", state.Outputs["inactiveState"].StringValue())
		}
		assert.Equal(t, value, s.value("token"))

		require.NoError(t, s.preview(s.oneToken(s.user, "ci")))
		assert.Equal(t, display.ResourceChanges{"update": 1}, s.changes(), "the program's description is put back")
	})
}

func TestRefreshOfAnUnchangedTokenChangesNothing(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		before := s.checkpointOf("token")
		require.NoError(t, s.refresh())
		assert.Empty(t, s.changes())
		assert.Equal(t, before, s.checkpointOf("token"))
	})
}

func TestNotFoundOnReadKeepsTheOnlyCopyOfTheValue(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		value := s.value("token")
		s.oci.Deny(s.user)

		refusal := "404 NotAuthorizedOrNotFound"
		if a.domain != "" {
			refusal = "401 error.common.common.accessDenied"
		}
		require.Error(t, s.refresh())
		said := s.diagnostics()
		for _, part := range []string{refusal, "stays in the state", "pulumi state delete", "opc-request-id"} {
			assert.Contains(t, said, part)
		}
		assert.Equal(t, value, s.value("token"))
	})
}

func TestNewTokenIsGivenTimeToAppear(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.mustUp(s.oneToken(s.user, "ci"))
	id := s.onlyToken().ID

	s.oci.HideFromLists(s.user, id, 3)
	require.NoError(t, s.refresh())
	assert.NotNil(t, s.token("token"))
	assert.Empty(t, s.changes())
	assert.Contains(t, s.diagnostics(), "waiting for OCI to list auth token")

	s.oci.HideFromLists(s.user, id, 1000)
	require.NoError(t, s.refresh())
	require.NotNil(t, s.token("token"), "created moments ago, so it stays in the state")
	assert.Contains(t, s.diagnostics(), "It stays in the state, because it was created at")
	assert.Equal(t, s.onlyToken().Value, s.value("token"))
}

func TestNewTokenIsKeptIfThisMachinesClockIsAhead(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.mustUp(s.oneToken(s.user, "ci"))
	s.clock.advance(6 * time.Minute) // one minute later, by a clock that is five minutes ahead
	s.oci.HideFromLists(s.user, s.onlyToken().ID, 1000)
	require.NoError(t, s.refresh())
	assert.NotNil(t, s.token("token"))
}

func TestImportOfWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	live := s.oci.AddToken(s.user, "by hand")
	missing := live.ID[:len(live.ID)-4] + "zzzz"
	stranger := s.user[:len(s.user)-4] + "zzzz"
	for id, complaint := range map[string]string{
		s.user + "/" + missing:                       "has no auth token " + missing,
		"users/" + s.user + "/authTokens/" + missing: live.ID,
		stranger + "/" + live.ID:                     "404",
		live.ID:                                      "does not say whose token it is",
		"hello":                                      "is not an OCID",
		s.user + "/":                                 "it is empty",
		live.ID + "/" + s.user:                       "not of a user",
		"users/" + s.user + "/apiKeys/" + live.ID:     "use users/<user's OCID>/authTokens/<token's OCID>",
		"users/" + s.user + "/authTokens/../" + "x":   "use users/<user's OCID>/authTokens/<token's OCID>",
		"users/" + s.user + "/authTokens/a?b=c#d":     "is not an OCID",
		"users/" + live.ID + "/authTokens/" + live.ID: "not of a user",
	} {
		require.Error(t, s.up(func(m *deploytest.ResourceMonitor) error {
			_, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{
				Inputs: s.inputs(s.user, "by hand"), ImportID: resource.ID(id),
			})
			return err
		}), id)
		assert.Contains(t, s.diagnostics(), complaint, id)
		assert.Nil(t, s.token("token"), "%s is in the state", id)
	}
}

func TestDestroyRevokesTheToken(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		require.NoError(t, s.destroy())
		assert.Empty(t, s.tokens())
		assert.Empty(t, s.snapshot.Resources)
	})
}

func TestDestroyOfATokenThatIsGoneSucceedsOnceOCIConfirmsIt(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		s.oci.DeleteToken(s.user, s.onlyToken().ID)
		s.oci.ResetJournal()
		s.clock.advance(time.Hour)

		require.NoError(t, s.destroy())
		assert.Equal(t, 1, s.calls("ListAuthTokens"))
		assert.NotContains(t, s.diagnostics(), "warning:")
	})
}

func TestDestroyWarnsIfNothingConfirmsThatTheTokenIsGone(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.mustUp(s.oneToken(s.user, "ci"))
	id := s.onlyToken().ID
	s.oci.Deny(s.user)

	require.NoError(t, s.destroy())
	said := s.diagnostics()
	assert.Contains(t, said, "warning:")
	assert.Contains(t, said, "still live")
	assert.Contains(t, said, s.deleteCommand(id))
}

func TestDestroyThatMayNotDeleteFailsAndKeepsTheToken(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		value := s.value("token")
		// The token is no longer new, so that a 404 could mean that it is gone.
		s.clock.advance(time.Hour)
		// A caller who has lost the permission to use tokens may still list them. The call for one token is a domain's.
		for _, operation := range []string{"DeleteAuthToken", "GetAuthToken"} {
			s.oci.Inject(emulator.Fault{
				Operation: operation, Status: 404, Code: "NotAuthorizedOrNotFound",
				Message: "Authorization failed or requested resource not found.",
			})
		}
		require.Error(t, s.destroy())
		assert.Equal(t, value, s.value("token"))
	})
}

func TestGetReadsATokenThatTheProgramDoesNotOwn(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]func(s *testStack, tokenID string) string{
		"users/U/authTokens/T": func(s *testStack, tokenID string) string { return "users/" + s.user + "/authTokens/" + tokenID },
		"U/T":                  func(s *testStack, tokenID string) string { return s.user + "/" + tokenID },
	} {
		t.Run(strings.ReplaceAll(name, "/", " "), func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			live := s.oci.AddToken(s.user, "by hand")
			s.mustUp(func(m *deploytest.ResourceMonitor) error {
				_, outputs, err := m.ReadResource(authTokenType, "token", resource.ID(id(s, live.ID)), "",
					resource.PropertyMap{}, "", "", "", nil, "", "")
				if err == nil && outputs["description"].StringValue() != "by hand" {
					err = errors.New("the description is not what OCI has")
				}
				return err
			})
			assert.NotContains(t, s.token("token").Outputs, resource.PropertyKey("token"))
			assert.Zero(t, s.writes())
			require.NoError(t, s.destroy())
			assert.Len(t, s.tokens(), 1, "what was only read is not deleted")
		})
	}
}

func TestDescriptionsOfAllKinds(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, description := range map[string]string{
			"empty":      "",
			"unicode":    "jeton d'été für 東京 🗝️ \u202etxet",
			"10 kB":      strings.Repeat("0123456789", 1024),
			"quotes":     `"quotes" and \backslashes\ and <html> & 'more'`,
			"line break": "one\ntwo\ttabbed",
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := a.newStack(t)
				s.mustUp(s.oneToken(s.user, description))
				assert.Equal(t, description, s.onlyToken().Description)
				require.NoError(t, s.refresh())
				require.NoError(t, s.preview(s.oneToken(s.user, description)))
				assert.Empty(t, s.changes())
				s.mustUp(s.oneToken(s.user, description+"!"))
				assert.Equal(t, description+"!", s.onlyToken().Description)
			})
		}
	})
}

func TestABadUserIDIsAnErrorOnThatPropertyBeforeAnyCall(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for userID, complaint := range map[string]string{
		"":                                     "it is empty",
		"alice":                                "is not an OCID",
		" " + s.user:                           "white space",
		s.user + "\n":                          "white space",
		s.creds.TenancyID:                      "is the OCID of a tenancy, not of a user",
		s.user + "/authTokens":                 "is not an OCID",
		s.user + "?x=1":                        "is not an OCID",
		"ocid1.user.oc1..aaaa/../../tenancies": "is not an OCID",
		"ocid1.user.oc1..":                     "is not an OCID",
	} {
		err := s.preview(s.oneToken(userID, "ci"))
		require.Error(t, err, "userId %q", userID)
		assert.Contains(t, s.diagnostics(), "userId", "userId %q", userID)
		assert.Contains(t, s.diagnostics(), complaint, "userId %q", userID)
	}
	assert.Empty(t, s.oci.Journal(), "no call at all")
}

func TestUserIDThatIsNotKnownYetPassesAtPreview(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		require.NoError(t, s.preview(func(m *deploytest.ResourceMonitor) error {
			_, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{
				Inputs: resource.PropertyMap{
					"description": resource.MakeComputed(resource.NewProperty("")),
					"userId":      resource.MakeComputed(resource.NewProperty("")),
				},
			})
			return err
		}))
		assert.Equal(t, display.ResourceChanges{"create": 1}, s.changes())
	})
}

func TestMissingArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, missing := range []resource.PropertyKey{"userId", "description"} {
		err := s.preview(func(m *deploytest.ResourceMonitor) error {
			inputs := s.inputs(s.user, "ci")
			delete(inputs, missing)
			_, err := m.RegisterResource(authTokenType, "token", true, deploytest.ResourceOptions{Inputs: inputs})
			return err
		})
		require.Error(t, err)
		assert.Contains(t, s.diagnostics(), string(missing))
	}
}

func TestThirdTokenFailsAtOnceAndNamesTheTwo(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		first, second := s.oci.AddToken(s.user, "laptop"), s.oci.AddToken(s.user, "ci server")
		require.Error(t, s.up(s.oneToken(s.user, "third")))
		said := s.diagnostics()
		for _, part := range []string{
			s.code("UserCapacityExceeded"), first.ID, second.ID, `"laptop"`, `"ci server"`, "at most two auth tokens",
		} {
			assert.Contains(t, said, part)
		}
		assert.Equal(t, 1, s.calls("CreateAuthToken"), "not tried again")
		assert.Zero(t, s.clock.slept)
	})
}

func TestTwoProvidersInOneProgram(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	other := newWorld(t)
	s.mustUp(func(m *deploytest.ResourceMonitor) error {
		provider, err := m.RegisterResource("pulumi:providers:ociauthtoken", "other", true, deploytest.ResourceOptions{
			Inputs: resource.NewPropertyMapFromMap(map[string]any{
				"endpoint": other.url, "tenancyOcid": other.creds.TenancyID, "userOcid": other.user,
				"fingerprint": other.creds.Fingerprint, "privateKey": other.creds.PrivateKeyPEM,
			}),
		})
		if err != nil {
			return err
		}
		_, err = m.RegisterResource(authTokenType, "theirs", true, deploytest.ResourceOptions{
			Inputs: other.inputs(other.user, "theirs"), Provider: string(provider.URN) + "::" + string(provider.ID),
		})
		if err != nil {
			return err
		}
		return s.oneToken(s.user, "ours")(m)
	})
	assert.Equal(t, s.onlyToken().Value, s.value("token"))
	assert.Equal(t, other.onlyToken().Value, s.value("theirs"))
	assert.NotContains(t, s.checkpoint(), "PRIVATE KEY", "a key given to a provider is encrypted in the state")
}

func TestStateIsReadBackInAnotherSession(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.newStack(t)
		s.mustUp(s.oneToken(s.user, "ci"))
		value := s.value("token")

		s.restore(s.checkpoint())
		require.NoError(t, s.refresh())
		require.NoError(t, s.preview(s.oneToken(s.user, "ci")))
		assert.Empty(t, s.changes())
		s.mustUp(s.oneToken(s.user, "other"))
		assert.Equal(t, value, s.value("token"))
		require.NoError(t, s.destroy())
		assert.Empty(t, s.tokens())
	})
}
