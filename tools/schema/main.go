// Command schema prints the provider's schema, as schema.json holds it: without a version, which a release sets.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run() error {
	plugin, err := provider.New(provider.Options{})
	if err != nil {
		return err
	}
	spec, err := p.GetSchema(context.Background(), provider.Name, "", plugin)
	if err != nil {
		return err
	}
	spec.Version = ""
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(spec)
}
