package generator

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// A Source is what every SDK is made from: all that the packages say of themselves comes from here.
type Source struct {
	// License is the text of the licence.
	License []byte

	schema  []byte
	version string
}

// ReadSource reads a schema and a licence. The version counts, whatever the schema says.
func ReadSource(schemaFile, licenseFile, version string) (Source, error) {
	if _, err := semver.Parse(version); err != nil {
		return Source{}, fmt.Errorf("the version %q is not of the form 1.2.3: %w", version, err)
	}
	schemaText, err := os.ReadFile(schemaFile) //nolint:gosec // The file is the caller's choice.
	if err != nil {
		return Source{}, err
	}
	if err := json.Unmarshal(schemaText, new(schema.PackageSpec)); err != nil {
		return Source{}, fmt.Errorf("%s: %w", schemaFile, err)
	}
	license, err := os.ReadFile(licenseFile) //nolint:gosec // The file is the caller's choice.
	if err != nil {
		return Source{}, err
	}
	return Source{License: license, schema: schemaText, version: version}, nil
}

// Spec returns a copy of the schema that the caller may change.
func (s Source) Spec() schema.PackageSpec {
	var spec schema.PackageSpec
	if err := json.Unmarshal(s.schema, &spec); err != nil {
		panic(err) // ReadSource has tried.
	}
	spec.Version = s.version
	return spec
}

// Bind turns a schema into what Pulumi's generators take. They change it, so each needs one of its own.
func Bind(spec schema.PackageSpec) (*schema.Package, error) {
	pkg, diagnostics, err := schema.BindSpec(spec, Loader{}, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	return pkg, nil
}

// SetOption sets an option of a language in a schema.
func SetOption(spec *schema.PackageSpec, language, option string, value any) error {
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

// Summary is the schema's description as plain text in one line, for what does not render Markdown.
func (s Source) Summary() string {
	first, _, _ := strings.Cut(strings.TrimSpace(s.Spec().Description), "\n\n")
	return strings.Join(strings.Fields(strings.ReplaceAll(first, "`", "")), " ")
}

// SearchWords are the schema's keywords, without those that only the Pulumi Registry understands, such as "kind/native".
func (s Source) SearchWords() []string {
	var words []string
	for _, keyword := range s.Spec().Keywords {
		if !strings.Contains(keyword, "/") {
			words = append(words, keyword)
		}
	}
	return words
}

//go:embed README.md.tmpl
var readmeText string

var readmeTemplate = template.Must(template.New("README.md").Parse(readmeText))

// Readme is the page that a registry shows of a package. The fence is a fenced code block that tells how to get it.
func (s Source) Readme(language, fence string) ([]byte, error) {
	var page strings.Builder
	err := readmeTemplate.Execute(&page, map[string]any{
		"Spec":        s.Spec(),
		"Description": strings.TrimSpace(s.Spec().Description),
		"Language":    language,
		"Fence":       strings.TrimSpace(fence),
	})
	return []byte(page.String()), err
}

// Edit replaces a part of a generated text, which must be there just once.
func Edit(text []byte, old, replacement string) ([]byte, error) {
	if n := strings.Count(string(text), old); n != 1 {
		return nil, fmt.Errorf("the generated text has %q %d times: what edits it must be adapted", old, n)
	}
	return []byte(strings.Replace(string(text), old, replacement, 1)), nil
}
