package infermend

import (
	"context"
	"reflect"
	"strings"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
)

// This file says what the values of arguments mean. The same URL, time or map may be written in many forms, and any value may be marked
// as a secret. A change of the form alone replaces nothing and rotates nothing.

// meanings are the kinds of texts that have several forms, by the name that an argument has in its tag "means". Each returns one form
// for all texts that mean the same. A text that is not of the kind means itself.
var meanings = map[string]func(string) string{
	"domain": meaningOfDomainURL,
	"time":   meaningOfTime,
}

// meaningOfDomainURL returns the URL of an identity domain in canonical form.
func meaningOfDomainURL(s string) string {
	if canonical, err := hosts.ParseDomainURL(s); err == nil {
		return canonical
	}
	return s
}

// meaningOfTime returns a time in UTC, without trailing zeros.
func meaningOfTime(s string) string {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC().Format(time.RFC3339Nano)
	}
	return s
}

// Argument is an argument of a resource. Means returns one form for all texts that mean the same. It is nil if every text is its own.
type Argument struct {
	Name  string
	Means func(string) string
}

// ArgumentsOf returns the arguments of a resource, from the tags of its type.
func ArgumentsOf[T any]() []Argument {
	var arguments []Argument
	for _, field := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if name, _, _ := strings.Cut(field.Tag.Get("pulumi"), ","); name != "" {
			arguments = append(arguments, Argument{name, meanings[field.Tag.Get("means")]})
		}
	}
	return arguments
}

// same reports whether two values of the argument mean the same. A value that is not known yet is the same as no other. No value and a
// map without keys mean the same.
func (a Argument) same(one, other property.Value) bool {
	if one.HasComputed() || other.HasComputed() {
		return false
	}
	if isNothing(one) || isNothing(other) {
		return isNothing(one) && isNothing(other)
	}
	one, other = inClear(one), inClear(other)
	if a.Means != nil && one.IsString() && other.IsString() {
		return a.Means(one.AsString()) == a.Means(other.AsString())
	}
	return one.Equals(other)
}

func isNothing(v property.Value) bool { return v.IsNull() || (v.IsMap() && v.AsMap().Len() == 0) }

// hides reports whether everything that is a secret in the other value is a secret in this one. They mean the same.
func hides(v, other property.Value) bool {
	switch {
	case v.Secret():
		return true
	case other.Secret():
		return false
	case v.IsMap() && other.IsMap():
		for key, member := range other.AsMap().All {
			if !hides(v.AsMap().Get(key), member) {
				return false
			}
		}
	}
	return true
}

// ComparingMeanings makes infer and the resources compare what arguments mean. Where an argument means the same as before, they get what
// is recorded in the form of the new inputs. If only the mark of a secret differs, the diff is an update, which records the mark.
// infer takes the form and the mark for parts of the value, and would replace the resource. No upstream issue for it was found.
func (all Kinds) ComparingMeanings(provider p.Provider) p.Provider {
	inner := provider
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		var marked []string
		for _, a := range all[req.Urn.Type()].arguments {
			now, state, before := req.Inputs.Get(a.Name), req.State.Get(a.Name), req.OldInputs.Get(a.Name)
			if a.same(state, now) && !isNothing(now) && (!hides(state, now) || (a.same(before, now) && !hides(now, before) && !hides(now, state))) {
				marked = append(marked, a.Name)
			}
		}
		req.State, req.OldInputs = all[req.Urn.Type()].inFormOf(req.Inputs, req.State, req.OldInputs)
		resp, err := inner.Diff(ctx, req)
		if err != nil || len(marked) == 0 {
			return resp, err
		}
		if resp.DetailedDiff == nil {
			resp.DetailedDiff = map[string]p.PropertyDiff{}
		}
		for _, name := range marked {
			resp.DetailedDiff[name] = p.PropertyDiff{Kind: p.Update, InputDiff: true}
		}
		resp.HasChanges = true
		return resp, nil
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		req.State, req.OldInputs = all[req.Urn.Type()].inFormOf(req.Inputs, req.State, req.OldInputs)
		return inner.Update(ctx, req)
	}
	return provider
}

// inFormOf returns the state and the old inputs with the arguments in the form of the new inputs, as far as they mean the same. Old
// inputs that lack an argument take it from the state: an import may have recorded it there alone.
func (k Kind) inFormOf(inputs, state, old property.Map) (property.Map, property.Map) {
	put := func(into property.Map, name string) property.Map {
		if now, ok := inputs.GetOk(name); ok {
			return into.Set(name, now)
		}
		return into.Delete(name)
	}
	for _, a := range k.arguments {
		now := inputs.Get(a.Name)
		recorded := a.same(state.Get(a.Name), now)
		if recorded {
			state = put(state, a.Name)
		}
		if before := old.Get(a.Name); a.same(before, now) || (recorded && before.IsNull()) {
			old = put(old, a.Name)
		}
	}
	return state, old
}
