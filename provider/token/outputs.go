package token

import (
	"strconv"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// Outputs are what OCI says about a token and nobody can choose.
type Outputs struct {
	State         string  `pulumi:"state"`
	InactiveState *string `pulumi:"inactiveState,optional"`
	TimeCreated   string  `pulumi:"timeCreated"`
}

// UpdatedBy returns the outputs updated with what OCI says about the token. What OCI does not say stays as it is.
func (o Outputs) UpdatedBy(token identity.AuthToken) Outputs {
	if token.State != "" {
		o.State = token.State
	}
	if !token.TimeCreated.IsZero() {
		o.TimeCreated = identity.RFC3339(token.TimeCreated)
	}
	o.InactiveState = nil
	if token.InactiveStatus != nil {
		o.InactiveState = new(strconv.FormatInt(*token.InactiveStatus, 10))
	}
	return o
}

// Created returns when the token was created, or the zero time if it is not known.
func (o Outputs) Created() time.Time { return Time(o.TimeCreated) }

// Expiry returns when a token expires, as OCI says it. If that is the time that is recorded, the form that is recorded stays.
func Expiry(recorded *string, token identity.AuthToken) *string {
	if token.TimeExpires != nil && !Time(OrEmpty(recorded)).Equal(*token.TimeExpires) {
		return new(identity.RFC3339(*token.TimeExpires))
	}
	return recorded
}

// Time parses a time in the format of RFC 3339. It returns the zero time if s is not in that format.
func Time(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// OrEmpty returns the text, or "" if there is none.
func OrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
