package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
)

// writePages completes every page in tools/docs/pages and writes it to the same path below out, the repository by default.
//
// A page is Markdown with these instructions:
//
//	[[ example "NAME" ]]   tools/docs/snippets/NAME.yaml in every language, as the Registry wants it in descriptions
//	[[ chooser "NAME" ]]   the same, as the Registry wants it in other pages
//	[[ version ]]          the provider's version
//	[[ configuration ]]    the table of the configuration's properties, from provider/connection/properties.go
func writePages(root repository, out string) error {
	if out == "" {
		out = string(root)
	}
	version, err := root.version()
	if err != nil {
		return err
	}
	source := root.path("tools", "docs", "pages")
	pages, err := filesBelow(source)
	if err != nil {
		return err
	}
	schema, err := currentSchema(root, pages)
	if err != nil {
		return err
	}
	table, err := toolOutput(root, "-table")
	if err != nil {
		return err
	}
	snippets, err := translateSnippets(root, schema)
	if err != nil {
		return err
	}

	used := map[string]bool{}
	show := func(render func(snippet) string) func(string) (string, error) {
		return func(name string) (string, error) {
			used[name] = true
			code, ok := snippets[name]
			if !ok {
				return "", fmt.Errorf("there is no tools/docs/snippets/%s.yaml", name)
			}
			return render(code), nil
		}
	}
	instructions := template.FuncMap{
		"example": show(snippet.fences),
		"chooser": show(snippet.chooser),
		"version": func() string { return version },

		"configuration": func() string { return strings.TrimSuffix(string(table), "\n") },
	}
	for _, name := range pages {
		page, err := completePage(filepath.Join(source, name), name, instructions)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(out, name), page); err != nil {
			return err
		}
	}
	for name := range snippets {
		if !used[name] {
			return fmt.Errorf("no page shows tools/docs/snippets/%s.yaml", name)
		}
	}
	fmt.Printf("wrote %d pages with %d snippets\n", len(pages), len(snippets))
	return nil
}

// filesBelow returns the paths of all files below a folder, relative to it.
func filesBelow(folder string) ([]string, error) {
	var names []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, filepath.FromSlash(path))
		}
		return err
	})
	return names, err
}

// currentSchema returns the schema from the provider's code. The one in schema.json is written later and contains the pages. The
// provider embeds its descriptions, so the file of a new description must exist before the code compiles.
func currentSchema(root repository, pages []string) ([]byte, error) {
	for _, name := range pages {
		if _, err := os.Stat(root.path(name)); err == nil {
			continue
		}
		if err := writeFile(root.path(name), nil); err != nil {
			return nil, err
		}
	}
	return toolOutput(root)
}

// toolOutput returns what tools/schema prints. That command is built with the provider.
func toolOutput(root repository, flags ...string) ([]byte, error) {
	command := exec.Command("go", append([]string{"run", "./tools/schema"}, flags...)...)
	command.Dir = string(root)
	command.Stderr = os.Stderr
	return command.Output()
}

// completePage turns a page that is written by hand into the one that people read.
func completePage(file, name string, instructions template.FuncMap) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	page, err := template.New(name).Delims("[[", "]]").Funcs(instructions).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var completed bytes.Buffer
	if err := page.Execute(&completed, nil); err != nil {
		return nil, err
	}
	// Front matter and a guide can contain a hidden mark. A description cannot, because some languages show all of it.
	mark := fmt.Sprintf("Generated from tools/docs/pages/%s by \"make docs\". Do not edit by hand.", filepath.ToSlash(name))
	if rest, ok := strings.CutPrefix(completed.String(), "---\n"); ok {
		return []byte("---\n# " + mark + "\n" + rest), nil
	}
	if strings.HasPrefix(name, "docs") {
		return []byte("<!-- " + mark + " -->\n\n" + completed.String()), nil
	}
	return completed.Bytes(), nil
}
