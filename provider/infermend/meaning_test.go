package infermend

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
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
		"domain": {
			texts("https://idcs-0a.example.com", "https://idcs-0a.example.com/", "https://idcs-0a.example.com:443", "HTTPS://IDCS-0A.Example.com:443//",
				"https://idcs-0a.example.com:"),
			texts("https://idcs-0a.example.com:8443", "https://idcs-0A.example.com:8443/"), texts("https://idcs-0b.example.com"),
			texts("http://127.0.0.1", "http://127.0.0.1:80/"), texts("http://127.0.0.1:443"), texts("http://[::1]", "http://[::1]:80"), texts("http://localhost"),
			texts("https://idcs-0a.example.com/path"), texts("https://idcs-0a.example.com/PATH"), texts("idcs-0a.example.com"), texts(""), {{}},
		},
		"time": {
			texts("2030-01-31T00:00:00Z", "2030-01-31T00:00:00.000Z", "2030-01-31T00:00:00+00:00", "2030-01-31T02:00:00+02:00", "2030-01-30T17:00:00.0-07:00"),
			texts("2030-01-31T00:00:00.001Z", "2030-01-31T00:00:00.0010Z"), texts("2030-01-31T00:00:01Z"), texts("2030-01-31"), texts("soon"), texts("Soon"), {{}},
		},
	} {
		a := Argument{Name: "argument", Means: meanings[means]}
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
