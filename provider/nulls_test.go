package provider

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferPanicsOnANullInAMap(t *testing.T) {
	t.Parallel()
	_, err := answeringPanics(newRotatingOnly(t)).Check(t.Context(), nullInMap())
	require.ErrorContains(t, err, "panic", learnt)
	resp, err := droppingNulls(newRotatingOnly(t)).Check(t.Context(), nullInMap())
	require.NoError(t, err)
	assert.Equal(t, texts("there", "text"), resp.Inputs.Get("rotateWhenChanged").AsMap())
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

// newRotatingOnly returns a provider as infer builds it.
func newRotatingOnly(t *testing.T) p.Provider {
	t.Helper()
	all, err := newKinds(Name, kindOf(&RotatingAuthToken{oci: &connection{}}))
	require.NoError(t, err)
	built, err := infer.NewProviderBuilder().WithResources(all.resources()...).Build()
	require.NoError(t, err)
	return built
}

func nullInMap() p.CheckRequest {
	return p.CheckRequest{
		Urn: "urn:pulumi:test::test::ociauthtoken:index:RotatingAuthToken::token",
		Inputs: texts("userId", "ocid1.user.oc1..aaaa", "description", "ci").Set("rotateWhenChanged", property.New(map[string]property.Value{
			"gone": property.New(property.Null), "there": property.New("text"),
		})),
	}
}
