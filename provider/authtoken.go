package provider

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
)

// AuthToken is the resource ociauthtoken:index:AuthToken: one auth token of one user.
type AuthToken struct{ oci *connection }

// AuthTokenArgs are the arguments of an AuthToken.
type AuthTokenArgs struct {
	Description string  `pulumi:"description"`
	UserID      string  `pulumi:"userId"               provider:"replaceOnChanges"`
	DomainURL   *string `pulumi:"domainUrl,optional"   provider:"replaceOnChanges" means:"domain"`
	TimeExpires *string `pulumi:"timeExpires,optional" provider:"replaceOnChanges" means:"time"`
}

// AuthTokenState is everything that the state holds about an AuthToken.
type AuthTokenState struct {
	AuthTokenArgs
	// Token is nil after an import, because OCI shows the value once, in the answer to the creation.
	Token         *string `pulumi:"token,optional"         provider:"secret" schema:"required"`
	State         string  `pulumi:"state"`
	InactiveState *string `pulumi:"inactiveState,optional"`
	TimeCreated   string  `pulumi:"timeCreated"`
}

// infer finds these interfaces by type assertion at run time. It would silently ignore a method with a wrong signature.
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

// authTokenDescription is generated from tools/docs/pages and tools/docs/snippets.
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
	a.Describe(&args.UserID, "The OCID of the user that the token is for. It starts with `ocid1.user.`. A user can have at "+
		"most two auth tokens. A change replaces the token, and with it the value.")
	a.Describe(&args.DomainURL, "The URL of the identity domain that the user is in, such as "+
		"`https://idcs-0123456789abcdef.identity.oraclecloud.com`, for a user of a domain other than Default. The Console and "+
		"`oci iam domain list --compartment-id <OCID of the tenancy>` show it. A change replaces the token, and with it the value.")
	a.Describe(&args.TimeExpires, "When the token expires, in the format of RFC 3339, such as `2030-01-31T00:00:00Z`. It can be set "+
		"together with `domainUrl` only, because other tokens never expire. A change replaces the token, and with it the value.")
}

// Annotate describes the outputs for the schema.
func (s *AuthTokenState) Annotate(a infer.Annotator) {
	a.Describe(&s.Token, "The token itself: the password that `docker login`, Git, Swift and database clients take. It is "+
		"always a secret: Pulumi encrypts it in the state and shows it as `[secret]`. OCI shows it once, in the answer "+
		"to the creation, so the state is the only place where it exists. It is absent after an import.")
	a.Describe(&s.State, "The lifecycle state of the token: `CREATING`, `ACTIVE`, `INACTIVE`, `DELETING` or `DELETED`. A "+
		"creation waits until it is `ACTIVE`. It is empty for a token of an identity domain, because domains do not tell it.")
	a.Describe(&s.InactiveState, "Why the token is `INACTIVE`, as a sum of flags: 1 suspended, 2 disabled, 4 blocked, 8 "+
		"locked. Absent as long as the token can be used.")
	a.Describe(&s.TimeCreated, "When the token was created, in the format of RFC 3339, such as `2024-05-17T08:15:30.123Z`.")
}

// WireDependencies declares which inputs an output depends on. The value is secret in every SDK. The value and the other outputs
// change only with the inputs that replace the token, so a change of the description does not touch the token's dependents.
func (*AuthToken) WireDependencies(f infer.FieldSelector, args *AuthTokenArgs, state *AuthTokenState) {
	f.OutputField(&state.Token).AlwaysSecret()
	for _, replacing := range []any{&args.UserID, &args.DomainURL, &args.TimeExpires} {
		input := f.InputField(replacing).Computed()
		for _, output := range []any{
			&state.Token, &state.State, &state.InactiveState, &state.TimeCreated, &state.TimeExpires,
		} {
			f.OutputField(output).DependsOn(input)
		}
	}
}

// Check finds, before any call and at preview already, what OCI would refuse. Values that are not known yet pass.
func (r *AuthToken) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[AuthTokenArgs], error) {
	r.oci.imports.noteCheck(ctx)
	args, failures, err := infer.DefaultCheck[AuthTokenArgs](ctx, req.NewInputs)
	if err != nil {
		return infer.CheckResponse[AuthTokenArgs]{}, err
	}
	refuse := func(property string, err error) {
		failures = append(failures, failure(property, err))
	}
	args.DomainURL = checkUser(req.NewInputs, args.DomainURL, refuse)
	timeExpires := req.NewInputs.Get("timeExpires")
	if timeExpires.IsString() {
		if err := checkExpiry(timeExpires.AsString(), req.OldInputs.Get("timeExpires"), r.oci.now()); err != nil {
			refuse("timeExpires", err)
		}
	}
	if req.NewInputs.Get("domainUrl").IsNull() && !timeExpires.IsNull() {
		refuse("timeExpires", errors.New("only a token of an identity domain can expire: set domainUrl, or remove timeExpires"))
	}
	return infer.CheckResponse[AuthTokenArgs]{Inputs: args, Failures: failures}, nil
}

// checkUser refuses what cannot be a user or the URL of an identity domain. It returns the URL in its canonical form.
func checkUser(inputs property.Map, domainURL *string, refuse func(name string, err error)) *string {
	if userID := inputs.Get("userId"); userID.IsString() {
		if err := ocid.Check(userID.AsString(), ocid.User); err != nil {
			refuse("userId", err)
		}
	}
	if given := inputs.Get("domainUrl"); given.IsString() {
		canonical, err := hosts.ParseDomainURL(given.AsString())
		if err == nil {
			return &canonical
		}
		refuse("domainUrl", err)
	}
	return domainURL
}

// Create creates the token. Once OCI has answered, it returns the state with the token, whatever else fails. An error hook of the
// engine may call it again after any failure. It then goes on where it stopped.
func (r *AuthToken) Create(
	ctx context.Context, req infer.CreateRequest[AuthTokenArgs],
) (infer.CreateResponse[AuthTokenState], error) {
	if req.DryRun {
		return infer.CreateResponse[AuthTokenState]{Output: notYetKnown(req.Inputs)}, nil
	}
	user, err := r.oci.user(ctx, req.Inputs.user())
	if err != nil {
		return infer.CreateResponse[AuthTokenState]{}, err
	}
	wish := identity.Wish{For: urnOf(ctx), Description: req.Inputs.Description, TimeExpires: value(req.Inputs.TimeExpires)}
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

// Read finds the token in the list of the user's tokens, because OCI has no call that gets a single one. The value comes from the
// state, the rest from OCI.
func (r *AuthToken) Read(
	ctx context.Context, req infer.ReadRequest[AuthTokenArgs, AuthTokenState],
) (infer.ReadResponse[AuthTokenArgs, AuthTokenState], error) {
	type response = infer.ReadResponse[AuthTokenArgs, AuthTokenState]

	// An import comes with nothing but the id. In all other cases the state has at least the user.
	owner, id, recorded := req.State.user(), req.ID, req.State.UserID != ""
	if !recorded {
		var err error
		if owner, id, err = parseID(req.ID); err != nil {
			return response{}, err
		}
		if owner.ID == "" {
			return response{}, fmt.Errorf("%q does not say whose token it is: %s", req.ID, idForms)
		}
	}
	user, err := r.oci.user(ctx, owner)
	if err != nil {
		return response{}, err
	}

	var token *identity.AuthToken
	var listed []identity.AuthToken
	gone := false
	if recorded {
		token, gone, err = user.FindToken(ctx, id, req.State.created())
	} else {
		token, listed, err = user.LookUp(ctx, id)
	}
	switch {
	case err != nil && recorded:
		return response{}, fmt.Errorf("%w. The resource stays in the state, because OCI does not show the value of its "+
			"token again. If the token or its user is really gone, remove it with \"pulumi state delete\"", err)
	case err != nil:
		return response{}, err
	case token != nil && !recorded:
		r.oci.imports.warn(ctx, "OCI shows the value of an auth token only when it is created, so the output "+
			"\"token\" stays empty after this import. If you still have the value, import from a file with the "+
			"value in its \"outputs\". Otherwise, replace the token to get a new value.")
		state := AuthTokenState{AuthTokenArgs: AuthTokenArgs{UserID: owner.ID}}.as(*token)
		if owner.DomainURL != "" {
			state.DomainURL = &owner.DomainURL
		}
		inputs := state.AuthTokenArgs
		if state.DomainURL == nil {
			inputs.TimeExpires = nil // only a token of a domain has this argument
		}
		return response{ID: token.ID, Inputs: inputs, State: state}, nil
	case token != nil:
		state := req.State.as(*token)
		inputs := state.AuthTokenArgs
		inputs.TimeExpires = req.Inputs.TimeExpires
		return response{ID: token.ID, Inputs: inputs, State: state}, finished(id, state, nil)
	case !recorded:
		return response{}, explainMissing(user, owner.ID, id, listed)
	case !gone:
		p.GetLogger(ctx).Warning(unlisted(req.State.created()))
		inputs := req.State.AuthTokenArgs
		inputs.TimeExpires = req.Inputs.TimeExpires
		return response{ID: id, Inputs: inputs, State: req.State}, finished(id, req.State, nil)
	default:
		return response{}, nil
	}
}

// Update changes the description, which is all that can change in place. The value stays the same. The engine also calls Update
// as long as the token could not be used when it was last seen. Update then looks at it again. If nothing is to be changed at OCI,
// Update makes no call: it records an argument that has become a secret, or has another form.
func (r *AuthToken) Update(
	ctx context.Context, req infer.UpdateRequest[AuthTokenArgs, AuthTokenState],
) (infer.UpdateResponse[AuthTokenState], error) {
	state, id := req.State, req.ID
	expires, described := state.TimeExpires, state.Description == req.Inputs.Description
	state.AuthTokenArgs = req.Inputs
	if state.TimeExpires == nil {
		state.TimeExpires = expires // what OCI has answered
	}
	if req.DryRun || (described && finished(id, state, nil) == nil) {
		return infer.UpdateResponse[AuthTokenState]{Output: state}, nil
	}
	user, err := r.oci.user(ctx, req.Inputs.user())
	if err != nil {
		return infer.UpdateResponse[AuthTokenState]{}, err
	}
	token, err := user.UpdateToken(ctx, id, req.Inputs.Description)
	if err != nil {
		if identity.IsNotFound(err) {
			err = fmt.Errorf("%w. If the token was deleted outside of Pulumi, run \"pulumi refresh\". The next "+
				"\"pulumi up\" then creates a new one", err)
		}
		return infer.UpdateResponse[AuthTokenState]{}, err
	}
	token.ID, state = id, state.as(token)
	token.State = state.State
	token, err = user.AwaitActive(ctx, token)
	state = state.as(token)
	return infer.UpdateResponse[AuthTokenState]{Output: state}, finished(id, state, err)
}

// Delete revokes the token.
func (r *AuthToken) Delete(
	ctx context.Context, req infer.DeleteRequest[AuthTokenState],
) (infer.DeleteResponse, error) {
	user, err := r.oci.user(ctx, req.State.user())
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	return infer.DeleteResponse{}, user.DeleteToken(ctx, req.ID, req.State.created())
}

// notYetKnown returns what a preview shows of a token that will be created. infer makes every output that is present unknown.
func notYetKnown(args AuthTokenArgs) AuthTokenState {
	state := AuthTokenState{AuthTokenArgs: args, Token: new(""), InactiveState: new("")}
	if state.TimeExpires == nil {
		state.TimeExpires = new("")
	}
	return state
}

// as returns the state updated with what OCI says about the token. Fields that OCI does not return stay as they are, above all the
// value. The user stays too, because the request has named it.
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
	if token.TimeExpires != nil && !s.expires().Equal(*token.TimeExpires) {
		s.TimeExpires = new(identity.RFC3339(*token.TimeExpires))
	}
	return s
}

// user returns the user that the token is for.
func (args AuthTokenArgs) user() identity.UserRef {
	return identity.UserRef{ID: args.UserID, DomainURL: value(args.DomainURL)}
}

// expires returns when the token expires, or the zero time if it does not.
func (args AuthTokenArgs) expires() time.Time { return timeOf(value(args.TimeExpires)) }

// created returns when the token was created, or the zero time if the state does not say.
func (s AuthTokenState) created() time.Time { return timeOf(s.TimeCreated) }

// timeOf parses a time in the format of RFC 3339. It returns the zero time if s is not in that format.
func timeOf(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
