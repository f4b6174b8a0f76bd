// Package infermend is what infer 1.5.0, the framework for Pulumi providers in Go, lacks. Each file mends one thing. It names the upstream
// issue that will make it unnecessary, or says that there is none yet, and the test beside it fails once infer no longer needs it: then delete
// the file and its test. What check.go and imports.go mend is missing in the engine, so only tests with the engine look at them.
//
// It knows nothing of auth tokens. A resource says what it needs with the tags of its arguments and of its state:
//
//	provider:"secret"            the value is a secret, in every SDK and in every answer
//	provider:"replaceOnChanges"  a change of the argument replaces the resource
//	schema:"required"            every resource has it, although a state, or the input of a function, may lack it
//	means:"time"                 what the value means: see [Options]
//
// A method that needs more than infer passes on asks [CallOf]. A resource whose state may have been written by something else implements
// [StateReader]. docs/internals/upstream.md tells other authors of providers about all of this.
package infermend

import (
	"context"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Options say what is special about a provider.
type Options struct {
	// Name is the name of the package.
	Name string
	// Resources are the provider's resources, as [ResourceOf] has made them.
	Resources []infer.InferredResource
	// Meanings are what the tag "means" of arguments and outputs may be. If values of a meaning have several forms, its function returns
	// one form for all texts that mean the same.
	Meanings map[string]func(string) string
	// Configure configures the provider.
	Configure func(context.Context, p.ConfigureRequest) error
	// Middleware is what else each call about a resource passes through.
	Middleware []Middleware
}

// Wrap returns the provider that infer has built, with everything that it lacks.
func Wrap(provider p.Provider, options Options) (p.Provider, error) {
	resources, err := byToken(options.Name, options.Resources, options.Meanings)
	if err != nil {
		return p.Provider{}, err
	}
	middleware := append([]Middleware{readState}, options.Middleware...)
	// A call passes through these from top to bottom, and its answer from bottom to top.
	middleware = append(middleware,
		keepTimeout,
		ignoreChanges,
		readOldArguments,
		completeState,
		compareMeanings,
		markSecretsOnRead,
		keepSecretArguments,
		answerNulls,
		answerExists,
		noteImports,
		answerUnknown,
	)
	provider = wrapped(provider, resources, middleware...)
	provider = configuredBy(provider, options.Configure)
	provider = explainingWrongKinds(provider, options.Name)
	provider = droppingNulls(provider)
	provider = checkedByNew(provider, options.Name)
	return answeringPanics(provider), nil
}

// byToken returns the resources by their type tokens.
func byToken(name string, inferred []infer.InferredResource, meanings map[string]func(string) string) (map[string]*Resource, error) {
	resources := map[string]*Resource{}
	for _, r := range inferred {
		resource, ok := r.(*Resource)
		if !ok {
			return nil, fmt.Errorf("%T: use infermend.ResourceOf", r)
		}
		for _, properties := range [][]Property{resource.Arguments, resource.Outputs} {
			for i, property := range properties {
				same, known := meanings[property.Means]
				if property.Means != "" && !known {
					return nil, fmt.Errorf("property %s: there is no meaning %q", property.Name, property.Means)
				}
				properties[i].canonical = same
			}
		}
		token, err := resource.GetToken()
		if err != nil {
			return nil, err
		}
		// infer does not know the package's name yet, and uses a placeholder.
		_, member, _ := strings.Cut(string(token), ":")
		resources[name+":"+member] = resource
	}
	return resources, nil
}
