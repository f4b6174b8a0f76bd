// Command codegen writes what is generated from the provider's schema:
//
//	codegen pages [-root DIR] [-out DIR]   the descriptions and the Registry's pages, from tools/docs
//	codegen sdk [-root DIR] [-out DIR]     the SDKs, from schema.json
//
// Pulumi's own generators write the code. This module pins one version of the packages that they share. The
// language hosts in the same modules are built from it too.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	commands := map[string]func(repository, string) error{"pages": writePages, "sdk": writeSDKs}
	run, ok := commands[strings.Join(os.Args[1:min(2, len(os.Args))], "")]
	if !ok {
		fmt.Fprintln(os.Stderr, "usage: codegen pages|sdk [-root DIR] [-out DIR]")
		os.Exit(2)
	}
	flags := flag.NewFlagSet("codegen "+os.Args[1], flag.ExitOnError)
	root := flags.String("root", "../..", "the `folder` of the repository")
	out := flags.String("out", "", "the `folder` to write to, if it is not the repository")
	_ = flags.Parse(os.Args[2:]) // It exits on an error.
	if err := run(repository(*root), *out); err != nil {
		fmt.Fprintln(os.Stderr, "codegen:", err)
		os.Exit(1)
	}
}

// repository is the folder of the repository.
type repository string

// path returns the path of a file in the repository.
func (r repository) path(names ...string) string {
	return filepath.Join(append([]string{string(r)}, names...)...)
}

// version returns the provider's version.
func (r repository) version() (string, error) {
	text, err := os.ReadFile(r.path("VERSION"))
	return strings.TrimSpace(string(text)), err
}
