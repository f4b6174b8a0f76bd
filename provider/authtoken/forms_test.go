package authtoken_test

import (
	"context"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

func TestEveryFormOfADomainURLIsTheSameDomain(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.IdentityDomain.NewWorld(t))
	s.MustUp(tokenOf(s.World, nil))
	for _, recorded := range harness.FormsOfURL(s.DomainURL) {
		for _, written := range harness.FormsOfURL(s.DomainURL) {
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

func TestTheSameTimeInAnotherFormatIsNoChange(t *testing.T) {
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

// TestAnArgumentThatBecomesASecretReplacesNothingInAProgram runs programs with an SDK. It may set resource options of its own, by the
// schema, which the programs of other tests do not have.
func TestAnArgumentThatBecomesASecretReplacesNothingInAProgram(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for _, kind := range []string{"AuthToken", "RotatingAuthToken"} {
			c := harness.NewCLI(a.NewWorld(t))
			with := func(secret string) {
				t.Helper()
				properties := c.Inputs(c.User, "ci").Mappable()
				if plain, ok := properties[secret]; ok {
					properties[secret] = map[string]any{"fn::secret": plain}
				}
				c.ProgramOf("token", "ociauthtoken:"+kind, properties, "token")
				c.Must("up", "--yes", "--skip-preview")
			}
			with("")
			value := c.SecretOutput("token")
			for _, secret := range []string{"userId", "domainUrl", ""} {
				with(secret)
				require.Equal(t, value, c.SecretOutput("token"), "%s with a secret %s is replaced", kind, secret)
			}
		}
	})
}

func TestIgnoreChangesThatNamesAnOutputDoesNotBlockTheStack(t *testing.T) {
	t.Parallel()
	w := inprocess.NewPlugin(harness.NewWorld(t))
	created := w.MustCreate(harness.TokenURN, "ci")
	for _, name := range []string{"token", "state", "timeCreated", "timeExpires", "nothing", "*"} {
		diff, err := w.Client.Diff(context.Background(), &pulumirpc.DiffRequest{
			Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, OldInputs: w.Arguments("ci"), News: w.Arguments("ci"),
			IgnoreChanges: []string{name},
		})
		require.NoError(t, err, name)
		assert.Empty(t, diff.Diffs, name)
		updated, err := w.Client.Update(context.Background(), &pulumirpc.UpdateRequest{
			Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, OldInputs: w.Arguments("ci"), News: w.Arguments("new"),
			IgnoreChanges: []string{name},
		})
		require.NoError(t, err, name)
		harness.RequireSecretToken(t, updated.Properties, w.OnlyToken().Value)
	}
	diff, err := w.Client.Diff(context.Background(), &pulumirpc.DiffRequest{
		Id: created.Id, Urn: harness.TokenURN, Olds: created.Properties, OldInputs: w.Arguments("ci"), News: w.Arguments("new"),
		IgnoreChanges: []string{"description"},
	})
	require.NoError(t, err)
	assert.Empty(t, diff.Diffs, "an input is ignored as ever")
}
