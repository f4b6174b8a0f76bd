package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// packSDKs builds the package of each SDK for its registry.
func packSDKs(ctx context.Context, root, folder string) error {
	fmt.Fprintln(os.Stderr, "measuring: size of each SDK as packed")
	_, err := output(exec.CommandContext(ctx, filepath.Join(root, "tools", "pack.sh"), folder)) //nolint:gosec // the script is the repository's own
	return err
}

// printSizes prints how large each package is.
func printSizes(folder string, w io.Writer) error {
	packages, err := filepath.Glob(filepath.Join(folder, "*.*"))
	if err != nil {
		return err
	}
	_, _ = fmt.Fprint(w, "\n| SDK as packed | size |\n| --- | ---: |\n")
	for _, name := range packages {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(w, "| %s | %.1f kB |\n", info.Name(), float64(info.Size())/1e3)
	}
	return nil
}
