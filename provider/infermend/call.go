package infermend

import (
	"context"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Method is the name of a call about one resource.
type Method string

// These are the calls about one resource.
const (
	Check  Method = "Check"
	Diff   Method = "Diff"
	Create Method = "Create"
	Read   Method = "Read"
	Update Method = "Update"
	Delete Method = "Delete"
)

// Call is a call about one resource, on its way from the engine to the resource's method and back. The six requests and answers of
// go-provider have the same parts under different names. Parts that a method does not have are empty.
type Call struct {
	Method Method
	// Resource says which properties the resource has.
	Resource *Resource
	URN      resource.URN
	DryRun   bool
	Timeout  float64 // in seconds

	ID string
	// State has the recorded outputs, and OldInputs the recorded arguments. Inputs are the new arguments. Secrets and unknown values are
	// marked as such.
	State, OldInputs, Inputs property.Map
	IgnoreChanges            []string

	Answer Answer

	imports *imports
}

// Answer is the answer to a call, save to a Check, which no middleware changes.
type Answer struct {
	ID            string
	State, Inputs property.Map
	Diff          p.DiffResponse
	// Failed is not nil if the resource exists and the call has failed all the same. The engine then records the state.
	Failed *p.InitializationFailed
	// Unknown lists the outputs that a preview does not know.
	Unknown []string
}

// isImport reports whether a call reads a resource that is not recorded.
func (c *Call) isImport() bool {
	return c.Method == Read && c.State.Len() == 0 && c.OldInputs.Len() == 0
}

// Middleware changes a call on its way in, passes it on with next, and changes the answer.
type Middleware func(ctx context.Context, call *Call, next func(context.Context) error) error

type callKey struct{}

// CallOf returns the call that a resource's method answers.
func CallOf(ctx context.Context) *Call {
	if call, ok := ctx.Value(callKey{}).(*Call); ok {
		return call
	}
	return &Call{}
}

// wrapped returns a provider whose calls about resources pass through the middleware, in this order.
func wrapped(provider p.Provider, resources map[string]*Resource, middleware ...Middleware) p.Provider {
	noted := &imports{}
	// do passes a call through the middleware, and then to the provider.
	do := func(ctx context.Context, urn resource.URN, call *Call, last func(context.Context) error) error {
		call.URN, call.imports, call.Resource = urn, noted, resources[string(urn.Type())]
		if call.Resource == nil {
			call.Resource = &Resource{}
		}
		next := last
		for i := len(middleware) - 1; i >= 0; i-- {
			outer, inner := middleware[i], next
			next = func(ctx context.Context) error { return outer(ctx, call, inner) }
		}
		return next(context.WithValue(ctx, callKey{}, call))
	}
	inner := provider
	provider.Check = func(ctx context.Context, req p.CheckRequest) (resp p.CheckResponse, err error) {
		call := &Call{Method: Check, OldInputs: req.State, Inputs: req.Inputs}
		err = do(ctx, req.Urn, call, func(ctx context.Context) (err error) {
			req.State, req.Inputs = call.OldInputs, call.Inputs
			resp, err = inner.Check(ctx, req)
			return err
		})
		return resp, err
	}
	provider.Diff = func(ctx context.Context, req p.DiffRequest) (p.DiffResponse, error) {
		call := &Call{
			Method: Diff, ID: req.ID, State: req.State, OldInputs: req.OldInputs, Inputs: req.Inputs, IgnoreChanges: req.IgnoreChanges,
		}
		err := do(ctx, req.Urn, call, func(ctx context.Context) (err error) {
			req.ID, req.State, req.OldInputs, req.Inputs, req.IgnoreChanges = call.ID, call.State, call.OldInputs, call.Inputs, call.IgnoreChanges
			call.Answer.Diff, err = inner.Diff(ctx, req)
			return err
		})
		return call.Answer.Diff, err
	}
	provider.Create = func(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
		call := &Call{Method: Create, Inputs: req.Properties, DryRun: req.DryRun, Timeout: req.Timeout}
		err := do(ctx, req.Urn, call, func(ctx context.Context) error {
			req.Properties, req.Timeout = call.Inputs, call.Timeout
			resp, err := inner.Create(ctx, req)
			call.Answer.ID, call.Answer.State, call.Answer.Failed = resp.ID, resp.Properties, resp.PartialState
			return err
		})
		return p.CreateResponse{ID: call.Answer.ID, Properties: call.Answer.State, PartialState: call.Answer.Failed}, err
	}
	provider.Read = func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		call := &Call{Method: Read, ID: req.ID, State: req.Properties, OldInputs: req.Inputs}
		err := do(ctx, req.Urn, call, func(ctx context.Context) error {
			req.ID, req.Properties, req.Inputs = call.ID, call.State, call.OldInputs
			resp, err := inner.Read(ctx, req)
			call.Answer.ID, call.Answer.State, call.Answer.Inputs, call.Answer.Failed = resp.ID, resp.Properties, resp.Inputs, resp.PartialState
			return err
		})
		return p.ReadResponse{
			ID: call.Answer.ID, Properties: call.Answer.State, Inputs: call.Answer.Inputs, PartialState: call.Answer.Failed,
		}, err
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		call := &Call{
			Method: Update, ID: req.ID, State: req.State, OldInputs: req.OldInputs, Inputs: req.Inputs, IgnoreChanges: req.IgnoreChanges,
			DryRun: req.DryRun, Timeout: req.Timeout,
		}
		err := do(ctx, req.Urn, call, func(ctx context.Context) error {
			req.ID, req.State, req.OldInputs, req.Inputs, req.IgnoreChanges = call.ID, call.State, call.OldInputs, call.Inputs, call.IgnoreChanges
			req.Timeout = call.Timeout
			resp, err := inner.Update(ctx, req)
			call.Answer.State, call.Answer.Failed = resp.Properties, resp.PartialState
			return err
		})
		return p.UpdateResponse{Properties: call.Answer.State, PartialState: call.Answer.Failed}, err
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		call := &Call{Method: Delete, ID: req.ID, State: req.Properties, OldInputs: req.OldInputs, Timeout: req.Timeout}
		return do(ctx, req.Urn, call, func(ctx context.Context) error {
			req.ID, req.Properties, req.OldInputs, req.Timeout = call.ID, call.State, call.OldInputs, call.Timeout
			return inner.Delete(ctx, req)
		})
	}
	return provider
}
