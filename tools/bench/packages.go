package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// packSDKs builds the package of each SDK for its registry, prints how large each is, and returns the folder that they are in.
func packSDKs(ctx context.Context, root, dir string, w io.Writer) (string, error) {
	fmt.Fprintln(os.Stderr, "measuring: size of each SDK as packed")
	packages := filepath.Join(dir, "packages")
	//nolint:gosec // the script is the repository's own
	if _, err := output(exec.CommandContext(ctx, filepath.Join(root, "tools", "sdk", "pack.sh"), packages)); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(packages)
	if err != nil {
		return "", err
	}
	_, _ = fmt.Fprint(w, "\n| SDK as packed | size |\n| --- | ---: |\n")
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(w, "| %s | %.1f kB |\n", entry.Name(), float64(info.Size())/1e3)
	}
	return packages, nil
}
