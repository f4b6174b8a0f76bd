package rotatingauthtoken_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

func TestEveryFormOfADomainURLIsTheSameDomainForARotatingToken(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IdentityDomain, map[string]any{"rotationDays": 30})
	s.MustUp()
	for _, recorded := range harness.FormsOfURL(s.DomainURL) {
		for _, written := range harness.FormsOfURL(s.DomainURL) {
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

func TestAnEmptyMapIsNoChange(t *testing.T) {
	t.Parallel()
	s := newRotatingStack(t, harness.IAM, map[string]any{"rotateWhenChanged": map[string]any{}})
	s.MustUp()
	s.RequireNoChange(s.program, "a map without keys")
	s.set(map[string]any{"rotateWhenChanged": nil})
	s.RequireNoChange(s.program, "no map")
	s.set(map[string]any{"rotateWhenChanged": map[string]any{}})
	s.RequireNoChange(s.program, "a map without keys again")
}
