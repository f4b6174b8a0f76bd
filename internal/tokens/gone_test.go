package tokens

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestIsNew(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		age  time.Duration // by this machine's clock
		oci  any           // how far its clock is ahead, or nil if that is not known
		want bool
	}{
		"just created":                  {0, time.Duration(0), true},
		"nine minutes old":              {9 * time.Minute, time.Duration(0), true},
		"ten minutes old":               {10 * time.Minute, time.Duration(0), false},
		"this machine's clock is ahead": {14 * time.Minute, -270 * time.Second, true},
		"this machine's clock is ahead, and the token is old": {15 * time.Minute, -270 * time.Second, false},
		"this machine's clock is behind":                      {7 * time.Minute, 4 * time.Minute, false},
		"created in the future of this machine":               {-4 * time.Minute, 4 * time.Minute, true},
		"OCI's time cannot be right":                          {16 * time.Minute, -time.Hour, false},
		"OCI's time is not known":                             {14 * time.Minute, nil, true},
		"OCI's time is not known, and the token is old":       {15 * time.Minute, nil, false},
	} {
		offset, known := test.oci.(time.Duration)
		assert.Equal(t, test.want, isNew(now.Add(-test.age), now, offset, known), name)
	}
	assert.True(t, isNew(time.Time{}, now, 0, true), "the state does not say when it was created")
}

func TestPick(t *testing.T) {
	t.Parallel()
	tokens := []Token{{ID: "a", SCIMID: "1"}, {ID: "b", State: StateDeleted}, {ID: "c", State: StateDeleting}, {ID: "d", State: StateInactive}}
	for id, want := range map[string]bool{"a": true, "1": true, "b": false, "c": false, "d": true, "e": false, "": false} {
		assert.Equal(t, want, Pick(tokens, id) != nil, id)
	}
}
