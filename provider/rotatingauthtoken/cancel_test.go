package rotatingauthtoken_test

import (
	"context"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// TestCancelInTheMiddleOfARotation cancels in each step of a rotation. Every token that exists then is in the state, the current token
// works, and the next up finishes the rotation, once.
func TestCancelInTheMiddleOfARotation(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		for name, test := range map[string]struct {
			arguments map[string]any
			// until prepares the moment of the cancellation. It returns a channel that is closed at that moment, and a function
			// to call once the provider has noticed the cancellation.
			until func(s *rotatingStack) (moment <-chan struct{}, after func())
			// created is how many tokens there must be from then on. revoking reports whether the answer to a deletion is lost, so
			// that the state has a token that is gone.
			created  int
			revoking bool
			iamOnly  bool
		}{
			"while the previous token is revoked": {
				until:    func(s *rotatingStack) (<-chan struct{}, func()) { return s.held("DeleteAuthToken", 0) },
				revoking: true,
			},
			"between revoking and creating": {
				until: func(s *rotatingStack) (<-chan struct{}, func()) {
					s.InOrder(harness.TooMany)
					return s.sleeping(), nil
				},
			},
			"while the answer to the creation is held": {
				until:   func(s *rotatingStack) (<-chan struct{}, func()) { return s.heldUntilHeard("CreateAuthToken") },
				created: 1,
			},
			"while the new token becomes ACTIVE": {
				until: func(s *rotatingStack) (<-chan struct{}, func()) {
					s.OCI.SetCreatingLists(3)
					return s.sleeping(), nil
				},
				created: 1, iamOnly: true,
			},
			"while the current token is described": {
				arguments: map[string]any{"description": "new"},
				until:     func(s *rotatingStack) (<-chan struct{}, func()) { return s.held("UpdateAuthToken", 0) },
			},
			"while the token that was current is revoked": {
				arguments: map[string]any{"previousDays": 0},
				until:     func(s *rotatingStack) (<-chan struct{}, func()) { return s.held("DeleteAuthToken", 1) },
				created:   1, revoking: true,
			},
		} {
			if test.iamOnly && a.Domain != "" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := twice(t, a, nil)
				s.set(test.arguments)
				current := s.output("token")
				s.OCI.ResetJournal()
				moment, after := test.until(s)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				go func() {
					<-moment
					cancel()
					if after != nil {
						after()
					}
				}()
				require.Error(t, s.Operate(ctx, engine.Update, s.program, false), "cancelled")
				assert.LessOrEqual(t, len(s.RetryTokens()), 1)
				if test.revoking {
					s.requireNobodysToken()
				} else {
					s.requireSlots(test.created > 0)
				}
				made := s.output("tokenId")
				if test.created > 0 {
					assert.NotEqual(t, current, s.output("token"))
				} else {
					assert.Equal(t, current, s.output("token"))
				}
				assert.True(t, s.works(s.output("token")) || s.output("state") == "CREATING", "the current token works")

				s.Clock.TellSleeps(nil)
				s.OCI.ClearFaults()
				s.MustUp()
				assert.Equal(t, 1-test.created, s.Calls("CreateAuthToken"), "one new token in all")
				if test.created > 0 {
					assert.Equal(t, made, s.output("tokenId"))
				}
				s.requireSlots(test.arguments["previousDays"] == nil)
				if test.arguments["previousDays"] == nil {
					assert.Equal(t, current, s.output("previousToken"), "rotated once")
				}
				assert.True(t, s.works(s.output("token")))
				for _, token := range s.Tokens() {
					assert.Equal(t, s.arguments["description"], token.Description)
				}
				s.MustUp()
				assert.Empty(t, s.Changes(), "finished")
			})
		}
	})
}

// held holds back the answer to a call until the test ends. The first skip calls pass.
func (s *rotatingStack) held(operation string, skip int) (moment <-chan struct{}, after func()) {
	came, over := make(chan struct{}), make(chan struct{})
	s.OCI.Inject(emulator.Fault{Operation: operation, Skip: skip, Times: 1, Hold: func() {
		close(came)
		<-over
	}})
	s.T.Cleanup(func() { close(over) })
	return came, nil
}

// heldUntilHeard holds back the answer to a call until the provider has noticed the cancellation. It has once it limits how long it
// still waits for the answer.
func (s *rotatingStack) heldUntilHeard(operation string) (moment <-chan struct{}, after func()) {
	asleep := make(chan time.Duration, 100)
	s.Clock.TellSleeps(asleep)
	arrived, release := s.Gate(operation)
	s.T.Cleanup(release)
	return arrived, func() {
		<-asleep
		release()
	}
}

// sleeping reports when the provider first waits.
func (s *rotatingStack) sleeping() <-chan struct{} {
	asleep := make(chan time.Duration, 100)
	s.Clock.TellSleeps(asleep)
	waits := make(chan struct{})
	go func() {
		<-asleep
		close(waits)
	}()
	return waits
}
