package provider

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// What infer 1.5.0 does not do, each as a wrapper of the provider that it builds.

type urnKey struct{}

// knowingURN lets Create know which resource it is for: infer passes on the name alone, which children of different
// components may share.
func knowingURN(provider p.Provider) p.Provider {
	create := provider.Create
	provider.Create = func(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
		return create(context.WithValue(ctx, urnKey{}, req.Urn), req)
	}
	return provider
}

func urnOf(ctx context.Context) string {
	urn, _ := ctx.Value(urnKey{}).(resource.URN)
	return string(urn)
}

// answeringWithSecret marks the token as secret in what Read answers: infer does so for Create and Update only, and the
// engine keeps what Read answers, on import above all, as it comes.
// It can go with https://github.com/pulumi/pulumi-go-provider/issues/582.
func answeringWithSecret(provider p.Provider) p.Provider {
	read := provider.Read
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		resp, err := read(ctx, req)
		if token, ok := resp.Properties.GetOk("token"); ok {
			resp.Properties = resp.Properties.Set("token", token.WithSecret(true))
		}
		return resp, err
	}
	return provider
}

// completingState lets state pass that a person has written by hand: the outputs in a file for "pulumi import --file" need
// hold no more than the token. What is missing comes from the inputs, or is left empty until the next refresh.
func completingState(provider p.Provider) p.Provider {
	required := requiredTexts(reflect.TypeFor[AuthTokenState]())
	complete := func(state, inputs property.Map) property.Map {
		for _, name := range required {
			if _, ok := state.GetOk(name); ok {
				continue
			}
			value, ok := inputs.GetOk(name)
			if !ok {
				value = property.New("")
			}
			state = state.Set(name, value)
		}
		return state
	}
	read, update, remove := provider.Read, provider.Update, provider.Delete
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		// An import has neither: it is told from a refresh by that.
		if req.Properties.Len() > 0 || req.Inputs.Len() > 0 {
			req.Properties = complete(req.Properties, req.Inputs)
		}
		return read(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		req.State = complete(req.State, req.OldInputs)
		return update(ctx, req)
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		req.Properties = complete(req.Properties, req.OldInputs)
		return remove(ctx, req)
	}
	return provider
}

// requiredTexts are the names of a state's properties that infer refuses to do without.
func requiredTexts(state reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(state) {
		name, options, tagged := strings.Cut(field.Tag.Get("pulumi"), ",")
		if name != "" && (!tagged || options != "optional") && field.Type.Kind() == reflect.String {
			names = append(names, name)
		}
	}
	return names
}

// ignoringInputsOnly keeps the resource option ignoreChanges to what a program can change. infer takes the old value of
// whatever is named there for an input, and then refuses an output as an input that it does not know.
func ignoringInputsOnly(provider p.Provider) p.Provider {
	inputs := func(ignored []string, news, olds property.Map) []string {
		return slices.DeleteFunc(slices.Clone(ignored), func(name string) bool {
			_, isNew := news.GetOk(name)
			_, isOld := olds.GetOk(name)
			return !isNew && !isOld
		})
	}
	diff, update := provider.Diff, provider.Update
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		req.IgnoreChanges = inputs(req.IgnoreChanges, req.Inputs, req.OldInputs)
		return diff(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		req.IgnoreChanges = inputs(req.IgnoreChanges, req.Inputs, req.OldInputs)
		return update(ctx, req)
	}
	return provider
}

// keepingTimeouts turns the customTimeouts of a resource into deadlines as they are: infer cuts them to whole seconds, and
// half a second to none at all.
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
