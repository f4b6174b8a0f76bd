package provider

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// This file has what infer 1.5.0 lacks. Each mend is a wrapper around the provider that infer builds, and names the upstream
// issue that will make it go. For each, infer_test.go shows that infer still lacks it: when such a test fails after an
// upgrade, delete the mend and the test.

// mend wraps a provider.
type mend func(p.Provider) p.Provider

// mended applies mends in order: a request passes through the last one first.
func mended(provider p.Provider, mends ...mend) p.Provider {
	for _, mend := range mends {
		provider = mend(provider)
	}
	return provider
}

// kinds are the kinds of resources that a provider has, by type token.
type kinds map[tokens.Type]kind

// kind is what the mends need to know about one kind of resource.
type kind struct {
	infer.InferredResource
	// secrets are the outputs that are tagged as secret.
	secrets []string
	// required are the texts in the state that infer does not decode it without.
	required []string
	// inputs are the arguments that no complete state lacks, or has otherwise than they were given: those that are required, and
	// those that replace the resource. An update that got stuck may have left another one as it was, absent above all.
	inputs []string
}

// kindOf is infer.Resource, and remembers what the state looks like.
func kindOf[R infer.CustomResource[I, O], I, O any](r R) kind {
	k := kind{InferredResource: infer.Resource(r)}
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
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[I]()) {
		name, options, _ := strings.Cut(field.Tag.Get("pulumi"), ",")
		if name != "" && (!hasOption(options, "optional") || hasOption(field.Tag.Get("provider"), "replaceOnChanges")) {
			k.inputs = append(k.inputs, name)
		}
	}
	return k
}

// propertiesOf returns the names of a type's properties, as its tags say.
func propertiesOf[T any]() []string {
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if name, _, _ := strings.Cut(field.Tag.Get("pulumi"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func hasOption(options, name string) bool { return slices.Contains(strings.Split(options, ","), name) }

// newKinds makes the index of a package's kinds.
func newKinds(pkg string, all ...kind) (kinds, error) {
	index := kinds{}
	for _, k := range all {
		token, err := k.GetToken()
		if err != nil {
			return nil, err
		}
		// infer does not know the package's name yet, and has a placeholder in its place.
		_, member, _ := strings.Cut(string(token), ":")
		index[tokens.Type(pkg+":"+member)] = k
	}
	return index, nil
}

// resources returns the kinds as infer wants them.
func (all kinds) resources() []infer.InferredResource {
	var resources []infer.InferredResource
	for _, k := range all {
		resources = append(resources, k.InferredResource)
	}
	return resources
}

// request is what infer does not tell a resource's methods of the request that they answer, and what they can say besides
// their answer.
type request struct {
	urn resource.URN
	// inputs are the new arguments, with what is a secret and what is not known yet.
	inputs property.Map
	// state is the recorded state, likewise.
	state property.Map
	// unknown are the outputs that a preview of an update cannot tell.
	unknown []string
}

type requestKey struct{}

// requestOf returns what is known of the request that a method answers.
func requestOf(ctx context.Context) *request {
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		return req
	}
	return &request{}
}

// urnOf returns the URN of the resource that a call is about.
func urnOf(ctx context.Context) string { return string(requestOf(ctx).urn) }

// passingRequests lets a resource's methods see the URN, where infer passes the name alone, which children of different
// components may share; and the arguments as they come, where infer makes zero values of what is not known yet. It makes
// unknown what an Update has named in its request: infer knows only of outputs that follow from a change of an input.
// There is no upstream issue for it yet.
func (all kinds) passingRequests(provider p.Provider) p.Provider {
	with := func(ctx context.Context, urn resource.URN, inputs, state property.Map) (context.Context, *request) {
		req := &request{urn: urn, inputs: inputs, state: state}
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
			for _, name := range asked.unknown {
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

// keepingSecretArguments keeps secret what an update that got stuck half-way carries over from the old state. infer takes
// from the new arguments what is a secret, so that a value that is none any more in the program would be recorded in clear
// as long as the old one is. There is no upstream issue for it yet.
func keepingSecretArguments(provider p.Provider) p.Provider {
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

// inClear returns a value in which nothing is marked as secret.
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

// markingSecretsOnRead marks secret outputs as such in what Read answers. infer does so for Create and Update only, and
// what Read answers reaches the state as it is; on import, nothing else marks it.
// It can go with the first release that has https://github.com/pulumi/pulumi-go-provider/pull/583, which closes issue 582.
func (all kinds) markingSecretsOnRead(provider p.Provider) p.Provider {
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

// completingState accepts state that a person has written: the "outputs" in a file for "pulumi import --file" need hold no
// more than the token. What infer would miss comes from the inputs, or is left empty until the next refresh.
// There is no upstream issue for it: infer is strict about state on purpose, save in Read.
func (all kinds) completingState(provider p.Provider) p.Provider {
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
		// An import comes with neither state nor inputs.
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

// ignoringChangesOfInputs does what the resource option ignoreChanges asks for: it puts the old input in the place of the new
// one, as the engine has done already. infer puts the old output in its place, even if what is named is no input, and then
// refuses it. It can go with the first release that has https://github.com/pulumi/pulumi-go-provider/pull/575.
func ignoringChangesOfInputs(provider p.Provider) p.Provider {
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

// keepingTimeouts makes deadlines of a resource's customTimeouts. infer cuts them to whole seconds, so that an operation with
// half a second has no time at all. There is no upstream issue for it yet.
func keepingTimeouts(provider p.Provider) p.Provider {
	within := func(ctx context.Context, seconds *float64) (context.Context, context.CancelFunc) {
		if *seconds <= 0 {
			return ctx, func() {}
		}
		timeout := time.Duration(*seconds * float64(time.Second))
		*seconds = 0
		return context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the operation's timeout of %s is over", timeout))
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

// configuringBy calls configure in place of infer, which decodes every configuration into the same value: an option that the
// program no longer sets would still be set. There is no upstream issue for it yet.
func configuringBy(configure func(context.Context, p.ConfigureRequest) error) mend {
	return func(provider p.Provider) p.Provider {
		provider.Configure = configure
		return provider
	}
}

// updatingConfiguration reports a change in the configuration as an update of the provider. infer reports a replacement, which
// would replace every resource under it. It can go with https://github.com/pulumi/pulumi-go-provider/issues/409.
func updatingConfiguration(provider p.Provider) p.Provider {
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

// isInternal reports whether an entry of the configuration is the engine's or the framework's own.
func isInternal(name string) bool {
	return name == "version" || name == "pluginDownloadURL" || strings.HasPrefix(name, "__")
}

// withoutInternal returns the configuration's own properties. Programs that use an SDK send their package's version along.
func withoutInternal(inputs property.Map) property.Map {
	for name := range inputs.All {
		if isInternal(name) {
			inputs = inputs.Delete(name)
		}
	}
	return inputs
}
