package tokens

import (
	"fmt"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
)

// Lifecycle states of an auth token, as
// https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/ lists them.
const (
	StateCreating = "CREATING"
	StateActive   = "ACTIVE"
	StateInactive = "INACTIVE"
	StateDeleting = "DELETING"
	StateDeleted  = "DELETED"
)

// Value is the token itself: the password. It prints as a placeholder; string(v) is the password.
type Value string

// String returns a placeholder, never the value.
func (Value) String() string { return "[secret]" }

// GoString returns a placeholder, never the value.
func (Value) GoString() string { return "[secret]" }

// UserRef names a user.
type UserRef struct {
	// ID is the user's OCID.
	ID string
	// DomainURL is the URL of the identity domain that the user is in. It is empty for users of the Default domain or of a tenancy
	// without domains, which are served by IAM.
	DomainURL string
}

// String returns what tells the user from all others.
func (r UserRef) String() string { return r.DomainURL + "/" + r.ID }

// Creation describes a token to create. Until the token is handed over, whoever asks for the same creation for the same user goes on with it.
type Creation struct {
	// For identifies what the token is for, such as a resource's URN.
	For string
	// Description is the description of the token.
	Description string
	// TimeExpires is when the token expires, in the format of RFC 3339. Empty means never. Only tokens of a domain can expire.
	TimeExpires string
}

// Token is what OCI says about an auth token. A field that OCI left out, or that cannot be read, is zero or nil.
type Token struct {
	// ID is the token's OCID.
	ID string
	// SCIMID is the id that an identity domain gives the token besides the OCID. Its calls accept either. Without a domain it is empty.
	SCIMID string
	// UserID is the OCID of the user whose token it is, as the answer says.
	UserID      string
	Description *string
	// Value is set in the answer to a creation only: OCI never shows it again.
	Value Value
	// State is a lifecycle state, one of the State constants.
	State string
	// InactiveStatus holds the flags that say why State is INACTIVE: 1 suspended, 2 disabled, 4 blocked, 8 locked.
	InactiveStatus *int64
	TimeCreated    time.Time
	// TimeExpires is nil for a token that never expires.
	TimeExpires *time.Time
}

// updatedBy returns the token updated with a later answer. Fields that the answer lacks stay as they were, above all the value.
func (t Token) updatedBy(later Token) Token {
	if later.Description != nil {
		t.Description = later.Description
	}
	if later.State != "" {
		t.State = later.State
	}
	if !later.TimeCreated.IsZero() {
		t.TimeCreated = later.TimeCreated
	}
	t.InactiveStatus, t.TimeExpires = later.InactiveStatus, later.TimeExpires
	return t
}

// HasID reports whether the token has this id, as an OCID or as a SCIM id.
func (t Token) HasID(id string) bool { return t.ID == id || (t.SCIMID != "" && t.SCIMID == id) }

// SameAs reports whether both are the same token.
func (t Token) SameAs(other Token) bool {
	return t.HasID(other.ID) || (other.SCIMID != "" && t.HasID(other.SCIMID))
}

// shown returns an id that OCI has answered, for messages.
func shown(id string) string { return safetext.Sentence(id) }

// describe returns a line for each token, without its value, and without descriptions that are hidden.
func describe(tokens []Token, hidden func(description string) bool) string {
	lines := make([]string, len(tokens))
	for i, token := range tokens {
		description := `""`
		switch {
		case token.Description == nil:
		case hidden(*token.Description):
			description = "[secret]"
		default:
			description = fmt.Sprintf("%q", safetext.Shorten(*token.Description, 200))
		}
		created := "at an unknown time"
		if !token.TimeCreated.IsZero() {
			created = RFC3339(token.TimeCreated)
		}
		state := ""
		if token.State != "" {
			state = ", " + safetext.Sentence(token.State)
		}
		lines[i] = fmt.Sprintf("  %s, created %s%s, description %s", safetext.Sentence(token.ID), created, state, description)
	}
	return strings.Join(lines, "\n")
}

// RFC3339 formats a time as OCI does, with milliseconds. It returns "" for the zero time.
func RFC3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}
