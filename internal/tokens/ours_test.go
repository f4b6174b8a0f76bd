package tokens

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for user, want := range map[string]bool{ocitest.User: true, "": true, "ocid1.user.oc1..other": false} {
		assert.Equal(t, want, Token{ID: "a", UserID: user}.Of(ocitest.User) == nil, user)
	}
}

func TestMayHaveMade(t *testing.T) {
	t.Parallel()
	began := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	at := began.Add
	for name, test := range map[string]struct {
		seen, token Token
		same, other bool // with the description of the creation, and with any
	}{
		"a new one":                          {Token{}, Token{ID: "a", Description: new("d"), TimeCreated: began}, true, true},
		"another description":                {Token{}, Token{ID: "a", Description: new("e"), TimeCreated: began}, false, true},
		"no description":                     {Token{}, Token{ID: "a", TimeCreated: began}, true, true},
		"no time":                            {Token{}, Token{ID: "a", Description: new("d")}, true, true},
		"old":                                {Token{}, Token{ID: "a", Description: new("d"), TimeCreated: at(-6 * time.Minute)}, false, false},
		"as old as the clocks allow":         {Token{}, Token{ID: "a", Description: new("d"), TimeCreated: at(-5 * time.Minute)}, true, true},
		"the one that an answer has named":   {Token{ID: "a"}, Token{ID: "a", Description: new("e"), TimeCreated: at(-time.Hour)}, true, true},
		"not the one that an answer named":   {Token{ID: "b"}, Token{ID: "a", Description: new("e"), TimeCreated: at(-time.Hour)}, false, false},
		"the one that is named by SCIM's id": {Token{ID: "1"}, Token{ID: "a", SCIMID: "1", TimeCreated: at(-time.Hour)}, true, true},
	} {
		cr := newPending(Creation{Description: "d"})
		cr.began, cr.seen = began, test.seen
		assert.Equal(t, test.same, cr.mayHaveMade(test.token, true), name)
		assert.Equal(t, test.other, cr.mayHaveMade(test.token, false), name)
	}
}

func TestCertain(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 6e6, time.UTC)
	for name, test := range map[string]struct {
		seen     time.Time
		suspects []time.Time
		want     int // which of them, from 1 on
	}{
		"the same time":                  {now, []time.Time{now}, 1},
		"the second has the same time":   {now, []time.Time{now.Add(time.Millisecond), now}, 2},
		"another time":                   {now, []time.Time{now.Add(time.Millisecond)}, 0},
		"two at the same time":           {now, []time.Time{now, now}, 0},
		"only one, and no time":          {time.Time{}, []time.Time{now}, 0},
		"no time in the answer nor list": {time.Time{}, []time.Time{{}}, 0},
		"no time in the list":            {now, []time.Time{{}}, 0},
		"none":                           {now, nil, 0},
	} {
		cr := newPending(Creation{})
		cr.seen = Token{Value: "v", TimeCreated: test.seen}
		var suspects []Token
		for i, created := range test.suspects {
			suspects = append(suspects, Token{ID: string(rune('1' + i)), TimeCreated: created})
		}
		got := cr.certain(suspects)
		if test.want == 0 {
			assert.Nil(t, got, name)
		} else if assert.NotNil(t, got, name) {
			assert.Equal(t, string(rune('0'+test.want)), got.ID, name)
		}
	}
}
