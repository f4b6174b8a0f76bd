package tokens

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
)

func TestKeep(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers []Token
		want    Token
		wrong   string // of the last answer
	}{
		"a whole answer":                   {[]Token{{ID: "a", Value: "v"}}, Token{ID: "a", Value: "v"}, ""},
		"nothing":                          {[]Token{{}}, Token{}, "neither the token's id nor its value"},
		"no value":                         {[]Token{{ID: "a"}}, Token{ID: "a"}, "lacks the token's value"},
		"no id":                            {[]Token{{Value: "v"}}, Token{Value: "v"}, "lacks the token's id"},
		"the value, then the id":           {[]Token{{Value: "v"}, {ID: "a"}}, Token{ID: "a", Value: "v"}, ""},
		"the id, then the value":           {[]Token{{ID: "a"}, {Value: "v"}}, Token{ID: "a", Value: "v"}, ""},
		"another token is another's value": {[]Token{{ID: "a", Value: "v"}, {ID: "b"}}, Token{ID: "b"}, "lacks the token's value"},
	} {
		cr := newPending(Creation{})
		var err error
		for _, answer := range test.answers {
			err = cr.keep(answer)
		}
		assert.Equal(t, test.want, cr.seen, name)
		if test.wrong == "" {
			assert.NoError(t, err, name)
			assert.Equal(t, answered, cr.stage, name)
			continue
		}
		assert.ErrorContains(t, err, test.wrong, name)
		assert.NotEqual(t, answered, cr.stage, name)
	}
}

func TestCreations(t *testing.T) {
	t.Parallel()
	l, now := new(creations), time.Now()
	user, creation := UserRef{ID: ocitest.User}, Creation{For: "urn", Description: "d"}
	cr := l.begun(user, creation)
	assert.Same(t, cr, l.begun(user, creation))
	for name, other := range map[string]*pending{
		"another user":        l.begun(UserRef{ID: "u"}, creation),
		"another domain":      l.begun(UserRef{ID: ocitest.User, DomainURL: "https://d"}, creation),
		"another resource":    l.begun(user, Creation{For: "urn2", Description: "d"}),
		"another description": l.begun(user, Creation{For: "urn"}),
	} {
		assert.NotSame(t, cr, other, name)
	}
	assert.NoError(t, cr.keep(Token{ID: "a", Value: "v"}))
	l.noteRevoked(user, "b", now)
	assert.Same(t, cr, l.begun(user, creation))
	assert.NoError(t, cr.take(t.Context()))
	l.noteRevoked(user, "a", now)
	cr.release()
	assert.Same(t, cr, l.begun(user, creation), "somebody was going on with it")
	l.noteRevoked(user, "a", now)
	assert.NotSame(t, cr, l.begun(user, creation))
	cr = l.begun(user, creation)
	l.forget(user, creation)
	assert.NotSame(t, cr, l.begun(user, creation))
}

func TestMayGoOn(t *testing.T) {
	t.Parallel()
	// For how many seconds a creation goes on with the same verdict every second, unsent and doubtful.
	settle, user := int(settleWithin/time.Second), int(userWithin/time.Second)
	for v, seconds := range map[oci.Verdict][2]int{
		oci.Refused: {0, 2}, oci.NotAllowed: {0, 2}, oci.Unusable: {0, 2}, oci.Unsent: {0, 0}, oci.NotFound: {user, user}, oci.Invalidated: {2, 2},
		oci.Unreachable: {2, settle}, oci.Busy: {7, settle}, oci.Doubtful: {7, 7},
	} {
		for i, at := range []stage{unsent, doubtful} {
			clock := &ocitest.Clock{}
			creation := creator{
				&User{client: &Client{}, calls: oci.Caller{Client: &oci.Client{Clock: clock}}}, &pending{stage: at},
			}
			spent, lasted := oci.NewBudget(t.Context(), clock.Now()), 0
			for second := func() { _ = clock.Sleep(t.Context(), time.Second) }; ; lasted++ {
				if second(); !creation.mayGoOn(spent, v) {
					break
				}
			}
			assert.InDelta(t, seconds[i], lasted, 1, "verdict %d, stage %d", v, at)
		}
	}
}
