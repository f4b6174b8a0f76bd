package infermend

import (
	"maps"
	"slices"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Compare returns the diff of the arguments in two maps. It compares maps key by key, unless one is a secret: the keys are then part of
// it. infer offers its own diff to resources without a Diff method only. No upstream issue for it was found.
func Compare(arguments []Property, old, inputs property.Map) p.DiffResponse {
	changes := map[string]p.PropertyDiff{}
	for _, argument := range arguments {
		before, now := old.Get(argument.Name), inputs.Get(argument.Name)
		if before.IsMap() && now.IsMap() && !before.Secret() && !now.Secret() {
			noteKeys(changes, func(key string) string { return pathOf(argument.Name, key) }, before.AsMap(), now.AsMap())
			continue
		}
		note(changes, argument.Name, argument.Name, old, inputs)
		if change, ok := changes[argument.Name]; ok && argument.Replaces {
			change.Kind = replacing[change.Kind]
			changes[argument.Name] = change
		}
	}
	return p.DiffResponse{HasChanges: len(changes) > 0, DetailedDiff: changes}
}

// noteKeys notes the changes of all keys of a map.
func noteKeys(changes map[string]p.PropertyDiff, pathTo func(key string) string, old, now property.Map) {
	keys := old.AsMap()
	maps.Copy(keys, now.AsMap())
	for key := range keys {
		note(changes, pathTo(key), key, old, now)
	}
}

// note notes the change of a key of a map, if there is one.
func note(changes map[string]p.PropertyDiff, path, key string, old, inputs property.Map) {
	before, had := old.GetOk(key)
	now, has := inputs.GetOk(key)
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
	changes[path] = change
}

// replacing maps the kinds of changes to those that replace the resource.
var replacing = map[p.DiffKind]p.DiffKind{p.Add: p.AddReplace, p.Delete: p.DeleteReplace, p.Update: p.UpdateReplace}

// Replaces reports whether a diff replaces the resource.
func Replaces(diff p.DiffResponse) bool {
	for _, change := range diff.DetailedDiff {
		switch change.Kind {
		case p.AddReplace, p.DeleteReplace, p.UpdateReplace:
			return true
		}
	}
	return false
}

// pathOf returns the path under which a diff is reported. The engine parses it. A key that is empty or ends in a backslash cannot be parsed
// as it was formatted, so its change is reported for the whole argument. No upstream issue for it was found.
func pathOf(argument, key string) string {
	path := resource.PropertyPath{argument, key}
	if parsed, err := resource.ParsePropertyPath(path.String()); err != nil || !slices.Equal(parsed, path) {
		return argument
	}
	return path.String()
}
