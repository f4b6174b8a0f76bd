package infermend

import (
	"context"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// The same URL, time or map may be written in many forms, and any value may be marked as a secret. A change of the form alone replaces
// nothing and rotates nothing.

// compareMeanings makes infer and the resources compare what arguments mean. Where an argument means the same as before, they get what
// is recorded in the form of the new inputs. If only the mark of a secret differs, the diff is an update, which records the mark.
// infer takes the form and the mark for parts of the value, and would replace the resource. No upstream issue for it was found.
func compareMeanings(ctx context.Context, call *Call, next func(context.Context) error) error {
	if call.Method != Diff && call.Method != Update {
		return next(ctx)
	}
	var marked []string
	for _, a := range call.Resource.Arguments {
		now, state, before := call.Inputs.Get(a.Name), call.State.Get(a.Name), call.OldInputs.Get(a.Name)
		if a.same(state, now) && !isNothing(now) && (!hides(state, now) || (a.same(before, now) && !hides(now, before) && !hides(now, state))) {
			marked = append(marked, a.Name)
		}
	}
	call.takeFormOfInputs()
	err := next(ctx)
	if call.Method == Update || err != nil || len(marked) == 0 {
		return err
	}
	diff := &call.Answer.Diff
	if diff.DetailedDiff == nil {
		diff.DetailedDiff = map[string]p.PropertyDiff{}
	}
	for _, name := range marked {
		diff.DetailedDiff[name] = p.PropertyDiff{Kind: p.Update, InputDiff: true}
	}
	diff.HasChanges = true
	return nil
}

// takeFormOfInputs writes the arguments in the state and in the old inputs in the form of the new inputs, as far as they mean the same.
// Old inputs that lack an argument take it from the state: an import may have recorded it there alone.
func (c *Call) takeFormOfInputs() {
	put := func(into property.Map, name string) property.Map {
		if now, ok := c.Inputs.GetOk(name); ok {
			return into.Set(name, now)
		}
		return into.Delete(name)
	}
	for _, a := range c.Resource.Arguments {
		now := c.Inputs.Get(a.Name)
		recorded := a.same(c.State.Get(a.Name), now)
		if recorded {
			c.State = put(c.State, a.Name)
		}
		if before := c.OldInputs.Get(a.Name); a.same(before, now) || (recorded && before.IsNull()) {
			c.OldInputs = put(c.OldInputs, a.Name)
		}
	}
}

// same reports whether two values of an argument mean the same. A value that is not known yet is the same as no other. No value and a
// map without keys mean the same.
func (a Property) same(one, other property.Value) bool {
	if one.HasComputed() || other.HasComputed() {
		return false
	}
	if isNothing(one) || isNothing(other) {
		return isNothing(one) && isNothing(other)
	}
	one, other = inClear(one), inClear(other)
	if a.canonical != nil && one.IsString() && other.IsString() {
		return a.canonical(one.AsString()) == a.canonical(other.AsString())
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
