// Package authtoken is the resource AuthToken.
package authtoken

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
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
	Description string `pulumi:"description" means:"description"`
	token.Owner
	TimeExpires *string `pulumi:"timeExpires,optional" provider:"replaceOnChanges" means:"time"`
}

// State is everything that the state holds about an AuthToken.
type State struct {
	Args
	// Token is nil after an import, because OCI shows the value once, in the answer to the creation.
	Token *string `pulumi:"token,optional" provider:"secret" schema:"required"`
	token.Outputs
}

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
	args.Describe(a, "The OCID of the user that the token is for. It starts with `ocid1.user.`. A user can have at most two auth tokens.",
		"A change replaces the token, and with it the value.")
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
}

// WireDependencies declares which inputs an output depends on. The value and the other outputs change only with the inputs that replace
// the token, so a change of the description does not touch the token's dependents.
func (*AuthToken) WireDependencies(f infer.FieldSelector, args *Args, state *State) {
	infermend.WireDependencies(f, args, state)
}

// Check finds, before any call and at preview already, what OCI would refuse. Values that are not known yet pass.
func (r *AuthToken) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[Args], error) {
	return infermend.CheckArguments(ctx, req, func(args *Args, refuse func(string, error)) {
		args.CheckOwner(req.NewInputs, refuse)
		timeExpires := req.NewInputs.Get("timeExpires")
		if timeExpires.IsString() {
			if err := checkExpiry(timeExpires.AsString(), req.OldInputs.Get("timeExpires"), r.oci.Clock().Now()); err != nil {
				refuse("timeExpires", err)
			}
		}
		if req.NewInputs.Get("domainUrl").IsNull() && !timeExpires.IsNull() {
			refuse("timeExpires", errors.New("only a token of an identity domain can expire: set domainUrl, or remove timeExpires"))
		}
	})
}

// Diff compares the arguments with the recorded ones. It also warns about a token that has expired or will expire soon.
func (r *AuthToken) Diff(ctx context.Context, req infer.DiffRequest[Args, State]) (infer.DiffResponse, error) {
	call := infermend.CallOf(ctx)
	diff := infermend.Compare(call.Resource.Arguments, call.OldInputs, call.Inputs)
	if !infermend.Replaces(diff) {
		if warning := expiryWarning(req.State.Created(), token.Time(token.OrEmpty(req.State.TimeExpires)), r.oci.Clock().Now()); warning != "" {
			p.GetLogger(ctx).Warning(warning)
		}
	}
	return diff, nil
}

// Create creates the token. Once OCI has answered, it returns the state with the token, whatever else fails. An error hook of the
// engine may call it again after any failure. It then goes on where it stopped.
func (r *AuthToken) Create(
	ctx context.Context, req infer.CreateRequest[Args],
) (infer.CreateResponse[State], error) {
	if req.DryRun {
		infermend.CallOf(ctx).Answer.Unknown = token.OfNewToken()
		return infer.CreateResponse[State]{Output: State{Args: req.Inputs}}, nil
	}
	user, err := r.oci.User(ctx, req.Inputs.User())
	if err != nil {
		return infer.CreateResponse[State]{}, err
	}
	creation := tokens.Creation{For: string(infermend.CallOf(ctx).URN), Description: req.Inputs.Description, TimeExpires: token.OrEmpty(req.Inputs.TimeExpires)}
	created, err := user.CreateToken(ctx, creation)
	if err != nil {
		return infer.CreateResponse[State]{}, err
	}
	state := State{Args: req.Inputs, Token: new(string(created.Value))}
	created, err = user.AwaitActive(ctx, created)
	state = state.updatedBy(created)
	if err = token.Finished(created.ID, state.Outputs, err); err == nil {
		user.HandOver(creation)
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
	state, id := req.State, req.ID
	if state.UserID == "" {
		return r.readImport(ctx, id)
	}
	user, err := r.oci.User(ctx, state.User())
	if err != nil {
		return response{}, err
	}
	found, gone, err := user.FindToken(ctx, id, state.Created())
	switch {
	case err != nil:
		return response{}, token.Kept(err)
	case gone:
		return response{}, nil
	case found == nil:
		p.GetLogger(ctx).Warning(token.Unlisted(state.Created()))
	default:
		id, state = found.ID, state.updatedBy(*found)
	}
	inputs := state.Args
	inputs.TimeExpires = req.Inputs.TimeExpires
	return response{ID: id, Inputs: inputs, State: state}, token.Finished(req.ID, state.Outputs, nil)
}

// readImport reads a token for an import, whose id names the user too.
func (r *AuthToken) readImport(ctx context.Context, id string) (infer.ReadResponse[Args, State], error) {
	type response = infer.ReadResponse[Args, State]

	owner, tokenID, err := token.ParseID(id)
	if err != nil {
		return response{}, err
	}
	if owner.ID == "" {
		return response{}, fmt.Errorf("%q does not say whose token it is: %s", id, token.IDForms)
	}
	user, err := r.oci.User(ctx, owner)
	if err != nil {
		return response{}, err
	}
	found, listed, err := user.LookUp(ctx, tokenID)
	switch {
	case err != nil:
		return response{}, err
	case found == nil:
		return response{}, token.ExplainMissing(user, owner.ID, tokenID, listed)
	}
	state := State{Args: Args{Owner: token.OwnerOf(owner)}}.updatedBy(*found)
	inputs := state.Args
	if inputs.DomainURL == nil {
		inputs.TimeExpires = nil // only a token of a domain has this argument
	}
	infermend.CallOf(ctx).WarnOfImport(ctx, token.ValueIsGone("", " Otherwise, replace the token to get a new value."))
	return response{ID: found.ID, Inputs: inputs, State: state}, nil
}

// Update changes the description, which is all that can change in place. The value stays the same. If nothing is to be changed at OCI,
// Update sends nothing: it records an argument that has become a secret, or has another form.
//
// The engine also calls Update as long as the token could not be used when it was last seen: at the next "pulumi up", and since Pulumi
// 3.274 when an error hook repeats a creation. Update then looks at the token again.
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
	user, err := r.oci.User(ctx, req.Inputs.User())
	var updated tokens.Token
	switch {
	case err != nil:
	case described:
		updated, err = lookAgain(ctx, user, id, state)
	default:
		updated, err = user.UpdateToken(ctx, id, req.Inputs.Description)
	}
	if err != nil {
		return infer.UpdateResponse[State]{Output: req.State}, token.KeepingState(id, req.State.Outputs, token.ExplainGone(err))
	}
	updated.ID, state = id, state.updatedBy(updated)
	updated.State = state.State
	updated, err = user.AwaitActive(ctx, updated)
	state = state.updatedBy(updated)
	return infer.UpdateResponse[State]{Output: state}, token.Finished(id, state.Outputs, err)
}

// lookAgain returns a token as OCI lists it. If it is too new to be listed, it is as it was last seen.
func lookAgain(ctx context.Context, user *tokens.User, id string, state State) (tokens.Token, error) {
	found, gone, err := user.FindToken(ctx, id, state.Created())
	switch {
	case err != nil:
		return tokens.Token{}, err
	case gone:
		return tokens.Token{}, fmt.Errorf("auth token %s of user %s does not exist any more. Run \"pulumi refresh\". The next \"pulumi up\" "+
			"then creates a new one", id, state.UserID)
	case found == nil:
		return tokens.Token{}, nil
	default:
		return *found, nil
	}
}

// Delete revokes the token.
func (r *AuthToken) Delete(
	ctx context.Context, req infer.DeleteRequest[State],
) (infer.DeleteResponse, error) {
	user, err := r.oci.User(ctx, req.State.User())
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	return infer.DeleteResponse{}, user.DeleteToken(ctx, req.ID, req.State.Created())
}

// updatedBy returns the state updated with what OCI says about the token. Fields that OCI does not return stay as they are, above all
// the value. The user stays too, because the request has named it.
func (s State) updatedBy(t tokens.Token) State {
	s.Description = token.Description(s.Description, t)
	s.Outputs, s.TimeExpires = token.UpdateOutputs(s.Outputs, t), token.Expiry(s.TimeExpires, t)
	return s
}
