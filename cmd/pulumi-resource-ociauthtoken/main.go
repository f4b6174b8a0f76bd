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
		ctx, stop := context.WithCancel(context.Background())
		go stopping{cancel: plugin.Cancel, stop: stop, exit: fail}.on(stopSignals())
		err = provider.Run(ctx, plugin, version)
	}
	if err != nil {
		fail(err)
	}
}

// fail ends the process.
func fail(err error) {
	fmt.Fprintf(os.Stderr, "pulumi-resource-%s: %v\n", provider.Name, err)
	os.Exit(1)
}
