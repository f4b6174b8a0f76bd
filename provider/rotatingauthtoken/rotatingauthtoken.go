// Package rotatingauthtoken is the resource RotatingAuthToken.
package rotatingauthtoken

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// RotatingAuthToken is the resource ociauthtoken:index:RotatingAuthToken. It replaces its auth token when a rotation is due, and
// keeps the previous token working. It owns both of the auth tokens that OCI allows a user. A rotation is an update of the resource,
// never a replacement. rotation.go decides when one is due, and Update carries it out.
type RotatingAuthToken struct {
	oci *connection.Connection

	// refreshed holds the URNs that were read and not checked since. For these a refresh is under way, and it must not rotate.
	refreshed sync.Map
	// begun holds, by wish, the *rotating of each update in this process that has taken a step and is not finished. An error hook
	// repeats an update with the same state as before. The update then continues from the last step.
	begun sync.Map
}

// New returns the resource.
func New(oci *connection.Connection) *RotatingAuthToken { return &RotatingAuthToken{oci: oci} }

// Args are the arguments of a RotatingAuthToken.
type Args struct {
	Description string  `pulumi:"description"`
	UserID      string  `pulumi:"userId"             provider:"replaceOnChanges"`
	DomainURL   *string `pulumi:"domainUrl,optional" provider:"replaceOnChanges" means:"domain"`

	MaxAgeDays        *int              `pulumi:"maxAgeDays,optional"`
	RotationDays      *int              `pulumi:"rotationDays,optional"`
	RotateWhenChanged map[string]string `pulumi:"rotateWhenChanged,optional"`
	Overlap           *bool             `pulumi:"overlap,optional"`
	PreviousDays      *int              `pulumi:"previousDays,optional"`
}

// State is everything that the state holds about a RotatingAuthToken. Fields that an AuthToken does not have are
// optional, so that the state of an AuthToken can be taken over.
type State struct {
	Args
	// Token is nil after an import, and when there is no current token.
	Token *string `pulumi:"token,optional" provider:"secret" schema:"required"`
	// TokenID is nil if the state was an AuthToken's or comes from an import file. The resource's id then names the current token.
	TokenID *string `pulumi:"tokenId,optional" schema:"required"`
	// State is DELETED when there is no current token.
	State           *string `pulumi:"state,optional" schema:"required"`
	InactiveState   *string `pulumi:"inactiveState,optional"`
	TimeCreated     *string `pulumi:"timeCreated,optional" schema:"required"`
	TimeExpires     *string `pulumi:"timeExpires,optional"`
	PreviousToken   *string `pulumi:"previousToken,optional" provider:"secret"`
	PreviousTokenID *string `pulumi:"previousTokenId,optional"`
	// PreviousTimeCreated is nil in a state that an older release has written.
	PreviousTimeCreated *string `pulumi:"previousTimeCreated,optional"`
	TimeRotationDue     *string `pulumi:"timeRotationDue,optional"`
}

// infer finds these interfaces by type assertion at run time. It would silently ignore a method with a wrong signature.
var (
	_ infer.CustomResource[Args, State]       = (*RotatingAuthToken)(nil)
	_ infer.CustomCheck[Args]                 = (*RotatingAuthToken)(nil)
	_ infer.CustomDiff[Args, State]           = (*RotatingAuthToken)(nil)
	_ infer.CustomRead[Args, State]           = (*RotatingAuthToken)(nil)
	_ infer.CustomUpdate[Args, State]         = (*RotatingAuthToken)(nil)
	_ infer.CustomDelete[State]               = (*RotatingAuthToken)(nil)
	_ infer.ExplicitDependencies[Args, State] = (*RotatingAuthToken)(nil)
	_ infer.Annotated                         = (*RotatingAuthToken)(nil)
	_ infer.Annotated                         = (*Args)(nil)
	_ infer.Annotated                         = (*State)(nil)
)

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
	a.Describe(&args.UserID, "The OCID of the user that the tokens are for. It starts with `ocid1.user.`. A user can have at "+
		"most two auth tokens, and this resource uses both unless `overlap` is `false`. A change replaces the resource.")
	a.Describe(&args.DomainURL, "The URL of the identity domain that the user is in, such as "+
		"`https://idcs-0123456789abcdef.identity.oraclecloud.com`, for a user of a domain other than Default. The Console and "+
		"`oci iam domain list --compartment-id <OCID of the tenancy>` show it. A change replaces the resource.")
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
	a.Describe(&s.InactiveState, "Why the current token is `INACTIVE`, as a sum of flags: 1 suspended, 2 disabled, 4 blocked, "+
		"8 locked. Absent as long as the token can be used.")
	a.Describe(&s.TimeCreated, "When the current token was created, in the format of RFC 3339, such as "+
		"`2024-05-17T08:15:30.123Z`.")
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
func (*RotatingAuthToken) WireDependencies(
	f infer.FieldSelector, args *Args, state *State,
) {
	f.OutputField(&state.Token).AlwaysSecret()
	f.OutputField(&state.PreviousToken).AlwaysSecret()
	for _, replacing := range []any{&args.UserID, &args.DomainURL} {
		input := f.InputField(replacing).Computed()
		for _, output := range []any{
			&state.Token, &state.TokenID, &state.State, &state.InactiveState, &state.TimeCreated, &state.TimeExpires,
			&state.PreviousToken, &state.PreviousTokenID, &state.PreviousTimeCreated, &state.TimeRotationDue,
		} {
			f.OutputField(output).DependsOn(input)
		}
	}
}

// Check finds, before any call and at preview already, what is wrong with the arguments. Values that are not known yet pass.
func (r *RotatingAuthToken) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[Args], error) {
	r.refreshed.Delete(infermend.URNOf(ctx))
	r.oci.NoteCheck(ctx)
	args, failures, err := infer.DefaultCheck[Args](ctx, req.NewInputs)
	if err != nil {
		return infer.CheckResponse[Args]{}, err
	}
	refuse := func(property string, err error) {
		failures = append(failures, infermend.Failure(property, err))
	}
	args.DomainURL = token.CheckUser(req.NewInputs, args.DomainURL, refuse)
	for _, period := range []struct {
		name  string
		least float64
	}{{"maxAgeDays", 1}, {"rotationDays", 1}, {"previousDays", 0}} {
		days := req.NewInputs.Get(period.name)
		if !days.IsNumber() {
			continue
		}
		if n := days.AsNumber(); n < period.least || n > longestPeriod || n != math.Trunc(n) {
			refuse(period.name, fmt.Errorf("%v is not a whole number of days from %v to %d", n, period.least, longestPeriod))
		}
	}
	return infer.CheckResponse[Args]{Inputs: args, Failures: failures}, nil
}

// Diff compares the arguments with those in the state, which are from the last update that succeeded. It also checks whether a
// rotation is due, except during a refresh: only a "pulumi up" rotates a token because of its age.
func (r *RotatingAuthToken) Diff(
	ctx context.Context, req infer.DiffRequest[Args, State],
) (infer.DiffResponse, error) {
	asked := infermend.RequestOf(ctx)
	changes := changedArguments(asked.State, asked.Inputs)
	replace := false
	for _, path := range []string{"userId", "domainUrl"} {
		if change, ok := changes[path]; ok {
			change.Kind, replace = replacing(change.Kind), true
			changes[path] = change
		}
	}
	if req.State.TokenID == nil {
		changes["tokenId"] = p.PropertyDiff{Kind: p.Add} // the update records that the token has been taken over
	}
	if _, refreshing := r.refreshed.Load(string(asked.URN)); !refreshing && !replace {
		state := req.State.held(req.ID, req.Inputs)
		plan := r.planned(ctx, state, req.Inputs)
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

// replacing returns the kind of a change that replaces the resource.
func replacing(kind p.DiffKind) p.DiffKind {
	switch kind {
	case p.Add:
		return p.AddReplace
	case p.Delete:
		return p.DeleteReplace
	default:
		return p.UpdateReplace
	}
}

// changedArguments returns a diff for each argument that differs from the state. It compares rotateWhenChanged key by key, unless it
// is a secret: the keys are then part of it.
func changedArguments(state, inputs property.Map) map[string]p.PropertyDiff {
	changes := map[string]p.PropertyDiff{}
	compare := func(path resource.PropertyPath, before property.Value, had bool, now property.Value, has bool) {
		change := p.PropertyDiff{InputDiff: true}
		switch {
		case had && !has:
			change.Kind = p.Delete
		case has && !had:
			change.Kind = p.Add
		case !before.Equals(now):
			change.Kind = p.Update
		default:
			return
		}
		changes[shown(path)] = change
	}
	for _, argument := range rotatingArguments {
		name := argument.Name
		before, had := state.GetOk(name)
		now, has := inputs.GetOk(name)
		if had && has && before.IsMap() && now.IsMap() && !before.Secret() && !now.Secret() {
			keys := before.AsMap().AsMap()
			maps.Copy(keys, now.AsMap().AsMap())
			for key := range keys {
				member, hadMember := before.AsMap().GetOk(key)
				member2, hasMember := now.AsMap().GetOk(key)
				compare(resource.PropertyPath{name, key}, member, hadMember, member2, hasMember)
			}
			continue
		}
		compare(resource.PropertyPath{name}, before, had, now, has)
	}
	return changes
}

// shown returns the path under which a diff is reported. The engine parses it. A key that is empty or has a backslash cannot be parsed
// as it was formatted, so its change is reported for the whole argument. No upstream issue for it was found.
func shown(path resource.PropertyPath) string {
	text := path.String()
	if parsed, err := resource.ParsePropertyPath(text); err != nil || !slices.Equal(parsed, path) {
		return path[:1].String()
	}
	return text
}

var rotatingArguments = infermend.ArgumentsOf[Args]()

// announce tells the person at the terminal what is due and why. If a rotation will be due soon, it also warns about a token that
// leaves no room for it. An error of OCI is ignored here, because the update reports it.
func (r *RotatingAuthToken) announce(ctx context.Context, plan plan) {
	if due := plan.explain(); due != "" {
		p.GetLogger(ctx).InfoStatus(due)
	}
	if !plan.comesUp() {
		return
	}
	p.GetLogger(ctx).Warningf("a rotation is due soon, on %s: the first \"pulumi up\" from then on rotates this token", date(plan.due()))
	user, err := r.oci.User(ctx, plan.state.user())
	if err != nil {
		return
	}
	if tokens, err := user.ListTokens(ctx, identity.Near); err == nil {
		plan.state.Args = plan.inputs
		r.warnOfStrangers(ctx, user, found{tokens: tokens}, plan.state)
	}
}

// Create creates the first token. Once OCI has answered, it returns the state with the token, whatever else fails. An error hook of
// the engine may call it again after any failure. It then goes on where it stopped.
func (r *RotatingAuthToken) Create(
	ctx context.Context, req infer.CreateRequest[Args],
) (infer.CreateResponse[State], error) {
	if req.DryRun {
		unknown := new("")
		state := State{
			Args: req.Inputs, Token: unknown, TokenID: unknown, State: unknown, InactiveState: unknown,
			TimeCreated: unknown, TimeExpires: unknown,
		}
		if req.Inputs.RotationDays != nil || req.Inputs.MaxAgeDays != nil {
			state.TimeRotationDue = unknown
		}
		return infer.CreateResponse[State]{Output: state}, nil
	}
	user, err := r.oci.User(ctx, req.Inputs.user())
	if err != nil {
		return infer.CreateResponse[State]{}, err
	}
	wish := identity.Wish{For: infermend.URNOf(ctx), Description: req.Inputs.Description}
	created, err := user.CreateToken(ctx, wish)
	if err != nil {
		return infer.CreateResponse[State]{}, err
	}
	state := State{Args: req.Inputs}.holding(created)
	created, err = user.AwaitActive(ctx, created)
	state = state.seen(created)
	if err = state.finished(err); err == nil {
		user.HandOver(wish)
		if tokens, err := user.ListTokens(ctx, identity.Written); err == nil {
			r.warnOfStrangers(ctx, user, found{tokens: tokens}, state)
		}
	}
	return infer.CreateResponse[State]{ID: created.ID, Output: state.dated()}, err
}

// Read finds both tokens in the list of the user's tokens. The values come from the state, the rest from OCI.
func (r *RotatingAuthToken) Read(
	ctx context.Context, req infer.ReadRequest[Args, State],
) (infer.ReadResponse[Args, State], error) {
	type response = infer.ReadResponse[Args, State]

	state := req.State.held(req.ID, req.Inputs)
	recorded := state.UserID != ""
	if !recorded {
		owner, currentID, previousID, err := ParseID(req.ID)
		if err != nil {
			return response{}, err
		}
		if owner.ID == "" {
			return response{}, fmt.Errorf("%q does not say whose token it is: %s", req.ID, idForms)
		}
		state.UserID, state.TokenID = owner.ID, &currentID
		if owner.DomainURL != "" {
			state.DomainURL = &owner.DomainURL
		}
		if previousID != "" {
			state.PreviousTokenID = &previousID
		}
	}
	user, err := r.oci.User(ctx, state.user())
	if err != nil {
		return response{}, err
	}
	look := user.FindToken
	if !recorded {
		look = func(ctx context.Context, id string, _ time.Time) (found *identity.AuthToken, gone bool, err error) {
			found, _, err = user.LookUp(ctx, id)
			return found, false, err
		}
	}
	found, err := r.find(ctx, user, state, identity.Near, look)
	switch {
	case err != nil && recorded:
		return response{}, fmt.Errorf("%w. The resource stays in the state, because OCI does not show the values of its "+
			"tokens again. If the tokens or their user are really gone, remove it with \"pulumi state delete\"", err)
	case err != nil:
		return response{}, err
	case !recorded && found.current == nil:
		return response{}, token.ExplainMissing(user, state.UserID, token.OrEmpty(state.TokenID), found.tokens)
	case !recorded && state.PreviousTokenID != nil && found.previous == nil:
		return response{}, token.ExplainMissing(user, state.UserID, token.OrEmpty(state.PreviousTokenID), found.tokens)
	case !recorded && found.previous != nil && found.previous.HasID(found.current.ID):
		return response{}, fmt.Errorf("the id %q names the same token twice, by its OCID and by its SCIM id: %s", req.ID, idForms)
	}
	state = found.in(state)
	if !state.isLive() && state.PreviousTokenID == nil {
		return response{}, nil
	}

	if state.isLive() && found.current == nil {
		p.GetLogger(ctx).Warning(token.Unlisted(state.created()))
	}
	inputs, id := req.Inputs, req.ID
	inputs.Description, inputs.UserID, inputs.DomainURL = state.Description, state.UserID, state.DomainURL
	if !recorded {
		id = token.OrEmpty(state.TokenID)
		state.Args = inputs
		r.oci.WarnOfImport(ctx, "OCI shows the value of an auth token only when it is created, so the output \"token\" stays "+
			"empty after this import, until the first rotation. If you still have the value, import from a file with the "+
			"value in its \"outputs\".")
	} else {
		r.refreshed.Store(infermend.URNOf(ctx), struct{}{})
	}
	r.warnOfStrangers(ctx, user, found, state)
	answer := response{ID: id, Inputs: inputs, State: state.dated()}
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
	case state.isUsable() && !req.State.isUsable() && req.State.isLive() && state.PreviousTokenID != nil:
		// The update that created the token has failed, so what depends on the resource may still use the previous one.
		answer.State.State = req.State.State
		return answer, token.Unfinished(token.OrEmpty(state.TokenID), "the rotation that created it is not finished")
	}
	return answer, state.finished(nil)
}

// Update takes the steps that rotation.go decides on, one after the other, until nothing is left to do. If a step fails, Update
// returns the tokens that exist by then, with the old arguments, so that the next "pulumi up" continues.
//
// A preview only reads. It shows which outputs the rotation that is due will change, and fails if there is no room for the new
// token.
func (r *RotatingAuthToken) Update(
	ctx context.Context, req infer.UpdateRequest[Args, State],
) (infer.UpdateResponse[State], error) {
	type response = infer.UpdateResponse[State]

	run := r.goOn(ctx, req)
	if req.DryRun {
		if names := run.mayChange(infermend.RequestOf(ctx).Inputs); len(names) > 0 {
			infermend.RequestOf(ctx).Unknown = names
			return response{Output: run.done()}, nil
		}
	}
	if run.next() == nothing && !run.lacksAge() {
		return response{Output: run.done()}, nil
	}
	var err error
	if run.user, err = r.oci.User(ctx, run.state.user()); err == nil {
		err = run.steps(ctx)
	}
	if err != nil {
		return response{Output: run.state.dated()}, run.stuck(err)
	}
	state := run.done()
	if req.DryRun {
		if run.created {
			infermend.RequestOf(ctx).Unknown = changedByRotation(state)
		}
		return response{Output: state}, nil
	}
	if state.isLive() && !state.isUsable() {
		return response{Output: state}, run.stuck(state.finished(nil))
	}
	if run.turned = false; run.why() != notDue {
		p.GetLogger(ctx).Warningf("%s. This update has finished an earlier rotation: the next \"pulumi up\" begins this one", run.explain())
	}
	run.user.HandOver(run.wish)
	r.begun.Delete(run.wish)
	return response{Output: state}, nil
}

// Delete revokes both tokens.
func (r *RotatingAuthToken) Delete(
	ctx context.Context, req infer.DeleteRequest[State],
) (infer.DeleteResponse, error) {
	state := req.State.held(req.ID, Args{})
	user, err := r.oci.User(ctx, state.user())
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	if state.PreviousTokenID != nil {
		if err := user.DeleteToken(ctx, token.OrEmpty(state.PreviousTokenID), state.previousCreated()); err != nil {
			return infer.DeleteResponse{}, err
		}
	}
	if state.isLive() {
		err = user.DeleteToken(ctx, token.OrEmpty(state.TokenID), state.created())
	}
	return infer.DeleteResponse{}, err
}

// planned returns what is to be done. It makes no call. Arguments that are not known yet count as absent.
func (r *RotatingAuthToken) planned(ctx context.Context, state State, inputs Args) plan {
	given := infermend.RequestOf(ctx).Inputs
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
		hidden: given.Get("rotateWhenChanged").Secret() || infermend.RequestOf(ctx).State.Get("rotateWhenChanged").Secret(),
	}
}

// held returns the state with the id of its current token. If the state has none yet, because it was an AuthToken's or comes from an
// import file, that is the resource's id. The token is then taken over, and the first rotateWhenChanged is no change.
func (s State) held(id string, inputs Args) State {
	if s.UserID == "" || s.TokenID != nil {
		return s
	}
	s.TokenID = &id
	if s.RotateWhenChanged == nil {
		s.RotateWhenChanged = inputs.RotateWhenChanged
	}
	return s
}

// isLive reports whether there is a current token.
func (s State) isLive() bool { return token.OrEmpty(s.State) != identity.StateDeleted }

// isUsable reports whether the current token was ACTIVE when it was last seen. An identity domain tells no state, so its tokens
// count as usable.
func (s State) isUsable() bool {
	return token.OrEmpty(s.State) == identity.StateActive || token.OrEmpty(s.State) == ""
}

// created returns when the current token was created, or the zero time if the state does not say.
func (s State) created() time.Time {
	return token.Time(token.OrEmpty(s.TimeCreated))
}

// previousCreated returns when the previous token was created. If the state does not say, it is older than the current one.
func (s State) previousCreated() time.Time {
	if s.PreviousTimeCreated == nil {
		return s.created()
	}
	return token.Time(*s.PreviousTimeCreated)
}

// user returns the user that the tokens are for.
func (args Args) user() identity.UserRef {
	return identity.UserRef{ID: args.UserID, DomainURL: token.OrEmpty(args.DomainURL)}
}

// holding returns the state with a new current token.
func (s State) holding(t identity.AuthToken) State {
	s.Token, s.TokenID = new(string(t.Value)), new(t.ID)
	s.State, s.TimeCreated, s.InactiveState, s.TimeExpires = nil, nil, nil, nil
	return s.seen(t)
}

// seen is like with, but keeps the description. Both tokens share it, so it changes only once it has been changed on both.
func (s State) seen(t identity.AuthToken) State {
	t.Description = nil
	return s.with(t)
}

// with returns the state updated with what OCI says about the current token, as an AuthToken's is.
func (s State) with(t identity.AuthToken) State {
	if t.Description != nil {
		s.Description = *t.Description
	}
	current := s.outputs().UpdatedBy(t)
	s.State, s.InactiveState, s.TimeCreated = &current.State, current.InactiveState, nil
	if current.TimeCreated != "" {
		s.TimeCreated = &current.TimeCreated
	}
	s.TimeExpires = token.Expiry(s.TimeExpires, t)
	return s
}

// outputs returns what is known of the current token.
func (s State) outputs() token.Outputs {
	return token.Outputs{State: token.OrEmpty(s.State), InactiveState: s.InactiveState, TimeCreated: token.OrEmpty(s.TimeCreated)}
}

// withoutCurrent returns the state after the current token is gone.
func (s State) withoutCurrent() State {
	s.State, s.Token, s.InactiveState, s.TimeExpires = new(identity.StateDeleted), nil, nil, nil
	return s
}

// withoutPrevious returns the state after the previous token is gone.
func (s State) withoutPrevious() State {
	s.PreviousToken, s.PreviousTokenID, s.PreviousTimeCreated = nil, nil, nil
	return s
}

// demoted returns the state in which the current token is the previous one too.
func (s State) demoted() State {
	s.PreviousToken, s.PreviousTokenID, s.PreviousTimeCreated = s.Token, s.TokenID, s.TimeCreated
	return s
}

// dated returns the state with the time when the next rotation is due.
func (s State) dated() State {
	s.TimeRotationDue = nil
	if due := (plan{state: s, inputs: s.Args}).due(); !due.IsZero() && s.isLive() {
		s.TimeRotationDue = new(identity.RFC3339(due))
	}
	s.RotateWhenChanged = maps.Clone(s.RotateWhenChanged)
	return s
}

// finished returns the error for a current token that cannot be used, or nil. See the function of that name.
func (s State) finished(unawaited error) error {
	return token.Finished(token.OrEmpty(s.TokenID), s.outputs(), unawaited)
}
