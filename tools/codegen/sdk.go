package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// tree holds the contents of files by their slash-separated paths.
type tree map[string][]byte

// sdks holds the generator of each SDK by the SDK's folder in sdk/. Each calls Pulumi's own generator, and adds what the language's
// registry requires.
var sdks = map[string]func(sdkSource) (tree, error){
	"dotnet": generateDotNet,
	"go":     generateGo,
	"java":   generateJava,
	"nodejs": generateNodeJS,
	"python": generatePython,
}

// writeSDKs writes every SDK into its own folder below out, sdk/ by default. It replaces what is there.
func writeSDKs(root repository, out string) error {
	if out == "" {
		out = root.path("sdk")
	}
	source, err := readSDKSource(root)
	if err != nil {
		return err
	}
	for _, language := range slices.Sorted(maps.Keys(sdks)) {
		generated, err := sdks[language](source)
		if err != nil {
			return fmt.Errorf("%s: %w", language, err)
		}
		if err := generated.replace(filepath.Join(out, language)); err != nil {
			return err
		}
	}
	fmt.Printf("wrote the SDKs, version %s\n", source.version)
	return nil
}

// sdkMark is a file that Pulumi's generators put at the root of every SDK.
const sdkMark = ".gitattributes"

// replace writes the files into a folder and removes all others. The folder must be new, empty, or contain an earlier SDK.
func (t tree) replace(folder string) error {
	if _, ok := t[sdkMark]; !ok {
		return fmt.Errorf("%s: the generator made no %s", folder, sdkMark)
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(folder, sdkMark)); err != nil {
			return fmt.Errorf("%s is not replaced: it holds something other than an SDK", folder)
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for name, content := range t {
		if err := writeFile(filepath.Join(folder, filepath.FromSlash(name)), content); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file, and creates its folders.
func writeFile(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}

// sdkSource is the source of every SDK. Everything that the packages say about themselves comes from it.
type sdkSource struct {
	license []byte
	schema  []byte
	version string
}

func readSDKSource(root repository) (sdkSource, error) {
	var s sdkSource
	var err error
	if s.version, err = root.version(); err != nil {
		return s, err
	}
	if s.license, err = os.ReadFile(root.path("LICENSE")); err != nil {
		return s, err
	}
	if s.schema, err = os.ReadFile(root.path("schema.json")); err != nil {
		return s, err
	}
	_, err = parseSchema(s.schema, s.version)
	return s, err
}

// spec returns a copy of the schema that the caller may change.
func (s sdkSource) spec() schema.PackageSpec {
	spec, err := parseSchema(s.schema, s.version)
	if err != nil {
		panic(err) // readSDKSource has parsed it before.
	}
	return spec
}

// setOption sets an option of a language in a schema.
func setOption(spec *schema.PackageSpec, language, option string, value any) error {
	options := map[string]any{}
	if err := json.Unmarshal(spec.Language[language], &options); err != nil {
		return fmt.Errorf("the schema's options for %s: %w", language, err)
	}
	options[option] = value
	text, err := json.Marshal(options)
	if err != nil {
		return err
	}
	spec.Language[language] = text
	return nil
}

// summary returns the schema's description as plain text on one line, for registries that do not render Markdown.
func (s sdkSource) summary() string {
	first, _, _ := strings.Cut(strings.TrimSpace(s.spec().Description), "\n\n")
	return strings.Join(strings.Fields(strings.ReplaceAll(first, "`", "")), " ")
}

// searchWords returns the schema's keywords without those that only the Pulumi Registry understands, such as "kind/native".
func (s sdkSource) searchWords() []string {
	return slices.DeleteFunc(s.spec().Keywords, func(word string) bool { return strings.Contains(word, "/") })
}

//go:embed README.md.tmpl
var readmeText string

var readmeTemplate = template.Must(template.New("README.md").Parse(readmeText))

// readme returns the page that a registry shows for a package. The fence is a fenced code block that shows how to install it.
func (s sdkSource) readme(language, fence string) ([]byte, error) {
	var page strings.Builder
	err := readmeTemplate.Execute(&page, map[string]any{
		"Spec":        s.spec(),
		"Description": strings.TrimSpace(s.spec().Description),
		"Language":    language,
		"Fence":       strings.TrimSpace(fence),
	})
	return []byte(page.String()), err
}
