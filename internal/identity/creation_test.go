package identity

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTakeIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers []AuthToken
		want    AuthToken
		wrong   string // of the last answer
	}{
		"a whole answer":                   {[]AuthToken{{ID: "a", Value: "v"}}, AuthToken{ID: "a", Value: "v"}, ""},
		"nothing":                          {[]AuthToken{{}}, AuthToken{}, "neither the token's id nor its value"},
		"no value":                         {[]AuthToken{{ID: "a"}}, AuthToken{ID: "a"}, "lacks the token's value"},
		"no id":                            {[]AuthToken{{Value: "v"}}, AuthToken{Value: "v"}, "lacks the token's id"},
		"the value, then the id":           {[]AuthToken{{Value: "v"}, {ID: "a"}}, AuthToken{ID: "a", Value: "v"}, ""},
		"the id, then the value":           {[]AuthToken{{ID: "a"}, {Value: "v"}}, AuthToken{ID: "a", Value: "v"}, ""},
		"another token is another's value": {[]AuthToken{{ID: "a", Value: "v"}, {ID: "b"}}, AuthToken{ID: "b"}, "lacks the token's value"},
	} {
		cr := newCreation(UserRef{ID: testUser}, Wish{})
		var err error
		for _, answer := range test.answers {
			err = cr.takeIn(answer)
		}
		assert.Equal(t, test.want, cr.seen, name)
		if test.wrong == "" {
			assert.NoError(t, err, name)
			assert.True(t, cr.answered(), name)
			continue
		}
		assert.ErrorContains(t, err, test.wrong, name)
		assert.False(t, cr.answered(), name)
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	l := &ledger{open: map[entry]*creation{}}
	user, wish := UserRef{ID: testUser}, Wish{For: "urn", Description: "d"}
	cr := l.creation(user, wish)
	assert.Same(t, cr, l.creation(user, wish))
	for name, other := range map[string]*creation{
		"another user":        l.creation(UserRef{ID: "u"}, wish),
		"another domain":      l.creation(UserRef{ID: testUser, DomainURL: "https://d"}, wish),
		"another resource":    l.creation(user, Wish{For: "urn2", Description: "d"}),
		"another description": l.creation(user, Wish{For: "urn"}),
	} {
		assert.NotSame(t, cr, other, name)
	}
	assert.NoError(t, cr.takeIn(AuthToken{ID: "a", Value: "v"}))
	l.forgetToken("b")
	assert.Same(t, cr, l.creation(user, wish))
	assert.NoError(t, cr.take(t.Context()))
	l.forgetToken("a")
	cr.release()
	assert.Same(t, cr, l.creation(user, wish), "somebody was going on with it")
	l.forgetToken("a")
	assert.NotSame(t, cr, l.creation(user, wish))
	cr = l.creation(user, wish)
	l.forget(user, wish)
	assert.NotSame(t, cr, l.creation(user, wish))
}
