// Command schema prints the provider's schema for schema.json, without a version, because a release sets that. With -table, it
// prints the table of the configuration's properties in Markdown, for the documentation.
package main

import (
	"context"
	"encoding/json"
	"flag"
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
	table := flag.Bool("table", false, "print the table of the configuration's properties instead")
	flag.Parse()
	if *table {
		_, err := fmt.Print(provider.ConfigurationTable())
		return err
	}
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
