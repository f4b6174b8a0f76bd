package infermend

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferPanicsOnANullInAMap(t *testing.T) {
	t.Parallel()
	check := p.CheckRequest{Urn: parcelURN, Inputs: texts("to", "me").Set("stamps", property.New(map[string]property.Value{
		"gone": property.New(property.Null), "there": property.New("text"),
	}))}
	made := newTiny(t)
	_, err := serve(t, answeringPanics(made.bare)).Check(check)
	require.ErrorContains(t, err, "panic", learnt)
	resp, err := serve(t, droppingNulls(made.bare)).Check(check)
	require.NoError(t, err)
	assert.Equal(t, texts("there", "text"), resp.Inputs.Get("stamps").AsMap())
}

func TestWithoutNulls(t *testing.T) {
	t.Parallel()
	null, text := property.New(property.Null), property.New("text")
	list := func(entries ...property.Value) property.Value { return property.New(property.NewArray(entries)) }
	for _, test := range []struct{ given, want property.Value }{
		{text, text},
		{list(), list()},
		{list(null, text, null.WithSecret(true)), list(text)},
		{list(list(null)), list(list())},
		{property.New(map[string]property.Value{"a": null, "": null, "b": text.WithSecret(true)}), property.New(map[string]property.Value{"b": text.WithSecret(true)})},
		{list(null).WithSecret(true), list().WithSecret(true)},
		{property.New(property.Computed), property.New(property.Computed)},
	} {
		given := property.NewMap(map[string]property.Value{"given": test.given, "null": null})
		assert.Equal(t, property.NewMap(map[string]property.Value{"given": test.want}), withoutNulls(given))
	}
}
