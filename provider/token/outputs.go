package token

import (
	"strconv"
	"time"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
)

// Outputs are what OCI says about a token and nobody can choose.
type Outputs struct {
	State         string  `pulumi:"state"`
	InactiveState *string `pulumi:"inactiveState,optional"`
	TimeCreated   string  `pulumi:"timeCreated"`
}

// Annotate describes the outputs for the schema.
func (o *Outputs) Annotate(a infer.Annotator) {
	a.Describe(&o.State, "The lifecycle state of the token: `CREATING`, `ACTIVE`, `INACTIVE`, `DELETING` or `DELETED`. It "+
		"is empty for a token of an identity domain, because domains do not tell it.")
	a.Describe(&o.InactiveState, "Why the token is `INACTIVE`, as a sum of flags: 1 suspended, 2 disabled, 4 blocked, 8 "+
		"locked. Absent as long as the token can be used.")
	a.Describe(&o.TimeCreated, "When the token was created, in the format of RFC 3339, such as `2024-05-17T08:15:30.123Z`.")
}

// UpdateOutputs returns the outputs updated with what OCI says about the token. What OCI does not say stays as it is.
func UpdateOutputs(o Outputs, token tokens.Token) Outputs {
	if token.State != "" {
		o.State = token.State
	}
	if !token.TimeCreated.IsZero() {
		o.TimeCreated = tokens.RFC3339(token.TimeCreated)
	}
	o.InactiveState = nil
	if token.InactiveStatus != nil {
		o.InactiveState = new(strconv.FormatInt(*token.InactiveStatus, 10))
	}
	return o
}

// OfNewToken returns the names of the outputs that only OCI knows of a token to come.
func OfNewToken() []string {
	return append(infermend.NamesIn[Outputs](), "token", "timeExpires")
}

// Created returns when the token was created, or the zero time if it is not known.
func (o Outputs) Created() time.Time { return Time(o.TimeCreated) }

// IsUsable reports whether the token was ACTIVE when it was last seen. An identity domain tells no state, so its tokens count as usable.
func (o Outputs) IsUsable() bool { return o.State == tokens.StateActive || o.State == "" }

// Description returns the description of a token, as OCI says it, or the one that is recorded.
func Description(recorded string, token tokens.Token) string {
	if token.Description != nil {
		return *token.Description
	}
	return recorded
}

// Expiry returns when a token expires, as OCI says it. If that is the time that is recorded, the form that is recorded stays.
func Expiry(recorded *string, token tokens.Token) *string {
	if token.TimeExpires != nil && !Time(OrEmpty(recorded)).Equal(*token.TimeExpires) {
		return new(tokens.RFC3339(*token.TimeExpires))
	}
	return recorded
}

// Time parses a time in the format of RFC 3339. It returns the zero time if s is not in that format.
func Time(s string) time.Time {
	t, _ := time.Parse(time.RFC3339, s)
	return t
}

// OrEmpty returns the text, or "" if there is none.
func OrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
