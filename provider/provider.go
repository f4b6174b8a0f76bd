// Package provider is what Pulumi sees: the resource AuthToken, the provider's configuration, and their assembly into a
// provider that the engine can talk to.
package provider

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/auth"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
)

// Name is the name of the package, and the first part of every token in its schema.
const Name = "ociauthtoken"

// repository is where the provider lives, as a Go module and as a site.
const repository = "github.com/ociauthtoken/pulumi-ociauthtoken"

//go:embed provider.md
var description string

// Options are the provider's surroundings. The zero value is the real world.
type Options struct {
	// Version is the provider's version without a leading v, such as "1.2.3".
	Version string
	// Environment is where configuration comes from besides Pulumi. The zero value is this process's.
	Environment auth.Environment
	// Clock is time as the provider sees it. Nil means the machine's clock.
	Clock identity.Clock
}

// New assembles the provider.
func New(options Options) (p.Provider, error) {
	if options.Environment.LookupEnv == nil {
		options.Environment = auth.Machine()
	}
	if options.Clock == nil {
		options.Clock = identity.SystemClock{}
	}
	oci := &connection{options: options}

	provider, err := infer.NewProviderBuilder().
		WithDisplayName("OCI Auth Token").
		WithDescription(description).
		WithKeywords("pulumi", "oci", "oracle", "auth-token", "ocir", "kind/native", "category/cloud").
		WithHomepage("https://" + repository).
		WithRepository("https://" + repository).
		WithPublisher("ociauthtoken").
		WithLicense("Apache-2.0").
		WithPluginDownloadURL("github://api." + repository).
		WithLanguageMap(languages()).
		WithResources(infer.Resource(&AuthToken{oci: oci, clock: options.Clock})).
		WithConfig(infer.Config(Config{})).
		Build()
	if err != nil {
		return p.Provider{}, fmt.Errorf("assembling the provider: %w", err)
	}

	provider.Configure = oci.configure
	provider.DiffConfig = diffConfig
	provider.Create = knowingURN(provider.Create)
	provider.Read = answeringWithSecret(provider.Read)
	return keepingTimeouts(completingState(provider)), nil
}

// languages are the generators' options, for every language that has an SDK.
func languages() map[string]any {
	return map[string]any{
		"nodejs": map[string]any{
			"packageName":          "pulumi-ociauthtoken",
			"respectSchemaVersion": true,
		},
		"python": map[string]any{
			"packageName":          "pulumi_ociauthtoken",
			"respectSchemaVersion": true,
			"pyproject":            map[string]any{"enabled": true},
		},
		"go": map[string]any{
			"importBasePath":                 repository + "/sdk/go/ociauthtoken",
			"generateResourceContainerTypes": true,
			"respectSchemaVersion":           true,
		},
		"csharp": map[string]any{
			"rootNamespace":        "Pulumi",
			"namespaces":           map[string]any{Name: "OciAuthToken"},
			"respectSchemaVersion": true,
		},
		"java": map[string]any{
			// The generator appends the package's name: io.github.ociauthtoken.
			"basePackage": "io.github",
		},
	}
}

type urnKey struct{}

// knowingURN lets Create know which resource it is for: infer passes on the name alone, which children of different
// components may share.
func knowingURN(
	create func(context.Context, p.CreateRequest) (p.CreateResponse, error),
) func(context.Context, p.CreateRequest) (p.CreateResponse, error) {
	return func(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
		return create(context.WithValue(ctx, urnKey{}, req.Urn), req)
	}
}

func urnOf(ctx context.Context) string {
	urn, _ := ctx.Value(urnKey{}).(resource.URN)
	return string(urn)
}

// answeringWithSecret marks the token as secret in what Read answers: infer does so for Create and Update only, and the
// engine keeps what Read answers, on import above all, as it comes.
func answeringWithSecret(
	read func(context.Context, p.ReadRequest) (p.ReadResponse, error),
) func(context.Context, p.ReadRequest) (p.ReadResponse, error) {
	return func(ctx context.Context, req p.ReadRequest) (p.ReadResponse, error) {
		resp, err := read(ctx, req)
		if token, ok := resp.Properties.GetOk("token"); ok {
			resp.Properties = resp.Properties.Set("token", token.WithSecret(true))
		}
		return resp, err
	}
}

// completingState lets state pass that a person has written by hand: the outputs in a file for "pulumi import --file" need
// hold no more than the token. What is missing comes from the inputs, or is left empty until the next refresh.
func completingState(provider p.Provider) p.Provider {
	complete := func(state, inputs property.Map) property.Map {
		for _, name := range []string{"description", "userId", "state", "timeCreated"} {
			if _, ok := state.GetOk(name); ok {
				continue
			}
			value, ok := inputs.GetOk(name)
			if !ok {
				value = property.New("")
			}
			state = state.Set(name, value)
		}
		return state
	}
	update, remove := provider.Update, provider.Delete
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		req.State = complete(req.State, req.OldInputs)
		return update(ctx, req)
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		req.Properties = complete(req.Properties, req.OldInputs)
		return remove(ctx, req)
	}
	return provider
}

// keepingTimeouts turns the customTimeouts of a resource into deadlines as they are: infer cuts them to whole seconds, and
// half a second to none at all.
func keepingTimeouts(provider p.Provider) p.Provider {
	within := func(ctx context.Context, seconds *float64) (context.Context, context.CancelFunc) {
		if *seconds <= 0 {
			return ctx, func() {}
		}
		timeout := time.Duration(*seconds * float64(time.Second))
		*seconds = 0
		return context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the operation's timeout of %s is over", timeout))
	}
	create, update, remove := provider.Create, provider.Update, provider.Delete
	provider.Create = func(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
		ctx, cancel := within(ctx, &req.Timeout)
		defer cancel()
		return create(ctx, req)
	}
	provider.Update = func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		ctx, cancel := within(ctx, &req.Timeout)
		defer cancel()
		return update(ctx, req)
	}
	provider.Delete = func(ctx context.Context, req p.DeleteRequest) error {
		ctx, cancel := within(ctx, &req.Timeout)
		defer cancel()
		return remove(ctx, req)
	}
	return provider
}
