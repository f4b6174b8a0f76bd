package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// table is the package of another provider: the types of resources that the programs use, with how they are compared. What a resource
// records is what it was given, so that a test finds it in the state.
type table struct {
	// config are the properties of the provider, as in a schema.
	config map[string]any
	kinds  map[string]kind
	// types are the objects that arguments refer to, as in a schema.
	types map[string]any
	// goModule is the import path of the SDK for Go, which tests generate where the real one is not available as a module.
	goModule string
	// version is what the schema says. It is 1.0.0 if this is empty.
	version string
}

// kind is a type of resource.
type kind struct {
	// arguments are the properties, as in a schema. Those that a resource must have are required.
	arguments map[string]any
	required  []string
	// replaced lists the arguments whose change replaces the resource. A change of another one updates it.
	replaced []string
	// inPlace reports whether the provider's configuration makes all changes updates.
	inPlace func(config property.Map) bool
	// shown returns what is compared of the arguments. Nil means all of them.
	shown func(inputs property.Map) property.Map
	// apply does what creating and updating a resource does besides recording it. It returns the id of a new one.
	apply func(ctx context.Context, config property.Map, name string, inputs property.Map) (id string, err error)
	// check refuses arguments.
	check func(ctx context.Context, inputs property.Map) error
	// remove does what deleting it does.
	remove func(ctx context.Context, id string) error
}

var (
	text  = map[string]any{"type": "string"}
	texts = map[string]any{"type": "array", "items": text}
	named = map[string]any{"type": "object", "additionalProperties": text}
)

func all(kind any, names ...string) map[string]any {
	properties := map[string]any{}
	for _, name := range names {
		properties[name] = kind
	}
	return properties
}

func with(properties map[string]any, name string, kind any) map[string]any {
	properties[name] = kind
	return properties
}

// tables lists the packages. What replaces and what updates is as in the code of the real ones:
//   - oracle/terraform-provider-oci internal/service/{identity,vault}: name, secret_name and the like are ForceNew, secret_content is not
//   - DopplerHQ/terraform-provider-doppler doppler/resource_secret.go
//   - integrations/terraform-provider-github github/resource_github_actions_secret.go: before version 6.11, plaintext_value was ForceNew
//   - maxlaverse/terraform-provider-bitwarden internal/schema_definition/secret.go
//   - pulumi/pulumi-kubernetes provider/pkg/provider/{diff,helm_release}.go
//   - pulumi/pulumi-docker provider/{provider,hybrid}.go: only the server of registry counts, while every change of registryAuth does
var tables = map[string]table{
	"oci": {
		config: all(text, "region", "configFileProfile"),
		kinds: map[string]kind{
			"oci:Identity/user:User": {
				arguments: all(text, "compartmentId", "name", "description", "email"),
				required:  []string{"description"}, replaced: []string{"name"}, apply: createUser, remove: removeUser,
			},
			"oci:Identity/group:Group": {
				arguments: all(text, "compartmentId", "name", "description"),
				required:  []string{"description"}, replaced: []string{"name"},
			},
			"oci:Identity/userGroupMembership:UserGroupMembership": {
				arguments: all(text, "compartmentId", "userId", "groupId"),
				required:  []string{"userId", "groupId"}, replaced: []string{"userId", "groupId"}, apply: createMembership,
			},
			"oci:Identity/policy:Policy": {
				arguments: with(all(text, "compartmentId", "name", "description"), "statements", texts),
				required:  []string{"compartmentId", "description", "statements"}, replaced: []string{"name"},
			},
			"oci:Vault/secret:Secret": {
				arguments: with(all(text, "compartmentId", "vaultId", "keyId", "secretName"), "secretContent",
					map[string]any{"$ref": "#/types/oci:Vault/SecretSecretContent:SecretSecretContent"}),
				required: []string{"compartmentId", "vaultId", "keyId", "secretName"}, replaced: []string{"vaultId", "keyId", "secretName"},
			},
		},
		types: map[string]any{"oci:Vault/SecretSecretContent:SecretSecretContent": map[string]any{
			"type": "object", "properties": all(text, "contentType", "content"), "required": []string{"contentType"},
		}},
		goModule: "github.com/pulumi/pulumi-oci/sdk/v4/go/oci",
	},
	"doppler": {
		kinds: map[string]kind{"doppler:index/secret:Secret": {
			arguments: all(text, "project", "config", "name", "value", "visibility"),
			required:  []string{"project", "config", "name", "value"},
		}},
		goModule: "github.com/pulumiverse/pulumi-doppler/sdk/go/doppler",
	},
	"github": {
		kinds: map[string]kind{"github:index/actionsSecret:ActionsSecret": {
			arguments: all(text, "repository", "secretName", "value", "plaintextValue"),
			required:  []string{"repository", "secretName"}, replaced: []string{"secretName"},
		}},
		goModule: "github.com/pulumi/pulumi-github/sdk/v6/go/github",
	},
	"bitwarden": {
		kinds: map[string]kind{"bitwarden:index/secret:Secret": {
			arguments: all(text, "key", "value", "note", "projectId"),
			required:  []string{"key", "value", "note", "projectId"},
		}},
	},
	"kubernetes": {
		config: map[string]any{"enableSecretMutable": map[string]any{"type": "boolean"}},
		kinds: map[string]kind{
			"kubernetes:core/v1:Secret": {
				arguments: with(with(all(text, "apiVersion", "kind", "type"), "stringData", named), "metadata", named),
				replaced:  []string{"type", "metadata", "stringData"},
				inPlace:   func(config property.Map) bool { return isTrue(config.Get("enableSecretMutable")) },
				apply: func(_ context.Context, _ property.Map, _ string, inputs property.Map) (string, error) {
					return "default/" + inputs.Get("metadata").AsMap().Get("name").AsString(), nil
				},
			},
			"kubernetes:helm.sh/v3:Release": {
				arguments: with(all(text, "chart", "name", "version"), "repositoryOpts", named),
				required:  []string{"chart"}, replaced: []string{"name"}, check: pullChart,
			},
		},
	},
	"docker": {
		version: "4.8.0", // In YAML, older ones may not have images: github.com/pulumi/pulumi-yaml/issues/421.
		config:  map[string]any{"registryAuth": map[string]any{"type": "array", "items": named}},
		kinds: map[string]kind{
			"docker:index/image:Image": {
				arguments: with(with(all(text, "imageName"), "build", named), "registry", named),
				required:  []string{"imageName"},
				shown: func(inputs property.Map) property.Map {
					return inputs.Set("registry", inputs.Get("registry").AsMap().Get("server"))
				},
				apply: func(ctx context.Context, _ property.Map, name string, inputs property.Map) (string, error) {
					_, err := pushFolder(ctx, inputs.Get("build").AsMap().Get("context").AsString(), inputs.Get("imageName").AsString(),
						login(inputs.Get("registry"), "server"))
					return name, err
				},
			},
			"docker:index/registryImage:RegistryImage": {
				arguments: all(text, "name"), required: []string{"name"}, replaced: []string{"name"},
				apply: func(ctx context.Context, config property.Map, name string, inputs property.Map) (string, error) {
					var logins []Registry
					for _, auth := range config.Get("registryAuth").AsArray().All {
						logins = append(logins, login(auth, "address"))
					}
					_, err := pushFolder(ctx, "app", inputs.Get("name").AsString(), logins...)
					return name, err
				},
			},
		},
	},
}

// login returns a login of an argument, in which a property has the address of the registry.
func login(given property.Value, address string) Registry {
	return loginAt(given.AsMap().Get(address).AsString(), given)
}

// loginAt returns a login of an argument to a registry.
func loginAt(host string, given property.Value) Registry {
	username, password := given.AsMap().Get("username").AsString(), given.AsMap().Get("password").AsString()
	return Registry{Address: host, Username: &username, Password: &password}
}

// pullChart looks for the chart of a Helm release with the login of the release.
func pullChart(ctx context.Context, inputs property.Map) error {
	chart := strings.TrimPrefix(inputs.Get("chart").AsString(), "oci://")
	host, _, _ := strings.Cut(chart, "/")
	_, err := crane(ctx, []Registry{loginAt(host, inputs.Get("repositoryOpts"))}, "manifest", chart+":"+inputs.Get("version").AsString())
	return err
}

// createUser creates a user of the local OCI, who may do nothing in the registry.
func createUser(ctx context.Context, _ property.Map, _ string, inputs property.Map) (string, error) {
	var made struct{ ID string }
	if err := control(ctx, http.MethodPost, "users", map[string]string{"name": inputs.Get("name").AsString()}, &made); err != nil {
		return "", err
	}
	return made.ID, control(ctx, http.MethodPut, "users/"+made.ID+"/repositories", []string{}, nil)
}

func removeUser(ctx context.Context, id string) error {
	return control(ctx, http.MethodDelete, "users/"+id, nil, nil)
}

// createMembership lets the user push. With OCI_POLICY_LATE set, somebody else does that later.
func createMembership(ctx context.Context, _ property.Map, name string, inputs property.Map) (string, error) {
	if os.Getenv("OCI_POLICY_LATE") != "" {
		return name, nil
	}
	return name, control(ctx, http.MethodPut, "users/"+inputs.Get("userId").AsString()+"/repositories", []string{"pull", "push"}, nil)
}

// control sends a request to the local OCI, at OCI_EMULATOR.
func control(ctx context.Context, method, path string, body, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, os.Getenv("OCI_EMULATOR")+"/_emulator/"+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK && (method != http.MethodDelete || response.StatusCode != http.StatusNotFound) {
		return fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// schema returns the schema of a package.
func (t table) schema(name string) map[string]any {
	resources := map[string]any{}
	for token, kind := range t.kinds {
		resources[token] = map[string]any{
			"inputProperties": kind.arguments, "requiredInputs": kind.required, "properties": kind.arguments,
			"required": slices.Sorted(maps.Keys(kind.arguments)),
		}
	}
	schema := map[string]any{
		"name": name, "version": cmp.Or(t.version, "1.0.0"), "meta": map[string]any{"moduleFormat": "(.*)(?:/[^/]*)"},
		"config": map[string]any{"variables": t.config}, "provider": map[string]any{"inputProperties": t.config},
		"resources": resources, "types": t.types,
	}
	if t.goModule != "" {
		schema["language"] = map[string]any{"go": map[string]any{
			"importBasePath": t.goModule, "rootPackageName": name, "respectSchemaVersion": true,
			"moduleToPackage": map[string]string{"Identity": "identity", "Vault": "vault", "Identity/user": "identity"},
		}}
	}
	return schema
}

// provider returns the stand-in for a package.
func (t table) provider(name string) p.Provider {
	var config property.Map
	kindOf := func(urn resource.URN) kind { return t.kinds[string(urn.Type())] }
	return p.Provider{
		GetSchema: func(context.Context, p.GetSchemaRequest) (p.GetSchemaResponse, error) {
			schema, err := json.Marshal(t.schema(name))
			return p.GetSchemaResponse{Schema: string(schema)}, err
		},
		CheckConfig: func(_ context.Context, req p.CheckRequest) (p.CheckResponse, error) {
			return p.CheckResponse{Inputs: req.Inputs}, nil
		},
		DiffConfig: func(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
			return compare(req.OldInputs, req.Inputs, nil), nil
		},
		Configure: func(_ context.Context, req p.ConfigureRequest) error {
			config = req.Args
			for name, value := range config.All {
				if value.IsString() && strings.HasPrefix(value.AsString(), "[") { // Some SDKs encode what is no text.
					var decoded []map[string]string
					if err := json.Unmarshal([]byte(value.AsString()), &decoded); err != nil {
						return err
					}
					var values []property.Value
					for _, one := range decoded {
						properties := map[string]property.Value{}
						for key, text := range one {
							properties[key] = property.New(text)
						}
						values = append(values, property.New(properties))
					}
					config = config.Set(name, property.New(values))
				}
			}
			return nil
		},
		Check: func(ctx context.Context, req p.CheckRequest) (p.CheckResponse, error) {
			var err error
			if check := kindOf(req.Urn).check; check != nil && !property.New(req.Inputs).HasComputed() {
				err = check(ctx, req.Inputs)
			}
			return p.CheckResponse{Inputs: req.Inputs}, err
		},
		Diff: func(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
			kind := kindOf(req.Urn)
			replaced := kind.replaced
			if kind.inPlace != nil && kind.inPlace(config) {
				replaced = nil
			}
			if kind.shown != nil {
				return compare(kind.shown(req.OldInputs), kind.shown(req.Inputs), replaced), nil
			}
			return compare(req.OldInputs, req.Inputs, replaced), nil
		},
		Read: func(_ context.Context, req p.ReadRequest) (p.ReadResponse, error) {
			return p.ReadResponse{ID: req.ID, Properties: req.Properties, Inputs: req.Inputs}, nil
		},
		Create: func(ctx context.Context, req p.CreateRequest) (p.CreateResponse, error) {
			if req.DryRun { // The id is unknown.
				return p.CreateResponse{Properties: req.Properties}, nil
			}
			response := p.CreateResponse{ID: req.Urn.Name(), Properties: req.Properties}
			var err error
			if apply := kindOf(req.Urn).apply; apply != nil {
				response.ID, err = apply(ctx, config, req.Urn.Name(), req.Properties)
			}
			return response, err
		},
		Update: func(ctx context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
			response := p.UpdateResponse{Properties: req.Inputs}
			kind := kindOf(req.Urn)
			if req.DryRun || kind.apply == nil || kind.remove != nil {
				return response, nil
			}
			_, err := kind.apply(ctx, config, req.Urn.Name(), req.Inputs)
			return response, err
		},
		Delete: func(ctx context.Context, req p.DeleteRequest) error {
			if remove := kindOf(req.Urn).remove; remove != nil {
				return remove(ctx, req.ID)
			}
			return nil
		},
	}
}

// compare compares arguments, secret or not. A resource that is replaced and has a name of its own is deleted first.
func compare(old, now property.Map, replaced []string) p.DiffResponse {
	changes := map[string]p.PropertyDiff{}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(old.AsMap())), slices.Collect(maps.Keys(now.AsMap()))) {
		if reflect.DeepEqual(plain(old.Get(name)), plain(now.Get(name))) {
			continue
		}
		changes[name] = p.PropertyDiff{Kind: p.Update}
		if slices.Contains(replaced, name) {
			changes[name] = p.PropertyDiff{Kind: p.UpdateReplace}
		}
	}
	return p.DiffResponse{HasChanges: len(changes) > 0, DetailedDiff: changes, DeleteBeforeReplace: true}
}

// isTrue reports whether a value is true. Some SDKs encode what is no text.
func isTrue(v property.Value) bool {
	return v.IsBool() && v.AsBool() || v.IsString() && v.AsString() == "true"
}

// plain returns a value without its marks.
func plain(v property.Value) any {
	switch {
	case v.IsMap():
		values := map[string]any{}
		for key, value := range v.AsMap().All {
			values[key] = plain(value)
		}
		return values
	case v.IsArray():
		values := []any{}
		for _, value := range v.AsArray().All {
			values = append(values, plain(value))
		}
		return values
	default:
		return v.WithSecret(false).WithDependencies(nil)
	}
}
