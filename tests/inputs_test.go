package tests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/pkg/v3/resource/deploy/deploytest"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness/inprocess"
)

// These tests put every kind of value into every argument, at every depth, and make every call with it. They walk the schema, so a new
// argument is among them.

// readSchema returns the schema of the provider under test.
func readSchema(w *harness.World) schema.PackageSpec {
	w.T.Helper()
	answer, err := inprocess.Serve(w).GetSchema(context.Background(), &pulumirpc.GetSchemaRequest{})
	require.NoError(w.T, err)
	var spec schema.PackageSpec
	require.NoError(w.T, json.Unmarshal([]byte(answer.Schema), &spec))
	return spec
}

// spot is a place in the arguments.
type spot struct {
	path resource.PropertyPath
	typ  schema.TypeSpec
}

// property is the name of the argument that the spot is in.
func (s spot) property() string { return s.path[0].(string) }

// spotsIn returns every place in the given properties: each of them, the entries of its maps and lists, and the properties of its
// objects.
func spotsIn(spec schema.PackageSpec, properties map[string]schema.PropertySpec) []spot {
	var spots []spot
	var walk func(resource.PropertyPath, schema.TypeSpec)
	walk = func(path resource.PropertyPath, typ schema.TypeSpec) {
		spots = append(spots, spot{slices.Clone(path), typ})
		switch {
		case typ.Items != nil:
			walk(append(path, 0), *typ.Items)
		case typ.AdditionalProperties != nil:
			walk(append(path, "key"), *typ.AdditionalProperties)
		case typ.Ref != "":
			for _, name := range slices.Sorted(maps.Keys(objectIn(spec, typ))) {
				walk(append(path, name), objectIn(spec, typ)[name].TypeSpec)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		walk(resource.PropertyPath{name}, properties[name].TypeSpec)
	}
	return spots
}

// objectIn returns the properties of the object that a type refers to.
func objectIn(spec schema.PackageSpec, typ schema.TypeSpec) map[string]schema.PropertySpec {
	return spec.Types[strings.TrimPrefix(typ.Ref, "#/types/")].Properties
}

// sample returns a value of a type.
func sample(spec schema.PackageSpec, typ schema.TypeSpec) resource.PropertyValue {
	switch {
	case typ.Items != nil:
		return resource.NewProperty([]resource.PropertyValue{sample(spec, *typ.Items)})
	case typ.AdditionalProperties != nil:
		return resource.NewProperty(resource.PropertyMap{"key": sample(spec, *typ.AdditionalProperties)})
	case typ.Ref != "":
		object := resource.PropertyMap{}
		for name, property := range objectIn(spec, typ) {
			object[resource.PropertyKey(name)] = sample(spec, property.TypeSpec)
		}
		return resource.NewProperty(object)
	case typ.Type == "boolean":
		return resource.NewProperty(false)
	case typ.Type == "integer", typ.Type == "number":
		return resource.NewProperty(1.0)
	default:
		return resource.NewProperty("description")
	}
}

// with returns the properties with a value at a spot. What the path leads through is made up if it is not there.
func (s spot) with(spec schema.PackageSpec, base resource.PropertyMap, typ schema.TypeSpec, value resource.PropertyValue) resource.PropertyMap {
	properties := base.Copy()
	name := resource.PropertyKey(s.property())
	if len(s.path) == 1 {
		properties[name] = value
		return properties
	}
	properties[name] = sample(spec, typ)
	object := resource.NewProperty(properties)
	if !s.path.Set(object, value) {
		panic("there is no " + s.path.String())
	}
	return properties
}

// form is a kind of value.
type form struct {
	name  string
	value resource.PropertyValue
	// kinds are the types of the schema that it is right for. It is nil if the value has no kind of its own.
	kinds []string
}

// forms returns the kinds of values to put into a spot.
func forms(right resource.PropertyValue) []form {
	null, text := resource.NewNullProperty(), resource.NewProperty("text")
	deep := null
	for range 100 {
		deep = resource.NewProperty([]resource.PropertyValue{resource.NewProperty(resource.PropertyMap{"deep": deep, "": null})})
	}
	file, err := asset.FromText("text")
	if err != nil {
		panic(err)
	}
	inMap, inList := resource.PropertyMap{"a": null, "": null}, []resource.PropertyValue{null, null}
	all := []form{
		{"null", null, nil},
		{"unknown", resource.MakeComputed(text), nil},
		{"unknown list", resource.MakeComputed(resource.NewProperty(inList)), nil},
		{"output", resource.NewProperty(resource.Output{Element: right, Known: true, Secret: true}), nil},
		{"unknown output", resource.NewProperty(resource.Output{}), nil},
		{"right", right, nil},
		{"empty text", resource.NewProperty(""), []string{"string"}},
		{"text", text, []string{"string"}},
		{"number", resource.NewProperty(12345.0), []string{"integer", "number"}},
		{"truth", resource.NewProperty(true), []string{"boolean"}},
		{"empty map", resource.NewProperty(resource.PropertyMap{}), []string{"object"}},
		{"map of nulls", resource.NewProperty(inMap), []string{"object"}},
		{"map of maps", resource.NewProperty(resource.PropertyMap{"a": resource.NewProperty(inMap)}), []string{"none"}},
		{"empty list", resource.NewProperty([]resource.PropertyValue{}), []string{"array"}},
		{"list of nulls", resource.NewProperty(inList), []string{"array"}},
		{"list of lists", resource.NewProperty([]resource.PropertyValue{resource.NewProperty(inList)}), []string{"none"}},
		{"deep", deep, []string{"none"}},
		{"asset", resource.NewProperty(file), []string{"none"}},
		{"resource", resource.NewProperty(resource.ResourceReference{URN: harness.TokenURN, ID: null}), []string{"none"}},
	}
	for _, f := range slices.Clone(all) {
		if !f.value.IsOutput() {
			all = append(all, form{"secret " + f.name, resource.MakeSecret(f.value), f.kinds})
		}
	}
	return all
}

// isWrongFor reports whether a form is of another kind than a type.
func (f form) isWrongFor(typ schema.TypeSpec) bool {
	kind := typ.Type
	if typ.Ref != "" {
		kind = "object"
	}
	return f.kinds != nil && !slices.Contains(f.kinds, kind)
}

// mustAnswer makes a call, which must end, and not by a panic. It returns the text of the error.
func mustAnswer(t *testing.T, where string, call func(context.Context) error) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := call(ctx)
	if err == nil {
		return ""
	}
	require.NoError(t, ctx.Err(), where)
	require.NotEqual(t, codes.Unavailable, status.Code(err), where)
	require.NotContains(t, err.Error(), "panic", where)
	return err.Error()
}

// said returns what is wrong according to an answer to Check. No failure may name a property: see failure in package provider.
func saidBy(t *testing.T, where string, failures []*pulumirpc.CheckFailure) string {
	t.Helper()
	var all []string
	for _, failure := range failures {
		assert.Empty(t, failure.Property, where)
		all = append(all, failure.Reason)
	}
	return strings.Join(all, "\n")
}

func TestNoInputOfAResourceEndsTheProcess(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		spec := readSchema(w.World)
		for token, kind := range spec.Resources {
			for _, at := range spotsIn(spec, kind.InputProperties) {
				typ := kind.InputProperties[at.property()].TypeSpec
				for _, f := range forms(sample(spec, at.typ)) {
					tryInput(w, token, fmt.Sprintf("%s, %s, %s", token, at.path, f.name), at, f,
						at.with(spec, w.Inputs(w.User, "ci"), typ, f.value))
				}
			}
		}
	})
}

// tryInput makes every call about a resource with an input, as an argument and as a part of the state.
func tryInput(w *inprocess.Plugin, token, where string, at spot, f form, inputs resource.PropertyMap) {
	t, urn := w.T, "urn:pulumi:test::test::"+token+"::resource"
	t.Helper()
	live := w.OCI.AddToken(w.User, "ci")
	defer func() {
		for _, left := range w.Tokens() {
			w.OCI.DeleteToken(w.User, left.ID)
		}
	}()
	valid := w.Inputs(w.User, "ci")
	odd, right := harness.Marshal(t, inputs), harness.Marshal(t, valid)
	withState := func(arguments resource.PropertyMap) *structpb.Struct {
		state := arguments.Copy()
		state["token"] = resource.MakeSecret(resource.NewProperty(live.Value))
		state["state"], state["timeCreated"] = resource.NewProperty("ACTIVE"), resource.NewProperty(live.TimeCreated.Format(time.RFC3339))
		return harness.Marshal(t, state)
	}
	oddState, state := withState(inputs), withState(valid)

	complaint := ""
	complaint += mustAnswer(t, where, func(ctx context.Context) error {
		answer, err := w.Client.Check(ctx, &pulumirpc.CheckRequest{Urn: urn, Olds: right, News: odd})
		complaint += saidBy(t, where, answer.GetFailures())
		return err
	})
	if f.isWrongFor(at.typ) {
		assert.Contains(t, complaint, at.property(), where)
	}
	mustAnswer(t, where, func(ctx context.Context) error {
		_, err := w.Client.Check(ctx, &pulumirpc.CheckRequest{Urn: urn, Olds: odd, News: right})
		return err
	})
	for name, call := range map[string]func(context.Context) error{
		"Diff": func(ctx context.Context) error {
			_, err := w.Client.Diff(ctx, &pulumirpc.DiffRequest{Urn: urn, Id: live.ID, Olds: state, OldInputs: right, News: odd})
			return err
		},
		"Diff of the state": func(ctx context.Context) error {
			_, err := w.Client.Diff(ctx, &pulumirpc.DiffRequest{Urn: urn, Id: live.ID, Olds: oddState, OldInputs: odd, News: right})
			return err
		},
		"Create": func(ctx context.Context) error {
			_, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: urn, Properties: odd})
			return err
		},
		"Create at preview": func(ctx context.Context) error {
			_, err := w.Client.Create(ctx, &pulumirpc.CreateRequest{Urn: urn, Properties: odd, Preview: true})
			return err
		},
		"Read": func(ctx context.Context) error {
			_, err := w.Client.Read(ctx, &pulumirpc.ReadRequest{Urn: urn, Id: live.ID, Properties: oddState, Inputs: odd})
			return err
		},
		"Update at preview": func(ctx context.Context) error {
			_, err := w.Client.Update(ctx, &pulumirpc.UpdateRequest{
				Urn: urn, Id: live.ID, Olds: state, OldInputs: right, News: odd, Preview: true,
			})
			return err
		},
		"Update": func(ctx context.Context) error {
			_, err := w.Client.Update(ctx, &pulumirpc.UpdateRequest{Urn: urn, Id: live.ID, Olds: state, OldInputs: right, News: odd})
			return err
		},
		"Update of the state": func(ctx context.Context) error {
			_, err := w.Client.Update(ctx, &pulumirpc.UpdateRequest{Urn: urn, Id: live.ID, Olds: oddState, OldInputs: odd, News: right})
			return err
		},
		"Delete": func(ctx context.Context) error {
			_, err := w.Client.Delete(ctx, &pulumirpc.DeleteRequest{Urn: urn, Id: live.ID, Properties: oddState, OldInputs: odd})
			return err
		},
	} {
		mustAnswer(t, where+", "+name, call)
	}
}

func TestNoArgumentOfAFunctionEndsTheProcess(t *testing.T) {
	harness.ForEachAPI(t, func(t *testing.T, a harness.API) {
		w := inprocess.NewPlugin(a.NewWorld(t))
		spec := readSchema(w.World)
		for token, function := range spec.Functions {
			for _, at := range spotsIn(spec, function.Inputs.Properties) {
				for _, f := range forms(sample(spec, at.typ)) {
					where := fmt.Sprintf("%s, %s, %s", token, at.path, f.name)
					base := resource.PropertyMap{"userId": resource.NewProperty(w.User)}
					if w.DomainURL != "" {
						base["domainUrl"] = resource.NewProperty(w.DomainURL)
					}
					arguments := at.with(spec, base, function.Inputs.Properties[at.property()].TypeSpec, f.value)
					complaint := ""
					complaint += mustAnswer(t, where, func(ctx context.Context) error {
						answer, err := w.Client.Invoke(ctx, &pulumirpc.InvokeRequest{Tok: token, Args: harness.Marshal(t, arguments)})
						complaint += saidBy(t, where, answer.GetFailures())
						return err
					})
					if f.isWrongFor(at.typ) {
						assert.Contains(t, complaint, at.property(), where)
					}
				}
			}
		}
	})
}

func TestNoConfigurationEndsTheProcess(t *testing.T) {
	t.Parallel()
	w := harness.NewWorld(t)
	spec := readSchema(w)
	const urn = "urn:pulumi:test::test::pulumi:providers:ociauthtoken::default"
	plugin := inprocess.Serve(w)
	base := resource.NewPropertyMapFromMap(w.Settings())
	right := harness.Marshal(t, base)
	for _, at := range spotsIn(spec, spec.Provider.InputProperties) {
		for _, f := range forms(sample(spec, at.typ)) {
			where := fmt.Sprintf("%s, %s", at.path, f.name)
			odd := harness.Marshal(t, at.with(spec, base, spec.Provider.InputProperties[at.property()].TypeSpec, f.value))
			complaint := ""
			complaint += mustAnswer(t, where, func(ctx context.Context) error {
				answer, err := plugin.CheckConfig(ctx, &pulumirpc.CheckRequest{Urn: urn, News: odd})
				complaint += saidBy(t, where, answer.GetFailures())
				return err
			})
			if f.isWrongFor(at.typ) {
				assert.Contains(t, complaint, at.property(), where)
			}
			for _, pair := range [][2]*structpb.Struct{{right, odd}, {odd, right}} {
				mustAnswer(t, where, func(ctx context.Context) error {
					_, err := plugin.DiffConfig(ctx, &pulumirpc.DiffRequest{Urn: urn, Id: "id", Olds: pair[0], OldInputs: pair[0], News: pair[1]})
					return err
				})
			}
			complaint = mustAnswer(t, where, func(ctx context.Context) error {
				_, err := plugin.Configure(ctx, &pulumirpc.ConfigureRequest{Args: odd, AcceptSecrets: true, AcceptResources: true})
				return err
			})
			if f.isWrongFor(at.typ) {
				assert.Contains(t, complaint, at.property(), where)
			}
		}
	}
}

func TestANullCountsAsAbsent(t *testing.T) {
	t.Parallel()
	s := inprocess.NewStack(harness.NewWorld(t))
	null := resource.NewNullProperty()
	rotating := func(triggers resource.PropertyValue, others ...string) inprocess.Program {
		return func(m *deploytest.ResourceMonitor) error {
			inputs := s.Inputs(s.User, "ci")
			inputs["rotateWhenChanged"] = triggers
			for _, name := range others {
				inputs[resource.PropertyKey(name)] = null
			}
			_, err := m.RegisterResource(harness.RotatingAuthTokenType, "token", true, deploytest.ResourceOptions{Inputs: inputs})
			return err
		}
	}
	text := resource.NewProperty("text")
	s.MustUp(rotating(resource.NewProperty(resource.PropertyMap{"there": text, "gone": null}), "domainUrl", "rotationDays"))
	token := s.OnlyToken()
	for _, same := range []resource.PropertyMap{{"there": text}, {"there": text, "": null}, {"there": text, "gone": resource.MakeSecret(null)}} {
		s.MustUp(rotating(resource.NewProperty(same)))
		assert.Empty(t, s.Changes())
		assert.Equal(t, token, s.OnlyToken())
	}

	list := func(filters ...resource.PropertyValue) inprocess.Program {
		return func(m *deploytest.ResourceMonitor) error {
			found, failures, err := m.Invoke("ociauthtoken:index:getAuthTokens", resource.PropertyMap{
				"userId": resource.NewProperty(s.User), "filters": resource.NewProperty(filters),
			}, "", "", "")
			if err == nil && len(failures) == 0 {
				assert.Len(t, found["tokens"].ArrayValue(), 1)
			}
			for _, failure := range failures {
				err = errors.New(failure.Reason)
			}
			return err
		}
	}
	filter := func(values ...resource.PropertyValue) resource.PropertyValue {
		return resource.NewProperty(resource.PropertyMap{"name": resource.NewProperty("description"), "values": resource.NewProperty(values), "regex": null})
	}
	s.MustUp(list(null, filter(null, resource.NewProperty("ci")), null))
	require.ErrorContains(t, s.Up(list(filter(null))), "filters[0].values: is empty")
}
