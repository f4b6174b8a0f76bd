package infermend

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each test here looks at a provider as infer builds it, and at the same provider with a workaround. The first half fails once infer
// no longer needs the workaround. Then the workaround and its test can go.

const (
	learnt = "infer can do this now: delete the workaround and this test"

	parcelURN resource.URN = "urn:pulumi:test::test::test:index:Parcel::parcel"
	letterURN resource.URN = "urn:pulumi:test::test::test:index:Letter::letter"
	childURN  resource.URN = "urn:pulumi:test::test::my:Component$test:index:Parcel::parcel"
)

// Parcel is a resource with a secret output, and an output that infer requires in every state.
type Parcel struct {
	seen *seen
	// updating, if it is set, is what an Update does besides.
	updating *func(context.Context) error
}

// seen records what the methods of a Parcel were last called with.
type seen struct {
	urn      string
	state    ParcelState
	inputs   ParcelArgs
	deadline time.Duration
}

type ParcelArgs struct {
	To    string  `pulumi:"to"`
	Route *string `pulumi:"route,optional" provider:"replaceOnChanges"`
	Note  *string `pulumi:"note,optional"`

	Stamps map[string]string `pulumi:"stamps,optional"`
}

type ParcelState struct {
	ParcelArgs
	Code    *string `pulumi:"code,optional" provider:"secret"`
	Weighed string  `pulumi:"weighed"`
}

func (r *Parcel) Annotate(a infer.Annotator) { a.SetToken("index", "Parcel") }

func (*Parcel) WireDependencies(f infer.FieldSelector, _ *ParcelArgs, state *ParcelState) {
	f.OutputField(&state.Code).AlwaysSecret()
}

func (r *Parcel) look(ctx context.Context) {
	*r.seen = seen{urn: URNOf(ctx)}
	if deadline, ok := ctx.Deadline(); ok {
		r.seen.deadline = time.Until(deadline)
	}
}

func (r *Parcel) Create(
	ctx context.Context, req infer.CreateRequest[ParcelArgs],
) (infer.CreateResponse[ParcelState], error) {
	r.look(ctx)
	return infer.CreateResponse[ParcelState]{ID: "id", Output: ParcelState{ParcelArgs: req.Inputs, Code: new("code")}}, nil
}

func (r *Parcel) Read(
	ctx context.Context, req infer.ReadRequest[ParcelArgs, ParcelState],
) (infer.ReadResponse[ParcelArgs, ParcelState], error) {
	r.look(ctx)
	r.seen.state = req.State
	state := req.State
	state.Code = new("code")
	return infer.ReadResponse[ParcelArgs, ParcelState]{ID: req.ID, Inputs: req.Inputs, State: state}, nil
}

func (r *Parcel) Update(
	ctx context.Context, req infer.UpdateRequest[ParcelArgs, ParcelState],
) (infer.UpdateResponse[ParcelState], error) {
	r.look(ctx)
	r.seen.state, r.seen.inputs = req.State, req.Inputs
	var err error
	if *r.updating != nil {
		err = (*r.updating)(ctx)
	}
	return infer.UpdateResponse[ParcelState]{Output: req.State}, err
}

func (r *Parcel) Delete(
	ctx context.Context, req infer.DeleteRequest[ParcelState],
) (infer.DeleteResponse, error) {
	r.look(ctx)
	r.seen.state = req.State
	return infer.DeleteResponse{}, nil
}

// Letter is another kind of resource. It has an output of the same name that is not a secret.
type Letter struct{}

type LetterArgs struct{}

type LetterState struct {
	Code string `pulumi:"code"`
}

func (*Letter) Annotate(a infer.Annotator) { a.SetToken("index", "Letter") }

func (*Letter) Create(
	context.Context, infer.CreateRequest[LetterArgs],
) (infer.CreateResponse[LetterState], error) {
	return infer.CreateResponse[LetterState]{ID: "id", Output: LetterState{Code: "plain"}}, nil
}

// Office is a provider's configuration.
type Office struct {
	Street *string `pulumi:"street,optional"`
	Town   *string `pulumi:"town,optional"`
	opened func(Office)
}

func (o *Office) Configure(context.Context) error {
	o.opened(*o)
	return nil
}

// tiny is a provider as infer builds it, and what it was last called with and configured with.
type tiny struct {
	kinds      Kinds
	bare       p.Provider
	seen       seen
	updating   func(context.Context) error
	configured Office
}

func newTiny(t *testing.T) *tiny {
	t.Helper()
	var made tiny
	var err error
	made.kinds, err = NewKinds("test", KindOf(&Parcel{seen: &made.seen, updating: &made.updating}), KindOf(&Letter{}))
	require.NoError(t, err)
	made.bare, err = infer.NewProviderBuilder().
		WithResources(made.kinds.Resources()...).
		WithConfig(infer.Config(&Office{opened: func(o Office) { made.configured = o }})).
		Build()
	require.NoError(t, err)
	return &made
}

// serve runs the provider with the wrappers.
func (made *tiny) serve(t *testing.T, wrappers ...Wrapper) integration.Server {
	t.Helper()
	server, err := integration.NewServer(t.Context(), "test", semver.MustParse("1.0.0"),
		integration.WithProvider(Wrapped(made.bare, wrappers...)))
	require.NoError(t, err)
	return server
}

func texts(pairs ...string) property.Map {
	m := property.Map{}
	for i := 0; i < len(pairs); i += 2 {
		m = m.Set(pairs[i], property.New(pairs[i+1]))
	}
	return m
}

func TestInferPassesNoURN(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	_, err := made.serve(t).Create(p.CreateRequest{Urn: parcelURN, Properties: texts("to", "me")})
	require.NoError(t, err)
	require.Empty(t, made.seen.urn, learnt)

	server := made.serve(t, made.kinds.PassingRequests)
	state := texts("to", "me", "weighed", "now")
	for name, call := range map[string]func(resource.URN) error{
		"Create": func(urn resource.URN) error {
			_, err := server.Create(p.CreateRequest{Urn: urn, Properties: texts("to", "me")})
			return err
		},
		"Read": func(urn resource.URN) error {
			_, err := server.Read(p.ReadRequest{Urn: urn, ID: "id", Properties: state, Inputs: texts("to", "me")})
			return err
		},
		"Update": func(urn resource.URN) error {
			_, err := server.Update(p.UpdateRequest{Urn: urn, ID: "id", State: state, Inputs: texts("to", "me")})
			return err
		},
		"Delete": func(urn resource.URN) error {
			return server.Delete(p.DeleteRequest{Urn: urn, ID: "id", Properties: state})
		},
	} {
		for _, urn := range []resource.URN{parcelURN, childURN} {
			require.NoError(t, call(urn), name)
			assert.Equal(t, string(urn), made.seen.urn, name)
		}
	}
}

func TestInferKnowsOutputsThatAnUpdateWillChangeWithoutAnInput(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	made.updating = func(ctx context.Context) error {
		RequestOf(ctx).Unknown = []string{"code", "weighed"}
		return nil
	}
	inputs := texts("to", "me")
	update := p.UpdateRequest{
		Urn: parcelURN, ID: "id", State: texts("to", "me", "code", "old", "weighed", "yesterday"), OldInputs: inputs, Inputs: inputs,
		DryRun: true,
	}
	answer, err := made.serve(t).Update(update)
	require.NoError(t, err)
	require.False(t, answer.Properties.Get("code").HasComputed(), learnt)
	require.False(t, answer.Properties.Get("weighed").HasComputed(), learnt)

	server := made.serve(t, made.kinds.PassingRequests)
	answer, err = server.Update(update)
	require.NoError(t, err)
	assert.True(t, answer.Properties.Get("code").IsComputed())
	assert.True(t, answer.Properties.Get("code").Secret(), "the value to come is a secret already")
	assert.True(t, answer.Properties.Get("weighed").IsComputed())
	assert.False(t, answer.Properties.Get("weighed").Secret())
	assert.Equal(t, property.New("me"), answer.Properties.Get("to"))

	update.DryRun = false
	answer, err = server.Update(update)
	require.NoError(t, err)
	assert.Equal(t, "yesterday", answer.Properties.Get("weighed").AsString(), "only a preview has unknown outputs")
}

func TestInferForgetsSecretArgumentsOfAnUpdateThatFailedHalfWay(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	made.updating = func(context.Context) error { return infer.ResourceInitFailedError{Reasons: []string{"rain"}} }
	secret := texts("to", "them", "note", "fragile", "weighed", "now").Set("note", property.New("fragile").WithSecret(true))
	update := p.UpdateRequest{
		Urn: parcelURN, ID: "id", State: secret, OldInputs: secret.Delete("weighed"), Inputs: texts("to", "me", "note", "open"),
	}
	answer, err := made.serve(t).Update(update)
	require.Error(t, err)
	require.Equal(t, property.New("fragile"), answer.Properties.Get("note"), learnt)

	server := made.serve(t, KeepingSecretArguments)
	answer, err = server.Update(update)
	require.Error(t, err)
	assert.Equal(t, property.New("fragile").WithSecret(true), answer.Properties.Get("note"))
	assert.Equal(t, property.New("them"), answer.Properties.Get("to"), "what was no secret is none")

	made.updating = nil
	answer, err = server.Update(update)
	require.NoError(t, err)
	assert.False(t, answer.Properties.Get("note").Secret(), "only where the update has failed")
}

func TestInferDoesNotMarkSecretsOnRead(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	read := p.ReadRequest{Urn: parcelURN, ID: "id"}
	answer, err := made.serve(t).Read(read)
	require.NoError(t, err)
	require.False(t, answer.Properties.Get("code").Secret(), learnt)

	server := made.serve(t, made.kinds.MarkingSecretsOnRead)
	answer, err = server.Read(read)
	require.NoError(t, err)
	assert.True(t, answer.Properties.Get("code").Secret())
	assert.Equal(t, "code", answer.Properties.Get("code").AsString())
	assert.False(t, answer.Properties.Get("weighed").Secret())

	answer, err = server.Read(p.ReadRequest{Urn: letterURN, ID: "id", Properties: texts("code", "plain")})
	require.NoError(t, err)
	assert.False(t, answer.Properties.Get("code").Secret(), "the tags of another kind of resource say nothing of this one")
}

func TestInferRefusesStateThatIsNotComplete(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	state, inputs := texts("code", "code"), texts("to", "me", "route", "by sea", "note", "fragile")
	update := p.UpdateRequest{Urn: parcelURN, ID: "id", State: state, OldInputs: inputs, Inputs: inputs}
	remove := p.DeleteRequest{Urn: parcelURN, ID: "id", Properties: state, OldInputs: inputs}
	_, err := made.serve(t).Update(update)
	require.Error(t, err, learnt)
	require.Error(t, made.serve(t).Delete(remove), learnt)

	server := made.serve(t, made.kinds.CompletingState)
	want := ParcelState{ParcelArgs: ParcelArgs{To: "me", Route: new("by sea")}, Code: new("code")}
	_, err = server.Update(update)
	require.NoError(t, err)
	assert.Equal(t, want, made.seen.state)
	require.NoError(t, server.Delete(remove))
	assert.Equal(t, want, made.seen.state)
	_, err = server.Read(p.ReadRequest{Urn: parcelURN, ID: "id", Properties: state, Inputs: inputs})
	require.NoError(t, err)
	assert.Equal(t, want, made.seen.state)

	_, err = server.Read(p.ReadRequest{Urn: parcelURN, ID: "id"})
	require.NoError(t, err)
	assert.Empty(t, made.seen.state, "an import stays an import")
}

func TestInferTakesOutputsForIgnoredInputs(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	update := p.UpdateRequest{
		Urn: parcelURN, ID: "id", State: texts("to", "as OCI has it", "weighed", "now"), OldInputs: texts("to", "as it was"),
		// The engine has put the old input in place.
		Inputs: texts("to", "as it was"), IgnoreChanges: []string{"to", "weighed"},
	}
	_, err := made.serve(t).Update(update)
	require.Error(t, err, learnt)

	server := made.serve(t, IgnoringChangesOfInputs)
	_, err = server.Update(update)
	require.NoError(t, err)
	assert.Equal(t, "as it was", made.seen.inputs.To)
	_, err = server.Diff(p.DiffRequest{
		Urn: parcelURN, ID: "id", State: update.State, OldInputs: update.OldInputs, Inputs: update.Inputs,
		IgnoreChanges: update.IgnoreChanges,
	})
	require.NoError(t, err)
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

	diff, err = made.serve(t, made.kinds.ComparingMeanings).Diff(request)
	require.NoError(t, err)
	assert.Equal(t, map[string]p.PropertyDiff{"route": {Kind: p.Update, InputDiff: true}}, diff.DetailedDiff)
}

func TestInferCutsTimeoutsToSeconds(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	create := p.CreateRequest{Urn: parcelURN, Properties: texts("to", "me"), Timeout: 1000.5}
	_, err := made.serve(t).Create(create)
	require.NoError(t, err)
	require.LessOrEqual(t, made.seen.deadline, 1000*time.Second, learnt)

	server := made.serve(t, KeepingTimeouts)
	_, err = server.Create(create)
	require.NoError(t, err)
	assert.Greater(t, made.seen.deadline, 1000*time.Second)
	create.Timeout = 0
	_, err = server.Create(create)
	require.NoError(t, err)
	assert.Zero(t, made.seen.deadline)
}

func TestInferReplacesAProviderWhoseConfigurationChanges(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	diff := p.DiffRequest{
		State: texts("street", "old"), OldInputs: texts("street", "old", "version", "1.0.0"),
		Inputs: texts("street", "new", "version", "1.1.0", "__internal", "x"),
	}
	answer, err := made.serve(t).DiffConfig(diff)
	require.NoError(t, err)
	require.Equal(t, p.UpdateReplace, answer.DetailedDiff["street"].Kind, learnt)

	server := made.serve(t, UpdatingConfiguration)
	for name, test := range map[string]struct {
		inputs property.Map
		want   map[string]p.PropertyDiff
	}{
		"nothing": {texts("street", "old"), map[string]p.PropertyDiff{}},
		"changed": {texts("street", "new"), map[string]p.PropertyDiff{"street": {Kind: p.Update, InputDiff: true}}},
		"removed": {texts(), map[string]p.PropertyDiff{"street": {Kind: p.Delete, InputDiff: true}}},
		"added": {texts("street", "old", "town", "x"), map[string]p.PropertyDiff{
			"town": {Kind: p.Add, InputDiff: true},
		}},
		"another version": {texts("street", "old", "version", "1.1.0"), map[string]p.PropertyDiff{}},
	} {
		diff.Inputs = test.inputs
		answer, err := server.DiffConfig(diff)
		require.NoError(t, err, name)
		assert.Equal(t, test.want, answer.DetailedDiff, name)
		assert.Equal(t, len(test.want) > 0, answer.HasChanges, name)
	}
}

func TestInferKeepsAnOptionThatIsNoLongerConfigured(t *testing.T) {
	t.Parallel()
	made := newTiny(t)
	server := made.serve(t)
	_, err := server.CheckConfig(p.CheckRequest{Inputs: texts("street", "old")})
	require.NoError(t, err)
	require.NoError(t, server.Configure(p.ConfigureRequest{Args: texts("town", "new")}))
	require.NotNil(t, made.configured.Street, learnt)

	mark := errors.New("ours was called")
	server = made.serve(t, ConfiguringBy(func(context.Context, p.ConfigureRequest) error { return mark }))
	assert.Equal(t, mark, server.Configure(p.ConfigureRequest{}))
}

func TestKindsAreReadFromTheTags(t *testing.T) {
	t.Parallel()
	k := KindOf(&Parcel{})
	assert.Equal(t, []string{"code"}, k.secrets)
	assert.ElementsMatch(t, []string{"to", "weighed"}, k.required)
}
