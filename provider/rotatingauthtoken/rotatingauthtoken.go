// Package rotatingauthtoken is the resource RotatingAuthToken.
package rotatingauthtoken

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"sync"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// RotatingAuthToken is the resource ociauthtoken:index:RotatingAuthToken. It replaces its auth token when a rotation is due, and
// keeps the previous token working. It owns both of the auth tokens that OCI allows a user. A rotation is an update of the resource,
// never a replacement. plan.go decides when one is due, and Update carries it out.
type RotatingAuthToken struct {
	oci *connection.Connection

	// refreshed holds the URNs that were read and not checked since. For these a refresh is under way, and it must not rotate.
	refreshed sync.Map
	// unfinished holds, by creation, the *update of each update in this process that has taken a step and is not finished. An error hook
	// repeats an update with the same state as before. The update then continues from the last step.
	unfinished sync.Map
}

// New returns the resource.
func New(oci *connection.Connection) *RotatingAuthToken { return &RotatingAuthToken{oci: oci} }

// Args are the arguments of a RotatingAuthToken.
type Args struct {
	Description string `pulumi:"description" means:"description"`
	token.Owner

	MaxAgeDays        *int              `pulumi:"maxAgeDays,optional"`
	RotationDays      *int              `pulumi:"rotationDays,optional"`
	RotateWhenChanged map[string]string `pulumi:"rotateWhenChanged,optional"`
	Overlap           *bool             `pulumi:"overlap,optional"`
	PreviousDays      *int              `pulumi:"previousDays,optional"`
}

// State is everything that the state holds about a RotatingAuthToken. Fields that an AuthToken does not have are optional, so that the state
// of an AuthToken can be taken over.
type State struct {
	Args
	// Token is nil after an import, and when there is no current token.
	Token *string `pulumi:"token,optional" provider:"secret" schema:"required"`
	// TokenID is nil if the state was an AuthToken's or comes from an import file. The resource's id then names the current token.
	TokenID *string `pulumi:"tokenId,optional" schema:"required" means:"token"`
	// Outputs are those of the current token. Its state is DELETED when there is none.
	token.Outputs
	TimeExpires     *string `pulumi:"timeExpires,optional"`
	PreviousToken   *string `pulumi:"previousToken,optional" provider:"secret"`
	PreviousTokenID *string `pulumi:"previousTokenId,optional" means:"token"`
	// PreviousTimeCreated is nil in a state that an older release has written.
	PreviousTimeCreated *string `pulumi:"previousTimeCreated,optional"`
	TimeRotationDue     *string `pulumi:"timeRotationDue,optional"`
}

// description is generated from tools/docs/pages and tools/docs/snippets.
//
//go:embed rotatingauthtoken.md
var description string

// longestPeriod is the largest number of days in an argument: ten years.
const longestPeriod = 3650

// Annotate describes the resource for the schema.
func (r *RotatingAuthToken) Annotate(a infer.Annotator) {
	a.SetToken("index", "RotatingAuthToken")
	a.Describe(r, description)
}

// Annotate describes the arguments for the schema.
func (args *Args) Annotate(a infer.Annotator) {
	a.Describe(&args.Description, "What the tokens are for, as the Console and the OCI CLI show it. It may be empty, and "+
		"need not be unique. A change is made in place, on the current and the previous token, and rotates nothing.")
	args.Describe(a, "The OCID of the user that the tokens are for. It starts with `ocid1.user.`. A user can have at "+
		"most two auth tokens, and this resource uses both unless `overlap` is `false`.", "A change replaces the resource.")
	a.Describe(&args.MaxAgeDays, "How old a token may become, in days from 1 to 3650, such as 90 if your auditor wants that. It bounds "+
		"the age of both tokens, if `pulumi up` runs at least once in every three eighths of that time: every 33 days for 90. The "+
		"first `pulumi up` after a quarter of it rotates the token, and the previous one is revoked by the first after five eighths "+
		"of it, if the next rotation has not done so. Without `overlap`, the token is rotated after five eighths of it.")
	a.Describe(&args.RotationDays, "How many days after its creation a token is due to be rotated, from 1 to 3650. The first "+
		"`pulumi up` from then on rotates it. The previous token is about twice as old before it is revoked: to limit the age of every token, set "+
		"`maxAgeDays`. If neither is set, tokens are not rotated because of their age.")
	a.Describe(&args.RotateWhenChanged, "Values that cause a rotation when they change, such as the number of an incident. You "+
		"choose the keys. A key that is added or removed is a change too. The next `pulumi up` rotates the token once, however many "+
		"values have changed.")
	a.Describe(&args.Overlap, "Whether the current token keeps working after a rotation, as the previous one. The default "+
		"is `true`. With `false` the resource uses only one of the user's two auth tokens: it revokes the current token "+
		"before it creates the new one, and there is no working token in between. If there is a previous token, the next "+
		"`pulumi up` revokes it. Use it if something else needs the user's other token.")
	a.Describe(&args.PreviousDays, "How many days after a rotation the previous token is revoked, from 0 to 3650. The first "+
		"`pulumi up` from then on revokes it. With 0 it is revoked as soon as the new one is `ACTIVE`. If this is not set, it "+
		"works until the next rotation.")
}

// Annotate describes the outputs for the schema.
func (s *State) Annotate(a infer.Annotator) {
	a.Describe(&s.Token, "The current token: the password that `docker login`, Git, Swift and database clients take. It is "+
		"always a secret. OCI shows it once, in the answer to the creation, so the state is the only place where it "+
		"exists. It is absent after an import.")
	a.Describe(&s.TokenID, "The OCID of the current token. The id of the resource remains the OCID of its first token.")
	a.Describe(&s.State, "The lifecycle state of the current token: `CREATING`, `ACTIVE`, `INACTIVE`, `DELETING` or "+
		"`DELETED`. `DELETED` means that the token is gone, and that the next `pulumi up` creates a new one. It is empty for a live token of an "+
		"identity domain, because domains do not tell it.")
	a.Describe(&s.TimeExpires, "When the current token expires, in the format of RFC 3339. Absent for a token that never expires.")
	a.Describe(&s.PreviousToken, "The token that was current before the last rotation, as long as it still works. It is "+
		"always a secret.")
	a.Describe(&s.PreviousTokenID, "The OCID of the previous token. Absent if there is none.")
	a.Describe(&s.PreviousTimeCreated, "When the previous token was created, in the format of RFC 3339. Absent if there is none.")
	a.Describe(&s.TimeRotationDue, "When the current token is due to be rotated because of its age, in the format of RFC 3339. Absent "+
		"without `maxAgeDays` and `rotationDays`, unless the token expires: it is then rotated before.")
}

// WireDependencies declares that both values are secret in every SDK, and that only the inputs that replace the resource change its
// outputs. Which outputs a rotation changes is up to Update, in a preview too.
func (*RotatingAuthToken) WireDependencies(f infer.FieldSelector, args *Args, state *State) {
	infermend.WireDependencies(f, args, state)
}

// Check finds, before any call and at preview already, what is wrong with the arguments. Values that are not known yet pass.
func (r *RotatingAuthToken) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[Args], error) {
	r.refreshed.Delete(infermend.CallOf(ctx).URN)
	return infermend.CheckArguments(ctx, req, func(args *Args, refuse func(string, error)) {
		args.CheckOwner(req.NewInputs, refuse)
		for name, least := range map[string]float64{"maxAgeDays": 1, "rotationDays": 1, "previousDays": 0} {
			days := req.NewInputs.Get(name)
			if !days.IsNumber() {
				continue
			}
			if n := days.AsNumber(); n < least || n > longestPeriod || n != math.Trunc(n) {
				refuse(name, fmt.Errorf("%v is not a whole number of days from %v to %d", n, least, longestPeriod))
			}
		}
	})
}

// Diff compares the arguments with those in the state, which are from the last update that succeeded. It also checks whether a
// rotation is due, except during a refresh: only a "pulumi up" rotates a token because of its age.
func (r *RotatingAuthToken) Diff(ctx context.Context, req infer.DiffRequest[Args, State]) (infer.DiffResponse, error) {
	call := infermend.CallOf(ctx)
	diff := infermend.Compare(call.Resource.Arguments, call.State, call.Inputs)
	changes := diff.DetailedDiff
	if req.State.TokenID == nil {
		changes["tokenId"] = p.PropertyDiff{Kind: p.Add} // the update records that the token has been taken over
	}
	if _, refreshing := r.refreshed.Load(call.URN); !refreshing && !infermend.Replaces(diff) {
		plan := r.planned(ctx, req.State.adopted(req.ID, req.Inputs), req.Inputs).afterAwaiting()
		switch {
		case plan.why() == aged:
			changes["timeRotationDue"] = p.PropertyDiff{Kind: p.Update}
		case plan.why() == lost:
			changes["tokenId"] = p.PropertyDiff{Kind: p.Update}
		case plan.why() == notDue && plan.previousIsOver():
			changes["previousTokenId"] = p.PropertyDiff{Kind: p.Delete}
		}
		r.announce(ctx, plan)
	}
	return infer.DiffResponse{HasChanges: len(changes) > 0, DetailedDiff: changes}, nil
}

// announce tells the person at the terminal what is due and why. If a rotation will be due soon, it also warns about a token that
// leaves no room for it. An error of OCI is ignored here, because the update reports it.
func (r *RotatingAuthToken) announce(ctx context.Context, plan plan) {
	next := plan
	next.rotated = false
	switch due := plan.explain(); {
	case due != "":
		p.GetLogger(ctx).InfoStatus(due)
	case next.why() != notDue:
		p.GetLogger(ctx).InfoStatusf("%s. This update finishes an earlier rotation: the next \"pulumi up\" begins this one", next.explain())
	}
	if !plan.isDueSoon() {
		return
	}
	p.GetLogger(ctx).Warningf("a rotation is due soon, on %s: the first \"pulumi up\" from then on rotates this token", date(plan.due()))
	user, err := r.oci.User(ctx, plan.state.User())
	if err != nil {
		return
	}
	if listed, err := user.ListTokens(ctx, tokens.Configured); err == nil {
		plan.state.Args = plan.inputs
		r.warnOfOthers(ctx, user, found{tokens: listed}, plan.state)
	}
}

// Create creates the first token. Once OCI has answered, it returns the state with the token, whatever else fails. An error hook of
// the engine may call it again after any failure. It then goes on where it stopped.
func (r *RotatingAuthToken) Create(
	ctx context.Context, req infer.CreateRequest[Args],
) (infer.CreateResponse[State], error) {
	if req.DryRun {
		infermend.CallOf(ctx).Answer.Unknown = ofNewToken()
		return infer.CreateResponse[State]{Output: State{Args: req.Inputs}}, nil
	}
	user, err := r.oci.User(ctx, req.Inputs.User())
	if err != nil {
		return infer.CreateResponse[State]{}, err
	}
	urn := infermend.CallOf(ctx).URN
	// The engine does not tell a creation that it replaces a resource.
	user.WhenFull = fmt.Sprintf("A user can have at most two auth tokens. If this creation was to replace the resource, because of "+
		"--target-replace or \"pulumi state taint\", these are its own, and still work: do not delete them. To get a new token, "+
		"change rotateWhenChanged instead, after \"pulumi state untaint '%s'\" if the resource is tainted. Otherwise, delete one that is no "+
		"longer used, or import it into this program", urn)
	creation := tokens.Creation{For: string(urn), Description: req.Inputs.Description}
	created, err := user.CreateToken(ctx, creation)
	if err != nil {
		return infer.CreateResponse[State]{}, err
	}
	state := State{Args: req.Inputs}.withNewToken(created)
	created, err = user.AwaitActive(ctx, created)
	state = state.updatedBy(created)
	if err = state.finished(err); err == nil {
		user.HandOver(creation)
		if listed, err := user.ListTokens(ctx, tokens.Writer); err == nil {
			r.warnOfOthers(ctx, user, found{tokens: listed}, state)
		}
	}
	return infer.CreateResponse[State]{ID: created.ID, Output: state.withDueDate()}, err
}

// Read finds both tokens in the list of the user's tokens. The values come from the state, the rest from OCI.
func (r *RotatingAuthToken) Read(
	ctx context.Context, req infer.ReadRequest[Args, State],
) (infer.ReadResponse[Args, State], error) {
	type response = infer.ReadResponse[Args, State]

	state := req.State.adopted(req.ID, req.Inputs)
	recorded := state.UserID != ""
	if !recorded {
		owner, currentID, previousID, err := parseID(req.ID)
		if err != nil {
			return response{}, err
		}
		if owner.ID == "" {
			return response{}, fmt.Errorf("%q does not say whose token it is: %s", req.ID, idForms)
		}
		state.Owner, state.TokenID = token.OwnerOf(owner), &currentID
		if previousID != "" {
			state.PreviousTokenID = &previousID
		}
	}
	user, err := r.oci.User(ctx, state.User())
	if err != nil {
		return response{}, err
	}
	look := user.FindToken
	if !recorded {
		look = func(ctx context.Context, id string, _ time.Time) (found *tokens.Token, gone bool, err error) {
			found, _, err = user.LookUp(ctx, id)
			return found, false, err
		}
	}
	found, err := r.find(ctx, user, state, tokens.Configured, look)
	switch {
	case err != nil && recorded:
		return response{}, token.Kept(err)
	case err != nil:
		return response{}, err
	case !recorded && found.current == nil:
		return response{}, token.ExplainMissing(user, state.UserID, token.OrEmpty(state.TokenID), found.tokens)
	case !recorded && state.PreviousTokenID != nil && found.previous == nil:
		return response{}, token.ExplainMissing(user, state.UserID, token.OrEmpty(state.PreviousTokenID), found.tokens)
	case !recorded && found.previous != nil && found.previous.HasID(found.current.ID):
		return response{}, fmt.Errorf("the id %q names the same token twice, by its OCID and by its SCIM id: %s", req.ID, idForms)
	}
	state = found.update(state)
	if !state.isLive() && state.PreviousTokenID == nil {
		return response{}, nil
	}

	if state.isLive() && found.current == nil {
		p.GetLogger(ctx).Warning(token.Unlisted(state.Created()))
	}
	inputs, id := req.Inputs, req.ID
	inputs.Description, inputs.Owner = state.Description, state.Owner
	if !recorded {
		id = token.OrEmpty(state.TokenID)
		state.Args = inputs
		infermend.CallOf(ctx).WarnOfImport(ctx, token.ValueIsGone(", until the first rotation", ""))
	} else {
		r.refreshed.Store(infermend.CallOf(ctx).URN, struct{}{})
	}
	r.warnOfOthers(ctx, user, found, state)
	answer := response{ID: id, Inputs: inputs, State: state.withDueDate()}
	if recorded && req.State.TokenID == nil && state.isLive() {
		// Only an update takes a token over, because only an update knows rotateWhenChanged.
		answer.ID, answer.State.TokenID = token.OrEmpty(state.TokenID), nil
	}
	if !state.isLive() {
		p.GetLogger(ctx).Warningf("the current token %s is gone: the next \"pulumi up\" creates a new one", token.OrEmpty(state.TokenID))
		return answer, nil
	}
	switch {
	case !recorded:
		return answer, nil
	case state.IsUsable() && !req.State.IsUsable() && req.State.isLive() && state.PreviousTokenID != nil:
		// The update that created the token has failed, so what depends on the resource may still use the previous one.
		answer.State.State = req.State.State
		return answer, token.Unfinished(token.OrEmpty(state.TokenID), "the rotation that created it is not finished")
	}
	return answer, state.finished(nil)
}

// Update takes the steps that plan.go decides on, one after the other, until nothing is left to do. If a step fails, Update
// returns the tokens that exist by then, with the old arguments, so that the next "pulumi up" continues.
//
// A preview only reads. It shows which outputs the rotation that is due will change, and fails if there is no room for the new
// token.
func (r *RotatingAuthToken) Update(
	ctx context.Context, req infer.UpdateRequest[Args, State],
) (infer.UpdateResponse[State], error) {
	type response = infer.UpdateResponse[State]

	run := r.newUpdate(ctx, req)
	if req.DryRun {
		if names := run.mayChange(infermend.CallOf(ctx).Inputs); len(names) > 0 {
			infermend.CallOf(ctx).Answer.Unknown = names
			return response{Output: run.done()}, nil
		}
	}
	if run.next() == nothing && !run.lacksAge() {
		return response{Output: run.done()}, nil
	}
	var err error
	if run.user, err = r.oci.User(ctx, run.state.User()); err == nil {
		err = run.carryOut(ctx)
	}
	if err != nil {
		return response{Output: run.state.withDueDate()}, run.failed(err)
	}
	state := run.done()
	if req.DryRun {
		if run.created {
			unknown := ofNewToken()
			if run.unlisted {
				unknown = append(unknown, ofPrevious()...)
			}
			infermend.CallOf(ctx).Answer.Unknown = unknown
		}
		return response{Output: state}, nil
	}
	if state.isLive() && !state.IsUsable() {
		return response{Output: state}, run.failed(state.finished(nil))
	}
	if run.rotated = false; run.why() != notDue {
		p.GetLogger(ctx).Warningf("%s. This update has finished an earlier rotation: the next \"pulumi up\" begins this one", run.explain())
	}
	run.user.HandOver(run.creation)
	r.unfinished.Delete(run.creation)
	return response{Output: state}, nil
}

// Delete revokes both tokens.
func (r *RotatingAuthToken) Delete(
	ctx context.Context, req infer.DeleteRequest[State],
) (infer.DeleteResponse, error) {
	state := req.State.adopted(req.ID, Args{})
	user, err := r.oci.User(ctx, state.User())
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	if state.PreviousTokenID != nil {
		if err := user.DeleteToken(ctx, token.OrEmpty(state.PreviousTokenID), state.previousCreated()); err != nil {
			return infer.DeleteResponse{}, err
		}
	}
	if state.isLive() {
		err = user.DeleteToken(ctx, token.OrEmpty(state.TokenID), state.Created())
	}
	return infer.DeleteResponse{}, err
}

// planned returns what is to be done. It makes no call. Arguments that are not known yet count as absent.
func (r *RotatingAuthToken) planned(ctx context.Context, state State, inputs Args) plan {
	given := infermend.CallOf(ctx).Inputs
	for name, days := range map[string]**int{
		"maxAgeDays": &inputs.MaxAgeDays, "rotationDays": &inputs.RotationDays, "previousDays": &inputs.PreviousDays,
	} {
		if given.Get(name).HasComputed() {
			*days = nil
		}
	}
	if given.Get("overlap").HasComputed() {
		inputs.Overlap = nil
	}
	return plan{
		now: r.oci.Clock().Now(), state: state, inputs: inputs,
		hidden: given.Get("rotateWhenChanged").Secret() || infermend.CallOf(ctx).State.Get("rotateWhenChanged").Secret(),
	}
}
