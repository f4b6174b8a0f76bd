package simulation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// This file has what means the same: the forms in which a program, an import file or an older version writes arguments and ids, and the
// promises about them. Nothing is replaced or rotated for how something is written, no error names a recorded token for deletion, and what
// the program marks as a secret is one in the state.

// form is how a program writes the arguments of a resource. The zero value is the plainest form.
type form struct {
	url     int  // which form of the domain's URL
	time    int  // which form of the time of expiry
	nulls   bool // what is not set is null, as in Python, and a map has a null too
	secrets int  // a bit for each argument that is a secret: see argumentNames
	hidden  int  // a bit for each argument in additionalSecretOutputs
}

// argumentNames names the arguments by the number of their bit. The last one is a value in rotateWhenChanged.
var argumentNames = []string{"userId", "description", "domainUrl", "timeExpires", "rotationDays", "rotateWhenChanged", "n"}

// urlForms are forms of the domain's URL.
var urlForms = []string{domainURL, domainURL + "/", domainURL + ":80", "HTTP://" + domainHost + ":80//"}

// expiries are the times at which tokens of the domain may expire. None of them is reached in a story.
var expiries = []time.Time{{}, time.Date(2090, 1, 31, 0, 0, 0, 0, time.UTC), time.Date(2091, 1, 31, 0, 0, 0, 500_000_000, time.UTC)}

// timeForm returns a time in one of its forms.
func timeForm(t time.Time, n int) string {
	zone := time.FixedZone("", []int{0, 2, -7}[n%3]*3600)
	return t.In(zone).Format([]string{time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00"}[n/3%2])
}

const timeForms = 6

func (g generator) form() form {
	if g.one(2) {
		return form{}
	}
	f := form{url: g.IntN(len(urlForms)), time: g.IntN(timeForms), nulls: g.one(3)}
	if g.one(2) {
		f.secrets = g.IntN(1 << len(argumentNames))
	}
	if g.one(4) {
		f.hidden = g.IntN(1 << len(argumentNames))
	}
	return f
}

// String returns the form, for the story.
func (f form) String() string {
	if f == (form{}) {
		return ""
	}
	text := fmt.Sprintf(", URL as %s, time as %s", urlForms[f.url], timeForm(expiries[1], f.time))
	if f.nulls {
		text += ", nulls"
	}
	if f.secrets != 0 {
		text += fmt.Sprint(", secret ", named(f.secrets))
	}
	if f.hidden != 0 {
		text += fmt.Sprint(", additionalSecretOutputs ", named(f.hidden))
	}
	return text
}

// named returns the names of the arguments whose bits are set.
func named(bits int) []string {
	var names []string
	for i, name := range argumentNames {
		if bits>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return names
}

// write writes arguments in the form.
func (f form) write(inputs map[string]any, rotating bool) map[string]any {
	written := map[string]any{}
	for name, value := range inputs {
		switch name {
		case "domainUrl":
			value = urlForms[f.url]
		case "timeExpires":
			value = timeForm(value.(time.Time), f.time)
		}
		written[name] = value
	}
	if f.nulls {
		for _, name := range []string{"domainUrl", "timeExpires", "rotationDays", "previousDays"} {
			if _, ok := written[name]; !ok && (name == "domainUrl" || rotating == (name != "timeExpires")) {
				written[name] = nil
			}
		}
		if rotating {
			keys := map[string]any{"n": nil, "none": nil}
			if given, ok := written["rotateWhenChanged"].(map[string]any); ok {
				keys["n"] = given["n"]
			}
			written["rotateWhenChanged"] = keys
		}
	}
	secret := func(bit int, in map[string]any, name string) {
		if value := in[name]; f.secrets>>bit&1 == 1 && value != nil {
			in[name] = resource.MakeSecret(resource.NewPropertyValue(value))
		}
	}
	if keys, ok := written["rotateWhenChanged"].(map[string]any); ok {
		secret(6, keys, "n")
	}
	for bit, name := range argumentNames[:6] {
		secret(bit, written, name)
	}
	return written
}

// hide marks outputs as secrets, as the engine does because of additionalSecretOutputs.
func (f form) hide(outputs *structpb.Struct) *structpb.Struct {
	for _, name := range named(f.hidden) {
		if value, ok := outputs.GetFields()[name]; ok && !isSecret(value) {
			outputs.Fields[name] = structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
				resource.SigKey: structpb.NewStringValue(resource.SecretSig), "value": value,
			}})
		}
	}
	return outputs
}

// plain returns a value without the mark of a secret.
func plain(v *structpb.Value) *structpb.Value {
	if isSecret(v) {
		return v.GetStructValue().GetFields()["value"]
	}
	return v
}

// hides reports whether everything that is a secret in the input is a secret in the output.
func hides(output, input *structpb.Value) bool {
	_, null := output.GetKind().(*structpb.Value_NullValue)
	switch {
	case isSecret(output), null: // a map of nulls alone is no value
		return true
	case isSecret(input):
		return false
	}
	for key, member := range input.GetStructValue().GetFields() {
		if !hides(output.GetStructValue().GetFields()[key], member) {
			return false
		}
	}
	return true
}

// checkMarks checks that what the program marks as a secret is one in the state.
func (op *operation) checkMarks(r *record) {
	for name, input := range r.inputs.GetFields() {
		if output, ok := r.outputs.GetFields()[name]; ok && !hides(output, input) {
			op.fail("mark", "%s of %s is a secret in the program, and in clear in the state", name, r.name)
		}
	}
}

// formStep returns a step about forms.
func (g generator) formStep() step {
	s := step{
		stack: g.IntN(stackCount), resource: g.IntN(resourceCount + rotatingCount), user: g.IntN(userCount), token: g.IntN(2), form: g.form(),
		n: g.IntN(1 << 8),
	}
	switch p := g.IntN(10); {
	case p < 4:
		s.action = actionWrite
	case p < 6:
		s.action = actionRestate
	case p < 8:
		s.action = actionFile
	default:
		s.action, s.rotation = actionTakeOver, g.rotation()
	}
	if s.action == actionFile && g.one(2) {
		s.rotation = g.rotation()
	} else if s.action == actionFile {
		s.rotation = rotationWish{previousDays: -1}
	}
	return s
}

// describeForms describes a step about forms, for the story.
func (s step) describeForms() string {
	switch s.action {
	case actionWrite:
		return fmt.Sprintf("the program of stack %d writes r%d in another form%s", s.stack, s.resource, s.form)
	case actionRestate:
		return fmt.Sprintf("the state of stack %d has r%d in another form (%08b)%s", s.stack, s.resource, s.n, s.form)
	case actionFile:
		return fmt.Sprintf("pulumi import --file of token %d of user %d with its value as r%d of stack %d (%08b)%s%s", s.token, s.user, s.resource,
			s.stack, s.n, s.form, s.rotation)
	default:
		return fmt.Sprintf("the program of stack %d takes over an AuthToken as r%d, with an alias%s%s", s.stack, s.resource, s.form, s.rotation)
	}
}

// doForms takes a step about forms.
func (e *engine) doForms(s step) {
	name := nameOf(s.resource)
	switch s.action {
	case actionWrite:
		if w, ok := e.wishes[name]; ok {
			w.form = s.form
			e.wishes[name] = w
		}
	case actionRestate:
		if r := e.state[name]; r != nil {
			e.restate(r, s)
		}
	case actionFile:
		e.importFile(name, s)
	case actionTakeOver:
		e.takeOver(name, s)
	}
}

// idForm returns the id of a token in the form of a number: as OCI answers with it, or one of those for an import.
func (e *engine) idForm(user int, token emulator.Token, n int) string {
	id := token.ID
	if e.inDomain(user) && n&1 == 1 && token.SCIMID != "" {
		id = token.SCIMID
		e.mu.Lock()
		e.ocidOf[id] = token.ID
		e.mu.Unlock()
	}
	switch n >> 1 & 3 {
	case 0, 1:
		return id
	case 2:
		if !e.inDomain(user) {
			return e.users[user] + "/" + id
		}
	}
	path := "users/" + e.users[user] + "/authTokens/" + id
	if e.inDomain(user) {
		path = urlForms[n>>3&3] + "/" + path
	}
	return path
}

// ocid returns the OCID of a token, which it may name by its SCIM id.
func (w *world) ocid(id string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known, ok := w.ocidOf[id]; ok {
		return known
	}
	return id
}

// idsIn returns the ids of the current token and of the previous one in the id of a resource. The latter may be empty.
func idsIn(id string) (current, previous string) {
	if _, after, ok := strings.Cut(id, "/authTokens/"); ok {
		id = after
	} else if strings.HasPrefix(id, "ocid1.user.") {
		_, id, _ = strings.Cut(id, "/")
	}
	current, previous, _ = strings.Cut(id, "/")
	return current, previous
}

// restate rewrites what the state holds about a resource, in forms that an import file or an older version may have left.
func (e *engine) restate(r *record, s step) {
	if w, ok := e.wishes[r.name]; ok && w.user != r.user {
		return // the program has another user, so the forms are not to be compared
	}
	for _, properties := range []*structpb.Struct{r.inputs, r.outputs} {
		for name, form := range map[string]string{"domainUrl": urlForms[s.form.url], "timeExpires": timeForm(expiries[r.expires], s.form.time)} {
			value, ok := properties.GetFields()[name]
			if _, null := plain(value).GetKind().(*structpb.Value_NullValue); ok && !null && (name == "domainUrl" || r.expires > 0) {
				if isSecret(value) {
					value.GetStructValue().Fields["value"] = structpb.NewStringValue(form)
				} else {
					properties.Fields[name] = structpb.NewStringValue(form)
				}
			}
		}
	}
	for _, t := range e.oci.Tokens(e.users[r.user]) {
		if current, previous := idsIn(r.id); e.ocid(current) == t.ID && previous == "" {
			r.id = e.idForm(r.user, t, s.n)
		}
		for i, name := range []string{"tokenId", "previousTokenId"} {
			if id := r.outputs.GetFields()[name].GetStringValue(); id != "" && e.ocid(id) == t.ID {
				r.outputs.Fields[name] = structpb.NewStringValue(e.idForm(r.user, t, s.n>>(5+i)&1))
			}
		}
	}
}

// importFile imports a token that someone else has made, with its value, if the program has room for it. The provider is not asked.
func (e *engine) importFile(name string, s step) {
	tokens := e.oci.Tokens(e.users[s.user])
	if e.state[name] != nil || len(tokens) == 0 {
		return
	}
	token := tokens[s.token%len(tokens)]
	other := slices.IndexFunc(tokens, func(t emulator.Token) bool { return t.ID != token.ID && isRotating(name) })
	for _, r := range e.world.records() {
		if r.holds(token.ID) || (other >= 0 && r.holds(tokens[other].ID)) {
			return
		}
	}
	if token.LifecycleState != "ACTIVE" || time.Since(e.ledger.made(token)) < 10*time.Minute {
		return // a file does not say when the token was made, so a refresh takes it for an old one
	}
	inputs := map[string]any{"userId": e.users[s.user], "description": token.Description}
	if e.inDomain(s.user) {
		inputs["domainUrl"] = urlForms[s.form.url]
	}
	outputs := map[string]any{"token": resource.MakeSecret(resource.NewProperty(token.Value))}
	if s.n>>5&1 == 1 {
		for name, value := range inputs {
			outputs[name] = value
		}
	}
	id := e.idForm(s.user, token, s.n)
	if other >= 0 {
		id = e.idForm(s.user, token, s.n|4) + "/" + tokens[other].ID
		if s.n>>6&1 == 1 {
			outputs["previousToken"] = resource.MakeSecret(resource.NewProperty(tokens[other].Value))
		}
	}
	r := &record{
		stack: e, name: name, id: id, user: s.user, inputs: properties(inputs), outputs: properties(outputs),
	}
	e.adopt(r, wish{user: s.user, description: max(0, slices.Index(descriptions, token.Description)), rotation: s.rotation, form: s.form})
}

// takeOver makes a RotatingAuthToken of an AuthToken in the state, with its id and value.
func (e *engine) takeOver(name string, s step) {
	if !isRotating(name) || e.state[name] != nil {
		return
	}
	for i := range resourceCount {
		r := e.state[nameOf(i)]
		w, ok := e.wishes[nameOf(i)]
		if r == nil || !ok || w.user != r.user {
			continue
		}
		delete(e.state, r.name)
		delete(e.wishes, r.name)
		e.program = slices.DeleteFunc(e.program, func(other string) bool { return other == r.name })
		r.name = name
		delete(r.inputs.GetFields(), "timeExpires") // a RotatingAuthToken has no such argument
		e.adopt(r, wish{user: r.user, description: w.description, deleteFirst: w.deleteFirst, rotation: s.rotation, form: s.form})
		return
	}
}

// adopt puts a record into the state, and its resource into the program.
func (e *engine) adopt(r *record, w wish) {
	if _, ok := e.wishes[r.name]; !ok {
		e.program = append(e.program, r.name)
	}
	e.wishes[r.name] = w
	e.stateMu.Lock()
	defer e.stateMu.Unlock()
	e.state[r.name] = r
	r.handOver()
}

// wrong is an argument that the program fills with the value of a token, by mistake.
var wrong = []string{"", "userId", "domainUrl", "timeExpires"}

// wrongCanary is part of that value.
const wrongCanary = "w1r3D"

// checkFailure returns the error for a refused argument. The engine prints the value of the property that a failure names.
func (op *operation) checkFailure(failure *pulumirpc.CheckFailure) error {
	op.ledger.shown(failure.Reason)
	if failure.Property != "" {
		op.fail("shown", "Check names the property %q in a failure, so the engine prints its value", failure.Property)
	}
	return errors.New(failure.Reason)
}

// checkThatNothingIsLeftToDo checks that an up which has succeeded leaves nothing to do.
func (e *engine) checkThatNothingIsLeftToDo() {
	if e.failure != nil || e.process == nil {
		return
	}
	op := &operation{engine: e, step: step{action: actionUp}, process: e.process}
	for _, name := range e.program {
		r := e.state[name]
		if r == nil || r.isDue(e.wishes[name], 15*time.Minute) {
			continue
		}
		plan, err := op.plan(name, e.wishes[name], r)
		if err == nil && len(r.initErrors) == 0 && (plan.update || plan.replace) && !plan.previousEnds {
			e.fail("for ever", "all is well, and yet %s has something to do again: %v", name, plan.why)
		}
	}
}

// knows records that the engine tells the plugin about a record, which is in the state.
func (p *process) knows(r *record) {
	tokens := r.tokens()
	p.stack.mu.Lock()
	defer p.stack.mu.Unlock()
	for _, t := range tokens {
		if _, ok := p.known[t.id]; !ok {
			p.known[t.id] = time.Now()
		}
	}
}

// knew reports whether the plugin knew before now that a token is in the state.
func (p *process) knew(id string) bool {
	p.stack.mu.Lock()
	defer p.stack.mu.Unlock()
	at, ok := p.known[id]
	return ok && at.Before(time.Now())
}

// checkOwn checks that the error of an update does not tell the person to delete a token that the resource still has.
func (op *operation) checkOwn(r *record, said string) {
	for _, match := range deleteCommand.FindAllStringSubmatch(said, -1) {
		if r.holds(match[1]) {
			op.fail("own named", "the person is told to delete %s, which is in the state of %s: %s", match[1], r.name, said)
		}
	}
}
