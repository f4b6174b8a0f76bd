package tokens

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci/ocitest"
)

func TestRecorded(t *testing.T) {
	t.Parallel()
	r := newRecorded()
	for i := range 2 * remembered {
		r.note("u", strconv.Itoa(i))
		r.note("u", strconv.Itoa(i), "")
	}
	assert.Len(t, r.ids["u"], remembered)
	assert.True(t, r.has("u", Token{ID: strconv.Itoa(2*remembered - 1)}))
	assert.False(t, r.has("u", Token{ID: "0"}))
	assert.True(t, r.has("u", Token{ID: "a", SCIMID: "15"}), "it was recorded before its OCID was known")
	assert.False(t, r.has("w", Token{ID: "15"}))
	r.alias("u", "15", Token{ID: "o", SCIMID: "15"})
	assert.True(t, r.has("u", Token{ID: "o"}))
	r.alias("u", "unknown", Token{ID: "p", SCIMID: "unknown"})
	assert.False(t, r.has("u", Token{ID: "p"}))
}

// TestHowToDelete checks which tokens a person may be told to delete.
func TestHowToDelete(t *testing.T) {
	t.Parallel()
	r := newRecorded()
	r.note(ocitest.User, "current", "5c1m")
	u := &User{client: &Client{recorded: r}, ref: UserRef{ID: ocitest.User}, api: commands{}}
	for name, test := range map[string]struct {
		token Token
		named bool
	}{
		"one that this process has not been asked about": {Token{ID: "a"}, true},
		"one that it has been asked about":               {Token{ID: "current"}, false},
		"one whose OCID is not known":                    {Token{ID: "0c1d", SCIMID: "0c1d"}, false},
		"one whose SCIM id it knows":                     {Token{ID: "b", SCIMID: "5c1m"}, false},
	} {
		said := u.HowToDelete([]Token{test.token})
		assert.Equal(t, test.named, strings.Contains(said, "delete"), name)
		assert.Equal(t, test.named, strings.Contains(said, "pulumi stack export --stack <stack> | grep "+test.token.ID), name)
	}
	assert.Empty(t, u.HowToDelete(nil))
}

// commands is an API of which only the commands are used.
type commands struct{ API }

func (commands) DeleteCommand(id string) string { return "delete " + id }
