package infermend

import (
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhatArgumentsMean lists, for each kind of argument, what means the same: each line is one meaning.
func TestWhatArgumentsMean(t *testing.T) {
	t.Parallel()
	text, secret := func(s string) property.Value { return property.New(s) }, func(v property.Value) property.Value { return v.WithSecret(true) }
	texts := func(all ...string) []property.Value {
		var values []property.Value
		for _, s := range all {
			values = append(values, text(s), secret(text(s)))
		}
		return values
	}
	keys := func(m map[string]property.Value) property.Value { return property.New(m) }
	for means, lines := range map[string][][]property.Value{
		"": {
			texts("ocid1.user.oc1..a"), texts("ocid1.user.oc1..A"), texts(""),
			{property.New(1.0), secret(property.New(1.0))}, {property.New(true)}, {property.New(false)},
			{{}, keys(nil), secret(keys(nil))},
			{keys(map[string]property.Value{"a": text("1")}), keys(map[string]property.Value{"a": secret(text("1"))}), secret(keys(map[string]property.Value{"a": text("1")}))},
			{keys(map[string]property.Value{"a": text("2")})}, {keys(map[string]property.Value{"b": text("1")})},
			{keys(map[string]property.Value{"a": text("1"), "b": text("1")})}, {keys(map[string]property.Value{"a": text("")})},
		},
		"capitals": {texts("a", "A"), texts("b", "B"), texts(""), {{}}, {property.New(1.0)}},
	} {
		a := Property{Name: "argument", canonical: map[string]func(string) string{"capitals": strings.ToUpper}[means]}
		for i, line := range lines {
			for j, other := range lines {
				for _, one := range line {
					for _, two := range other {
						assert.Equal(t, i == j, a.same(one, two), "%s: %#v and %#v", means, one, two)
					}
				}
			}
		}
		unknown := property.New(property.Computed)
		assert.False(t, a.same(unknown, unknown), "nobody knows")
	}
}

func TestInferTakesTheMarkOfASecretForAPartOfTheValue(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	inputs := texts("to", "me", "route", "north")
	request := p.DiffRequest{
		Urn: parcelURN, ID: "id", State: inputs.Set("weighed", property.New("now")), OldInputs: inputs,
		Inputs: inputs.Set("route", property.New("north").WithSecret(true)),
	}
	diff, err := made.serve(t).Diff(request)
	require.NoError(t, err)
	require.Equal(t, p.UpdateReplace, diff.DetailedDiff["route"].Kind, learnt)

	diff, err = made.serve(t, compareMeanings).Diff(request)
	require.NoError(t, err)
	assert.Equal(t, map[string]p.PropertyDiff{"route": {Kind: p.Update, InputDiff: true}}, diff.DetailedDiff)
}

func TestATagNamesNoMeaningThatDoesNotExist(t *testing.T) {
	t.Parallel()
	resources := []infer.InferredResource{resourceOf(&Parcel{})}
	resources[0].(*Resource).Arguments[0].Means = "place"
	_, err := byToken("test", resources, map[string]func(string) string{"time": nil})
	assert.ErrorContains(t, err, `there is no meaning "place"`)
	_, err = byToken("test", resources, map[string]func(string) string{"place": nil})
	assert.NoError(t, err)
}
