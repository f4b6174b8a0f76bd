package infermend

import (
	"slices"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"
	pschema "github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// GetSchema makes the outputs with the tag schema:"required" required in the schema. Every token has them once it exists, so a program
// need not handle that one is missing. The state may lack them all the same, such as the value of an imported token, and infer does not
// decode a state without an output that its own tag requires. There is no upstream issue for it, because infer has one tag for both.
func (r *Resource) GetSchema(register schema.RegisterDerivativeType) (pschema.ResourceSpec, error) {
	spec, err := r.InferredResource.GetSchema(register)
	spec.Required = append(spec.Required, namesOf(r.Outputs, isPromised)...)
	leaveReplacingToDiff(spec.InputProperties)
	leaveReplacingToDiff(spec.Properties)
	spec.ListInputs = r.listInputs
	return spec, err
}

// function is a function that infer has inferred. Its inputs with the tag schema:"required" are required in the schema, and an error of
// the function can say what to do if one is missing all the same, as the value of an imported token is: infer's error could not.
type function struct {
	infer.InferredFunction
	promised []string
}

// FunctionOf infers a function.
func FunctionOf[F interface {
	infer.Annotated
	infer.Fn[I, O]
}, I, O any](f F) infer.InferredFunction {
	return function{infer.Function(f), namesOf(PropertiesOf[I](), isPromised)}
}

// GetSchema makes inputs required.
func (f function) GetSchema(register schema.RegisterDerivativeType) (pschema.FunctionSpec, error) {
	spec, err := f.InferredFunction.GetSchema(register)
	if spec.Inputs != nil {
		spec.Inputs.Required = slices.Concat(spec.Inputs.Required, f.promised)
	}
	return spec, err
}
