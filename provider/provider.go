// Package provider is what Pulumi sees: its resources and functions, its configuration, and their assembly into a
// provider that the engine can talk to.
package provider

import (
	_ "embed"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

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

	resources, err := newKinds(Name,
		kindOf(&AuthToken{oci: oci}),
		kindOf(&RotatingAuthToken{oci: oci}),
	)
	if err != nil {
		return p.Provider{}, fmt.Errorf("assembling the provider: %w", err)
	}
	provider, err := infer.NewProviderBuilder().
		WithDisplayName("OCI Auth Token").
		WithDescription(description).
		WithKeywords("pulumi", "oci", "oracle", "auth-token", "ocir", "kind/native", "category/cloud").
		WithHomepage("https://"+repository).
		WithRepository("https://"+repository).
		WithPublisher("ociauthtoken").
		WithLicense("Apache-2.0").
		WithPluginDownloadURL("github://api."+repository).
		WithLanguageMap(languages()).
		WithResources(resources.resources()...).
		WithFunctions(
			infer.Function(&GetAuthTokens{oci: oci}),
			infer.Function(&GetRegistryLogin{oci: oci, clock: options.Clock, userAgent: options.userAgent()}),
		).
		WithConfig(infer.Config(Config{})).
		Build()
	if err != nil {
		return p.Provider{}, fmt.Errorf("assembling the provider: %w", err)
	}
	return mended(provider,
		resources.passingRequests, keepingSecretArguments, resources.markingSecretsOnRead, resources.completingState,
		ignoringChangesOfInputs, keepingTimeouts, updatingConfiguration, configuringBy(oci.configure), oci.notingWhatIsRecorded,
		oci.warningOfExpiry, refusingTheWayBack, notWithoutPassword,
	), nil
}

// userAgent is the provider's part of the User-Agent header of every request.
func (o Options) userAgent() string { return "pulumi-" + Name + "/" + o.Version }

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
