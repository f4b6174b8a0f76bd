package infermend

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"
	pschema "github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// This file works around what infer 1.5.0 lacks. Each workaround wraps the provider that infer builds, and names the upstream issue
// that will make it unnecessary. For each, infer_test.go shows that infer still needs it. When such a test fails after an upgrade,
// delete the workaround and the test.

// wrapper returns a provider that does something more, or something else, than the given one.
type Wrapper func(p.Provider) p.Provider

// wrapped applies the wrappers in order. A request passes through the last one first.
func Wrapped(provider p.Provider, wrappers ...Wrapper) p.Provider {
	for _, wrap := range wrappers {
		provider = wrap(provider)
	}
	return provider
}

// kinds maps type tokens to the kinds of resources that a provider has.
type Kinds map[tokens.Type]Kind

// kind is what the wrappers need to know about one kind of resource.
type Kind struct {
	infer.InferredResource
	// secrets lists the outputs that are tagged as secret.
	secrets []string
	// required lists the strings without which infer does not decode the state.
	required []string
	// promised lists the outputs that are required in the schema only.
	promised []string
	// optional lists what is optional in the schema of the state.
	optional []string
	// arguments lists all arguments.
	arguments []Argument
	// inputs lists the arguments that a complete state always has as they were given: those that are required, and those that
	// replace the resource. An update that failed half-way may have left any other argument out of the state, or as it was.
	inputs []string
	// listInputs says by what resources are listed.
	listInputs *pschema.ObjectTypeSpec
}

// KindOf wraps infer.Resource, and also records what the state looks like.
func KindOf[R infer.CustomResource[I, O], I, O any](r R) Kind {
	k := Kind{InferredResource: infer.Resource(r), arguments: ArgumentsOf[I]()}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[O]()) {
		name, options, _ := strings.Cut(field.Tag.Get("pulumi"), ",")
		if name == "" {
			continue
		}
		if hasOption(field.Tag.Get("provider"), "secret") {
			k.secrets = append(k.secrets, name)
		}
		if !hasOption(options, "optional") && field.Type.Kind() == reflect.String {
			k.required = append(k.required, name)
		}
		switch {
		case field.Tag.Get("schema") == "required":
			k.promised = append(k.promised, name)
		case hasOption(options, "optional"):
			k.optional = append(k.optional, name)
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[I]()) {
		name, options, _ := strings.Cut(field.Tag.Get("pulumi"), ",")
		if name != "" && (!hasOption(options, "optional") || hasOption(field.Tag.Get("provider"), "replaceOnChanges")) {
			k.inputs = append(k.inputs, name)
		}
	}
	return k
}

func hasOption(options, name string) bool { return slices.Contains(strings.Split(options, ","), name) }

// NewKinds returns the kinds of a package by type token.
func NewKinds(pkg string, all ...Kind) (Kinds, error) {
	index := Kinds{}
	for _, k := range all {
		token, err := k.GetToken()
		if err != nil {
			return nil, err
		}
		// infer does not know the package's name yet, and uses a placeholder.
		_, member, _ := strings.Cut(string(token), ":")
		index[tokens.Type(pkg+":"+member)] = k
	}
	return index, nil
}

// resources returns the kinds in the form that infer takes.
func (all Kinds) Resources() []infer.InferredResource {
	var resources []infer.InferredResource
	for _, k := range all {
		resources = append(resources, k)
	}
	return resources
}

// GetSchema makes the outputs with the tag schema:"required" required in the schema. Every token has them once it exists, so a program
// need not handle that one is missing. The state may lack them all the same, such as the value of an imported token, and infer does not
// decode a state without an output that its own tag requires. There is no upstream issue for it, because infer has one tag for both.
func (k Kind) GetSchema(register schema.RegisterDerivativeType) (pschema.ResourceSpec, error) {
	spec, err := k.InferredResource.GetSchema(register)
	spec.Required = append(spec.Required, k.promised...)
	leaveReplacingToDiff(spec.InputProperties)
	leaveReplacingToDiff(spec.Properties)
	spec.ListInputs = k.listInputs
	return spec, err
}

// ListedBy says in the schema by what resources of this kind are listed, for which infer has no option.
func (k Kind) ListedBy(inputs pschema.ObjectTypeSpec) Kind {
	k.listInputs = &inputs
	return k
}

// leaveReplacingToDiff says in the schema that the provider replaces a resource when some properties change. What infer says instead
// makes every SDK set the resource option replaceOnChanges: the engine would then replace the resource for any difference that Diff
// reports in them, such as an argument that has become a secret. No upstream issue for it was found.
func leaveReplacingToDiff(properties map[string]pschema.PropertySpec) {
	for name, spec := range properties {
		spec.WillReplaceOnChanges, spec.ReplaceOnChanges = spec.ReplaceOnChanges, false
		properties[name] = spec
	}
}

// Request holds what infer does not pass on about a request to the methods of a resource, and what these methods cannot return
// through infer.
type Request struct {
	URN resource.URN
	// Inputs are the new arguments. Secrets and unknown values are marked as such.
	Inputs property.Map
	// State is the recorded state, with the same marks.
	State property.Map
	// Unknown lists the outputs that the preview of an update does not know.
	Unknown []string
}

type requestKey struct{}

// RequestOf returns the request that a method answers.
func RequestOf(ctx context.Context) *Request {
	if req, ok := ctx.Value(requestKey{}).(*Request); ok {
		return req
	}
	return &Request{}
}

// URNOf returns the URN of the resource that a request is about.
func URNOf(ctx context.Context) string { return string(RequestOf(ctx).URN) }

// PassingRequests passes the request on to a resource's methods. They need its URN: infer passes only the name, which children of
// different components may share. They need the arguments as they arrive: infer turns unknown values into zero values. It also makes
// the outputs unknown that an Update names in its request: infer makes an output unknown only where an input has changed (see
// https://github.com/pulumi/pulumi-go-provider/pull/105). No upstream issue for either was found.
func (all Kinds) PassingRequests(provider p.Provider) p.Provider {
	with := func(ctx context.Context, urn resource.URN, inputs, state property.Map) (context.Context, *Request) {
		req := &Request{URN: urn, Inputs: inputs, State: state}
		return context.WithValue(ctx, requestKey{}, req), req
	}
	inner := provider
	provider.Check = func(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
		ctx, _ = with(ctx, req.Urn, req.Inputs, property.Map{})
		return inner.Check(ctx, req)
	}
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		ctx, _ = with(ctx, req.Urn, req.Inputs, req.State)
		return inner.Diff(ctx, req)
	}
	provider.Create = func(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
		ctx, _ = with(ctx, req.Urn, req.Properties, property.Map{})
		return inner.Create(ctx, req)
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		ctx, _ = with(ctx, req.Urn, req.Inputs, req.Properties)
		return inner.Read(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		ctx, asked := with(ctx, req.Urn, req.Inputs, req.State)
		resp, err := inner.Update(ctx, req)
		if req.DryRun && err == nil {
			secrets := all[req.Urn.Type()].secrets
			for _, name := range asked.Unknown {
				unknown := property.New(property.Computed).WithSecret(slices.Contains(secrets, name))
				resp.Properties = resp.Properties.Set(name, unknown)
			}
		}
		return resp, err
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		ctx, _ = with(ctx, req.Urn, req.OldInputs, req.Properties)
		return inner.Delete(ctx, req)
	}
	return provider
}

// AnsweringNulls puts what is optional and has no value into each answer, as null, as the providers of Terraform's resources do. infer
// leaves it out, and Pulumi's SDKs take what is not in the state, or not in the preview of an update, as unknown in every preview:
// whatever depends on it would seem to change. What is required in the schema stays absent, such as the value of an imported token: it
// has a value that the state does not know. There is no upstream issue for it yet.
func (all Kinds) AnsweringNulls(provider p.Provider) p.Provider {
	complete := func(urn resource.URN, state property.Map) property.Map {
		for _, name := range all[urn.Type()].optional {
			if _, ok := state.GetOk(name); !ok && state.Len() > 0 {
				state = state.Set(name, property.Value{})
			}
		}
		return state
	}
	inner := provider
	provider.Create = func(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
		resp, err := inner.Create(ctx, req)
		resp.Properties = complete(req.Urn, resp.Properties)
		return resp, err
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		resp, err := inner.Read(ctx, req)
		resp.Properties = complete(req.Urn, resp.Properties)
		return resp, err
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		resp, err := inner.Update(ctx, req)
		resp.Properties = complete(req.Urn, resp.Properties)
		return resp, err
	}
	return provider
}

// KeepingSecretArguments keeps secret what an update that failed half-way carries over from the old state. infer marks as secret
// what is secret in the new arguments (see https://github.com/pulumi/pulumi-go-provider/pull/123). If a program stops marking an
// argument as secret, infer would record the old value, which is still in the state, in plain text. No upstream issue for it was
// found.
func KeepingSecretArguments(provider p.Provider) p.Provider {
	update := provider.Update
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		resp, err := update(ctx, req)
		if resp.PartialState == nil {
			return resp, err
		}
		for name, old := range req.State.All {
			if now, ok := resp.Properties.GetOk(name); ok && old.HasSecrets() && inClear(now).Equals(inClear(old)) {
				resp.Properties = resp.Properties.Set(name, old.WithSecret(old.Secret() || now.Secret()))
			}
		}
		return resp, err
	}
	return provider
}

// inClear returns the value without any mark of a secret.
func inClear(value property.Value) property.Value {
	switch {
	case value.IsMap():
		members := map[string]property.Value{}
		for name, member := range value.AsMap().All {
			members[name] = inClear(member)
		}
		return property.New(members)
	case value.IsArray():
		var members []property.Value
		for _, member := range value.AsArray().All {
			members = append(members, inClear(member))
		}
		return property.New(members)
	default:
		return value.WithSecret(false)
	}
}

// MarkingSecretsOnRead marks the secret outputs in the answer of Read. infer does so for Create and Update only. The engine records
// the answer of Read as it is, and on import nothing else marks it.
// It can go with the first release that has https://github.com/pulumi/pulumi-go-provider/pull/583, which closes issue 582.
func (all Kinds) MarkingSecretsOnRead(provider p.Provider) p.Provider {
	read := provider.Read
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		resp, err := read(ctx, req)
		for _, name := range all[req.Urn.Type()].secrets {
			if value, ok := resp.Properties.GetOk(name); ok {
				resp.Properties = resp.Properties.Set(name, value.WithSecret(true))
			}
		}
		return resp, err
	}
	return provider
}

// CompletingState accepts state that a person has written. The "outputs" in a file for "pulumi import --file" need to contain only
// the token. The fields that infer requires are taken from the inputs, or left empty until the next refresh.
// There is no upstream issue for it, because infer is strict about state on purpose, except in Read.
func (all Kinds) CompletingState(provider p.Provider) p.Provider {
	complete := func(urn resource.URN, state, inputs property.Map) property.Map {
		for _, name := range all[urn.Type()].inputs {
			value, given := inputs.GetOk(name)
			if _, ok := state.GetOk(name); given && !ok {
				state = state.Set(name, value)
			}
		}
		for _, name := range all[urn.Type()].required {
			if _, ok := state.GetOk(name); !ok {
				state = state.Set(name, property.New(""))
			}
		}
		return state
	}
	inner := provider
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		req.State = complete(req.Urn, req.State, req.OldInputs)
		return inner.Diff(ctx, req)
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		// An import has neither state nor inputs.
		if req.Properties.Len() > 0 || req.Inputs.Len() > 0 {
			req.Properties = complete(req.Urn, req.Properties, req.Inputs)
		}
		return inner.Read(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		req.State = complete(req.Urn, req.State, req.OldInputs)
		return inner.Update(ctx, req)
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		req.Properties = complete(req.Urn, req.Properties, req.OldInputs)
		return inner.Delete(ctx, req)
	}
	return provider
}

// ReadingOldArguments leaves out of recorded arguments those that the resource does not have. An alias may make another resource of it,
// as it makes a RotatingAuthToken of an AuthToken that expires. There is no upstream issue for it, because infer is strict about
// arguments on purpose.
func (all Kinds) ReadingOldArguments(provider p.Provider) p.Provider {
	known := func(urn resource.URN, old property.Map) property.Map {
		for name := range old.All {
			if !slices.ContainsFunc(all[urn.Type()].arguments, func(a Argument) bool { return a.Name == name }) {
				old = old.Delete(name)
			}
		}
		return old
	}
	inner := provider
	provider.Check = func(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
		req.State = known(req.Urn, req.State)
		return inner.Check(ctx, req)
	}
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		// A refresh compares what Read has answered with the recorded arguments, as if these were new.
		req.Inputs, req.OldInputs = known(req.Urn, req.Inputs), known(req.Urn, req.OldInputs)
		return inner.Diff(ctx, req)
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		req.Inputs = known(req.Urn, req.Inputs)
		return inner.Read(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		req.OldInputs = known(req.Urn, req.OldInputs)
		return inner.Update(ctx, req)
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		req.OldInputs = known(req.Urn, req.OldInputs)
		return inner.Delete(ctx, req)
	}
	return provider
}

// IgnoringChangesOfInputs implements the resource option ignoreChanges. It replaces the new input with the old one, as the engine
// does. infer replaces it with the old output, even if the option names an output that is not an input, and then refuses that.
// It can go with the first release that has https://github.com/pulumi/pulumi-go-provider/pull/575.
func IgnoringChangesOfInputs(provider p.Provider) p.Provider {
	ignoring := func(names []string, inputs, old property.Map) property.Map {
		for _, name := range names {
			if value, ok := old.GetOk(name); ok {
				inputs = inputs.Set(name, value)
			}
		}
		return inputs
	}
	diff, update := provider.Diff, provider.Update
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		req.Inputs, req.IgnoreChanges = ignoring(req.IgnoreChanges, req.Inputs, req.OldInputs), nil
		return diff(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		req.Inputs, req.IgnoreChanges = ignoring(req.IgnoreChanges, req.Inputs, req.OldInputs), nil
		return update(ctx, req)
	}
	return provider
}

// KeepingTimeouts turns a resource's customTimeouts into deadlines. infer cuts them to whole seconds, so that an operation with a
// timeout of half a second would have no time at all. There is no upstream issue for it yet.
func KeepingTimeouts(provider p.Provider) p.Provider {
	within := func(ctx context.Context, seconds *float64) (context.Context, context.CancelFunc) {
		if *seconds <= 0 {
			return ctx, func() {}
		}
		timeout := time.Duration(*seconds * float64(time.Second))
		*seconds = 0
		return context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the operation's timeout of %s has passed", timeout))
	}
	create, update, remove := provider.Create, provider.Update, provider.Delete
	provider.Create = func(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
		ctx, cancel := within(ctx, &req.Timeout)
		defer cancel()
		return create(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		ctx, cancel := within(ctx, &req.Timeout)
		defer cancel()
		return update(ctx, req)
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		ctx, cancel := within(ctx, &req.Timeout)
		defer cancel()
		return remove(ctx, req)
	}
	return provider
}

// ConfiguringBy calls configure in place of infer, which decodes every configuration into the same value: an option that the
// program no longer sets would still be set. There is no upstream issue for it yet.
func ConfiguringBy(configure func(context.Context, p.ConfigureRequest) error) Wrapper {
	return func(provider p.Provider) p.Provider {
		provider.Configure = configure
		return provider
	}
}

// UpdatingConfiguration reports a change of the configuration as an update of the provider. infer reports a replacement, which would
// replace every resource of the provider. It can go with https://github.com/pulumi/pulumi-go-provider/issues/409.
func UpdatingConfiguration(provider p.Provider) p.Provider {
	provider.DiffConfig = diffConfig
	return provider
}

func diffConfig(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
	old := req.OldInputs
	if old.Len() == 0 {
		old = req.State
	}
	changes := map[string]p.PropertyDiff{}
	for name := range old.All {
		if _, still := req.Inputs.GetOk(name); !still && !isInternal(name) {
			changes[name] = p.PropertyDiff{Kind: p.Delete, InputDiff: true}
		}
	}
	for name, now := range req.Inputs.All {
		before, had := old.GetOk(name)
		switch {
		case isInternal(name):
		case !had:
			changes[name] = p.PropertyDiff{Kind: p.Add, InputDiff: true}
		case !before.Equals(now):
			changes[name] = p.PropertyDiff{Kind: p.Update, InputDiff: true}
		}
	}
	return p.DiffResponse{HasChanges: len(changes) > 0, DetailedDiff: changes}, nil
}

// isInternal reports whether a key of the configuration belongs to the engine or to the framework.
func isInternal(name string) bool {
	return name == "version" || name == "pluginDownloadURL" || strings.HasPrefix(name, "__")
}

// WithoutInternal returns the configuration without internal keys. Programs that use an SDK also send the version of its package.
func WithoutInternal(inputs property.Map) property.Map {
	for name := range inputs.All {
		if isInternal(name) {
			inputs = inputs.Delete(name)
		}
	}
	return inputs
}
