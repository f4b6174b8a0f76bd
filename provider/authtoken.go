package provider

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
)

// AuthToken is the resource ociauthtoken:index:AuthToken: one auth token of one user.
type AuthToken struct{ oci *connection }

// AuthTokenArgs are the arguments of an AuthToken.
type AuthTokenArgs struct {
	Description string `pulumi:"description"`
	UserID      string `pulumi:"userId"      provider:"replaceOnChanges"`
}

// AuthTokenState is everything that the state holds of an AuthToken.
type AuthTokenState struct {
	AuthTokenArgs
	// Token is nil after an import: OCI shows the value once, in the answer to the creation.
	Token         *string `pulumi:"token,optional"         provider:"secret"`
	State         string  `pulumi:"state"`
	InactiveState *string `pulumi:"inactiveState,optional"`
	TimeCreated   string  `pulumi:"timeCreated"`
	TimeExpires   *string `pulumi:"timeExpires,optional"`
}

// infer finds these by assertion at run time, and would pass over a method whose signature is off by a little.
var (
	_ infer.CustomResource[AuthTokenArgs, AuthTokenState]       = (*AuthToken)(nil)
	_ infer.CustomCheck[AuthTokenArgs]                          = (*AuthToken)(nil)
	_ infer.CustomRead[AuthTokenArgs, AuthTokenState]           = (*AuthToken)(nil)
	_ infer.CustomUpdate[AuthTokenArgs, AuthTokenState]         = (*AuthToken)(nil)
	_ infer.CustomDelete[AuthTokenState]                        = (*AuthToken)(nil)
	_ infer.ExplicitDependencies[AuthTokenArgs, AuthTokenState] = (*AuthToken)(nil)
	_ infer.Annotated                                           = (*AuthToken)(nil)
	_ infer.Annotated                                           = (*AuthTokenArgs)(nil)
	_ infer.Annotated                                           = (*AuthTokenState)(nil)
)

// authTokenDescription is generated: its prose is in tools/docs/pages, its programs are in tools/docs/snippets.
//
//go:embed authtoken.md
var authTokenDescription string

// Annotate describes the resource for the schema.
func (r *AuthToken) Annotate(a infer.Annotator) {
	a.SetToken("index", "AuthToken")
	a.Describe(r, authTokenDescription)
}

// Annotate describes the arguments for the schema.
func (args *AuthTokenArgs) Annotate(a infer.Annotator) {
	a.Describe(&args.Description, "What the token is for, as the Console and the OCI CLI show it. It may be empty, and "+
		"need not be unique. A change is made in place: the token and everything that uses it stay as they are.")
	a.Describe(&args.UserID, "The OCID of the user that the token is for: it starts with `ocid1.user.`. A user holds at "+
		"most two auth tokens. A change replaces the token, and with it the value.")
}

// Annotate describes the outputs for the schema.
func (s *AuthTokenState) Annotate(a infer.Annotator) {
	a.Describe(&s.Token, "The token itself: the password that `docker login`, Git, Swift and database clients take. It is "+
		"always a secret: Pulumi encrypts it in the state and shows it as `[secret]`. OCI shows it once, in the answer "+
		"to the creation, so the state is the only place where it exists; it is absent after an import.")
	a.Describe(&s.State, "The lifecycle state of the token: `CREATING`, `ACTIVE`, `INACTIVE`, `DELETING` or `DELETED`. A "+
		"creation waits until it is `ACTIVE`.")
	a.Describe(&s.InactiveState, "Why the token is `INACTIVE`, as a sum of flags: 1 suspended, 2 disabled, 4 blocked, 8 "+
		"locked. Absent as long as the token can be used.")
	a.Describe(&s.TimeCreated, "When the token was created, in the format of RFC 3339, such as `2024-05-17T08:15:30.123Z`.")
	a.Describe(&s.TimeExpires, "When the token expires, in the format of RFC 3339. Absent for a token that never expires.")
}

// WireDependencies says what moves with what: the value is secret whatever SDK the program uses, and only another user
// makes it, and what OCI says of it, another. A change of the description leaves dependents of the token alone.
func (*AuthToken) WireDependencies(f infer.FieldSelector, args *AuthTokenArgs, state *AuthTokenState) {
	f.OutputField(&state.Token).AlwaysSecret()
	user := f.InputField(&args.UserID).Computed()
	for _, output := range []any{
		&state.Token, &state.State, &state.InactiveState, &state.TimeCreated, &state.TimeExpires,
	} {
		f.OutputField(output).DependsOn(user)
	}
}

// Check finds at preview, before any call, what OCI would refuse later. What is not known yet passes.
func (*AuthToken) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[AuthTokenArgs], error) {
	args, failures, err := infer.DefaultCheck[AuthTokenArgs](ctx, req.NewInputs)
	if err != nil {
		return infer.CheckResponse[AuthTokenArgs]{}, err
	}
	if userID := req.NewInputs.Get("userId"); userID.IsString() {
		if err := ocid.Check(userID.AsString(), ocid.User); err != nil {
			failures = append(failures, p.CheckFailure{Property: "userId", Reason: err.Error()})
		}
	}
	return infer.CheckResponse[AuthTokenArgs]{Inputs: args, Failures: failures}, nil
}

// Create mints the token. From the moment OCI has answered, whatever else fails, the state with the token is returned. An
// error hook of the engine may call it again after any failure: it goes on where it stands.
func (r *AuthToken) Create(
	ctx context.Context, req infer.CreateRequest[AuthTokenArgs],
) (infer.CreateResponse[AuthTokenState], error) {
	if req.DryRun {
		return infer.CreateResponse[AuthTokenState]{Output: notYetKnown(req.Inputs)}, nil
	}
	user, err := r.oci.user(ctx, req.Inputs.UserID)
	if err != nil {
		return infer.CreateResponse[AuthTokenState]{}, err
	}
	wish := identity.Wish{For: urnOf(ctx), Description: req.Inputs.Description}
	token, err := user.CreateToken(ctx, wish)
	if err != nil {
		return infer.CreateResponse[AuthTokenState]{}, err
	}
	state := AuthTokenState{AuthTokenArgs: req.Inputs, Token: new(string(token.Value))}
	token, err = user.AwaitActive(ctx, token)
	state = state.as(token)
	if err = finished(token.ID, state, err); err == nil {
		user.HandOver(wish)
	}
	return infer.CreateResponse[AuthTokenState]{ID: token.ID, Output: state}, err
}

// Read finds the token among the user's, for there is no call that gets one. The value comes from the state, the rest
// from OCI.
func (r *AuthToken) Read(
	ctx context.Context, req infer.ReadRequest[AuthTokenArgs, AuthTokenState],
) (infer.ReadResponse[AuthTokenArgs, AuthTokenState], error) {
	type response = infer.ReadResponse[AuthTokenArgs, AuthTokenState]

	// An import knows the id alone. Everything else knows at least whose token it is.
	userID, id, recorded := req.State.UserID, recordedID(req.ID), req.State.UserID != ""
	if !recorded {
		var err error
		if userID, id, err = parseID(req.ID); err != nil {
			return response{}, err
		}
		if userID == "" {
			return response{}, fmt.Errorf("%q does not say whose token it is: %s", req.ID, idForms)
		}
	}
	user, err := r.oci.user(ctx, userID)
	if err != nil {
		return response{}, err
	}

	token, err := user.FindToken(ctx, id, req.State.created())
	switch {
	case err != nil && recorded:
		return response{}, fmt.Errorf("%w. The resource stays in the state, for the value of its token cannot be had "+
			"again; if the token or its user is really gone, remove it with \"pulumi state delete\"", err)
	case err != nil:
		return response{}, err
	case token != nil:
		state := req.State
		state.UserID = userID
		state = state.as(*token)
		if !recorded {
			p.GetLogger(ctx).Warning("OCI shows the value of an auth token only when it is created, so the output " +
				"\"token\" stays empty after this import. If you still have the value, import from a file whose " +
				"\"outputs\" hold it; otherwise only replacing the token gives one.")
			return response{ID: token.ID, Inputs: state.AuthTokenArgs, State: state}, nil
		}
		return response{ID: token.ID, Inputs: state.AuthTokenArgs, State: state}, finished(id, state, nil)
	case !recorded:
		return response{}, explainMissing(ctx, user, userID, id)
	case user.IsNew(req.State.created()):
		p.GetLogger(ctx).Warning("OCI does not list this token yet. It was created moments ago, so it is kept.")
		return response{ID: id, Inputs: req.State.AuthTokenArgs, State: req.State}, finished(id, req.State, nil)
	default:
		return response{}, nil
	}
}

// Update changes the description, all that can be changed of a token. The value stays. It is also what the engine calls
// after a creation that got no further than the token, and then finishes it.
func (r *AuthToken) Update(
	ctx context.Context, req infer.UpdateRequest[AuthTokenArgs, AuthTokenState],
) (infer.UpdateResponse[AuthTokenState], error) {
	state := req.State
	state.AuthTokenArgs = req.Inputs
	if req.DryRun {
		return infer.UpdateResponse[AuthTokenState]{Output: state}, nil
	}
	user, err := r.oci.user(ctx, req.Inputs.UserID)
	if err != nil {
		return infer.UpdateResponse[AuthTokenState]{}, err
	}
	id := recordedID(req.ID)
	token, err := user.UpdateToken(ctx, id, req.Inputs.Description)
	if err != nil {
		if identity.IsNotFound(err) {
			err = fmt.Errorf("%w. If the token was deleted outside of Pulumi, \"pulumi refresh\" notices, and the next "+
				"\"pulumi up\" mints a new one", err)
		}
		return infer.UpdateResponse[AuthTokenState]{}, err
	}
	token.ID, state = id, state.as(token)
	if state.State == identity.StateInactive {
		// The update has done its part. Why the token is inactive is not for it to mend.
		p.GetLogger(ctx).Warningf("auth token %s is INACTIVE%s and cannot be used", id, inactiveReason(state))
		return infer.UpdateResponse[AuthTokenState]{Output: state}, nil
	}
	token.State = state.State
	token, err = user.AwaitActive(ctx, token)
	state = state.as(token)
	return infer.UpdateResponse[AuthTokenState]{Output: state}, finished(id, state, err)
}

// Delete revokes the token.
func (r *AuthToken) Delete(
	ctx context.Context, req infer.DeleteRequest[AuthTokenState],
) (infer.DeleteResponse, error) {
	user, err := r.oci.user(ctx, req.State.UserID)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	return infer.DeleteResponse{}, user.DeleteToken(ctx, recordedID(req.ID), req.State.created())
}

// notYetKnown is what a preview says of a token to be created. infer makes an unknown of every output that is present.
func notYetKnown(args AuthTokenArgs) AuthTokenState {
	return AuthTokenState{
		AuthTokenArgs: args,
		Token:         new(""),
		InactiveState: new(""),
		TimeExpires:   new(""),
	}
}

// as is the state with everything that OCI says of the token. What OCI does not say stays as it is: the value above all, and
// whose token it is, which the request has said.
func (s AuthTokenState) as(token identity.AuthToken) AuthTokenState {
	if token.Description != nil {
		s.Description = *token.Description
	}
	if token.State != "" {
		s.State = token.State
	}
	if !token.TimeCreated.IsZero() {
		s.TimeCreated = identity.RFC3339(token.TimeCreated)
	}
	s.InactiveState = nil
	if token.InactiveStatus != nil {
		s.InactiveState = new(strconv.FormatInt(*token.InactiveStatus, 10))
	}
	s.TimeExpires = nil
	if token.TimeExpires != nil {
		s.TimeExpires = new(identity.RFC3339(*token.TimeExpires))
	}
	return s
}

// created returns when the token was created, or zero if the state does not say.
func (s AuthTokenState) created() time.Time {
	created, err := time.Parse(time.RFC3339, s.TimeCreated)
	if err != nil {
		return time.Time{}
	}
	return created
}
