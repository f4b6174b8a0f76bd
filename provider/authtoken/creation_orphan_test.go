package authtoken_test

import (
	"context"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

func TestACreationWithoutAnAnswerNamesTheOrphan(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		mine := s.OCI.AddToken(s.User, "ci")
		s.OCI.EditToken(s.User, mine.ID, func(token *emulator.Token) { token.TimeCreated = token.TimeCreated.Add(-time.Hour) })
		s.OCI.Inject(emulator.Fault{Operation: "CreateAuthToken", Drop: emulator.DropAfterCommit})

		require.Error(t, s.Up(s.OneToken(s.User, "ci")))
		said := s.Diagnostics()
		orphan := s.Tokens()[1]
		assert.Contains(t, said, "value nobody knows")
		assert.Contains(t, said, s.DeleteCommand(orphan.ID))
		assert.NotContains(t, said, mine.ID, "an old token of the same description is not suspected")
		assert.Nil(t, s.Token("token"))
	})
}

func TestACreationWithoutAnAnswerSaysSoIfTheTokensCannotBeListed(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.OCI.Inject(
			emulator.Fault{Operation: "CreateAuthToken", Drop: emulator.DropAfterCommit},
			emulator.Fault{Operation: "ListAuthTokens", Status: 404, Code: "NotAuthorizedOrNotFound", Message: "No."},
		)
		require.Error(t, s.Up(s.OneToken(s.User, "ci")))
		assert.Contains(t, s.Diagnostics(), s.ListCommand())
	})
}

func TestAnOrphanIsNamedAgainIfTheListFails(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.InOrder(harness.Times(1000, harness.Lost))
		_, err := w.Create(harness.TokenURN, "ci")
		orphan := w.OnlyToken().ID
		require.ErrorContains(t, err, w.DeleteCommand(orphan))
		// The engine shows only the error of the last call.
		w.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Status: 401, Code: "NotAuthenticated"})
		_, err = w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, w.DeleteCommand(orphan))
	})
}

func TestAnOrphanIsNamedEvenIfTheRetryTokenIsInvalidated(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.InOrder(harness.Lost, harness.Invalidated)
		_, err := w.Create(harness.TokenURN, "ci")
		orphan := w.OnlyToken()
		require.ErrorContains(t, err, w.DeleteCommand(orphan.ID))
		assert.Len(t, w.RetryTokens(), 1, "no second token is asked for")

		// Somebody has changed its description, and the list shows it late.
		changed := inprocess.NewPlugin(a.NewWorld(t))
		changed.InOrder(harness.Lost, harness.Invalidated)
		changed.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Times: 1, Body: changed.NoTokens()})
		onCreatedEdit(changed.World, "renamed")
		_, err = changed.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, changed.OnlyToken().ID)
	})
}

// onCreatedEdit changes the description of the first token when the tokens are first listed.
func onCreatedEdit(w *harness.World, description string) {
	w.OCI.Inject(emulator.Fault{Operation: "ListAuthTokens", Times: 1, Hold: func() {
		w.OCI.EditToken(w.User, w.OCI.Tokens(w.User)[0].ID, func(token *emulator.Token) { token.Description = description })
	}})
}

func TestAWarningTellsOfAnOrphanThatCannotBeRuledOut(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.InOrder(emulator.Fault{Drop: emulator.DropBeforeCommit}, harness.Invalidated) // the token may come late
		s.MustUp(s.OneToken(s.User, "ci"))
		assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
		assert.Contains(t, s.Diagnostics(), "warning: OCI says")
		assert.Contains(t, s.Diagnostics(), s.ListCommand())
	})
}

func TestTheTokenOfAnotherResourceIsNotCalledAnOrphan(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		sibling := w.MustCreate(harness.TokenURN+"-sibling", "ci")
		w.InOrder(harness.Times(100, harness.Lost))
		_, err := w.Create(harness.TokenURN, "ci")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), sibling.Id)
		orphan := w.Tokens()[1]
		assert.Contains(t, err.Error(), orphan.ID)

		// Another process that has the other resource in its state knows that too.
		later := inprocess.NewPlugin(w.World)
		_, err = later.Client.Diff(context.Background(), &pulumirpc.DiffRequest{
			Id: sibling.Id, Urn: harness.TokenURN + "-sibling", Olds: sibling.Properties, OldInputs: w.Arguments("ci"), News: w.Arguments("ci"),
		})
		require.NoError(t, err)
		w.OCI.DeleteToken(w.User, orphan.ID)
		_, err = later.Create(harness.TokenURN, "ci")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), sibling.Id)
	})
}

func TestTheErrorShowsTheListCommandBecauseListsLag(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for lists, found := range map[int]bool{2: true, 1000: false} {
			w := inprocess.NewPlugin(a.NewWorld(t))
			w.InOrder(harness.Lost, emulator.Fault{Times: 100, Drop: emulator.DropAfterCommit, Hold: func() {
				w.OCI.HideFromLists(w.User, w.OCI.Tokens(w.User)[0].ID, lists)
			}})
			_, err := w.Create(harness.TokenURN, "ci")
			require.ErrorContains(t, err, w.ListCommand())
			assert.Equal(t, found, strings.Contains(err.Error(), w.OnlyToken().ID))
		}
	})
}

func TestARequestLostOutsideTheHomeRegionCreatesNoOrphan(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	w := inprocess.NewPluginWith(s.World, map[string]any{"endpoint": s.URL + "/{region}"})
	fault := harness.Times(7, harness.Lost)
	fault.Operation, fault.Region = "CreateAuthToken", "us-ashburn-1"
	w.OCI.Inject(fault)
	w.InOrder(emulator.Fault{Skip: 1, Status: 400, Code: "InvalidParameter"})
	_, err := w.Create(harness.TokenURN, "ci")
	require.ErrorContains(t, err, "InvalidParameter")
	assert.NotContains(t, err.Error(), "nobody knows")
}

func TestAMessageThatNamesATokenToDeleteSaysHowToMakeSureFirst(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		w.InOrder(harness.Times(100, harness.Lost))
		_, err := w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, w.DeleteCommand(w.OnlyToken().ID))
		assert.Contains(t, err.Error(), harness.HowToMakeSure)
		assert.Contains(t, err.Error(), "grep "+w.OnlyToken().ID)
	})
}

func TestAnImportedTokenIsKnownToBeRecorded(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		imported := w.OCI.AddToken(w.User, "ci")
		_, err := w.Client.Read(context.Background(), &pulumirpc.ReadRequest{Id: w.ImportID(imported.ID), Urn: harness.TokenURN + "-imported"})
		require.NoError(t, err)
		w.InOrder(harness.Times(100, harness.Lost))
		_, err = w.Create(harness.TokenURN, "ci")
		require.Error(t, err)
		assert.NotContains(t, err.Error(), imported.ID)
	})
}
