package tests

import (
	"context"
	"errors"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/engine"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// hooked returns a program with one resource of a kind and an error hook. The hook asks for what has failed to be repeated as long as
// repeat, which gets the number of failures so far, returns true.
func hooked(s *inprocess.Stack, kind string, repeat func(failures int) bool) inprocess.Program {
	return func(m *deploytest.ResourceMonitor) (err error) {
		callbacks, err := deploytest.NewCallbacksServer()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, callbacks.Close()) }()
		hook, err := deploytest.NewErrorHook(m, callbacks, "again", func(
			_ context.Context, _ resource.URN, _ resource.ID, _ string, _ tokens.Type, _, _ *pulumirpc.ResourceOptions,
			_, _, _ resource.PropertyMap, _ string, failures []string,
		) (bool, error) {
			return repeat(len(failures)), nil
		})
		if err != nil {
			return err
		}
		_, err = m.RegisterResource(tokens.Type(kind), "token", true, deploytest.ResourceOptions{
			Inputs:               s.Inputs(s.User, "ci"),
			ResourceHookBindings: deploytest.ResourceHookBindings{OnError: []*deploytest.ResourceHook{hook}},
		})
		return err
	}
}

// TestErrorHookRepeatsAPartialCreation lets an error hook repeat a creation whose token does not become ACTIVE. The engine repeats it as
// an update since Pulumi 3.274, and as a creation before.
func TestErrorHookRepeatsAPartialCreation(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{harness.AuthTokenType, harness.RotatingAuthTokenType} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := inprocess.NewStack(harness.NewWorld(t))
			s.OCI.SetCreatingLists(1000)
			s.MustUp(hooked(s, kind, func(failures int) bool {
				if failures == 3 {
					s.OCI.EditToken(s.User, s.OnlyToken().ID, func(token *emulator.Token) { token.LifecycleState = "ACTIVE" })
				}
				return true
			}))
			assert.Equal(t, 1, s.Calls("CreateAuthToken"))
			assert.Zero(t, s.Calls("UpdateAuthToken"), "the description is as it is")
			requireRecorded(t, s, kind)
		})
	}
}

// TestErrorHookThatGivesUpKeepsTheToken lets OCI fail, or a person press Ctrl-C, as soon as the token is created. The hook gives up later.
func TestErrorHookThatGivesUpKeepsTheToken(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{harness.AuthTokenType, harness.RotatingAuthTokenType} {
		for name, fault := range map[string]emulator.Fault{
			"refused": {Status: 401, Code: "NotAuthenticated"}, "not found": {Status: 404, Code: "NotAuthorizedOrNotFound"}, "Ctrl-C": {},
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				s := inprocess.NewStack(harness.NewWorld(t))
				s.OCI.SetCreatingLists(1000)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				require.Error(t, s.Operate(ctx, engine.Update, hooked(s, kind, func(failures int) bool {
					switch {
					case failures > 1:
					case fault.Status == 0:
						cancel()
					default:
						for _, fault.Operation = range []string{"ListAuthTokens", "UpdateAuthToken", "GetUser"} {
							fault.Times = 1000
							s.OCI.Inject(fault)
						}
					}
					return failures < 4
				}), false))
				requireRecorded(t, s, kind)
				assert.Equal(t, 1, s.Calls("CreateAuthToken"))
			})
		}
	}
}

// requireRecorded fails unless the stack has the one token that there is, with its value.
func requireRecorded(t *testing.T, s *inprocess.Stack, kind string) {
	t.Helper()
	token := s.Recorded(kind, "token")
	require.NotNil(t, token, "the token is not in the state")
	assert.Equal(t, s.OnlyToken().ID, string(token.ID))
	assert.Equal(t, s.OnlyToken().Value, token.Outputs["token"].SecretValue().Element.StringValue())
}
