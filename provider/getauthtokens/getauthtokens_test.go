package getauthtokens_test

import (
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

const getAuthTokens = "ociauthtoken:index:getAuthTokens"

// list calls getAuthTokens in a separate program.
func list(s *inprocess.Stack, arguments map[string]any) (result map[string]any, err error) {
	s.T.Helper()
	require.NoError(s.T, s.Up(func(m *deploytest.ResourceMonitor) error {
		result, err = inprocess.Invoke(m, getAuthTokens, arguments)
		return nil
	}))
	return result, err
}

func TestGetAuthTokensHasEveryFieldButAValue(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	empty, err := list(s, map[string]any{"userId": s.User})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"userId": s.User, "tokens": []any{}}, empty)

	expires := harness.NewClock().Now().UTC().Truncate(1e9)
	one, two := s.OCI.AddToken(s.User, "ci"), s.OCI.AddToken(s.User, "")
	s.OCI.EditToken(s.User, two.ID, func(token *emulator.Token) {
		token.LifecycleState, token.InactiveStatus, token.TimeExpires = "INACTIVE", new(int64(9)), &expires
	})
	got, err := list(s, map[string]any{"userId": s.User})
	require.NoError(t, err)
	const layout = "2006-01-02T15:04:05.000Z"
	assert.Equal(t, []any{
		map[string]any{
			"id": one.ID, "description": "ci", "state": "ACTIVE", "timeCreated": one.TimeCreated.UTC().Format(layout), "userId": s.User,
		},
		map[string]any{
			"id": two.ID, "description": "", "state": "INACTIVE", "inactiveState": "9", "timeCreated": two.TimeCreated.UTC().Format(layout),
			"timeExpires": expires.Format(layout), "userId": s.User,
		},
	}, got["tokens"])
	assert.Equal(t, 2, len(s.Tokens()))

	for want, filters := range map[string][]any{
		one.ID: {map[string]any{"name": "description", "values": []any{"^c"}, "regex": true}, map[string]any{"name": "state", "values": []any{"ACTIVE"}}},
		two.ID: {map[string]any{"name": "time_expires", "values": []any{"Z$"}, "regex": true}},
	} {
		got, err := list(s, map[string]any{"userId": s.User, "filters": filters})
		require.NoError(t, err)
		require.Len(t, got["tokens"], 1)
		assert.Equal(t, want, got["tokens"].([]any)[0].(map[string]any)["id"])
	}
}

func TestGetAuthTokensOfBadArguments(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	for _, test := range []struct {
		arguments map[string]any
		complaint string
	}{
		{map[string]any{}, "userId"},
		{map[string]any{"userId": "alice"}, `userId: "alice" is not an OCID`},
		{map[string]any{"userId": s.User, "filters": []any{map[string]any{"name": "token", "values": []any{"x"}}}}, `filters[0].name: "token" is not a property of a token`},
		{map[string]any{"userId": s.User, "filters": []any{map[string]any{"name": "id", "values": []any{"x"}, "regx": true}}}, `filters[0]: there is no property "regx": use one of name, regex, values`},
		{map[string]any{"userId": s.User, "filters": []any{map[string]any{"name": "id", "values": "x"}}}, "filters[0].values: is not a list, in which each item is a string"},
		{map[string]any{"userId": s.User, "filters": []any{map[string]any{"name": "id", "values": []any{"x"}}, map[string]any{"values": []any{"x"}}}}, "filters[1].name: is not set, and is required"},
		{map[string]any{"userId": s.User, "filters": []any{map[string]any{"name": "id", "values": []any{"("}, "regex": true}}}, "filters[0].values[0]"},
		{map[string]any{"userId": s.User[:len(s.User)-4] + "zzzz"}, "404 NotAuthorizedOrNotFound"},
	} {
		_, err := list(s, test.arguments)
		require.ErrorContains(t, err, test.complaint)
	}
}
