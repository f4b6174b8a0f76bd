// Command pulumi-resource-ociauthtoken is the plugin that the Pulumi engine starts and talks to.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider"
)

// version is set by the linker, without a leading v.
var version = "0.0.0-dev"

func main() {
	plugin, err := provider.New(provider.Options{Version: version})
	if err == nil {
		err = plugin.Run(context.Background(), provider.Name, version)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "pulumi-resource-%s: %v\n", provider.Name, err)
		os.Exit(1)
	}
}
