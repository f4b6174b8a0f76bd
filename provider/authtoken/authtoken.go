// Package authtoken is the resource AuthToken.
package authtoken

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// AuthToken is the resource ociauthtoken:index:AuthToken: one auth token of one user.
type AuthToken struct{ oci *connection.Connection }

// New returns the resource.
func New(oci *connection.Connection) *AuthToken { return &AuthToken{oci} }

// Args are the arguments of an AuthToken.
type Args struct {
	Description string  `pulumi:"description"`
	UserID      string  `pulumi:"userId"               provider:"replaceOnChanges"`
	DomainURL   *string `pulumi:"domainUrl,optional"   provider:"replaceOnChanges" means:"domain"`
	TimeExpires *string `pulumi:"timeExpires,optional" provider:"replaceOnChanges" means:"time"`
}

// State is everything that the state holds about an AuthToken.
type State struct {
	Args
	// Token is nil after an import, because OCI shows the value once, in the answer to the creation.
	Token *string `pulumi:"token,optional"         provider:"secret" schema:"required"`
	token.Outputs
}

// infer finds these interfaces by type assertion at run time. It would silently ignore a method with a wrong signature.
var (
	_ infer.CustomResource[Args, State]       = (*AuthToken)(nil)
	_ infer.CustomCheck[Args]                 = (*AuthToken)(nil)
	_ infer.CustomRead[Args, State]           = (*AuthToken)(nil)
	_ infer.CustomUpdate[Args, State]         = (*AuthToken)(nil)
	_ infer.CustomDelete[State]               = (*AuthToken)(nil)
	_ infer.ExplicitDependencies[Args, State] = (*AuthToken)(nil)
	_ infer.Annotated                         = (*AuthToken)(nil)
	_ infer.Annotated                         = (*Args)(nil)
	_ infer.Annotated                         = (*State)(nil)
)

// description is generated from tools/docs/pages and tools/docs/snippets.
//
//go:embed authtoken.md
var description string

// Annotate describes the resource for the schema.
func (r *AuthToken) Annotate(a infer.Annotator) {
	a.SetToken("index", "AuthToken")
	a.Describe(r, description)
}

// Annotate describes the arguments for the schema.
func (args *Args) Annotate(a infer.Annotator) {
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
func (s *State) Annotate(a infer.Annotator) {
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
func (*AuthToken) WireDependencies(f infer.FieldSelector, args *Args, state *State) {
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
) (infer.CheckResponse[Args], error) {
	r.oci.NoteCheck(ctx)
	args, failures, err := infer.DefaultCheck[Args](ctx, req.NewInputs)
	if err != nil {
		return infer.CheckResponse[Args]{}, err
	}
	refuse := func(property string, err error) {
		failures = append(failures, infermend.Failure(property, err))
	}
	args.DomainURL = token.CheckUser(req.NewInputs, args.DomainURL, refuse)
	timeExpires := req.NewInputs.Get("timeExpires")
	if timeExpires.IsString() {
		if err := checkExpiry(timeExpires.AsString(), req.OldInputs.Get("timeExpires"), r.oci.Clock().Now()); err != nil {
			refuse("timeExpires", err)
		}
	}
	if req.NewInputs.Get("domainUrl").IsNull() && !timeExpires.IsNull() {
		refuse("timeExpires", errors.New("only a token of an identity domain can expire: set domainUrl, or remove timeExpires"))
	}
	return infer.CheckResponse[Args]{Inputs: args, Failures: failures}, nil
}

// Create creates the token. Once OCI has answered, it returns the state with the token, whatever else fails. An error hook of the
// engine may call it again after any failure. It then goes on where it stopped.
func (r *AuthToken) Create(
	ctx context.Context, req infer.CreateRequest[Args],
) (infer.CreateResponse[State], error) {
	if req.DryRun {
		return infer.CreateResponse[State]{Output: notYetKnown(req.Inputs)}, nil
	}
	user, err := r.oci.User(ctx, req.Inputs.user())
	if err != nil {
		return infer.CreateResponse[State]{}, err
	}
	wish := identity.Wish{For: infermend.URNOf(ctx), Description: req.Inputs.Description, TimeExpires: token.OrEmpty(req.Inputs.TimeExpires)}
	created, err := user.CreateToken(ctx, wish)
	if err != nil {
		return infer.CreateResponse[State]{}, err
	}
	state := State{Args: req.Inputs, Token: new(string(created.Value))}
	created, err = user.AwaitActive(ctx, created)
	state = state.updatedBy(created)
	if err = token.Finished(created.ID, state.Outputs, err); err == nil {
		user.HandOver(wish)
	}
	return infer.CreateResponse[State]{ID: created.ID, Output: state}, err
}

// Read finds the token in the list of the user's tokens, because OCI has no call that gets a single one. The value comes from the
// state, the rest from OCI.
func (r *AuthToken) Read(
	ctx context.Context, req infer.ReadRequest[Args, State],
) (infer.ReadResponse[Args, State], error) {
	type response = infer.ReadResponse[Args, State]

	// An import comes with nothing but the id. In all other cases the state has at least the user.
	owner, id, recorded := req.State.user(), req.ID, req.State.UserID != ""
	if !recorded {
		var err error
		if owner, id, err = token.ParseID(req.ID); err != nil {
			return response{}, err
		}
		if owner.ID == "" {
			return response{}, fmt.Errorf("%q does not say whose token it is: %s", req.ID, token.IDForms)
		}
	}
	user, err := r.oci.User(ctx, owner)
	if err != nil {
		return response{}, err
	}

	var found *identity.AuthToken
	var listed []identity.AuthToken
	gone := false
	if recorded {
		found, gone, err = user.FindToken(ctx, id, req.State.Created())
	} else {
		found, listed, err = user.LookUp(ctx, id)
	}
	switch {
	case err != nil && recorded:
		return response{}, fmt.Errorf("%w. The resource stays in the state, because OCI does not show the value of its "+
			"token again. If the token or its user is really gone, remove it with \"pulumi state delete\"", err)
	case err != nil:
		return response{}, err
	case found != nil && !recorded:
		r.oci.WarnOfImport(ctx, "OCI shows the value of an auth token only when it is created, so the output "+
			"\"token\" stays empty after this import. If you still have the value, import from a file with the "+
			"value in its \"outputs\". Otherwise, replace the token to get a new value.")
		state := State{Args: Args{UserID: owner.ID}}.updatedBy(*found)
		if owner.DomainURL != "" {
			state.DomainURL = &owner.DomainURL
		}
		inputs := state.Args
		if state.DomainURL == nil {
			inputs.TimeExpires = nil // only a token of a domain has this argument
		}
		return response{ID: found.ID, Inputs: inputs, State: state}, nil
	case found != nil:
		state := req.State.updatedBy(*found)
		inputs := state.Args
		inputs.TimeExpires = req.Inputs.TimeExpires
		return response{ID: found.ID, Inputs: inputs, State: state}, token.Finished(id, state.Outputs, nil)
	case !recorded:
		return response{}, token.ExplainMissing(user, owner.ID, id, listed)
	case !gone:
		p.GetLogger(ctx).Warning(token.Unlisted(req.State.Created()))
		inputs := req.State.Args
		inputs.TimeExpires = req.Inputs.TimeExpires
		return response{ID: id, Inputs: inputs, State: req.State}, token.Finished(id, req.State.Outputs, nil)
	default:
		return response{}, nil
	}
}

// Update changes the description, which is all that can change in place. The value stays the same. The engine also calls Update
// as long as the token could not be used when it was last seen. Update then looks at it again. If nothing is to be changed at OCI,
// Update makes no call: it records an argument that has become a secret, or has another form.
func (r *AuthToken) Update(
	ctx context.Context, req infer.UpdateRequest[Args, State],
) (infer.UpdateResponse[State], error) {
	state, id := req.State, req.ID
	expires, described := state.TimeExpires, state.Description == req.Inputs.Description
	state.Args = req.Inputs
	if state.TimeExpires == nil {
		state.TimeExpires = expires // what OCI has answered
	}
	if req.DryRun || (described && token.Finished(id, state.Outputs, nil) == nil) {
		return infer.UpdateResponse[State]{Output: state}, nil
	}
	user, err := r.oci.User(ctx, req.Inputs.user())
	if err != nil {
		return infer.UpdateResponse[State]{}, err
	}
	updated, err := user.UpdateToken(ctx, id, req.Inputs.Description)
	if err != nil {
		if identity.IsNotFound(err) {
			err = fmt.Errorf("%w. If the token was deleted outside of Pulumi, run \"pulumi refresh\". The next "+
				"\"pulumi up\" then creates a new one", err)
		}
		return infer.UpdateResponse[State]{}, err
	}
	updated.ID, state = id, state.updatedBy(updated)
	updated.State = state.State
	updated, err = user.AwaitActive(ctx, updated)
	state = state.updatedBy(updated)
	return infer.UpdateResponse[State]{Output: state}, token.Finished(id, state.Outputs, err)
}

// Delete revokes the token.
func (r *AuthToken) Delete(
	ctx context.Context, req infer.DeleteRequest[State],
) (infer.DeleteResponse, error) {
	user, err := r.oci.User(ctx, req.State.user())
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	return infer.DeleteResponse{}, user.DeleteToken(ctx, req.ID, req.State.Created())
}

// notYetKnown returns what a preview shows of a token that will be created. infer makes every output that is present unknown.
func notYetKnown(args Args) State {
	state := State{Args: args, Token: new(""), Outputs: token.Outputs{InactiveState: new("")}}
	if state.TimeExpires == nil {
		state.TimeExpires = new("")
	}
	return state
}

// updatedBy returns the state updated with what OCI says about the token. Fields that OCI does not return stay as they are, above all
// the value. The user stays too, because the request has named it.
func (s State) updatedBy(t identity.AuthToken) State {
	if t.Description != nil {
		s.Description = *t.Description
	}
	s.Outputs, s.TimeExpires = s.Outputs.UpdatedBy(t), token.Expiry(s.TimeExpires, t)
	return s
}

// user returns the user that the token is for.
func (args Args) user() identity.UserRef {
	return identity.UserRef{ID: args.UserID, DomainURL: token.OrEmpty(args.DomainURL)}
}
