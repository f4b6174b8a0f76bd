package authtoken_test

import (
	"context"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/engine"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

func TestCancelDuringCreationWaitsForTheAnswerAndRecordsTheToken(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.Clock.Asleep = make(chan time.Duration, 100)
		arrived, release := s.Gate("CreateAuthToken")
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-arrived
			cancel()
			// The provider has noticed the cancellation once it limits how long it still waits for the answer.
			<-s.Clock.Asleep
			release()
		}()
		require.Error(t, s.Operate(ctx, engine.Update, s.OneToken(s.User, "ci"), false), "cancelled")
		assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
		assert.Equal(t, 1, s.Calls("CreateAuthToken"))
	})
}

func TestCancelDuringCreationDoesNotWaitForEver(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		arrived, release := s.Gate("CreateAuthToken")
		defer release()
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-arrived
			cancel() // on this clock the limit is reached at once
		}()
		require.Error(t, s.Operate(ctx, engine.Update, s.OneToken(s.User, "ci"), false))
		assert.Contains(t, s.Diagnostics(), s.DeleteCommand(s.OnlyToken().ID), "the token that nobody recorded is named")
	})
}

func TestCancelWhileWaitingForActiveRecordsTheToken(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	s.OCI.SetCreatingLists(1000)
	s.Clock.Asleep = make(chan time.Duration, 100)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-s.Clock.Asleep
		cancel()
	}()
	require.Error(t, s.Operate(ctx, engine.Update, s.OneToken(s.User, "ci"), false))
	assert.Equal(t, s.OnlyToken().Value, s.Value("token"))
}

func TestCancelledBeforeAnythingWasSentNothingIsSent(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		_, err := w.Client.Cancel(context.Background(), nil)
		require.NoError(t, err)
		_, err = w.Create(harness.TokenURN, "ci")
		require.ErrorContains(t, err, "nothing was sent")
		assert.Empty(t, w.OCI.Journal())
	})
}

func TestNothingIsSentAfterACancelDuringTheSearchForTheHomeRegion(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	w := inprocess.NewPluginWith(s.World, map[string]any{"endpoint": s.URL + "/{region}"})
	arrived, release := w.Gate("ListRegionSubscriptions")
	failed := make(chan error, 2)
	for _, urn := range []string{harness.TokenURN, harness.TokenURN + "2"} {
		go func() {
			_, err := w.Create(urn, "ci")
			failed <- err
		}()
	}
	<-arrived
	_, err := w.Client.Cancel(context.Background(), nil)
	require.NoError(t, err)
	// Neither of them waits for the answer that is held back.
	require.Error(t, <-failed)
	require.Error(t, <-failed)
	release()
	assert.NotContains(t, w.RegionsOf("CreateAuthToken"), "us-phoenix-1")
	assert.Empty(t, w.Tokens())
}

func TestOneCallCanStopWaitingForTheHomeRegionWhileOthersWait(t *testing.T) {
	t.Parallel()
	s := abroad(t, 0)
	w := inprocess.NewPluginWith(s.World, map[string]any{"endpoint": s.URL + "/{region}"})
	arrived, release := w.Gate("ListRegionSubscriptions")
	first := make(chan error, 1)
	go func() {
		_, err := w.Create(harness.TokenURN, "ci")
		first <- err
	}()
	<-arrived
	impatient := make(chan error, 1)
	go func() {
		_, err := w.Client.Create(context.Background(), &pulumirpc.CreateRequest{
			Urn: harness.TokenURN + "2", Properties: w.Arguments("ci"), Timeout: 0.2,
		})
		impatient <- err
	}()
	select {
	case err := <-impatient:
		require.ErrorContains(t, err, "timeout of 200ms has passed")
	case <-time.After(30 * time.Second):
		t.Error("who waits for the home region cannot give up")
	}
	release()
	require.NoError(t, <-first)
	assert.Len(t, w.Tokens(), 1)
}

func TestCancelEndsTheWaitingAtOnce(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		s := inprocess.NewStack(a.NewWorld(t))
		s.MustUp(s.OneToken(s.User, "ci"))
		s.OCI.Inject(emulator.Fault{Operation: "UpdateAuthToken", Status: 503, Code: "ServiceUnavailable", Message: "Later."})
		s.Clock.Asleep = make(chan time.Duration, 1000)
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-s.Clock.Asleep
			cancel()
		}()
		require.Error(t, s.Operate(ctx, engine.Update, s.OneToken(s.User, "new"), false))
		assert.Equal(t, 1, s.Calls("UpdateAuthToken"))
	})
}
