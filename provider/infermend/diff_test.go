package infermend

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestThePathOfAKeyCannotAlwaysBeParsed(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", `a\`} {
		path := resource.PropertyPath{"stamps", key}
		parsed, err := resource.ParsePropertyPath(path.String())
		require.False(t, err == nil && assert.ObjectsAreEqual(path, parsed), "%q: the engine can do this now: delete pathOf and this test", key)
		assert.Equal(t, "stamps", pathOf("stamps", key))
	}
	assert.Equal(t, "stamps.a", pathOf("stamps", "a"))
	assert.Equal(t, `stamps["a.b"]`, pathOf("stamps", "a.b"))
}

func TestCompare(t *testing.T) {
	t.Parallel()
	stamps := func(pairs ...string) property.Value { return property.New(texts(pairs...)) }
	arguments := PropertiesOf[ParcelArgs]()
	for name, test := range map[string]struct {
		old, now property.Map
		want     map[string]p.DiffKind
	}{
		"nothing":            {texts("to", "me"), texts("to", "me"), map[string]p.DiffKind{}},
		"no argument":        {texts("weighed", "now"), texts(), map[string]p.DiffKind{}},
		"changed":            {texts("to", "me"), texts("to", "them"), map[string]p.DiffKind{"to": p.Update}},
		"added":              {texts(), texts("note", "open"), map[string]p.DiffKind{"note": p.Add}},
		"removed":            {texts("note", "open"), texts(), map[string]p.DiffKind{"note": p.Delete}},
		"replacing, changed": {texts("route", "north"), texts("route", "south"), map[string]p.DiffKind{"route": p.UpdateReplace}},
		"replacing, added":   {texts(), texts("route", "south"), map[string]p.DiffKind{"route": p.AddReplace}},
		"replacing, removed": {texts("route", "south"), texts(), map[string]p.DiffKind{"route": p.DeleteReplace}},
		"keys": {
			texts().Set("stamps", stamps("a", "1", "b", "1", "c", "1")), texts().Set("stamps", stamps("a", "1", "b", "2", "d", "1")),
			map[string]p.DiffKind{"stamps.b": p.Update, "stamps.c": p.Delete, "stamps.d": p.Add},
		},
		"keys of a secret": {
			texts().Set("stamps", stamps("a", "1").WithSecret(true)), texts().Set("stamps", stamps("b", "1").WithSecret(true)),
			map[string]p.DiffKind{"stamps": p.Update},
		},
	} {
		diff := Compare(arguments, test.old, test.now)
		kinds, replaces := map[string]p.DiffKind{}, false
		for path, change := range diff.DetailedDiff {
			kinds[path] = change.Kind
			replaces = replaces || change.Kind == p.UpdateReplace || change.Kind == p.AddReplace || change.Kind == p.DeleteReplace
			assert.True(t, change.InputDiff, name)
		}
		assert.Equal(t, test.want, kinds, name)
		assert.Equal(t, len(test.want) > 0, diff.HasChanges, name)
		assert.Equal(t, replaces, Replaces(diff), name)
	}
}
