package provider

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
)

// RotatingAuthToken is the resource ociauthtoken:index:RotatingAuthToken: an auth token that is replaced when it is due, while
// the one before it goes on working. It owns both of a user's slots. A rotation is an update of the resource, never a
// replacement: rotation.go decides about it, and Update carries it out.
type RotatingAuthToken struct {
	oci *connection

	// refreshed are the URNs that were read, and not checked since: a refresh is under way, which is no time to rotate.
	refreshed sync.Map
	// begun are the rotations of this process that have taken a step and are not finished, by their wishes: *rotating. An error
	// hook repeats an update with the same state as before, and the rotation goes on where it stands.
	begun sync.Map
	// doubted is done once the person was told that this machine's clock is off.
	doubted sync.Once
}

// RotatingAuthTokenArgs are the arguments of a RotatingAuthToken.
type RotatingAuthTokenArgs struct {
	Description string  `pulumi:"description"`
	UserID      string  `pulumi:"userId"             provider:"replaceOnChanges"`
	DomainURL   *string `pulumi:"domainUrl,optional" provider:"replaceOnChanges"`

	RotationDays      *int              `pulumi:"rotationDays,optional"`
	RotateWhenChanged map[string]string `pulumi:"rotateWhenChanged,optional"`
	Overlap           *bool             `pulumi:"overlap,optional"`
	PreviousDays      *int              `pulumi:"previousDays,optional"`
}

// RotatingAuthTokenState is everything that the state holds of a RotatingAuthToken. What an AuthToken does not have is
// optional, so that its state can be taken over.
type RotatingAuthTokenState struct {
	RotatingAuthTokenArgs
	// Token is nil after an import, and when there is no current token.
	Token *string `pulumi:"token,optional" provider:"secret"`
	// TokenID is nil where the state was an AuthToken's, or comes from a file: the current token is then in the id.
	TokenID *string `pulumi:"tokenId,optional"`
	// State is DELETED when there is no current token.
	State           *string `pulumi:"state,optional"`
	InactiveState   *string `pulumi:"inactiveState,optional"`
	TimeCreated     *string `pulumi:"timeCreated,optional"`
	TimeExpires     *string `pulumi:"timeExpires,optional"`
	PreviousToken   *string `pulumi:"previousToken,optional" provider:"secret"`
	PreviousTokenID *string `pulumi:"previousTokenId,optional"`
	TimeRotationDue *string `pulumi:"timeRotationDue,optional"`
}

// infer finds these by assertion at run time, and would pass over a method whose signature is off by a little.
var (
	_ infer.CustomResource[RotatingAuthTokenArgs, RotatingAuthTokenState]       = (*RotatingAuthToken)(nil)
	_ infer.CustomCheck[RotatingAuthTokenArgs]                                  = (*RotatingAuthToken)(nil)
	_ infer.CustomDiff[RotatingAuthTokenArgs, RotatingAuthTokenState]           = (*RotatingAuthToken)(nil)
	_ infer.CustomRead[RotatingAuthTokenArgs, RotatingAuthTokenState]           = (*RotatingAuthToken)(nil)
	_ infer.CustomUpdate[RotatingAuthTokenArgs, RotatingAuthTokenState]         = (*RotatingAuthToken)(nil)
	_ infer.CustomDelete[RotatingAuthTokenState]                                = (*RotatingAuthToken)(nil)
	_ infer.ExplicitDependencies[RotatingAuthTokenArgs, RotatingAuthTokenState] = (*RotatingAuthToken)(nil)
	_ infer.Annotated                                                           = (*RotatingAuthToken)(nil)
	_ infer.Annotated                                                           = (*RotatingAuthTokenArgs)(nil)
	_ infer.Annotated                                                           = (*RotatingAuthTokenState)(nil)
)

// rotatingAuthTokenDescription is generated: its prose is in tools/docs/pages, its examples in provider/examples.
//
//go:embed rotatingauthtoken.md
var rotatingAuthTokenDescription string

// longestPeriod is how many days rotationDays and previousDays may be: ten years.
const longestPeriod = 3650

// Annotate describes the resource for the schema.
func (r *RotatingAuthToken) Annotate(a infer.Annotator) {
	a.SetToken("index", "RotatingAuthToken")
	a.Describe(r, rotatingAuthTokenDescription)
}

// Annotate describes the arguments for the schema.
func (args *RotatingAuthTokenArgs) Annotate(a infer.Annotator) {
	a.Describe(&args.Description, "What the tokens are for, as the Console and the OCI CLI show it. It may be empty, and "+
		"need not be unique. A change is made in place, on the current and the previous token: no token is rotated.")
	a.Describe(&args.UserID, "The OCID of the user that the tokens are for: it starts with `ocid1.user.`. A user holds at "+
		"most two auth tokens, and this resource uses both unless `overlap` is `false`. A change replaces the resource.")
	a.Describe(&args.DomainURL, "The URL of the identity domain that the user is in, such as "+
		"`https://idcs-0123456789abcdef.identity.oraclecloud.com`, for a user of a domain other than Default. The Console and "+
		"`oci iam domain list` show it. A change replaces the resource.")
	a.Describe(&args.RotationDays, "How many days after its creation a token is due to be rotated: 1 to 3650. The first "+
		"`pulumi up` from then on rotates it. If it is not set, time is no reason to rotate.")
	a.Describe(&args.RotateWhenChanged, "Anything that is a reason to rotate when it changes, under names of your own: the "+
		"number of an incident, say. The next `pulumi up` rotates the token once, however many have changed.")
	a.Describe(&args.Overlap, "Whether the current token goes on working after a rotation, as the previous one. The default "+
		"is `true`. With `false` the resource uses one of the user's two slots: the current token is revoked before the new "+
		"one is created, and what depends on it has no token that works in between. That is for users whose other slot is "+
		"taken by something else.")
	a.Describe(&args.PreviousDays, "How many days after a rotation the previous token is to be revoked, 0 to 3650: the first "+
		"`pulumi up` from then on revokes it. With 0 it is revoked as soon as the new one is ACTIVE. If it is not set, it "+
		"works until the next rotation.")
}

// Annotate describes the outputs for the schema.
func (s *RotatingAuthTokenState) Annotate(a infer.Annotator) {
	a.Describe(&s.Token, "The current token: the password that `docker login`, Git, Swift and database clients take. It is "+
		"always a secret. OCI shows it once, in the answer to the creation, so the state is the only place where it "+
		"exists; it is absent after an import.")
	a.Describe(&s.TokenID, "The OCID of the current token. The id of the resource stays the OCID of its first one.")
	a.Describe(&s.State, "The lifecycle state of the current token: `CREATING`, `ACTIVE`, `INACTIVE`, `DELETING` or "+
		"`DELETED`. `DELETED` means that it is gone, and the next `pulumi up` creates another.")
	a.Describe(&s.InactiveState, "Why the current token is `INACTIVE`, as a sum of flags: 1 suspended, 2 disabled, 4 blocked, "+
		"8 locked. Absent as long as the token can be used.")
	a.Describe(&s.TimeCreated, "When the current token was created, in the format of RFC 3339, such as "+
		"`2024-05-17T08:15:30.123Z`.")
	a.Describe(&s.TimeExpires, "When the current token expires, in the format of RFC 3339. Absent for a token that never expires.")
	a.Describe(&s.PreviousToken, "The token that was current before the last rotation, as long as it still works. It is "+
		"always a secret.")
	a.Describe(&s.PreviousTokenID, "The OCID of the previous token. Absent if there is none.")
	a.Describe(&s.TimeRotationDue, "From when on the current token is due to be rotated, in the format of RFC 3339. Absent "+
		"without `rotationDays`.")
}

// WireDependencies says that both values are secrets, whatever SDK the program uses, and that no argument by itself makes an
// output another. What a rotation will make another, a preview says: see Update.
func (*RotatingAuthToken) WireDependencies(
	f infer.FieldSelector, args *RotatingAuthTokenArgs, state *RotatingAuthTokenState,
) {
	f.OutputField(&state.Token).AlwaysSecret()
	f.OutputField(&state.PreviousToken).AlwaysSecret()
	for _, replacing := range []any{&args.UserID, &args.DomainURL} {
		input := f.InputField(replacing).Computed()
		for _, output := range []any{
			&state.Token, &state.TokenID, &state.State, &state.InactiveState, &state.TimeCreated, &state.TimeExpires,
			&state.PreviousToken, &state.PreviousTokenID, &state.TimeRotationDue,
		} {
			f.OutputField(output).DependsOn(input)
		}
	}
}

// Check finds at preview, before any call, what is wrong. What is not known yet passes.
func (r *RotatingAuthToken) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[RotatingAuthTokenArgs], error) {
	r.refreshed.Delete(urnOf(ctx))
	args, failures, err := infer.DefaultCheck[RotatingAuthTokenArgs](ctx, req.NewInputs)
	if err != nil {
		return infer.CheckResponse[RotatingAuthTokenArgs]{}, err
	}
	refuse := func(property, reason string) {
		failures = append(failures, p.CheckFailure{Property: property, Reason: reason})
	}
	if userID := req.NewInputs.Get("userId"); userID.IsString() {
		if err := ocid.Check(userID.AsString(), ocid.User); err != nil {
			refuse("userId", err.Error())
		}
	}
	if domainURL := req.NewInputs.Get("domainUrl"); domainURL.IsString() {
		normal, err := identity.ParseDomainURL(domainURL.AsString())
		if err != nil {
			refuse("domainUrl", err.Error())
		} else {
			args.DomainURL = &normal
		}
	}
	for _, period := range []struct {
		name  string
		least float64
	}{{"rotationDays", 1}, {"previousDays", 0}} {
		days := req.NewInputs.Get(period.name)
		if !days.IsNumber() {
			continue
		}
		if n := days.AsNumber(); n < period.least || n > longestPeriod || n != math.Trunc(n) {
			refuse(period.name, fmt.Sprintf("%v is not a whole number of days from %v to %d", n, period.least, longestPeriod))
		}
	}
	return infer.CheckResponse[RotatingAuthTokenArgs]{Inputs: args, Failures: failures}, nil
}

// Diff compares the arguments with those of the state, which are those of the last rotation that was finished, and looks
// whether a rotation is due. A refresh sees no change because of time: only what includes the resource in an "up" rotates it.
func (r *RotatingAuthToken) Diff(
	ctx context.Context, req infer.DiffRequest[RotatingAuthTokenArgs, RotatingAuthTokenState],
) (infer.DiffResponse, error) {
	asked := requestOf(ctx)
	changes := changedArguments(asked.state, asked.inputs)
	replace := false
	for _, path := range []string{"userId", "domainUrl"} {
		if change, ok := changes[path]; ok {
			change.Kind, replace = replacing(change.Kind), true
			changes[path] = change
		}
	}
	if _, refreshing := r.refreshed.Load(string(asked.urn)); !refreshing && !replace {
		state := req.State.held(req.ID)
		stands := r.stands(ctx, state, req.Inputs)
		if stands.why() == aged || stands.previousIsOver() || stands.comesUp() {
			// Time is a reason to look at the clock first, and at what there is.
			state.RotatingAuthTokenArgs = req.Inputs
			r.lookAhead(ctx, stands, state)
			stands.now = r.now()
		}
		switch {
		case stands.why() == aged:
			changes["timeRotationDue"] = p.PropertyDiff{Kind: p.Update}
		case stands.why() == lost:
			changes["tokenId"] = p.PropertyDiff{Kind: p.Update}
		case stands.why() == notDue && stands.previousIsOver():
			changes["previousTokenId"] = p.PropertyDiff{Kind: p.Delete}
		}
		announce(ctx, stands)
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

// changedArguments returns a difference for each argument that is not as in the state, and for each key of
// rotateWhenChanged.
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
		changes[path.String()] = change
	}
	for _, name := range argumentNames {
		before, had := state.GetOk(name)
		now, has := inputs.GetOk(name)
		if had && has && before.IsMap() && now.IsMap() && before.Secret() == now.Secret() {
			for key := range union(before.AsMap(), now.AsMap()) {
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

// union returns the keys of two maps.
func union(a, b property.Map) map[string]struct{} {
	keys := map[string]struct{}{}
	for _, m := range []property.Map{a, b} {
		for key := range m.All {
			keys[key] = struct{}{}
		}
	}
	return keys
}

// argumentNames are the names of the arguments, as their tags say.
var argumentNames = propertiesOf[RotatingAuthTokenArgs]()

// announce tells the person at the terminal what is due and why, or that a rotation comes up.
func announce(ctx context.Context, stands rotation) {
	if due := stands.explain(); due != "" {
		p.GetLogger(ctx).InfoStatus(due)
	} else if stands.comesUp() {
		p.GetLogger(ctx).Warningf("a rotation comes up: this token is due on %s, and the first \"pulumi up\" from then on rotates it",
			date(stands.due()))
	}
}

// lookAhead lists the user's tokens when a rotation comes up: OCI's answer tells its time, and whether there will be room. If it
// fails, there is time for the update to say so.
func (r *RotatingAuthToken) lookAhead(ctx context.Context, stands rotation, state RotatingAuthTokenState) {
	user, err := r.oci.user(ctx, state.user())
	if err != nil {
		return
	}
	tokens, err := user.ListTokens(ctx, identity.Near)
	r.doubtTheClock(ctx)
	if err == nil && stands.comesUp() {
		r.warnOfStrangers(ctx, user, tokens, state)
	}
}

// wrongBy is how far this machine's clock may be off OCI's before it is worth a word. Requests that are signed with more than 5
// minutes off are refused.
const wrongBy = time.Minute

// doubtTheClock warns of a clock that is off, once for each process.
func (r *RotatingAuthToken) doubtTheClock(ctx context.Context) {
	offset, known := r.oci.clockOffset()
	if !known || offset.Abs() < wrongBy {
		return
	}
	direction := "behind"
	if offset < 0 {
		direction = "ahead of"
	}
	r.doubted.Do(func() {
		p.GetLogger(ctx).Warningf("this machine's clock is %s %s OCI's: set it right. Nothing is rotated before it is due by OCI's clock",
			offset.Abs().Round(time.Second), direction)
	})
}

// now returns the time by which a rotation is due: this machine's, or OCI's if that is earlier.
func (r *RotatingAuthToken) now() time.Time {
	now := r.oci.now()
	if offset, known := r.oci.clockOffset(); known && offset <= -wrongBy {
		now = now.Add(offset)
	}
	return now
}

// Create creates the first token. From the moment OCI has answered, whatever else fails, the state with the token is
// returned. An error hook of the engine may call it again after any failure: it goes on where it stands.
func (r *RotatingAuthToken) Create(
	ctx context.Context, req infer.CreateRequest[RotatingAuthTokenArgs],
) (infer.CreateResponse[RotatingAuthTokenState], error) {
	if req.DryRun {
		unknown := new("")
		state := RotatingAuthTokenState{
			RotatingAuthTokenArgs: req.Inputs, Token: unknown, TokenID: unknown, State: unknown, InactiveState: unknown,
			TimeCreated: unknown, TimeExpires: unknown,
		}
		if req.Inputs.RotationDays != nil {
			state.TimeRotationDue = unknown
		}
		return infer.CreateResponse[RotatingAuthTokenState]{Output: state}, nil
	}
	user, err := r.oci.user(ctx, req.Inputs.user())
	if err != nil {
		return infer.CreateResponse[RotatingAuthTokenState]{}, err
	}
	wish := identity.Wish{For: urnOf(ctx), Description: req.Inputs.Description}
	token, err := user.CreateToken(ctx, wish)
	if err != nil {
		return infer.CreateResponse[RotatingAuthTokenState]{}, err
	}
	state := RotatingAuthTokenState{RotatingAuthTokenArgs: req.Inputs}.holding(token)
	token, err = user.AwaitActive(ctx, token)
	state = state.seen(token)
	if err = state.finished(err); err == nil {
		user.HandOver(wish)
		r.warnOfCrowd(ctx, user, state)
	}
	return infer.CreateResponse[RotatingAuthTokenState]{ID: token.ID, Output: state.dated()}, err
}

// Read looks for both tokens among the user's. The values come from the state, the rest from OCI.
func (r *RotatingAuthToken) Read(
	ctx context.Context, req infer.ReadRequest[RotatingAuthTokenArgs, RotatingAuthTokenState],
) (infer.ReadResponse[RotatingAuthTokenArgs, RotatingAuthTokenState], error) {
	type response = infer.ReadResponse[RotatingAuthTokenArgs, RotatingAuthTokenState]

	state := req.State.held(req.ID)
	recorded := state.UserID != ""
	if !recorded {
		owner, currentID, previousID, err := parseRotatingID(req.ID)
		if err != nil {
			return response{}, err
		}
		if owner.ID == "" {
			return response{}, fmt.Errorf("%q does not say whose token it is: %s", req.ID, rotatingIDForms)
		}
		state.UserID, state.TokenID = owner.ID, &currentID
		if owner.DomainURL != "" {
			state.DomainURL = &owner.DomainURL
		}
		if previousID != "" {
			state.PreviousTokenID = &previousID
		}
	}
	user, err := r.oci.user(ctx, state.user())
	if err != nil {
		return response{}, err
	}
	found, err := r.look(ctx, user, state, identity.Near)
	switch {
	case err != nil && recorded:
		return response{}, fmt.Errorf("%w. The resource stays in the state, for the values of its tokens cannot be had "+
			"again; if the tokens or their user are really gone, remove it with \"pulumi state delete\"", err)
	case err != nil:
		return response{}, err
	case !recorded && found.current == nil:
		return response{}, explainMissing(ctx, user, state.UserID, value(state.TokenID))
	case !recorded && state.PreviousTokenID != nil && found.previous == nil:
		return response{}, explainMissing(ctx, user, state.UserID, value(state.PreviousTokenID))
	}
	state = found.in(state, user)
	if !state.isLive() && state.PreviousTokenID == nil {
		return response{}, nil
	}

	if state.isLive() && found.current == nil {
		p.GetLogger(ctx).Warning("OCI does not list this token yet. It was created moments ago, so it is kept.")
	}
	inputs, id := req.Inputs, req.ID
	inputs.Description, inputs.UserID, inputs.DomainURL = state.Description, state.UserID, state.DomainURL
	if !recorded {
		id = value(state.TokenID)
		state.RotatingAuthTokenArgs = inputs
		p.GetLogger(ctx).Warning("OCI shows the value of an auth token only when it is created, so the output \"token\" stays " +
			"empty after this import, until the first rotation. If you still have the value, import from a file whose " +
			"\"outputs\" hold it.")
	} else {
		r.refreshed.Store(urnOf(ctx), struct{}{})
	}
	r.warnOfStrangers(ctx, user, found.tokens, state)
	answer := response{ID: id, Inputs: inputs, State: state.dated()}
	if !state.isLive() {
		p.GetLogger(ctx).Warningf("the current token %s is gone: the next \"pulumi up\" creates another", value(state.TokenID))
		return answer, nil
	}
	if !recorded {
		return answer, nil
	}
	return answer, state.finished(nil)
}

// Update takes the steps that rotation.go decides on, one after the other, until there is nothing more to do. If one fails,
// the state says what exists by then, with the arguments that led there, so that the next "pulumi up" goes on.
//
// A preview makes no call that writes. It says what will be another after the rotation that is due, and fails where there is
// no room for it.
func (r *RotatingAuthToken) Update(
	ctx context.Context, req infer.UpdateRequest[RotatingAuthTokenArgs, RotatingAuthTokenState],
) (infer.UpdateResponse[RotatingAuthTokenState], error) {
	type response = infer.UpdateResponse[RotatingAuthTokenState]

	run := r.goOn(ctx, req)
	if req.DryRun && dependsOnUnknowns(ctx) {
		requestOf(ctx).unknown = changedByRotation(run.stands)
		return response{Output: run.done()}, nil
	}
	if run.stands.next() == nothing {
		return response{Output: run.done()}, nil
	}
	var err error
	if run.user, err = r.oci.user(ctx, run.state.user()); err != nil {
		return response{Output: run.state.dated()}, run.stuck(err)
	}
	if err := run.makeSure(ctx); err != nil {
		return response{Output: run.state.dated()}, run.stuck(err)
	}
	if req.DryRun {
		if run.stands.why() != notDue {
			requestOf(ctx).unknown = changedByRotation(run.stands)
		}
		return response{Output: run.previewed()}, nil
	}
	for next := run.stands.next(); next != nothing; next = run.stands.next() {
		if err := run.take(ctx, next); err != nil {
			return response{Output: run.state.dated()}, run.stuck(err)
		}
	}
	if run.stands.unusable {
		if run.created {
			return response{Output: run.done()}, run.stuck(run.state.finished(nil))
		}
		// The update has done its part. Why the token is inactive is not for it to mend.
		p.GetLogger(ctx).Warningf("auth token %s is %s%s and cannot be used", value(run.state.TokenID), value(run.state.State),
			inactiveReason(AuthTokenState{InactiveState: run.state.InactiveState}))
	}
	run.user.HandOver(run.wish)
	r.begun.Delete(run.wish)
	return response{Output: run.done()}, nil
}

// Delete revokes both tokens.
func (r *RotatingAuthToken) Delete(
	ctx context.Context, req infer.DeleteRequest[RotatingAuthTokenState],
) (infer.DeleteResponse, error) {
	state := req.State.held(req.ID)
	user, err := r.oci.user(ctx, state.user())
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	if state.PreviousTokenID != nil {
		if err := user.DeleteToken(ctx, value(state.PreviousTokenID), state.created()); err != nil {
			return infer.DeleteResponse{}, err
		}
	}
	if state.isLive() {
		err = user.DeleteToken(ctx, value(state.TokenID), state.created())
	}
	return infer.DeleteResponse{}, err
}

// stands returns where the resource stands by what the state says, without a call.
func (r *RotatingAuthToken) stands(ctx context.Context, state RotatingAuthTokenState, inputs RotatingAuthTokenArgs) rotation {
	given := requestOf(ctx).inputs
	if given.Get("rotationDays").HasComputed() {
		inputs.RotationDays = nil
	}
	if given.Get("previousDays").HasComputed() {
		inputs.PreviousDays = nil
	}
	return rotation{
		now:     r.now(),
		created: state.created(),
		current: state.isLive(), previous: state.PreviousTokenID != nil,
		pending:      state.isLive() && !state.isUsable(),
		changed:      changedKeys(state.RotateWhenChanged, inputs.RotateWhenChanged),
		describe:     state.Description != inputs.Description,
		rotationDays: inputs.RotationDays, previousDays: inputs.PreviousDays,
		overlap: inputs.Overlap == nil || *inputs.Overlap,
	}
}

// changedKeys returns the keys whose values differ, in order.
func changedKeys(before, now map[string]string) []string {
	var changed []string
	for key, is := range now {
		if was, had := before[key]; !had || was != is {
			changed = append(changed, key)
		}
	}
	for key := range before {
		if _, has := now[key]; !has {
			changed = append(changed, key)
		}
	}
	slices.Sort(changed)
	return changed
}

// held returns the state with the ids of the tokens where it has none yet: they are in the resource's id.
func (s RotatingAuthTokenState) held(id string) RotatingAuthTokenState {
	if s.UserID == "" || s.TokenID != nil {
		return s
	}
	currentID, previousID := id, ""
	if _, current, previous, err := parseRotatingID(id); err == nil {
		currentID, previousID = current, previous
	}
	s.TokenID = &currentID
	if s.PreviousTokenID == nil && previousID != "" {
		s.PreviousTokenID = &previousID
	}
	return s
}

// isLive reports whether there is a current token.
func (s RotatingAuthTokenState) isLive() bool { return value(s.State) != identity.StateDeleted }

// isUsable reports whether the current token was ACTIVE when it was seen last. An identity domain does not tell.
func (s RotatingAuthTokenState) isUsable() bool {
	return value(s.State) == identity.StateActive || value(s.State) == ""
}

// created returns when the current token was created, or zero if the state does not say.
func (s RotatingAuthTokenState) created() time.Time {
	return timeOf(value(s.TimeCreated))
}

// user returns whose tokens they are.
func (args RotatingAuthTokenArgs) user() identity.UserRef {
	return identity.UserRef{ID: args.UserID, DomainURL: value(args.DomainURL)}
}

// holding returns the state with a new current token.
func (s RotatingAuthTokenState) holding(token identity.AuthToken) RotatingAuthTokenState {
	s.Token, s.TokenID = new(string(token.Value)), new(token.ID)
	s.State, s.TimeCreated = nil, nil
	return s.seen(token)
}

// seen is with, and leaves the description: it is one for both tokens, and changes when it has been changed on both.
func (s RotatingAuthTokenState) seen(token identity.AuthToken) RotatingAuthTokenState {
	token.Description = nil
	return s.with(token)
}

// with returns the state with everything that OCI says of the current token. What OCI does not say stays as it is: the value
// above all.
func (s RotatingAuthTokenState) with(token identity.AuthToken) RotatingAuthTokenState {
	if token.Description != nil {
		s.Description = *token.Description
	}
	if token.State != "" {
		s.State = new(token.State)
	}
	if !token.TimeCreated.IsZero() {
		s.TimeCreated = new(identity.RFC3339(token.TimeCreated))
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

// withoutCurrent returns the state after the current token is gone.
func (s RotatingAuthTokenState) withoutCurrent() RotatingAuthTokenState {
	s.State, s.Token, s.InactiveState, s.TimeExpires = new(identity.StateDeleted), nil, nil, nil
	return s
}

// withoutPrevious returns the state after the previous token is gone.
func (s RotatingAuthTokenState) withoutPrevious() RotatingAuthTokenState {
	s.PreviousToken, s.PreviousTokenID = nil, nil
	return s
}

// dated returns the state with the time from which on the next rotation is due.
func (s RotatingAuthTokenState) dated() RotatingAuthTokenState {
	s.TimeRotationDue = nil
	if due := daysAfter(s.created(), s.RotationDays); !due.IsZero() && s.isLive() {
		s.TimeRotationDue = new(identity.RFC3339(due))
	}
	s.RotateWhenChanged = maps.Clone(s.RotateWhenChanged)
	return s
}

// finished is the error of a current token that cannot be used, or nil: see the function of that name.
func (s RotatingAuthTokenState) finished(unawaited error) error {
	return finished(value(s.TokenID), AuthTokenState{State: value(s.State), InactiveState: s.InactiveState}, unawaited)
}
