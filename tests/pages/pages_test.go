// Package pages tests what people read: README, the guides, the pages of the Registry, the descriptions of the resources and functions.
// Their links lead somewhere, their names are in the code, their times are those of the constants, their programs compile, and what they
// show for the shell runs.
package pages

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// source is the folder with the pages that are written by hand.
var source = filepath.Join(toolchain.Root, "tools", "docs", "pages")

func TestPagesAreUpToDate(t *testing.T) {
	t.Parallel()
	generated := t.TempDir()
	toolchain.Run(t, toolchain.Root, nil, "go", "-C", "tools/codegen", "run", "-trimpath", ".", "pages", "-out", generated)
	for _, name := range pages(t) {
		assert.Equal(t, read(t, filepath.Join(generated, name)), read(t, filepath.Join(toolchain.Root, name)),
			`%s is not what tools/docs/pages and tools/docs/snippets generate: run "make sdk"`, name)
	}
}

// pages returns the paths of all pages, relative to the repository.
func pages(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(source, path)
			names = append(names, name)
		}
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}

// TestDescriptionsKeepTheirCode fails if a description contains code that no SDK shows. The documentation of an SDK leaves out code that
// is neither in its own language nor "sh".
func TestDescriptionsKeepTheirCode(t *testing.T) {
	t.Parallel()
	examples := regexp.MustCompile(`(?s){{% examples %}}.*{{% /examples %}}`)
	fence := regexp.MustCompile("(?ms)^```(.*?)\n.*?^```$")
	for _, name := range pages(t) {
		if !strings.HasPrefix(name, "provider") {
			continue
		}
		prose := examples.ReplaceAllString(read(t, filepath.Join(toolchain.Root, name)), "")
		for _, match := range fence.FindAllStringSubmatch(prose, -1) {
			if match[1] != "sh" {
				t.Errorf("%s: code in %q does not show: write it as sh", name, match[1])
			}
		}
	}
}

func TestEveryPropertyOfTheConfigurationIsDocumented(t *testing.T) {
	t.Parallel()
	var schema struct {
		Name   string
		Config struct {
			Variables map[string]struct {
				Description string
				Secret      bool
			}
		}
	}
	if err := json.Unmarshal([]byte(read(t, toolchain.Root+"/schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	page := read(t, toolchain.Root+"/docs/installation-configuration.md")
	row := regexp.MustCompile(`(?m)^\| .* \|$`)
	source := regexp.MustCompile("`(TF_VAR|OCI)_\\w+`")
	rows := map[string]string{}
	for _, line := range row.FindAllString(page, -1) {
		rows[strings.Split(line, "`")[min(1, strings.Count(line, "`"))]] = line
	}
	for name, variable := range schema.Config.Variables {
		line := rows[schema.Name+":"+name]
		if line == "" {
			t.Errorf("the table has no row for %s", name)
		}
		for _, variable := range source.FindAllString(variable.Description, -1) {
			if variable != "`OCI_CONFIG_FILE`" && !strings.Contains(line, variable) {
				t.Errorf("the row for %s does not name %s", name, variable)
			}
		}
		if strings.Contains(line, "(secret)") != variable.Secret {
			t.Errorf("the row for %s is wrong about whether it is a secret", name)
		}
	}
	if len(schema.Config.Variables) == 0 {
		t.Error("the schema has no configuration")
	}
}

// TestOutputsOnAPageAreThoseOfItsPrograms finds the outputs that commands on a page read. A program on it must have them.
func TestOutputsOnAPageAreThoseOfItsPrograms(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile(`pulumi stack output (\w+)`)
	found := 0
	for _, name := range pages(t) {
		page := read(t, filepath.Join(toolchain.Root, name))
		_, outputs, _ := strings.Cut(page, "\noutputs:\n")
		for _, match := range command.FindAllStringSubmatch(page, -1) {
			found++
			assert.Contains(t, outputs, "  "+match[1]+": ${", "%s: no program on the page has this output", name)
		}
	}
	assert.NotZero(t, found)
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}
