package identity

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRecorded(t *testing.T) {
	t.Parallel()
	r := &recorded{ids: map[string][]string{}}
	for i := range 2 * remembered {
		r.note("u", strconv.Itoa(i))
		r.note("u", strconv.Itoa(i), "")
	}
	assert.Len(t, r.ids["u"], remembered)
	assert.True(t, r.has("u", AuthToken{ID: strconv.Itoa(2*remembered - 1)}))
	assert.False(t, r.has("u", AuthToken{ID: "0"}))
	assert.True(t, r.has("u", AuthToken{ID: "a", SCIMID: "15"}), "it was recorded before its OCID was known")
	assert.False(t, r.has("w", AuthToken{ID: "15"}))
	r.alias("u", "15", AuthToken{ID: "o", SCIMID: "15"})
	assert.True(t, r.has("u", AuthToken{ID: "o"}))
	r.alias("u", "unknown", AuthToken{ID: "p", SCIMID: "unknown"})
	assert.False(t, r.has("u", AuthToken{ID: "p"}))
}

// TestFreeing checks which tokens a person may be told to delete.
func TestFreeing(t *testing.T) {
	t.Parallel()
	r := &recorded{ids: map[string][]string{}}
	r.note(testUser, "current", "5c1m")
	u := &User{ref: UserRef{ID: testUser}, api: iam{userID: testUser}, recorded: r}
	for name, test := range map[string]struct {
		token AuthToken
		named bool
	}{
		"one that this process has not been asked about": {AuthToken{ID: "a"}, true},
		"one that it has been asked about":               {AuthToken{ID: "current"}, false},
		"one whose OCID is not known":                    {AuthToken{ID: "0c1d", SCIMID: "0c1d"}, false},
		"one whose SCIM id it knows":                     {AuthToken{ID: "b", SCIMID: "5c1m"}, false},
	} {
		said := u.Freeing([]AuthToken{test.token})
		assert.Equal(t, test.named, strings.Contains(said, "delete"), name)
		assert.Equal(t, test.named, strings.Contains(said, "pulumi stack export --stack <stack> | grep "+test.token.ID), name)
	}
	assert.Empty(t, u.Freeing(nil))
}
