package infermend

import (
	"context"
	"encoding/json"

	p "github.com/pulumi/pulumi-go-provider"
)

// checkedByNew adds two properties to the schema, for which infer has no option. With them, "pulumi new" configures the provider for the
// new project, and if that fails it shows the error and the page that says how to sign in. Earlier versions ignore them.
func checkedByNew(provider p.Provider, pkg string) p.Provider {
	get := provider.GetSchema
	provider.GetSchema = func(ctx context.Context, req p.GetSchemaRequest) (p.GetSchemaResponse, error) {
		resp, err := get(ctx, req)
		if err != nil {
			return resp, err
		}
		var spec map[string]json.RawMessage // The oldest Pulumi's PackageSpec lacks the two properties.
		if err := json.Unmarshal([]byte(resp.Schema), &spec); err != nil {
			return resp, err
		}
		spec["validateCredentialsOnNew"] = json.RawMessage(`true`)
		spec["configurationDocsUrl"] = json.RawMessage(`"https://www.pulumi.com/registry/packages/` + pkg + `/installation-configuration/"`)
		text, err := json.Marshal(spec)
		return p.GetSchemaResponse{Schema: string(text)}, err
	}
	return provider
}
