// Command pulumi-resource-oci stands in for the plugin of @pulumi/oci, which is not available as a module, in tests that move stacks with
// its resources. It accepts every state that it is given as correct. It refuses to create, change or delete a token, and records that
// in the file that OCI_PLUGIN_JOURNAL names.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func main() {
	refuse := func(call string, urn resource.URN) error {
		switch urn.Type() {
		case "oci:Identity/authToken:AuthToken", "oci:Identity/domainsAuthToken:DomainsAuthToken":
		default:
			return nil
		}
		line := fmt.Sprintf("%s %s\n", call, urn)
		//nolint:gosec // the test names the file
		journal, err := os.OpenFile(os.Getenv("OCI_PLUGIN_JOURNAL"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = journal.WriteString(line)
			err = errors.Join(err, journal.Close())
		}
		return errors.Join(fmt.Errorf("the stand-in for @pulumi/oci was told to %s", line), err)
	}
	err := p.RunProvider(context.Background(), "oci", "4.20.0", p.Provider{
		GetSchema: func(context.Context, p.GetSchemaRequest) (p.GetSchemaResponse, error) {
			schema, err := json.Marshal(schema)
			return p.GetSchemaResponse{Schema: string(schema)}, err
		},
		CheckConfig: func(_ context.Context, req p.CheckRequest) (p.CheckResponse, error) {
			return p.CheckResponse{Inputs: req.Inputs}, nil
		},
		DiffConfig: func(context.Context, p.DiffRequest) (p.DiffResponse, error) { return p.DiffResponse{}, nil },
		Configure:  func(context.Context, p.ConfigureRequest) error { return nil },
		Check: func(_ context.Context, req p.CheckRequest) (p.CheckResponse, error) {
			return p.CheckResponse{Inputs: req.Inputs}, nil
		},
		Diff: func(_ context.Context, req p.DiffRequest) (p.DiffResponse, error) {
			for _, name := range []string{"userId", "description", "idcsEndpoint", "schemas", "user", "secretContent"} {
				if !req.Inputs.Get(name).WithSecret(false).Equals(req.OldInputs.Get(name).WithSecret(false)) {
					return p.DiffResponse{HasChanges: true, DetailedDiff: map[string]p.PropertyDiff{name: {Kind: p.Update}}}, nil
				}
			}
			return p.DiffResponse{}, nil
		},
		Read: func(_ context.Context, req p.ReadRequest) (p.ReadResponse, error) {
			return p.ReadResponse{ID: req.ID, Properties: req.Properties, Inputs: req.Inputs}, nil
		},
		Create: func(_ context.Context, req p.CreateRequest) (p.CreateResponse, error) {
			if req.DryRun {
				return p.CreateResponse{Properties: req.Properties}, nil
			}
			return p.CreateResponse{ID: "new", Properties: req.Properties}, refuse("create", req.Urn)
		},
		Update: func(_ context.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
			if req.DryRun {
				return p.UpdateResponse{Properties: req.Inputs}, nil
			}
			return p.UpdateResponse{Properties: req.Inputs}, refuse("update", req.Urn)
		},
		Delete: func(_ context.Context, req p.DeleteRequest) error { return refuse("delete", req.Urn) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// schema is the part of the schema of @pulumi/oci that the programs in the tests need.
var schema = map[string]any{
	"name": "oci", "version": "4.20.0",
	"meta":     map[string]any{"moduleFormat": "(.*)(?:/[^/]*)"},
	"provider": map[string]any{"inputProperties": texts("region", "configFileProfile")},
	"resources": map[string]any{
		"oci:Identity/authToken:AuthToken": map[string]any{
			"inputProperties": texts("userId", "description"),
			"requiredInputs":  []string{"userId", "description"},
			"properties": texts(
				"userId", "description", "token", "state", "inactiveState", "timeCreated", "timeExpires"),
		},
		"oci:Identity/domainsAuthToken:DomainsAuthToken": map[string]any{
			"inputProperties": domainToken, "requiredInputs": []string{"idcsEndpoint", "schemas"}, "properties": domainToken,
		},
		"oci:Identity/group:Group": map[string]any{
			"inputProperties": texts("description"), "properties": texts("description"),
		},
		"oci:Vault/secret:Secret": map[string]any{
			"inputProperties": texts("secretName", "secretContent"), "properties": texts("secretName", "secretContent"),
		},
	},
}

// domainToken is the part of the properties of a token of an identity domain that the programs need.
var domainToken = with(texts("idcsEndpoint", "description", "expiresOn", "ocid", "token"), map[string]any{
	"schemas": map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
	"user":    map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}},
})

func with(properties, others map[string]any) map[string]any {
	maps.Copy(properties, others)
	return properties
}

func texts(names ...string) map[string]any {
	properties := map[string]any{}
	for _, name := range names {
		properties[name] = map[string]any{"type": "string"}
	}
	return properties
}
