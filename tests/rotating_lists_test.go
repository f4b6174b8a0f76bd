package tests

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// A list that lags behind may lack tokens that exist. Before a RotatingAuthToken treats them as gone, it asks the home region or, in an
// identity domain, reads each of them by its id.

// lagging makes the lists that the program reads lag by years: those of the domain, or those of the configured region, which is then
// not the home region.
func (s *rotatingStack) lagging() {
	region := "us-phoenix-1"
	if s.domainURL == "" {
		region = "us-ashburn-1"
	}
	s.oci.SetListLag(region, 10*365*day)
}

// newLaggingStack returns a stack whose lists lag.
func (a api) newLaggingStack(t *testing.T, arguments map[string]any) *rotatingStack {
	t.Helper()
	regions := []string{"us-phoenix-1"}
	if a.domain == "" {
		regions = append(regions, "us-ashburn-1")
	}
	s := newRotatingStackIn(a.newWorldOfYears(t, regions...), arguments)
	if a.domain == "" {
		s.env["OCI_REGION"] = "us-ashburn-1"
		s.config["endpoint"] = s.url + "/{region}"
	}
	s.lagging()
	return s
}

// rotated returns a stack whose lists lag, with a current and a previous token. Neither is new.
func (a api) rotated(t *testing.T, arguments map[string]any) *rotatingStack {
	t.Helper()
	s := a.newLaggingStack(t, map[string]any{"rotationDays": 30})
	s.set(arguments)
	s.mustUp()
	s.clock.advance(31 * day)
	s.mustUp()
	s.clock.advance(day)
	return s
}

func TestRefreshKeepsTokensThatALaggingListLacks(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		s := a.rotated(t, nil)
		before := s.state().Outputs
		require.NoError(t, s.refresh())
		assert.Equal(t, before, s.state().Outputs)
		assert.Empty(t, s.changes())
		s.requireSlots(true)

		// The refresh still notices a token that is really gone.
		s.oci.DeleteToken(s.user, s.output("previousTokenId"))
		require.NoError(t, s.refresh())
		s.requireSlots(false)
	})
}

func TestRotationKnowsTokensThatALaggingListLacks(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
		for name, arguments := range map[string]map[string]any{
			"with overlap":    {},
			"without overlap": {"overlap": false},
			"at once":         {"previousDays": 0},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := a.rotated(t, arguments)
				for range 3 {
					current := s.output("token")
					s.clock.advance(31 * day)
					require.NoError(t, s.preview())
					assert.Equal(t, updated, s.changes())
					s.oci.ResetJournal()
					require.NoError(t, s.testStack.up(s.program), s.diagnostics())
					assert.Equal(t, 1, s.created(), "one more token, and no third")
					s.requireSlots(name == "with overlap")
					assert.NotEqual(t, current, s.output("token"))
					if name == "with overlap" {
						assert.Equal(t, current, s.output("previousToken"))
					}
				}
				require.NoError(t, s.destroy())
				assert.Empty(t, s.tokens())
			})
		}
	})
}

// created returns how many tokens OCI was asked to create. It counts the retry tokens.
func (s *rotatingStack) created() int { return len(s.retryTokens()) }

func TestATokenThatOCIDoesNotFindForAWriteStaysInTheState(t *testing.T) {
	forEachAPI(t, func(t *testing.T, a api) {
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
				s := a.rotated(t, nil)
				ids := []string{s.output("tokenId"), s.output("previousTokenId")}
				s.set(test.arguments)
				s.oci.Inject(test.fault)
				require.Error(t, s.up(), "the token is there")
				assert.Equal(t, ids, []string{s.output("tokenId"), s.output("previousTokenId")})
				s.requireSlots(true)

				s.oci.ClearFaults()
				s.mustUp()
				s.mustUp()
				assert.Empty(t, s.changes())
			})
		}
	})
}
