package simulation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// This file has what is special about rotating resources: what a program says about them, and the promises.

// rotatingCount is how many resources of the program are rotating ones. They come after the resourceCount others.
const rotatingCount = 2

func isRotating(name string) bool {
	n, err := strconv.Atoi(name[1:])
	return err == nil && n >= resourceCount
}

// rotationWish is what the program says about rotations.
type rotationWish struct {
	days         int // 0: not set
	maxAge       int // 0: not set
	trigger      int // 0: not set
	single       bool
	previousDays int // -1: not set
}

func (r rotationWish) addTo(inputs map[string]any) {
	if r.days > 0 {
		inputs["rotationDays"] = r.days
	}
	if r.maxAge > 0 {
		inputs["maxAgeDays"] = r.maxAge
	}
	if r.trigger > 0 {
		inputs["rotateWhenChanged"] = map[string]any{"n": strconv.Itoa(r.trigger)}
	}
	if r.single {
		inputs["overlap"] = false
	}
	if r.previousDays >= 0 {
		inputs["previousDays"] = r.previousDays
	}
}

func (r rotationWish) String() string {
	inputs := map[string]any{}
	r.addTo(inputs)
	return strings.TrimPrefix(fmt.Sprintf(", %v", inputs), "map")
}

func (g generator) wantRotation() step {
	return step{
		action: actionWant, stack: g.IntN(stackCount), resource: resourceCount + g.IntN(rotatingCount), user: pick(g, 0, 1, 1, 2, 2, 3), description: g.IntN(len(descriptions)),
		deleteFirst: g.one(2), timeout: pick(g, 0, 0, 0, 0, 0.503, 20, 300),
		rotation: g.rotation(), form: g.form(),
	}
}

func (g generator) rotation() rotationWish {
	return rotationWish{
		days: pick(g, 0, 1, 1, 30), maxAge: pick(g, 0, 0, 0, 4, 90), trigger: g.IntN(4), single: g.one(6),
		previousDays: pick(g, -1, -1, -1, 0, 1),
	}
}

// halfDoneRotation begins with a rotation whose new token stays CREATING for too long. The next one is due before an update finishes it.
func (g generator) halfDoneRotation() []step {
	first := g.wantRotation()
	up := func() step {
		s := g.command(actionUp)
		s.stack = first.stack
		return s
	}
	second := first.again()
	third := second.again()
	return []step{
		first, up(), {action: actionCreating, d: 8 * time.Minute}, second, up(),
		pick(g, third, step{action: actionWait, d: 25 * time.Hour}), up(),
		{action: actionWait, d: 10 * time.Minute}, up(), {action: actionCreating},
	}
}

// again returns a step that asks for another rotation.
func (s step) again() step {
	s.rotation.trigger = (s.rotation.trigger + 1) % 4
	return s
}

// revokedByHand begins with a rotation whose token someone revokes or makes INACTIVE right after. The next rotation may fail.
func (g generator) revokedByHand() []step {
	first := g.wantRotation()
	second := first.again()
	up, next := step{action: actionUp, stack: first.stack, fresh: true}, step{action: actionClear}
	if g.one(2) {
		next = step{action: actionFault, fault: &emulator.Fault{Operation: "CreateAuthToken", Times: 1}}
		g.failure(next.fault)
	}
	return []step{
		first, up, second, up, {action: pick(g, actionDelete, actionDelete, actionDisable), user: first.user, token: 1},
		{action: actionWait, d: pick(g, time.Second, 8*time.Minute, 25*time.Hour)}, second.again(), next, up,
	}
}

// recordedToken is what the state holds about one token.
type recordedToken struct {
	id    string
	value *structpb.Value
}

// tokens returns the tokens that the state has for a resource.
func (r *record) tokens() []recordedToken {
	fields := r.outputs.GetFields()
	current, previous := idsIn(r.id)
	if !isRotating(r.name) {
		return []recordedToken{{r.stack.ocid(current), given(fields["token"])}}
	}
	if id := fields["tokenId"].GetStringValue(); id != "" {
		current, previous = id, ""
	}
	if id := fields["previousTokenId"].GetStringValue(); id != "" {
		previous = id
	}
	var tokens []recordedToken
	if fields["state"].GetStringValue() != "DELETED" {
		tokens = append(tokens, recordedToken{r.stack.ocid(current), given(fields["token"])})
	}
	if previous != "" {
		tokens = append(tokens, recordedToken{r.stack.ocid(previous), given(fields["previousToken"])})
	}
	return tokens
}

// given returns a value, or nil if it is null.
func given(v *structpb.Value) *structpb.Value {
	if _, null := plain(v).GetKind().(*structpb.Value_NullValue); null {
		return nil
	}
	return v
}

// holds reports whether a token is one of the resource's.
func (r *record) holds(id string) bool {
	return slices.ContainsFunc(r.tokens(), func(t recordedToken) bool { return t.id == id })
}

// currentID returns the OCID of the current token, or "".
func (r *record) currentID() string {
	if r.outputs.GetFields()["state"].GetStringValue() == "DELETED" || len(r.tokens()) == 0 {
		return ""
	}
	return r.tokens()[0].id
}

// current returns the value of the current token, or "".
func (r *record) current() string {
	if value := r.outputs.GetFields()["token"]; value != nil {
		return secretValue(value)
	}
	return ""
}

// handOver gives the value of a rotating resource to its dependents.
func (r *record) handOver() {
	if isRotating(r.name) {
		r.held = r.current()
	}
}

// otherToken returns the user's token other than the given one, or "".
func (op *operation) otherToken(tokens []emulator.Token, id string) string {
	for _, t := range tokens {
		if t.ID != id && isRotating(nameOf(op.step.resource)) {
			return t.ID
		}
	}
	return ""
}

// isDue reports whether a rotation is due, allowing for the difference of the clocks.
func (r *record) isDue(w wish, tolerance time.Duration) bool {
	fields := r.outputs.GetFields()
	if fields["state"].GetStringValue() == "DELETED" {
		return true
	}
	trigger := ""
	if w.rotation.trigger > 0 {
		trigger = strconv.Itoa(w.rotation.trigger)
	}
	triggers := plain(fields["rotateWhenChanged"]).GetStructValue().GetFields()
	if triggers[""] != nil { // the update before has finished an earlier rotation, and this one begins
		return true
	}
	recorded := plain(triggers["n"]).GetStringValue()
	if recorded != trigger && fields["tokenId"] != nil { // the first map of a token that is taken over is no change
		return true
	}
	created, err := time.Parse(time.RFC3339, fields["timeCreated"].GetStringValue())
	age := time.Since(created) + tolerance
	return err == nil && age >= w.rotation.period()
}

// period returns how old a token may become before it is due to be rotated.
func (r rotationWish) period() time.Duration {
	const day = 24 * time.Hour
	period := time.Duration(1<<63 - 1)
	if r.days > 0 {
		period = time.Duration(r.days) * day
	}
	if r.maxAge > 0 && r.single {
		period = min(period, time.Duration(r.maxAge)*day*5/8)
	} else if r.maxAge > 0 {
		period = min(period, time.Duration(r.maxAge)*day/4)
	}
	return period
}

// watchRotation looks at a resource before an update, and returns a function that checks it afterwards. The resource must be rotated only
// for a reason, and only once.
func (l *ledger) watchRotation(r *record, w wish) (check func()) {
	if !isRotating(r.name) {
		return func() {}
	}
	const clocks = 15 * time.Minute
	before, due := r.currentID(), r.isDue(w, clocks)
	gone := !slices.ContainsFunc(l.oci.Tokens(l.users[r.user]), func(t emulator.Token) bool { return t.ID == before })
	began := time.Now()
	// A value has to work until the rotation after the next one begins. From here on it may be gone. If the update before has failed
	// half-way, what it was to hand out has not been handed out, and this update must not begin another rotation.
	short := w.rotation.single || w.rotation.previousDays >= 0 || w.rotation.maxAge > 0
	if old := r.held != r.current(); short && (due || gone || old) || gone && old {
		r.held = ""
	}
	return func() {
		if after := r.currentID(); after != before && !due && !gone &&
			!r.isDueSince(w, began, clocks) {
			l.fail("rotated", "%s has another token, and there was no reason for it", r.name)
		}
	}
}

// isDueSince reports whether a rotation has become due during an update.
func (*record) isDueSince(w wish, began time.Time, clocks time.Duration) bool {
	return (w.rotation.days > 0 || w.rotation.maxAge > 0) && time.Since(began) > clocks
}

// checkHeld checks that the value which the dependents of a rotating resource have works.
func (l *ledger) checkHeld(r *record) {
	if r.held == "" {
		return
	}
	for _, t := range l.oci.Tokens(l.users[r.user]) {
		if t.Value == r.held {
			return
		}
	}
	for _, t := range r.tokens() {
		l.world.mu.Lock()
		deleted := l.byHand[t.id]
		l.world.mu.Unlock()
		if t.value != nil && secretValue(t.value) == r.held && deleted {
			r.held = "" // someone else has deleted it
			return
		}
	}
	l.world.mu.Lock()
	id := l.idOf[r.held]
	deleted := l.byHand[id]
	l.world.mu.Unlock()
	if deleted {
		r.held = ""
		return
	}
	l.fail("broken", "what depends on %s was given the value of token %s, which no longer works", r.name, id)
}

// revokes is what an update of a rotating resource may revoke.
type revokes struct {
	began time.Time
	wish  rotationWish
}

// watchRevokes lets watchRevoke know that an update of a resource is under way, and returns a function that ends that.
func (l *ledger) watchRevokes(r *record, w wish) (end func()) {
	set := func(under *revokes) {
		l.world.mu.Lock()
		defer l.world.mu.Unlock()
		r.updating = under
	}
	if !isRotating(r.name) || w.rotation.single || r.stack.region != homeRegion && l.lag[r.stack.region] > 0 {
		return func() {}
	}
	set(&revokes{time.Now(), w.rotation})
	return func() { set(nil) }
}

// watchRevoke looks at a token that a stack asks OCI to delete, and returns a function that checks it afterwards: an update must not revoke
// a token that works unless another one of the resource works and is recorded. What the program or OCI forces is excused:
//
//   - overlap is false: the schema says that there is no working token in between.
//   - previousDays is 0 or there is a maxAgeDays: a token that is over goes as soon as the new one is ACTIVE, which is before the engine
//     has recorded that one. But it is not the last that works.
//   - The user has a token that is not the resource's: with the previous token, there is no room for a new one.
//   - The region that the stack reads from lags behind: a token that any list shows is there, so that none is lost.
//   - OCI has refused to create a token for want of room, because of a fault or since its limit lags. To the provider, the current token
//     exists then.
func (l *ledger) watchRevoke(stack *engine, id string) (check func()) {
	if !l.works(id) {
		return func() {}
	}
	return func() {
		for _, r := range stack.records() {
			l.world.mu.Lock()
			under := r.updating
			l.world.mu.Unlock()
			if under != nil && r.holds(l.ocid(id)) && !l.works(id) {
				l.checkRevoke(r, *under, id)
			}
		}
	}
}

// checkRevoke checks the revoke of a token that worked, by an update that is under way.
func (l *ledger) checkRevoke(r *record, under revokes, id string) {
	if slices.ContainsFunc(r.tokens(), func(t recordedToken) bool { return l.works(t.id) }) {
		return
	}
	var created []string
	for _, request := range l.oci.Journal() {
		if request.Operation != "CreateAuthToken" || request.UserID != l.users[r.user] ||
			l.senderOf(request.RequestID) != r.stack || request.Time.Add(-l.skewNow()).Before(under.began) {
			continue
		}
		switch {
		case request.Code == "UserCapacityExceeded" || request.Code == "LimitExceeded":
			return
		case request.Status/100 == 2:
			created = append(created, request.TokenID)
		}
	}
	for _, t := range l.oci.Tokens(l.users[r.user]) {
		if !r.holds(t.ID) && !slices.Contains(created, t.ID) {
			return
		}
	}
	for name, w := range r.stack.wishes {
		if name != r.name && w.user == r.user && len(created) > 0 {
			return // another resource of the program may have created it, and nothing in the request says which
		}
	}
	switch {
	case !slices.ContainsFunc(created, l.works):
		l.fail("last revoked", "an update of %s revokes %s, the last of its tokens that works", r.name, id)
	case under.wish.previousDays != 0 && under.wish.maxAge == 0:
		l.fail("revoked too early", "an update of %s revokes %s before the token that works is recorded", r.name, id)
	}
}

// works reports whether a token exists and can be used, as far as OCI tells: an identity domain does not say that a token is INACTIVE.
func (l *ledger) works(id string) bool {
	for i, user := range l.users {
		for _, t := range l.oci.Tokens(user) {
			if t.ID == id || t.SCIMID == id {
				return t.LifecycleState == "ACTIVE" || l.inDomain(i)
			}
		}
	}
	return false
}

// checkThatRotationsAreFinished checks that no rotation is due after everything was updated without faults.
func (e *engine) checkThatRotationsAreFinished() {
	if e.failure != nil {
		return
	}
	for _, r := range e.records() {
		wish, ok := e.wishes[r.name]
		if ok && isRotating(r.name) && e.state[r.name] == r && r.isDue(wish, -15*time.Minute) {
			e.fail("unfinished", "all is well, and yet %s is still due to be rotated", r.name)
		}
	}
}
