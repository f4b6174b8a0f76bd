package infermend

import (
	"context"
	"testing"
	"time"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
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
	deadline time.Time
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
	Stamped *string `pulumi:"stamped,optional" schema:"required"`
}

func (r *Parcel) Annotate(a infer.Annotator) { a.SetToken("index", "Parcel") }

func (*Parcel) WireDependencies(f infer.FieldSelector, _ *ParcelArgs, state *ParcelState) {
	f.OutputField(&state.Code).AlwaysSecret()
}

func (r *Parcel) look(ctx context.Context) {
	*r.seen = seen{urn: string(CallOf(ctx).URN)}
	r.seen.deadline, _ = ctx.Deadline()
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
	resources  map[string]*Resource
	bare       p.Provider
	seen       seen
	updating   func(context.Context) error
	configured Office
}

func newTiny(t *testing.T) *tiny {
	t.Helper()
	var made tiny
	var err error
	resources := []infer.InferredResource{resourceOf(&Parcel{seen: &made.seen, updating: &made.updating}), resourceOf(&Letter{})}
	made.resources, err = byToken("test", resources, nil)
	require.NoError(t, err)
	made.bare, err = infer.NewProviderBuilder().
		WithResources(resources...).
		WithConfig(infer.Config(&Office{opened: func(o Office) { made.configured = o }})).
		Build()
	require.NoError(t, err)
	return &made
}

// serve runs the provider with the middleware.
func (made *tiny) serve(t *testing.T, middleware ...Middleware) integration.Server {
	t.Helper()
	if len(middleware) == 0 {
		return serve(t, made.bare)
	}
	return serve(t, wrapped(made.bare, made.resources, middleware...))
}

func serve(t *testing.T, provider p.Provider) integration.Server {
	t.Helper()
	server, err := integration.NewServer(t.Context(), "test", semver.MustParse("1.0.0"), integration.WithProvider(provider))
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
