package tokens

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 5, 17, 8, 15, 30, 123_456_789, time.UTC)
	r := newRecorded()
	r.hide("secret")
	described := r.describe([]Token{
		{ID: "a", State: StateActive, TimeCreated: created, Description: new("for\nCI"), Value: "pa55word"},
		{ID: "b", State: StateInactive, Description: new(strings.Repeat("x", 300))},
		{ID: "c", Description: new("secret")},
		{ID: "d"},
	})
	assert.Equal(t, `  a, created 2026-05-17T08:15:30.123Z, ACTIVE, description "for\nCI"`+"\n"+
		`  b, created at an unknown time, INACTIVE, description "`+strings.Repeat("x", 200)+`…"`+"\n"+
		"  c, created at an unknown time, description [secret]\n"+`  d, created at an unknown time, description ""`, described)
}

// TestReadTokenCleansWhatIsShown reads names with control characters, and a value and a description with them, which are no names.
func TestReadTokenCleansWhatIsShown(t *testing.T) {
	t.Parallel()
	said := oci.Fields([]byte(`{"id": "\u001b[31m", "userId": "u\nu", "lifecycleState": "\u0007", "token": "\u001bv", "description": "d\n"}`))
	assert.Equal(t, Token{ID: "\ufffd[31m", UserID: "u u", State: "\ufffd", Value: "\x1bv", Description: new("d\n")}, ReadToken(said))
}

func TestRFC3339(t *testing.T) {
	t.Parallel()
	assert.Empty(t, RFC3339(time.Time{}))
	assert.Equal(t, "2026-05-17T06:15:30.000Z", RFC3339(time.Date(2026, 5, 17, 8, 15, 30, 0, time.FixedZone("", 7200))))
}

func TestValueDoesNotPrint(t *testing.T) {
	t.Parallel()
	token := Token{Value: "pa55word"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		assert.NotContains(t, fmt.Sprintf(verb, token), "pa55word", verb)
		assert.NotContains(t, fmt.Sprintf(verb, token.Value), "pa55word", verb)
	}
}

func TestUpdatedByKeepsWhatIsNotSaid(t *testing.T) {
	t.Parallel()
	created, later := time.Unix(1, 0), time.Unix(2, 0)
	token := Token{ID: "a", Value: "v", State: StateCreating, Description: new("d"), TimeCreated: created, InactiveStatus: new(int64(2))}
	assert.Equal(t, Token{ID: "a", Value: "v", State: StateCreating, Description: new("d"), TimeCreated: created},
		token.updatedBy(Token{ID: "a"}))
	assert.Equal(t, Token{ID: "a", Value: "v", State: StateActive, Description: new(""), TimeCreated: later, TimeExpires: &later},
		token.updatedBy(Token{State: StateActive, Description: new(""), TimeCreated: later, TimeExpires: &later}))
}
