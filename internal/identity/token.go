package identity

import "time"

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

// AuthToken is what OCI says of one auth token. A field that OCI left out, or that cannot be read, is zero or nil.
type AuthToken struct {
	ID          string
	Description *string
	// Value is set in the answer to a creation only: OCI never shows it again.
	Value Value
	// State is a lifecycle state, one of the State constants.
	State string
	// InactiveStatus are the flags that say why State is INACTIVE: 1 suspended, 2 disabled, 4 blocked, 8 locked.
	InactiveStatus *int64
	TimeCreated    time.Time
	// TimeExpires is nil for a token that never expires.
	TimeExpires *time.Time
}

// Pick returns the live token with this id, or nil if there is none.
func Pick(tokens []AuthToken, id string) *AuthToken {
	for i := range tokens {
		if tokens[i].ID == id && tokens[i].State != StateDeleted && tokens[i].State != StateDeleting {
			return &tokens[i]
		}
	}
	return nil
}

// RFC3339 writes a time as OCI does, with milliseconds. It returns "" for the zero time.
func RFC3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}
