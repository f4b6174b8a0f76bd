package tests

import (
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

const getAuthTokens = "ociauthtoken:index:getAuthTokens"

// list calls getAuthTokens in a separate program.
func (s *testStack) list(arguments map[string]any) (result map[string]any, err error) {
	s.t.Helper()
	require.NoError(s.t, s.up(func(m *deploytest.ResourceMonitor) error {
		result, err = invoke(m, getAuthTokens, arguments)
		return nil
	}))
	return result, err
}

func TestGetAuthTokensHasEveryFieldButAValue(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	empty, err := s.list(map[string]any{"userId": s.user})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"userId": s.user, "tokens": []any{}}, empty)

	expires := newTestClock().Now().UTC().Truncate(1e9)
	one, two := s.oci.AddToken(s.user, "ci"), s.oci.AddToken(s.user, "")
	s.oci.EditToken(s.user, two.ID, func(token *emulator.Token) {
		token.LifecycleState, token.InactiveStatus, token.TimeExpires = "INACTIVE", new(int64(9)), &expires
	})
	got, err := s.list(map[string]any{"userId": s.user})
	require.NoError(t, err)
	const layout = "2006-01-02T15:04:05.000Z"
	assert.Equal(t, []any{
		map[string]any{
			"id": one.ID, "description": "ci", "state": "ACTIVE", "timeCreated": one.TimeCreated.UTC().Format(layout), "userId": s.user,
		},
		map[string]any{
			"id": two.ID, "description": "", "state": "INACTIVE", "inactiveState": "9", "timeCreated": two.TimeCreated.UTC().Format(layout),
			"timeExpires": expires.Format(layout), "userId": s.user,
		},
	}, got["tokens"])
	assert.Equal(t, 2, len(s.tokens()))

	for want, filters := range map[string][]any{
		one.ID: {map[string]any{"name": "description", "values": []any{"^c"}, "regex": true}, map[string]any{"name": "state", "values": []any{"ACTIVE"}}},
		two.ID: {map[string]any{"name": "time_expires", "values": []any{"Z$"}, "regex": true}},
	} {
		got, err := s.list(map[string]any{"userId": s.user, "filters": filters})
		require.NoError(t, err)
		require.Len(t, got["tokens"], 1)
		assert.Equal(t, want, got["tokens"].([]any)[0].(map[string]any)["id"])
	}
}

func TestGetAuthTokensOfBadArguments(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, test := range []struct {
		arguments map[string]any
		complaint string
	}{
		{map[string]any{}, "userId"},
		{map[string]any{"userId": "alice"}, `userId: "alice" is not an OCID`},
		{map[string]any{"userId": s.user, "filters": []any{map[string]any{"name": "token", "values": []any{"x"}}}}, `filters[0].name: there is no property "token"`},
		{map[string]any{"userId": s.user, "filters": []any{map[string]any{"name": "id", "values": []any{"("}, "regex": true}}}, "filters[0].values[0]"},
		{map[string]any{"userId": s.user[:len(s.user)-4] + "zzzz"}, "404 NotAuthorizedOrNotFound"},
	} {
		_, err := s.list(test.arguments)
		require.ErrorContains(t, err, test.complaint)
	}
}
