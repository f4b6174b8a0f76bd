package infermend

import (
	"context"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// configuredBy calls configure in place of infer, which decodes every configuration into the same value: an option that the program no
// longer sets would still be set. There is no upstream issue for it yet.
//
// It also reports a change of the configuration as an update of the provider. infer reports a replacement, which would replace every
// resource of the provider. That can go with https://github.com/pulumi/pulumi-go-provider/issues/409.
func configuredBy(provider p.Provider, configure func(context.Context, p.ConfigureRequest) error) p.Provider {
	check := provider.CheckConfig
	provider.CheckConfig = func(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
		req.Inputs = withoutInternal(req.Inputs)
		return check(ctx, req)
	}
	provider.DiffConfig = diffConfig
	provider.Configure = func(ctx context.Context, req p.ConfigureRequest) error {
		req.Args = withoutInternal(req.Args)
		return configure(ctx, req)
	}
	return provider
}

func diffConfig(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
	old := req.OldInputs
	if old.Len() == 0 {
		old = req.State
	}
	changes := map[string]p.PropertyDiff{}
	noteKeys(changes, func(name string) string { return name }, withoutInternal(old), withoutInternal(req.Inputs))
	return p.DiffResponse{HasChanges: len(changes) > 0, DetailedDiff: changes}, nil
}

// withoutInternal returns the configuration without keys that belong to the engine or to the framework. Programs that use an SDK also
// send the version of its package.
func withoutInternal(inputs property.Map) property.Map {
	for name := range inputs.All {
		if name == "version" || name == "pluginDownloadURL" || strings.HasPrefix(name, "__") {
			inputs = inputs.Delete(name)
		}
	}
	return inputs
}
