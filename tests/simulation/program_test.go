package simulation

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
)

// A program is what happens in one story, step by step. Each step still makes sense if others are left out, so a program is easy to
// shrink.

// action is what a step does.
type action string

const (
	// What the person does with Pulumi.
	actionWant    action = "want"    // put a resource into the Pulumi program, or change it
	actionForget  action = "forget"  // remove it from the program
	actionUp      action = "up"      // pulumi up
	actionPreview action = "preview" // pulumi preview
	actionRefresh action = "refresh" // pulumi refresh
	actionDestroy action = "destroy" // pulumi destroy
	actionImport  action = "import"  // pulumi import of a token that someone else has created
	actionRegion  action = "region"  // pulumi config set ociauthtoken:region

	// What means the same: see forms_test.go.
	actionWrite    action = "write"     // the program writes a resource in another form
	actionRestate  action = "restate"   // the state has it in another form
	actionFile     action = "file"      // pulumi import --file of a token with its value
	actionTakeOver action = "take over" // a RotatingAuthToken with an alias takes over an AuthToken

	// What goes wrong.
	actionFault    action = "fault"    // OCI misbehaves
	actionClear    action = "clear"    // OCI behaves again
	actionRefuse   action = "refuse"   // connections are refused for a while
	actionHang     action = "hang"     // connections hang for a while
	actionCut      action = "cut"      // connections break in the middle of a request
	actionLag      action = "lag"      // the lists of a region lag behind
	actionCreating action = "creating" // new tokens stay CREATING
	actionLimit    action = "limit"    // the limit counts tokens that were revoked
	actionThrottle action = "throttle" // OCI limits the requests per second
	actionSkew     action = "skew"     // the clocks differ

	// What others do.
	actionDeny     action = "deny"     // the permission to see a user is removed, or the user does not exist yet
	actionMove     action = "move"     // Oracle moves a user from Default to the identity domain
	actionAllow    action = "allow"    // that ends
	actionAdd      action = "add"      // someone creates a token
	actionDelete   action = "delete"   // someone deletes a token
	actionEdit     action = "edit"     // someone changes its description
	actionDisable  action = "disable"  // someone makes it INACTIVE
	actionActivate action = "activate" // someone makes it ACTIVE again
	actionWait     action = "wait"     // time passes
)

const (
	// stackCount is how many stacks there are. Each has its own program, state and plugin. They share the users.
	stackCount = 2
	// firstInDomain is the first user of the identity domain. Those before are in Default.
	userCount, firstInDomain = 4, 2
	resourceCount            = 4
)

var descriptions = []string{"ci", "deploy"}

// step is one event in a story.
type step struct {
	action action
	// stack is the number of the stack that the step is about.
	stack int
	// meanwhile is what the other stack does at the same time, or nil.
	meanwhile *step
	// resource, user, description and token are the numbers of a resource in the program, a user, a description, and one of the
	// tokens that the user then has.
	resource, user, description, token int
	// deleteFirst is the option deleteBeforeReplace. timeout is the option customTimeouts, in seconds.
	deleteFirst bool
	timeout     float64
	// stranger makes an import name another user than the token's.
	stranger bool
	// away reports whether the step is about the region that is not the home region.
	away bool
	// d is how long something lasts.
	d time.Duration
	// n is a number of times. rate is a number per second.
	n    int
	rate float64

	// How Pulumi operates: with its own plugin process, on all resources at once, with an error hook that repeats a failed Create a
	// number of times, even if there is a token, and cancelled or with the plugin killed after a while.
	fresh, parallel        bool
	createsAgain           bool // as before Pulumi 3.274
	hooks                  int
	cancelAfter, killAfter time.Duration
	fault                  *emulator.Fault
	// rotation is what the program says about a rotating resource.
	rotation rotationWish
	// form is how the program writes a resource. expires is the number of the time at which the token expires.
	form    form
	expires int
	// wrong is the number of an argument that the program fills with the value of a token in this operation.
	wrong int
}

// newProgram returns the program for a seed.
func newProgram(seed uint64, length int) []step {
	g := generator{rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))}
	program := g.beginning()
	program = append(program, g.want())
	if g.one(3) {
		program = append(program, g.want())
	}
	if g.one(8) {
		program = append(program, g.halfDoneRotation()...)
	}
	if g.one(8) {
		program = append(program, g.halfDoneCreation()...)
	}
	for len(program) < length {
		program = append(program, g.step())
	}
	return program
}

// beginning returns how a story begins: most begin with nothing, and some where a judgement is difficult.
func (g generator) beginning() []step {
	switch up := (step{action: actionUp, stack: g.IntN(stackCount), fresh: true}); g.IntN(24) {
	case 0, 1, 2:
		// Lists that lag matter to new tokens only, and how new a token is depends on the clocks. Here both tokens of a resource are new.
		first := g.wantRotation()
		first.stack = up.stack
		second := first
		second.rotation.trigger++
		return []step{
			{action: actionLag, d: pick(g, 2*time.Minute, 8*time.Minute, 8*time.Minute)},
			{action: actionSkew, d: pick(g, 0, -270*time.Second, -270*time.Second)}, first, up, second, up,
		}
	case 3, 4:
		// A domain does not say the OCIDs of tokens.
		return []step{{action: actionFault, fault: &emulator.Fault{Omit: []string{"ocid"}}}}
	case 5:
		// The list shows somebody else's new token, and not yet the one that is created, and no answer says which that is.
		want := g.want()
		want.stack = up.stack
		return []step{
			{action: actionLag, d: 150 * time.Second},
			{action: actionAdd, user: want.user, description: want.description}, {action: actionWait, d: 3 * time.Minute},
			{action: actionFault, fault: &emulator.Fault{
				Operation: "CreateAuthToken", Omit: []string{"id", "ocid", "timeCreated", "meta"}, Times: 20,
			}}, want, up,
		}
	case 6, 7:
		return g.revokedByHand()
	default:
		return nil
	}
}

// generator generates random steps.
type generator struct{ *rand.Rand }

func (g generator) one(in int) bool { return g.IntN(in) == 0 }

func pick[T any](g generator, of ...T) T { return of[g.IntN(len(of))] }

func (g generator) step() step {
	if g.one(8) {
		return g.formStep()
	}
	switch p := g.IntN(100); {
	case p < 11:
		return g.want()
	case p < 14:
		return step{action: actionForget, stack: g.IntN(stackCount), resource: g.IntN(resourceCount + rotatingCount)}
	case p < 39:
		return g.operation(actionUp)
	case p < 42:
		return g.operation(actionPreview)
	case p < 51:
		return g.operation(actionRefresh)
	case p < 53:
		return g.operation(actionDestroy)
	case p < 55:
		s := g.operation(actionImport)
		s.resource, s.user, s.token, s.stranger = g.IntN(resourceCount+rotatingCount), g.IntN(userCount), g.IntN(2), g.one(2)
		return s
	case p < 56:
		return step{action: actionRegion, stack: g.IntN(stackCount), away: g.one(2)}
	case p < 73:
		return step{action: actionFault, fault: g.fault()}
	case p < 78:
		return step{action: actionClear}
	case p < 82:
		return g.disturbance()
	case p < 84:
		return step{action: actionLag, d: pick(g, 0, 2*time.Second, 30*time.Second, 2*time.Minute, 5*time.Minute, 8*time.Minute)}
	case p < 85:
		return step{action: actionLag, away: true, d: pick(g, 0, 2*time.Second, 10*time.Minute, 48*time.Hour, 48*time.Hour)}
	case p < 86:
		return step{action: pick(g, actionCreating, actionLimit), d: pick(g, 0, 5*time.Second, time.Minute, time.Hour)}
	case p < 87:
		return step{action: actionThrottle, rate: pick(g, 0, 0, 0.5, 2, 5), away: g.one(2)}
	case p < 88:
		return step{action: actionSkew, d: pick(g, 0, 0, 4*time.Minute, -4*time.Minute, -270*time.Second, 6*time.Minute)}
	case p < 89:
		return step{action: pick(g, actionMove, actionAllow, actionAllow), user: 1}
	case p < 90:
		return step{action: actionDeny, user: g.IntN(userCount)}
	case p < 93:
		return step{action: actionAllow, user: g.IntN(userCount)}
	case p < 97:
		return step{
			action: pick(g, actionAdd, actionDelete, actionEdit, actionDisable, actionActivate), user: g.IntN(userCount),
			token: g.IntN(2), description: g.IntN(len(descriptions)),
		}
	default:
		return step{action: actionWait, d: pick(g, time.Second, time.Minute, 6*time.Minute, 10*time.Minute, 25*time.Hour, 25*time.Hour, 31*24*time.Hour)}
	}
}

func (g generator) want() step {
	if g.one(2) {
		return g.wantRotation()
	}
	return step{
		action: actionWant, stack: g.IntN(stackCount), resource: g.IntN(resourceCount), user: pick(g, 0, 0, 1, 2, 2, 3), description: g.IntN(len(descriptions)),
		deleteFirst: g.one(2), timeout: pick(g, 0, 0, 0, 0, 0.503, 20, 300), form: g.form(), expires: pick(g, 0, 0, 1, 2),
	}
}

// halfDoneCreation begins with a creation whose token stays CREATING, and which error hooks repeat while OCI refuses to list or to change
// tokens.
func (g generator) halfDoneCreation() []step {
	want, up := g.want(), g.command(actionUp)
	want.user, up.stack = g.IntN(firstInDomain), want.stack
	up.hooks, up.createsAgain = 1+g.IntN(3), g.one(2)
	steps := []step{{action: actionCreating, d: time.Hour}}
	for _, operation := range []string{"ListAuthTokens", "UpdateAuthToken"} {
		fault := &emulator.Fault{Operation: operation, Times: pick(g, 3, 30)}
		g.failure(fault)
		steps = append(steps, step{action: actionFault, fault: fault})
	}
	return append(steps, want, up, step{action: actionClear}, step{action: actionCreating})
}

// operation returns a command. One in four times the other stack does something at the same time.
func (g generator) operation(a action) step {
	s := g.command(a)
	s.stack = g.IntN(stackCount)
	if g.one(4) {
		other := g.command(pick(g, actionUp, actionUp, actionRefresh, actionDestroy))
		other.stack, s.meanwhile = 1-s.stack, &other
	}
	if (a == actionUp || a == actionPreview) && g.one(40) {
		s.wrong = 1 + g.IntN(len(wrong)-1)
	}
	return s
}

func (g generator) command(a action) step {
	s := step{action: a, fresh: !g.one(4), parallel: g.one(2)}
	if g.one(3) {
		s.hooks, s.createsAgain = 1+g.IntN(3), g.one(2)
	}
	moment := func() time.Duration {
		return time.Duration(1+g.IntN(1000)) * pick(g, time.Millisecond, time.Millisecond, 10*time.Millisecond, 200*time.Millisecond)
	}
	switch g.IntN(12) {
	case 0:
		s.cancelAfter = moment()
	case 1:
		s.killAfter = moment()
	}
	return s
}

func (g generator) disturbance() step {
	switch g.IntN(4) {
	case 0:
		// Something on the way answers instead of OCI.
		return step{action: actionFault, fault: &emulator.Fault{
			Status: pick(g, 404, 404, 200, 403), Times: pick(g, 2, 5, 20, 0), Body: pick(g, "<html>Not here</html>", `{"message": "no Route matched"}`),
			MediaType: pick(g, "", "text/html", "application/json"),
		}}
	case 1:
		return step{action: actionRefuse, d: pick(g, time.Second, 5*time.Second, 30*time.Second, 90*time.Second, time.Hour)}
	case 2:
		return step{action: actionHang, d: pick(g, time.Second, 20*time.Second, 90*time.Second)}
	default:
		return step{action: actionCut, n: 1 + g.IntN(3), token: pick(g, 0, 1, 100, 1<<20)}
	}
}

// fault returns a fault of any kind. No fault makes OCI give a plausible wrong answer, such as an empty list for a user who has tokens,
// because no client could detect that.
func (g generator) fault() *emulator.Fault {
	f := &emulator.Fault{
		Operation: pick(g, "CreateAuthToken", "CreateAuthToken", "CreateAuthToken", "CreateAuthToken", "ListAuthTokens",
			"ListAuthTokens", "DeleteAuthToken", "UpdateAuthToken", "ListRegionSubscriptions", "GetAuthToken", "ListDomains", ""),
		Times: pick(g, 1, 1, 1, 2, 3, 8, 12, 0), Skip: pick(g, 0, 0, 0, 0, 1, 2),
	}
	if f.Times == 0 || g.one(6) {
		f.Probability = pick(g, 0.3, 0.7, 0.95)
	}
	if g.one(8) {
		f.Delay = emulator.Duration(pick(g, time.Second, 20*time.Second, 70*time.Second, 90*time.Second))
	}
	if g.one(10) {
		f.Header = map[string]string{"Opc-Request-Id": pick(g, "stray\xffbyte", "bell\x07\x1b[31mred", strings.Repeat("x", 3000), "")}
	}
	switch g.IntN(15) {
	case 0:
		f.Drop = emulator.DropBeforeCommit
	case 1, 2, 3:
		f.Drop = emulator.DropAfterCommit
	case 4:
		f.Late = emulator.Duration(pick(g, time.Second, 30*time.Second, 3*time.Minute, 10*time.Minute))
	case 5:
		f.Truncate = pick(g, 1, 40, 150)
	case 6, 7, 8:
		g.failure(f)
	case 9:
		f.Status, f.Code = 429, "TooManyRequests"
		f.Header = map[string]string{"Retry-After": pick(g, "0", "-1", "1", "30", "99999999999", "soon", "1.5",
			"Wed, 21 Oct 2105 07:28:00 GMT", "9223372036854775807")}
	case 10:
		f.Body = g.oddBody(f.Operation)
	case 11:
		f.Status = pick(g, 301, 302, 307, 308)
		f.Header = map[string]string{"Location": pick(g, "http://elsewhere.test/", "/elsewhere", "http://"+host+"/elsewhere", "%zz")}
	case 12:
		f.MediaType = pick(g, "text/plain", "text/html", "application/scim+json", "nonsense")
	case 13:
		g.spoil(f)
	case 14:
		f.Endless = true
	}
	return f
}

// failure turns a fault into an error of the service or of a proxy in between.
func (g generator) failure(f *emulator.Fault) {
	known := pick(g,
		emulator.Fault{Status: 400, Code: "InvalidParameter"}, emulator.Fault{Status: 400, Code: "LimitExceeded"},
		emulator.Fault{Status: 401, Code: "NotAuthenticated"}, emulator.Fault{Status: 403, Code: "NotAuthorized"},
		emulator.Fault{Status: 404, Code: "NotAuthorizedOrNotFound"}, emulator.Fault{Status: 404, Code: "NotAuthorizedOrNotFound"},
		emulator.Fault{Status: 408, Code: "RequestTimeout"}, emulator.Fault{Status: 409, Code: "IncorrectState"},
		emulator.Fault{Status: 409, Code: "UserCapacityExceeded"}, emulator.Fault{Status: 409, Code: "InvalidatedRetryToken"},
		emulator.Fault{Status: 404, Body: "<html>Not Found</html>"}, emulator.Fault{Status: 404, Body: "<html>Not Found</html>"},
		emulator.Fault{Status: 404, Body: `{"message": "no Route matched"}`, MediaType: "application/json"},
		emulator.Fault{Status: 200, Body: "<html>Please sign in</html>"},
		emulator.Fault{Status: 412, Code: "NoEtagMatch"}, emulator.Fault{Status: 500, Code: "InternalServerError"},
		emulator.Fault{Status: 503, Code: "ServiceUnavailable"}, emulator.Fault{Status: 501, Code: "NotImplemented"},
		emulator.Fault{Status: 502, Body: "<html>Bad Gateway</html>"}, emulator.Fault{Status: 504, Body: "timeout\x00\xff"},
		emulator.Fault{Status: 500, Body: "null", MediaType: "application/json"},
		emulator.Fault{Status: 503, Code: "ServiceUnavailable", Set: map[string]any{"statusCode": "404"}},
		emulator.Fault{Status: 500, Code: "InternalServerError", Set: map[string]any{"statusCode": "400"}},
	)
	f.Status, f.Code, f.Body, f.MediaType, f.Set = known.Status, known.Code, known.Body, known.MediaType, known.Set
	f.Message = pick(g, "", "Sorry.", "odd \x1b[2J \u202e words", strings.Repeat("long ", 2000))
}

// oddBody returns a body that does not have the form that the API promises.
func (g generator) oddBody(operation string) string {
	if operation == "ListAuthTokens" || operation == "" {
		return pick(g, "null", "{}", "[null]", "[{}]", "[[]]", "123", `"text"`, "<html>",
			`{"totalResults": 3, "Resources": []}`, `{"totalResults": "1"}`, `{"totalResults": 1, "Resources": [{"id": 5}]}`, `{"code": "x", "message": "y"}`, " ")
	}
	return pick(g, "null", "{}", "[]", "123", `"text"`, "<html>", `{"token": null}`, " ")
}

// spoil makes answers lack fields, or have odd ones.
func (g generator) spoil(f *emulator.Fault) {
	if g.one(8) {
		f.Append = pick(g, "}", "\n{}", "<!-- proxy -->")
		return
	}
	if g.one(2) {
		f.Omit = pick(g, []string{"userId"}, []string{"lifecycleState"}, []string{"timeCreated"}, []string{"id"}, []string{"token"},
			[]string{"id", "ocid"}, []string{"ocid"}, []string{"id", "timeCreated"}, []string{"id", "ocid", "meta"}, []string{"meta", "user"}, []string{"schemas", "description"},
			[]string{"description"}, []string{"userId", "timeCreated", "lifecycleState", "description"})
		return
	}
	f.Set = pick(g,
		map[string]any{"userId": "ocid1.user.oc1..other"}, map[string]any{"userId": nil}, map[string]any{"id": ""},
		map[string]any{"token": ""}, map[string]any{"timeCreated": "yesterday"}, map[string]any{"timeCreated": 3},
		map[string]any{"inactiveStatus": "many"}, map[string]any{"lifecycleState": 7}, map[string]any{"lifecycleState": "PENDING"},
		map[string]any{"id": 3, "ocid": nil}, map[string]any{"meta": "today", "user": nil}, map[string]any{"meta": map[string]any{"created": 7}},
		map[string]any{"status": "ASLEEP"}, map[string]any{"expiresOn": "never"}, map[string]any{"deleteInProgress": "yes"},
		map[string]any{"timeExpires": "never"}, map[string]any{"description": 5})
}

// String returns a description of the step, for the story.
func (s step) String() string {
	switch s.action {
	case actionWant:
		options := ""
		if s.deleteFirst {
			options += ", deleteBeforeReplace"
		}
		if s.timeout > 0 {
			options += fmt.Sprintf(", customTimeouts %gs", s.timeout)
		}
		if isRotating(nameOf(s.resource)) {
			options += s.rotation.String()
		}
		options += s.form.String()
		if s.expires > 0 {
			options += fmt.Sprintf(", in the domain expires in %d", expiries[s.expires].Year())
		}
		return fmt.Sprintf("the program of stack %d has resource r%d for user %d with description %q%s", s.stack, s.resource, s.user,
			descriptions[s.description], options)
	case actionForget:
		return fmt.Sprintf("the program of stack %d no longer has resource r%d", s.stack, s.resource)
	case actionUp, actionPreview, actionRefresh, actionDestroy:
		return fmt.Sprintf("pulumi %s of stack %d%s", s.action, s.stack, s.manner())
	case actionImport:
		of := ""
		if s.stranger {
			of = fmt.Sprintf(", as if it were user %d's,", s.claimed())
		}
		return fmt.Sprintf("pulumi import of token %d of user %d%s as r%d of stack %d%s", s.token, s.user, of, s.resource, s.stack, s.manner())
	case actionRegion:
		return fmt.Sprintf("pulumi config set ociauthtoken:region %s in stack %d", regionOf(s.away), s.stack)
	case actionFault:
		text, err := json.Marshal(s.fault)
		if err != nil {
			return err.Error()
		}
		return "OCI misbehaves: " + string(text)
	case actionClear:
		return "OCI behaves again"
	case actionRefuse:
		return fmt.Sprintf("connections are refused for %s", s.d)
	case actionHang:
		return fmt.Sprintf("no connection comes about for %s", s.d)
	case actionCut:
		return fmt.Sprintf("the next %d writes of requests are cut after %d bytes", s.n, s.token)
	case actionLag:
		return fmt.Sprintf("the lists of %s lag by %s", regionOf(s.away), s.d)
	case actionCreating:
		return fmt.Sprintf("new tokens stay CREATING for %s", s.d)
	case actionLimit:
		return fmt.Sprintf("the limit counts a revoked token for %s", s.d)
	case actionThrottle:
		if s.away {
			return fmt.Sprintf("OCI admits %g requests a second of each user (0: all)", s.rate)
		}
		return fmt.Sprintf("OCI admits %g requests a second (0: all)", s.rate)
	case actionSkew:
		return fmt.Sprintf("OCI's clock is ahead by %s", s.d)
	case actionDeny:
		return fmt.Sprintf("nobody may see user %d any more", s.user)
	case actionWrite, actionRestate, actionFile, actionTakeOver:
		return s.describeForms()
	case actionMove:
		return fmt.Sprintf("Oracle moves user %d to the identity domain", s.user)
	case actionAllow:
		return fmt.Sprintf("user %d may be seen again", s.user)
	case actionWait:
		return fmt.Sprintf("%s pass", s.d)
	case actionAdd:
		return fmt.Sprintf("someone makes a token for user %d with description %q", s.user, descriptions[s.description])
	default:
		return fmt.Sprintf("someone else: %s token %d of user %d", s.action, s.token, s.user)
	}
}

// claimed returns the user whom an import names.
func (s step) claimed() int {
	if s.stranger {
		return s.user ^ 1
	}
	return s.user
}

// manner returns how Pulumi operates, for the story.
func (s step) manner() string {
	var manner []string
	if !s.fresh {
		manner = append(manner, "in the same plugin process as before")
	}
	if s.parallel {
		manner = append(manner, "all resources at once")
	}
	if s.hooks > 0 {
		again := "as an update"
		if s.createsAgain {
			again = "as a creation"
		}
		manner = append(manner, fmt.Sprintf("error hooks repeat up to %d times, %s once there is a token", s.hooks, again))
	}
	if s.cancelAfter > 0 {
		manner = append(manner, fmt.Sprintf("cancelled after %s", s.cancelAfter))
	}
	if s.killAfter > 0 {
		manner = append(manner, fmt.Sprintf("plugin killed after %s", s.killAfter))
	}
	text := ""
	if s.wrong > 0 {
		manner = append(manner, "with the value of a token as "+wrong[s.wrong])
	}
	if len(manner) > 0 {
		text = " (" + strings.Join(manner, ", ") + ")"
	}
	if s.meanwhile != nil {
		text += ", and at the same time " + s.meanwhile.String()
	}
	return text
}

const homeRegion, otherRegion = "us-phoenix-1", "us-ashburn-1"

func regionOf(away bool) string {
	if away {
		return otherRegion
	}
	return homeRegion
}
