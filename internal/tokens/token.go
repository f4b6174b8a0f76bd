package tokens

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
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

// ReadToken reads a token from the fields of an answer, named as IAM names them. It leaves out fields that it cannot read, because the
// value in the answer to a creation must not be lost with another field. What messages show of a token is cleaned for that.
func ReadToken(said map[string]json.RawMessage) Token {
	name := func(field string) string { return safetext.Sentence(oci.Text(said[field])) }
	token := Token{
		ID: name("id"), UserID: name("userId"), Value: Value(oci.Text(said["token"])), State: name("lifecycleState"),
		Description: oci.Field[string](said["description"]), InactiveStatus: oci.Field[int64](said["inactiveStatus"]),
		TimeExpires: oci.Field[time.Time](said["timeExpires"]),
	}
	if created := oci.Field[time.Time](said["timeCreated"]); created != nil {
		token.TimeCreated = *created
	}
	return token
}

// ReadList reads the items of a list of a user's tokens. If it cannot read one, it returns an error: if the list lacked a token, that would
// seem to be gone.
func ReadList(items []json.RawMessage, userID string, read func(item []byte) Token) ([]Token, error) {
	listed := make([]Token, len(items))
	for i, item := range items {
		if listed[i] = read(item); listed[i].ID == "" {
			return nil, errors.New("something in the list is not an auth token")
		}
		if err := listed[i].Of(userID); err != nil {
			return nil, err
		}
	}
	return listed, nil
}

// RFC3339 formats a time as OCI does, with milliseconds. It returns "" for the zero time.
func RFC3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}
