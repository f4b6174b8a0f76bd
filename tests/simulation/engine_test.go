package simulation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
)

// wish is what the Pulumi program says about one resource.
type wish struct {
	user, description int
	deleteFirst       bool
	timeout           float64
	rotation          rotationWish
	form              form
	expires           int // the number of the time at which the token expires
}

// record is what the state holds about one resource.
type record struct {
	stack      *engine
	name       string
	id         string
	user       int // the user who really has the token
	expires    int // the number of the time at which it expires
	inputs     *structpb.Struct
	outputs    *structpb.Struct
	initErrors []string
	process    *process // the process that created it
	// held is the value that a dependent of a rotating resource got last, as long as that value must work.
	held string
	// updating is the update of a rotating resource that is under way, or nil.
	updating *revokes
}

func (r *record) urn() string { return r.stack.urnOf(r.name) }

func (e *engine) urnOf(name string) string {
	kind := "AuthToken"
	if isRotating(name) {
		kind = "RotatingAuthToken"
	}
	return fmt.Sprintf("urn:pulumi:stack%d::test::ociauthtoken:index:%s::%s", e.number, kind, name)
}

// engine does what Pulumi's engine does with one stack: it has a program, a state, and a plugin.
type engine struct {
	*world
	number  int
	program []string // the names of the resources, in order
	wishes  map[string]wish
	region  string

	stateMu sync.Mutex
	state   map[string]*record
	// replaced holds records that were replaced and still have to be deleted.
	replaced []*record

	process *process

	failure error // of the last command, or nil
}

func newEngine(w *world, number int) *engine {
	return &engine{world: w, number: number, wishes: map[string]wish{}, region: homeRegion, state: map[string]*record{}}
}

// records returns the records of the state, in a fixed order.
func (e *engine) records() []*record {
	e.stateMu.Lock()
	defer e.stateMu.Unlock()
	var all []*record
	for i := range resourceCount + rotatingCount {
		if r := e.state[nameOf(i)]; r != nil {
			all = append(all, r)
		}
	}
	return append(all, e.replaced...)
}

func nameOf(i int) string { return "r" + strconv.Itoa(i) }

// process is one process of the plugin.
type process struct {
	stack  *engine
	number int // unique in the world
	plugin pulumirpc.ResourceProviderServer
	ctx    context.Context // the context of its calls and of what it logs
	gone   chan struct{}   // closed when it is killed
	kill   func()
	known  map[string]time.Time // the tokens of which it knows that they are in the state
}

// processKey is the key under which a context holds its process.
type processKey struct{}

var errKilled = errors.New("the plugin was killed")

// start starts a process of the plugin, and configures it.
func (e *engine) start() error {
	e.stop()
	under, err := provider.New(provider.Options{Version: "1.2.3", Environment: auth.Environment{
		LookupEnv: func(string) (string, bool) { return "", false },
		HomeDir:   func() (string, error) { return "", errors.New("there is none") },
	}})
	if err != nil {
		return err
	}
	server, err := p.RawServer(provider.Name, "1.2.3", under)(nil)
	if err != nil {
		return err
	}
	process := &process{stack: e, plugin: server, gone: make(chan struct{}), known: map[string]time.Time{}}
	e.mu.Lock()
	process.number = len(e.plugins) + 1
	e.plugins[process.number] = e
	e.mu.Unlock()
	process.ctx = context.WithValue(context.Background(), processKey{}, &voice{world: e.world, process: process})
	process.kill = sync.OnceFunc(func() {
		close(process.gone)
		e.network.kill(process.number)
		// This is no real process, so its goroutines do not die with it. Let them end.
		_, _ = server.Cancel(process.ctx, nil)
	})
	e.process = process
	_, err = call(e, "Configure", "", func(ctx context.Context) (*pulumirpc.ConfigureResponse, error) {
		return server.Configure(ctx, &pulumirpc.ConfigureRequest{
			Args: properties(map[string]any{
				"tenancyOcid": e.creds.TenancyID, "userOcid": e.creds.UserID, "fingerprint": e.creds.Fingerprint,
				"privateKey": resource.MakeSecret(resource.NewProperty(e.creds.PrivateKeyPEM)),
				"region":     e.region, "endpoint": fmt.Sprintf("http://%s:%d/{region}", host, process.number),
			}),
			AcceptSecrets: true, AcceptResources: true, SendsOldInputs: true, SendsOldInputsToDelete: true,
		})
	})
	if err != nil && !errors.Is(err, errKilled) {
		e.fail("configure", "the plugin cannot be configured: %v", err)
	}
	return err
}

// stop ends the process, if there is one.
func (e *engine) stop() {
	if e.process != nil {
		e.process.kill()
		e.process = nil
	}
}

func properties(values map[string]any) *structpb.Struct {
	s, err := plugin.MarshalProperties(resource.NewPropertyMapFromMap(values), plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true,
	})
	if err != nil {
		panic(err)
	}
	return s
}

// longest is how long one call to the plugin may take. It may be throttled for 20 minutes before a request is in doubt and for 20 minutes
// after, each time with a last pause and a last turn of 5 minutes.
const longest = time.Hour

// call makes one call to the plugin, and records what it logs. If the plugin is killed meanwhile, there is no answer.
func call[T any](e *engine, method, urn string, f func(context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	process, began := e.process, time.Now()
	select {
	case <-process.gone:
		var none T
		return none, errKilled
	default:
	}
	whose := e.resource(urn)
	e.story.note(func() string { return fmt.Sprintf("  %s %s", method, whose) })
	done := make(chan result, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				e.fail("panic", "%s panicked: %v\n%s", method, cause, debug.Stack())
				done <- result{err: errors.New("panic")}
			}
		}()
		value, err := f(process.ctx)
		done <- result{value, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-process.gone:
		e.story.note(func() string {
			return fmt.Sprintf("  %s %s: never answered, for the plugin was killed", method, whose)
		})
		return r.value, errKilled
	case <-time.After(4 * time.Hour):
		e.fail("slow", "%s %s has not come back after 4 hours", method, whose)
		process.kill()
		return r.value, errKilled
	}
	if took := time.Since(began); took > longest {
		e.fail("slow", "%s %s took %s", method, whose, took.Round(time.Second))
	}
	e.ledger.heardAnswer(method, r.value, r.err)
	e.story.note(func() string {
		if r.err == nil {
			return fmt.Sprintf("  %s %s: well", method, whose)
		}
		return fmt.Sprintf("  %s %s: error: %s", method, whose, shorten(r.err.Error()))
	})
	return r.value, r.err
}

// resource returns the name of a resource with that of its stack, for the story.
func (e *engine) resource(urn string) string {
	return fmt.Sprintf("%s of stack %d", urn[strings.LastIndex(urn, ":")+1:], e.number)
}

// do runs one pulumi command, or changes the program.
func (e *engine) do(s step) {
	name := nameOf(s.resource)
	switch s.action {
	case actionWant:
		if _, ok := e.wishes[name]; !ok {
			e.program = append(e.program, name)
		}
		e.wishes[name] = wish{s.user, s.description, s.deleteFirst, s.timeout, s.rotation, s.form, s.expires}
		return
	case actionForget:
		delete(e.wishes, name)
		e.program = slices.DeleteFunc(e.program, func(other string) bool { return other == name })
		return
	case actionWrite, actionRestate, actionFile, actionTakeOver:
		e.doForms(s)
		return
	case actionRegion:
		e.region = regionOf(s.away)
		return
	}
	if s.fresh || e.process == nil {
		if err := e.start(); err != nil {
			e.stop()
			return
		}
	}
	op := &operation{engine: e, step: s, process: e.process}
	e.failure = nil
	process := e.process
	if s.killAfter > 0 {
		defer time.AfterFunc(s.killAfter, process.kill).Stop()
	}
	if s.cancelAfter > 0 {
		defer time.AfterFunc(s.cancelAfter, func() { op.cancel(process) }).Stop()
	}
	switch s.action {
	case actionUp:
		op.up()
	case actionPreview:
		op.preview()
	case actionRefresh:
		op.refresh()
	case actionDestroy:
		op.destroy()
	case actionImport:
		op.importToken(name)
	}
	op.wg.Wait()
	select {
	case <-process.gone:
		e.stop()
	default:
		if info, err := process.plugin.GetPluginInfo(process.ctx, nil); err != nil || info.GetVersion() == "" {
			e.fail("mute", "the plugin no longer answers GetPluginInfo: %v", err)
		}
		if op.isCancelled() {
			e.stop()
		}
	}
}

// operation is one command while it runs.
type operation struct {
	*engine
	step    step
	process *process

	wg        sync.WaitGroup // calls of Cancel
	mu        sync.Mutex
	cancelled bool
	failed    bool
}

// cancel does what Ctrl-C does.
func (op *operation) cancel(process *process) {
	op.wg.Add(1)
	defer op.wg.Done()
	op.mu.Lock()
	op.cancelled = true
	op.mu.Unlock()
	op.story.note(func() string { return fmt.Sprintf("  Ctrl-C in stack %d", op.number) })
	_, _ = process.plugin.Cancel(process.ctx, nil)
}

func (op *operation) isCancelled() bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.cancelled
}

// stopped reports whether the engine starts nothing new.
func (op *operation) stopped() bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.cancelled || op.failed
}

func (op *operation) fails(why error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.failed = true
	op.failure = why
}

// each calls a function for each item, one after the other or concurrently. Concurrent calls start a little apart, so that their order is
// always the same.
func each[T any](op *operation, things []T, do func(T)) {
	if !op.step.parallel {
		for _, thing := range things {
			if op.stopped() {
				return
			}
			do(thing)
		}
		return
	}
	var wg sync.WaitGroup
	for i, thing := range things {
		wg.Go(func() {
			time.Sleep(time.Duration(i) * time.Millisecond)
			if !op.stopped() {
				do(thing)
			}
		})
	}
	wg.Wait()
}

func (op *operation) inputs(name string, w wish) *structpb.Struct {
	inputs := map[string]any{"userId": op.users[w.user], "description": descriptions[w.description]}
	if op.inDomain(w.user) {
		inputs["domainUrl"] = domainURL
	}
	if isRotating(name) {
		w.rotation.addTo(inputs)
	} else if n := op.expires(name, w); n > 0 {
		inputs["timeExpires"] = expiries[n]
	}
	inputs = w.form.write(inputs, isRotating(name))
	if property := wrong[op.step.wrong]; property != "" && (property != "timeExpires" || !isRotating(name)) {
		inputs[property] = `({;#` + wrongCanary + `<:>` + "3f8g2h1"
	}
	return properties(inputs)
}

// expires returns the number of the time at which the token of a resource expires.
func (e *engine) expires(name string, w wish) int {
	if isRotating(name) || w.user < firstInDomain {
		return 0
	}
	return w.expires
}

// planned is what the engine knows about one resource before it acts.
type planned struct {
	inputs                       *structpb.Struct
	update, replace, deleteFirst bool
	why                          []string
	previousEnds                 bool // previousDays have passed
}

// plan asks the plugin what is to be done.
func (op *operation) plan(name string, w wish, old *record) (planned, error) {
	request := &pulumirpc.CheckRequest{Urn: op.urnOf(name), News: op.inputs(name, w)}
	if old != nil {
		request.Olds = old.inputs
	}
	checked, err := call(op.engine, "Check", op.urnOf(name), func(ctx context.Context) (*pulumirpc.CheckResponse, error) {
		return op.process.plugin.Check(ctx, request)
	})
	if err != nil {
		return planned{}, err
	}
	if len(checked.Failures) > 0 {
		return planned{}, op.checkFailure(checked.Failures[0])
	}
	plan := planned{inputs: checked.Inputs}
	if old == nil {
		return plan, nil
	}
	op.process.knows(old)
	diff, err := call(op.engine, "Diff", op.urnOf(name), func(ctx context.Context) (*pulumirpc.DiffResponse, error) {
		return op.process.plugin.Diff(ctx, &pulumirpc.DiffRequest{
			Id: old.id, Urn: op.urnOf(name), Olds: old.outputs, OldInputs: old.inputs, News: checked.Inputs,
		})
	})
	if err != nil {
		return planned{}, err
	}
	plan.replace = len(diff.Replaces) > 0
	plan.update = diff.Changes == pulumirpc.DiffResponse_DIFF_SOME || len(old.initErrors) > 0
	plan.deleteFirst = diff.DeleteBeforeReplace || w.deleteFirst
	plan.why, plan.previousEnds = diff.Diffs, slices.Equal(diff.Diffs, []string{"previousTokenId"})
	if plan.replace && old.user == w.user && old.expires == op.expires(name, w) && !op.moved[w.user] {
		op.fail("replaced "+strings.Join(slices.Sorted(slices.Values(diff.Replaces)), ", "), "%s is to be replaced because of %v, though the program has the same user as before", name, diff.Replaces)
	}
	return plan, nil
}

func (op *operation) old(name string) *record {
	op.stateMu.Lock()
	defer op.stateMu.Unlock()
	return op.state[name]
}

func (op *operation) up() {
	each(op, slices.Clone(op.program), func(name string) {
		w, old := op.wishes[name], op.old(name)
		plan, err := op.plan(name, w, old)
		if err != nil {
			op.fails(err)
			return
		}
		switch {
		case old == nil:
			op.create(name, w, plan.inputs)
		case plan.replace && plan.deleteFirst:
			if op.delete(old) {
				op.create(name, w, plan.inputs)
			}
		case plan.replace:
			op.create(name, w, plan.inputs)
		case plan.update:
			op.update(old, w, plan.inputs)
		default:
			old.inputs = plan.inputs
			op.checkMarks(old)
		}
	})
	if op.stopped() {
		return
	}
	var leftover []*record
	for _, r := range op.records() {
		if _, ok := op.wishes[r.name]; !ok || op.old(r.name) != r {
			leftover = append(leftover, r)
		}
	}
	each(op, leftover, func(r *record) { op.delete(r) })
}

// create calls Create, and calls it again as often as error hooks ask for it. Since Pulumi 3.274, the engine calls Update instead once a
// token is there. If that fails and returns no state, the engine records nothing.
func (op *operation) create(name string, w wish, inputs *structpb.Struct) {
	began := time.Now()
	var partial *pulumirpc.ErrorResourceInitFailed
	for repeats := op.step.hooks; ; repeats-- {
		response, err := call(op.engine, "Create", op.urnOf(name), func(ctx context.Context) (*pulumirpc.CreateResponse, error) {
			if partial == nil || op.step.createsAgain {
				return op.process.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: op.urnOf(name), Properties: inputs, Timeout: w.timeout})
			}
			updated, err := op.process.plugin.Update(ctx, &pulumirpc.UpdateRequest{
				Id: partial.Id, Urn: op.urnOf(name), Olds: partial.Properties, OldInputs: inputs, News: inputs, Timeout: w.timeout,
			})
			return &pulumirpc.CreateResponse{Id: partial.Id, Properties: updated.GetProperties()}, err
		})
		if failed := initFailure(err); failed != nil {
			failed.Id = cmp.Or(failed.Id, partial.GetId()) // Update returns none
			partial = failed
		}
		if errors.Is(err, errKilled) {
			op.fails(err)
			op.ledger.killedDuringCreate(op.engine, w.user, began)
			return
		}
		if err != nil && repeats > 0 && !op.isCancelled() {
			time.Sleep(time.Second)
			continue
		}
		initErrors := (*pulumirpc.ErrorResourceInitFailed)(nil)
		if err != nil {
			op.fails(err)
			op.ledger.heardFailure(op.process, op.urnOf(name), err.Error())
			op.ledger.createFailed(op.engine, w.user, began, err.Error())
			if initFailure(err) == nil {
				if partial != nil {
					op.fail("lost", "the creation of %s ended without the state that it had returned before", name)
				}
				return
			}
			initErrors = partial
			response = &pulumirpc.CreateResponse{Id: initErrors.Id, Properties: initErrors.Properties}
		}
		made := &record{
			stack: op.engine, name: name, id: response.Id, user: w.user, inputs: inputs, outputs: w.form.hide(response.Properties),
			initErrors: initErrors.GetReasons(), process: op.process, expires: op.expires(name, w),
		}
		if err == nil {
			made.handOver()
			op.checkMarks(made)
		}
		op.stateMu.Lock()
		if old := op.state[name]; old != nil {
			op.replaced = append(op.replaced, old)
		}
		op.state[name] = made
		op.stateMu.Unlock()
		return
	}
}

// update calls Update, and calls it again with the same state as often as error hooks ask for it.
func (op *operation) update(old *record, w wish, inputs *structpb.Struct) {
	began := time.Now()
	check := op.ledger.watchRotation(old, w)
	defer op.ledger.watchRevokes(old, w)()
	op.process.knows(old)
	for repeats := op.step.hooks; ; repeats-- {
		response, err := call(op.engine, "Update", old.urn(), func(ctx context.Context) (*pulumirpc.UpdateResponse, error) {
			return op.process.plugin.Update(ctx, &pulumirpc.UpdateRequest{
				Id: old.id, Urn: old.urn(), Olds: old.outputs, OldInputs: old.inputs, News: inputs, Timeout: w.timeout,
			})
		})
		if err == nil {
			before := old.tokens()
			old.inputs, old.outputs, old.initErrors = inputs, w.form.hide(response.Properties), nil
			op.checkMarks(old)
			check()
			op.ledger.checkRevoked(old, slices.DeleteFunc(before, func(t recordedToken) bool { return old.holds(t.id) }), began)
			old.handOver()
			return
		}
		if isRotating(old.name) {
			// The tokens that may have been revoked are in doubt.
			for _, t := range old.tokens() {
				op.hasDeleted(t.id)
			}
		}
		if errors.Is(err, errKilled) {
			op.fails(err)
			op.ledger.killedDuringCreate(op.engine, old.user, began)
			return
		}
		if repeats > 0 && !op.isCancelled() {
			time.Sleep(time.Second)
			continue
		}
		op.fails(err)
		said := err.Error()
		if failed := initFailure(err); failed != nil {
			said += "\n" + strings.Join(failed.Reasons, "\n")
			old.outputs, old.initErrors = w.form.hide(failed.Properties), failed.Reasons
		}
		op.ledger.heardFailure(op.process, old.urn(), said)
		op.checkOwn(old, said)
		op.ledger.createFailed(op.engine, old.user, began, said)
		check()
		return
	}
}

// delete deletes a resource, and reports whether it is gone from the state.
func (op *operation) delete(old *record) bool {
	for _, t := range old.tokens() {
		op.hasDeleted(t.id)
		op.world.mu.Lock()
		op.byHand[t.id] = true // a destroy that is killed may have deleted it
		op.world.mu.Unlock()
	}
	old.held = ""
	began := time.Now()
	_, err := call(op.engine, "Delete", old.urn(), func(ctx context.Context) (any, error) {
		return op.process.plugin.Delete(ctx, &pulumirpc.DeleteRequest{
			Id: old.id, Urn: old.urn(), Properties: old.outputs, OldInputs: old.inputs,
		})
	})
	if err != nil {
		op.fails(err)
		if !errors.Is(err, errKilled) {
			op.ledger.heardFailure(op.process, old.urn(), err.Error())
		}
		return false
	}
	op.ledger.checkRevoked(old, old.tokens(), began)
	op.drop(old)
	return true
}

// drop removes a record from the state.
func (op *operation) drop(old *record) {
	op.stateMu.Lock()
	defer op.stateMu.Unlock()
	if op.state[old.name] == old {
		delete(op.state, old.name)
	}
	op.replaced = slices.DeleteFunc(op.replaced, func(r *record) bool { return r == old })
}

func (op *operation) preview() {
	before := op.ledger.writes(op.engine)
	each(op, slices.Clone(op.program), func(name string) {
		w, old := op.wishes[name], op.old(name)
		plan, err := op.plan(name, w, old)
		switch {
		case err != nil:
		case old == nil || plan.replace:
			_, _ = call(op.engine, "Create (preview)", op.urnOf(name), func(ctx context.Context) (*pulumirpc.CreateResponse, error) {
				return op.process.plugin.Create(ctx, &pulumirpc.CreateRequest{Urn: op.urnOf(name), Properties: plan.inputs, Preview: true})
			})
		case plan.update:
			_, err := call(op.engine, "Update (preview)", op.urnOf(name), func(ctx context.Context) (*pulumirpc.UpdateResponse, error) {
				return op.process.plugin.Update(ctx, &pulumirpc.UpdateRequest{
					Id: old.id, Urn: old.urn(), Olds: old.outputs, OldInputs: old.inputs, News: plan.inputs, Preview: true,
				})
			})
			if err != nil && !errors.Is(err, errKilled) {
				op.ledger.heardFailure(op.process, old.urn(), err.Error())
				op.checkOwn(old, err.Error())
			}
		}
	})
	if op.ledger.writes(op.engine) > before {
		op.fail("preview writes", "the preview has made a call that writes")
	}
}

func (op *operation) refresh() {
	each(op, op.records(), func(old *record) {
		op.process.knows(old)
		response, err := call(op.engine, "Read", old.urn(), func(ctx context.Context) (*pulumirpc.ReadResponse, error) {
			return op.process.plugin.Read(ctx, &pulumirpc.ReadRequest{
				Id: old.id, Urn: old.urn(), Inputs: old.inputs, Properties: old.outputs,
			})
		})
		switch failed := initFailure(err); {
		case errors.Is(err, errKilled):
			op.fails(err)
		case failed != nil:
			op.ledger.heardFailure(op.process, old.urn(), err.Error())
			old.outputs, old.initErrors = failed.Properties, failed.Reasons
			if failed.Inputs != nil {
				old.inputs = failed.Inputs
			}
		case err != nil:
			op.fails(err)
			op.ledger.heardFailure(op.process, old.urn(), err.Error())
		case response.Id == "":
			if op.ledger.lives(old) {
				op.fail("dropped", "refresh takes %s out of the state, though its token %s lives", old.name, old.id)
			}
			op.drop(old)
		default:
			old.id, old.outputs, old.initErrors = response.Id, response.Properties, nil
			if response.Inputs != nil {
				old.inputs = response.Inputs
			}
		}
	})
}

func (op *operation) destroy() {
	each(op, op.records(), func(r *record) { op.delete(r) })
}

// importToken imports a token that someone else has made, if the program has room for it.
func (op *operation) importToken(name string) {
	tokens, claimed := op.oci.Tokens(op.users[op.step.user]), op.step.claimed()
	if op.old(name) != nil || len(tokens) == 0 {
		return
	}
	token := tokens[op.step.token%len(tokens)]
	id := token.ID
	other := op.otherToken(tokens, id)
	for _, r := range op.world.records() {
		if claimed == op.step.user && (r.holds(id) || r.holds(other)) {
			return // Pulumi would allow it, but the simulation does not include two owners of one token
		}
	}
	response, err := call(op.engine, "Read (import)", op.urnOf(name), func(ctx context.Context) (*pulumirpc.ReadResponse, error) {
		path := op.users[claimed] + "/" + id
		if op.inDomain(claimed) {
			path = domainURL + "/users/" + op.users[claimed] + "/authTokens/" + token.SCIMID
		}
		if isRotating(name) && other != "" {
			path += "/" + other
		}
		return op.process.plugin.Read(ctx, &pulumirpc.ReadRequest{Id: path, Urn: op.urnOf(name)})
	})
	if err != nil {
		return
	}
	if claimed != op.step.user {
		op.fail("stranger", "token %s is imported as a token of user %d, and it is one of user %d", id, claimed, op.step.user)
		return
	}
	if op.ocid(response.Id) != id {
		op.fail("ghost", "the import of token %s answers with the id %q", id, response.Id)
		return
	}
	description := 0
	for i, d := range descriptions {
		if d == response.Inputs.GetFields()["description"].GetStringValue() {
			description = i
		}
	}
	if _, ok := op.wishes[name]; !ok {
		op.program = append(op.program, name)
	}
	expires := 0 // a rotating token has no such argument
	if token.TimeExpires != nil && !isRotating(name) {
		expires = slices.IndexFunc(expiries, token.TimeExpires.Equal)
	}
	op.wishes[name] = wish{user: op.step.user, description: description, rotation: rotationWish{previousDays: -1}, expires: expires}
	op.stateMu.Lock()
	defer op.stateMu.Unlock()
	op.state[name] = &record{
		stack: op.engine, name: name, id: id, user: op.step.user, inputs: response.Inputs, outputs: response.Properties, expires: expires,
	}
}

// initFailure returns the details in an error about a resource that exists and failed to initialize, or nil.
func initFailure(err error) *pulumirpc.ErrorResourceInitFailed {
	for _, detail := range status.Convert(err).Details() {
		if failed, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok {
			return failed
		}
	}
	return nil
}
