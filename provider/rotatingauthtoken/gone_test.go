package rotatingauthtoken_test

import (
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// A list that lags behind may lack tokens that exist. Before a RotatingAuthToken treats them as gone, it asks the home region or, in an
// identity domain, reads each of them by its id.

// lagging makes the lists that the program reads lag by years: those of the domain, or those of the configured region, which is then
// not the home region.
func (s *rotatingStack) lagging() {
	region := "us-phoenix-1"
	if s.DomainURL == "" {
		region = "us-ashburn-1"
	}
	s.OCI.SetListLag(region, 10*365*harness.Day)
}

// newLaggingStack returns a stack whose lists lag.
func newLaggingStack(t *testing.T, a harness.API, arguments map[string]any) *rotatingStack {
	t.Helper()
	regions := []string{"us-phoenix-1"}
	if a.Domain == "" {
		regions = append(regions, "us-ashburn-1")
	}
	s := newRotatingStackIn(a.NewWorldOnOneClock(t, regions...), arguments)
	if a.Domain == "" {
		s.Env["OCI_REGION"] = "us-ashburn-1"
		s.Config["endpoint"] = s.URL + "/{region}"
	}
	s.lagging()
	return s
}

// rotated returns a stack whose lists lag, with a current and a previous token. Neither is new.
func rotated(t *testing.T, a harness.API, arguments map[string]any) *rotatingStack {
	t.Helper()
	s := newLaggingStack(t, a, map[string]any{"rotationDays": 30})
	s.set(arguments)
	s.MustUp()
	s.Clock.Advance(31 * harness.Day)
	s.MustUp()
	s.Clock.Advance(harness.Day)
	return s
}

func TestRefreshKeepsTokensThatALaggingListLacks(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := rotated(t, a, nil)
		before := s.state().Outputs
		require.NoError(t, s.Refresh())
		assert.Equal(t, before, s.state().Outputs)
		assert.Empty(t, s.Changes())
		s.requireSlots(true)

		// The refresh still notices a token that is really gone.
		s.OCI.DeleteToken(s.User, s.output("previousTokenId"))
		require.NoError(t, s.Refresh())
		s.requireSlots(false)
	})
}

func TestRotationKnowsTokensThatALaggingListLacks(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, arguments := range map[string]map[string]any{
			"with overlap":    {},
			"without overlap": {"overlap": false},
			"at once":         {"previousDays": 0},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := rotated(t, a, arguments)
				for range 3 {
					current := s.output("token")
					s.Clock.Advance(31 * harness.Day)
					require.NoError(t, s.Preview())
					assert.Equal(t, updated, s.Changes())
					s.OCI.ResetJournal()
					require.NoError(t, s.Stack.Up(s.program), s.Diagnostics())
					assert.Equal(t, 1, s.created(), "one more token, and no third")
					s.requireSlots(name == "with overlap")
					assert.NotEqual(t, current, s.output("token"))
					if name == "with overlap" {
						assert.Equal(t, current, s.output("previousToken"))
					}
				}
				require.NoError(t, s.Destroy())
				assert.Empty(t, s.Tokens())
			})
		}
	})
}

// created returns how many tokens OCI was asked to create. It counts the retry tokens.
func (s *rotatingStack) created() int { return len(s.RetryTokens()) }

func TestATokenThatOCIDoesNotFindForAWriteStaysInTheState(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		missing := func(operation string, skip int) emulator.Fault {
			return emulator.Fault{Operation: operation, Skip: skip, Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."}
		}
		for name, test := range map[string]struct {
			fault     emulator.Fault
			arguments map[string]any
		}{
			"the description of the previous token": {missing("UpdateAuthToken", 1), map[string]any{"description": "new"}},
			"the end of the previous token":         {missing("DeleteAuthToken", 0), map[string]any{"previousDays": 0}},
			"a rotation":                            {missing("DeleteAuthToken", 0), map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := rotated(t, a, nil)
				ids := []string{s.output("tokenId"), s.output("previousTokenId")}
				s.set(test.arguments)
				s.OCI.Inject(test.fault)
				require.Error(t, s.Up(), "the token is there")
				assert.Equal(t, ids, []string{s.output("tokenId"), s.output("previousTokenId")})
				s.requireSlots(true)

				s.OCI.ClearFaults()
				s.MustUp()
				s.MustUp()
				assert.Empty(t, s.Changes())
			})
		}
	})
}

func TestTokensThatAreDeletedOutsideOfPulumi(t *testing.T) {
	t.Parallel()
	t.Run("the current one", func(t *testing.T) {
		t.Parallel()
		s := newRotatingStack(t, harness.IAM, map[string]any{"rotationDays": 30})
		s.MustUp()
		s.Clock.Advance(31 * harness.Day)
		s.MustUp()
		previous := s.output("previousToken")
		s.Clock.Advance(harness.Day)
		s.OCI.DeleteToken(s.User, s.output("tokenId"))
		require.NoError(t, s.Refresh())
		assert.Contains(t, s.Diagnostics(), "is gone: the next \"pulumi up\" creates a new one")
		assert.Empty(t, s.output("token"))
		require.NoError(t, s.Preview())
		assert.Equal(t, updated, s.Changes())
		s.MustUp()
		s.requireSlots(true)
		assert.Equal(t, previous, s.output("previousToken"), "who holds the one before can go on using it")
	})
	t.Run("the current one, without a refresh", func(t *testing.T) {
		t.Parallel()
		s := twice(t, harness.IAM, nil)
		s.OCI.DeleteToken(s.User, s.output("tokenId"))
		s.OCI.AddToken(s.User, "theirs")
		s.MustUp()
		assert.Empty(t, s.output("previousTokenId"))
		assert.True(t, s.works(s.output("token")))
	})
	t.Run("the previous one", func(t *testing.T) {
		t.Parallel()
		s := twice(t, harness.IAM, nil)
		s.OCI.DeleteToken(s.User, s.output("previousTokenId"))
		require.NoError(t, s.Refresh())
		s.requireSlots(false)
		s.MustUp()
		s.requireSlots(true)
	})
	t.Run("both", func(t *testing.T) {
		t.Parallel()
		s := twice(t, harness.IAM, nil)
		s.OCI.DeleteToken(s.User, s.output("previousTokenId"))
		s.OCI.DeleteToken(s.User, s.output("tokenId"))
		require.NoError(t, s.Refresh())
		assert.Nil(t, s.state(), "the resource is gone")
		s.MustUp()
		s.requireSlots(false)
	})
	t.Run("the user is hidden", func(t *testing.T) {
		t.Parallel()
		s := twice(t, harness.IAM, nil)
		before := s.state().Outputs
		s.OCI.Deny(s.User)
		require.Error(t, s.Refresh())
		assert.Contains(t, s.Diagnostics(), "stays in the state")
		require.Error(t, s.Stack.Up(s.program))
		assert.Equal(t, before, s.state().Outputs)
		s.OCI.Allow(s.User)
		s.MustUp()
	})
}

func TestEachTokenHasItsOwnAge(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := newRotatingStack(t, a, map[string]any{"rotationDays": 30})
		s.MustUp()
		s.Clock.Advance(31 * harness.Day)
		s.MustUp()
		previous := s.output("previousTokenId")
		s.OCI.DeleteToken(s.User, previous)
		s.set(map[string]any{"description": "new"})
		s.MustUp()
		assert.Contains(t, s.Diagnostics(), "the previous token "+previous+" is gone")
		s.requireSlots(false)

		// A previous token that is new itself may only be missing from the list.
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"a": "b"}})
		s.MustUp()
		s.set(map[string]any{"rotateWhenChanged": map[string]any{"a": "c"}})
		s.MustUp()
		previous = s.output("previousTokenId")
		s.OCI.HideFromLists(s.User, previous, 1000)
		require.NoError(t, s.Refresh())
		assert.Equal(t, previous, s.output("previousTokenId"))
	})
}

// TestTheAgeOfThePreviousTokenIsAskedForIfTheStateLacksIt has a state that an older release has written.
func TestTheAgeOfThePreviousTokenIsAskedForIfTheStateLacksIt(t *testing.T) {
	t.Parallel()
	s := twice(t, harness.IAM, nil)
	created := s.output("previousTimeCreated")
	delete(s.state().Outputs, "previousTimeCreated")
	s.set(map[string]any{"rotationDays": nil, "maxAgeDays": 130})
	s.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Status: 400, Code: "InvalidParameter"})
	require.Error(t, s.Up())
	s.OCI.ClearFaults()
	assert.Contains(t, s.Diagnostics(), "it is not known how old the previous token is, and nothing was changed: ")
	s.MustUp()
	assert.Equal(t, created, s.output("previousTimeCreated"))
	s.requireSlots(true)
}

func TestOnlyOCIItselfCanSayThatALeakedTokenIsRevoked(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, fault := range harness.NotFromOCI {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				fault := fault
				s := newRotatingStack(t, a, map[string]any{"previousDays": 0, "rotateWhenChanged": map[string]any{"leak": "no"}})
				s.MustUp()
				leaked := s.output("token")
				fault.Operation = "DeleteAuthToken"
				s.OCI.Inject(fault)
				s.set(map[string]any{"rotateWhenChanged": map[string]any{"leak": "yes"}})
				require.Error(t, s.Stack.Up(s.program))
				assert.Equal(t, leaked, s.output("previousToken"), "it is still to be revoked")
				s.OCI.ClearFaults()
				s.MustUp()
				assert.False(t, s.works(leaked))
			})
		}
	})
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
