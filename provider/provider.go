// Package provider implements the Pulumi provider: its resources, its functions, its configuration, and their assembly into a
// provider that the engine can call.
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

// repository is the address of the provider's repository, which is also the path of its Go module.
const repository = "github.com/ociauthtoken/pulumi-ociauthtoken"

// LongestStop is how long a call may still take after Cancel: a creation waits for its answer, because only that ever contains the
// token's value, and then lists the tokens that it may have created.
const LongestStop = identity.LongestStop

//go:embed provider.md
var description string

// Options say where the provider gets its configuration and the time from. The zero value is for real use.
type Options struct {
	// Version is the provider's version without a leading v, such as "1.2.3".
	Version string
	// Environment is where configuration comes from besides Pulumi. The zero value means the environment of this process.
	Environment auth.Environment
	// Clock tells the time. Nil means the machine's clock.
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
			infer.Function(&GetRegistryUser{oci: oci}),
			infer.Function(&GetRegistryLogin{oci: oci, clock: options.Clock}),
			infer.Function(&GetRegistryToken{oci: oci}),
		).
		WithConfig(infer.Config(Config{})).
		Build()
	if err != nil {
		return p.Provider{}, fmt.Errorf("assembling the provider: %w", err)
	}
	return wrapped(provider,
		resources.passingRequests, answeringExists, resources.answeringNulls, keepingSecretArguments, resources.markingSecretsOnRead,
		resources.comparingMeanings, resources.completingState, resources.readingOldArguments, ignoringChangesOfInputs, keepingTimeouts,
		updatingConfiguration, configuringBy(oci.configure), oci.notingWhatIsRecorded, readingIDs, oci.warningOfExpiry,
		explainingWrongKinds, droppingNulls,
		notWithoutPassword, checkedByNew, answeringPanics,
	), nil
}

// userAgent is the provider's part of the User-Agent header of every request.
func (o Options) userAgent() string { return "pulumi-" + Name + "/" + o.Version }

// languages returns the options of the SDK generators for each language.
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
			// The names of nested types are those of pulumi-oci, and of the programs that Pulumi generates: in a function, these say
			// InputArgs whatever the schema says. There is no upstream issue for it yet.
			"compatibility": "tfbridge20",
			// NuGet keeps names that begin with "Pulumi." for Pulumi: github.com/pulumi/pulumi/issues/20547. The second part is an
			// alias in the programs that Pulumi generates, so it must not be the name of a namespace that they use.
			"rootNamespace":        "OciAuthToken",
			"namespaces":           map[string]any{Name: "PulumiPackage"},
			"respectSchemaVersion": true,
		},
		"java": map[string]any{
			// The generator appends the package's name: io.github.ociauthtoken.
			"basePackage": "io.github",
		},
	}
}
