package provider

import (
	"context"
	_ "embed"
	"fmt"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	host "github.com/pulumi/pulumi/sdk/v3/go/pulumi/provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/authtoken"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/getauthtokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/registry"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/rotatingauthtoken"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// Name is the name of the package, and the first part of every token in its schema.
const Name = connection.Name

// repository is the address of the provider's repository, which is also the path of its Go module.
const repository = "github.com/ociauthtoken/pulumi-ociauthtoken"

// LongestStop is how long a call may still take after Cancel: a creation waits for its answer, because only that ever contains the
// token's value, and then lists the tokens that it may have created.
const LongestStop = tokens.LongestStop

//go:embed provider.md
var description string

// Options say where the provider gets its configuration and the time from. The zero value is for real use.
type Options = connection.Options

// New assembles the provider.
func New(options Options) (p.Provider, error) {
	oci := connection.New(options)
	resources := []infer.InferredResource{
		infermend.ResourceOf(authtoken.New(oci)).ListedBy(authtoken.ListInputs()),
		infermend.ResourceOf(rotatingauthtoken.New(oci)),
	}
	provider, err := infer.NewProviderBuilder().
		WithDisplayName("OCI Auth Token").
		WithDescription(description).
		WithKeywords("pulumi", "oci", "oracle", "auth-token", "ocir", "kind/native", "category/cloud").
		WithHomepage("https://" + repository).
		WithRepository("https://" + repository).
		WithPublisher("ociauthtoken").
		WithLogoURL("https://raw.githubusercontent.com/ociauthtoken/pulumi-ociauthtoken/main/tools/codegen/logo.png").
		WithLicense("Apache-2.0").
		WithPluginDownloadURL("github://api." + repository).
		WithLanguageMap(languages()).
		WithResources(resources...).
		WithFunctions(append(registry.Functions(oci), infermend.FunctionOf(getauthtokens.New(oci)))...).
		WithConfig(infer.Config(connection.Config{})).
		Build()
	if err != nil {
		return p.Provider{}, fmt.Errorf("assembling the provider: %w", err)
	}
	return infermend.Wrap(provider, infermend.Options{
		Name: Name, Resources: resources, Meanings: token.Meanings, Configure: oci.Configure, Middleware: []infermend.Middleware{oci.Record},
	})
}

// ConfigurationTable returns the table of all properties of the configuration for the documentation, in Markdown.
func ConfigurationTable() string { return connection.Table() }

// Run serves the provider to the engine that has started this process.
func Run(ctx context.Context, provider p.Provider, version string) error {
	return host.MainContext(ctx, Name, Server(provider, version))
}

// Server returns what makes the gRPC server of the provider.
func Server(provider p.Provider, version string) func(*host.HostClient) (pulumirpc.ResourceProviderServer, error) {
	return func(client *host.HostClient) (pulumirpc.ResourceProviderServer, error) {
		server, err := infermend.Server(provider, Name, version)(client)
		return authtoken.Lister{ResourceProviderServer: server}, err
	}
}

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
