package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
	"pgregory.net/rapid"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/authtoken"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/rotatingauthtoken"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// TestArgumentsWithSeveralForms fails if an argument of which one value has several forms does not say so.
func TestArgumentsWithSeveralForms(t *testing.T) {
	t.Parallel()
	for kind, arguments := range map[string][]infermend.Property{
		"AuthToken": infermend.PropertiesOf[authtoken.Args](), "RotatingAuthToken": infermend.PropertiesOf[rotatingauthtoken.Args](),
	} {
		var forms []string
		for _, a := range arguments {
			if token.Meanings[a.Means] != nil {
				forms = append(forms, a.Name)
			}
		}
		want := []string{"domainUrl"}
		if kind == "AuthToken" {
			want = append(want, "timeExpires")
		}
		assert.Equal(t, want, forms, kind)
	}
}

// forms draws forms of the arguments of a resource. All forms of one draw mean the same.
type forms struct {
	t       *rapid.T
	values  map[string]any
	instant time.Time
	label   int
}

func (f *forms) one(of ...string) string {
	f.label++
	return rapid.SampledFrom(of).Draw(f.t, fmt.Sprint("form ", f.label))
}

func (f *forms) odds() bool { return f.one("yes", "no") == "yes" }

// letters draws a text in capitals or not.
func (f *forms) letters(s string) string {
	var b strings.Builder
	for _, c := range s {
		b.WriteString(f.one(strings.ToLower(string(c)), strings.ToUpper(string(c))))
	}
	return b.String()
}

// valuesOf draws what a program says about a resource.
func valuesOf(t *rapid.T, kind string) *forms {
	f := &forms{t: t, values: map[string]any{
		"userId": "ocid1.user.oc1..aaaa", "description": rapid.String().Draw(t, "description"),
	}}
	if f.odds() {
		f.values["domainUrl"] = "idcs-0a.example.com"
		if kind == "AuthToken" && f.odds() {
			seconds := rapid.Int64Range(0, 1<<32).Draw(t, "seconds")
			f.instant = time.Now().Add(time.Hour).Truncate(time.Second).Add(time.Duration(seconds) * time.Millisecond)
			f.values["timeExpires"] = ""
		}
	}
	if kind == "RotatingAuthToken" {
		if f.odds() {
			f.values["rotationDays"] = float64(rapid.IntRange(1, 3650).Draw(t, "days"))
		}
		if f.odds() {
			f.values["maxAgeDays"] = float64(rapid.IntRange(1, 3650).Draw(t, "days"))
		}
		if f.odds() {
			f.values["previousDays"] = float64(rapid.IntRange(0, 3650).Draw(t, "days"))
		}
		if f.odds() {
			f.values["overlap"] = f.odds()
		}
		if f.odds() {
			keys := map[string]any{}
			for key, value := range rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "keys") {
				keys[strings.TrimPrefix(key, "4dabf18193072939515e22adb298388d")] = value
			}
			f.values["rotateWhenChanged"] = keys
		}
	}
	return f
}

// form draws one form, with or without the marks of secrets.
func (f *forms) form(marks bool) resource.PropertyMap {
	mark := func(v resource.PropertyValue) resource.PropertyValue {
		if marks && f.odds() {
			return resource.MakeSecret(v)
		}
		return v
	}
	form := resource.PropertyMap{}
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		value := f.values[name]
		switch name {
		case "domainUrl":
			value = f.letters("https") + "://" + f.letters(value.(string)) + f.one("", ":", ":443") + f.one("", "/", "//")
		case "timeExpires":
			offset := rapid.IntRange(-14*60, 14*60).Draw(f.t, "offset")
			value = f.instant.In(time.FixedZone("", offset*60)).Format("2006-01-02T15:04:05." + f.one("000", "000000", "999") + "Z07:00")
		case "rotateWhenChanged":
			keys := resource.PropertyMap{}
			given := value.(map[string]any)
			for _, key := range slices.Sorted(maps.Keys(given)) {
				keys[resource.PropertyKey(key)] = mark(resource.NewPropertyValue(given[key]))
			}
			if len(keys) == 0 && f.odds() {
				continue
			}
			form[resource.PropertyKey(name)] = mark(resource.NewProperty(keys))
			continue
		}
		form[resource.PropertyKey(name)] = mark(resource.NewPropertyValue(value))
	}
	return form
}

// TestNoFormOfTheSameValuesIsAChange takes two forms of the same arguments, one in the state and one in the program, and requires that
// the program changes nothing: no diff, or an update that records the marks of secrets without a call. There is no OCI to call.
func TestNoFormOfTheSameValuesIsAChange(t *testing.T) {
	t.Parallel()
	for kind, outputs := range map[string]resource.PropertyMap{
		"AuthToken": {"state": resource.NewProperty("ACTIVE"), "timeCreated": resource.NewProperty("2020-01-31T00:00:00.000Z")},
		"RotatingAuthToken": {
			"state": resource.NewProperty("ACTIVE"), "timeCreated": resource.NewProperty(time.Now().UTC().Format(time.RFC3339)),
			"tokenId": resource.NewProperty("ocid1.credential.oc1..bbbb"),
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				w := newForms(t, kind)
				f := valuesOf(t, kind)
				marks := f.odds()
				old, program := f.form(marks), f.form(marks)
				if f.odds() {
					old = w.check(nil, old) // else it is from an import file
				}
				inputs := w.check(old, program)
				assert.Equal(t, inputs, w.check(inputs, inputs), "Check is idempotent")

				state := maps.Clone(old)
				maps.Copy(state, outputs)
				diff := w.diff(state, old, inputs)
				require.Empty(t, diff.Replaces)
				if !marks {
					require.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, diff.Changes, "%v", diff.DetailedDiff)
					state, old = maps.Clone(inputs), inputs
					maps.Copy(state, outputs)
					require.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, w.diff(state, inputs, w.check(inputs, old)).Changes)
					return
				}
				if diff.Changes == pulumirpc.DiffResponse_DIFF_SOME {
					state = w.update(state, old, inputs)
				}
				after := w.diff(state, inputs, inputs)
				require.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, after.Changes, "it is recorded: %v", after.DetailedDiff)
				for name, value := range inputs {
					if keys, isMap := f.values[string(name)].(map[string]any); isMap && len(keys) == 0 {
						continue // there is nothing to hide
					}
					if value.ContainsSecrets() {
						require.True(t, state[name].ContainsSecrets(), "%s is a secret in the state", name)
					}
				}
			})
		})
	}
}

// plugged is the provider as it is called over the wire, without a configuration, so that it can call nothing.
type plugged struct {
	t      *rapid.T
	urn    string
	server pulumirpc.ResourceProviderServer
}

func newForms(t *rapid.T, kind string) plugged {
	under, err := New(Options{Version: "1.2.3"})
	require.NoError(t, err)
	server, err := p.RawServer(Name, "1.2.3", under)(nil)
	require.NoError(t, err)
	return plugged{t, "urn:pulumi:test::test::" + Name + ":index:" + kind + "::token", server}
}

func (w plugged) wire(properties resource.PropertyMap) *structpb.Struct {
	s, err := plugin.MarshalProperties(properties, plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true})
	require.NoError(w.t, err)
	return s
}

func (w plugged) properties(s *structpb.Struct) resource.PropertyMap {
	properties, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true})
	require.NoError(w.t, err)
	return properties
}

func (w plugged) check(old, inputs resource.PropertyMap) resource.PropertyMap {
	checked, err := w.server.Check(context.Background(), &pulumirpc.CheckRequest{Urn: w.urn, Olds: w.wire(old), News: w.wire(inputs)})
	require.NoError(w.t, err)
	require.Empty(w.t, checked.Failures)
	return w.properties(checked.Inputs)
}

func (w plugged) diff(state, old, inputs resource.PropertyMap) *pulumirpc.DiffResponse {
	diff, err := w.server.Diff(context.Background(), &pulumirpc.DiffRequest{
		Id: "ocid1.credential.oc1..bbbb", Urn: w.urn, Olds: w.wire(state), OldInputs: w.wire(old), News: w.wire(inputs),
	})
	require.NoError(w.t, err)
	return diff
}

func (w plugged) update(state, old, inputs resource.PropertyMap) resource.PropertyMap {
	updated, err := w.server.Update(context.Background(), &pulumirpc.UpdateRequest{
		Id: "ocid1.credential.oc1..bbbb", Urn: w.urn, Olds: w.wire(state), OldInputs: w.wire(old), News: w.wire(inputs),
	})
	require.NoError(w.t, err)
	return w.properties(updated.Properties)
}
