// Package generator is what the generators of all SDKs have in common. They read the provider's schema, have Pulumi's own
// generator for a language turn it into code, complete that to a package as its registry wants it, and write it.
//
// They are programs in modules of their own, as Pulumi's generators need different versions of the packages they share.
package generator

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Files are the contents of files by their slash-separated paths.
type Files map[string][]byte

// An SDK is a package for one language.
type SDK struct {
	// Folder is where the SDK goes, below the folder of all SDKs.
	Folder string
	// Generate makes the files in that folder.
	Generate func(Source) (Files, error)
}

// Main is the main function of a program that generates SDKs.
func Main(sdks ...SDK) {
	schemaFile := flag.String("schema", "schema.json", "the provider's schema, a `file`")
	licenseFile := flag.String("license", "LICENSE", "the text of the licence, a `file`")
	version := flag.String("version", "0.1.0", "the `version` of the SDKs and of the plugin that they use")
	out := flag.String("out", "sdk", "the `folder` below which each SDK has its own")
	flag.Parse()

	err := run(*schemaFile, *licenseFile, *version, *out, sdks)
	if err != nil {
		fmt.Fprintln(os.Stderr, "generating SDKs:", err)
		os.Exit(1)
	}
}

func run(schemaFile, licenseFile, version, out string, sdks []SDK) error {
	source, err := ReadSource(schemaFile, licenseFile, version)
	if err != nil {
		return err
	}
	for _, sdk := range sdks {
		files, err := sdk.Generate(source)
		if err != nil {
			return fmt.Errorf("%s: %w", sdk.Folder, err)
		}
		folder := filepath.Join(out, sdk.Folder)
		if err := files.replace(folder); err != nil {
			return err
		}
		fmt.Printf("%s: %d files\n", folder, len(files))
	}
	return nil
}

// mark is a file that Pulumi's generators put at the root of every SDK.
const mark = ".gitattributes"

// replace makes the files the only ones in a folder, which must be new, empty, or hold an earlier SDK.
func (files Files) replace(folder string) error {
	if _, ok := files[mark]; !ok {
		return fmt.Errorf("%s: the generator made no %s", folder, mark)
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(folder, mark)); err != nil {
			return fmt.Errorf("%s is not replaced: it holds something other than an SDK", folder)
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // Everybody may read an SDK.
			return err
		}
		if err := os.WriteFile(file, files[name], 0o644); err != nil { //nolint:gosec // Everybody may read an SDK.
			return err
		}
	}
	return nil
}
