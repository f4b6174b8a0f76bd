package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository.
const root = "../.."

func TestPagesAreUpToDate(t *testing.T) {
	t.Parallel()
	generated := t.TempDir()
	execute(t, ".", nil, "./generate.sh", generated)
	for _, name := range pages(t) {
		want := read(t, filepath.Join(generated, name))
		if got := read(t, filepath.Join(root, name)); got != want {
			t.Errorf("%s is not up to date: it is generated from tools/docs/pages and provider/examples "+
				"by tools/docs/generate.sh", name)
		}
	}
}

// pages are the names of all pages, from the root of the repository.
func pages(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir("pages", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel("pages", path)
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) == 0 {
		t.Fatal("there are no pages", err)
	}
	return names
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)]*)\)`)
	for _, name := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(read(t, filepath.Join(root, name)), -1) {
			if !strings.HasPrefix(match[1], "https://") {
				t.Errorf("%s: %s leads nowhere where the page is shown: links must be absolute", name, match[1])
			}
		}
	}
}

// TestDescriptionsKeepTheirCode finds code that no SDK would show: its documentation leaves out all code that is in neither
// its own language nor "sh".
func TestDescriptionsKeepTheirCode(t *testing.T) {
	t.Parallel()
	examples := regexp.MustCompile(`(?s){{% examples %}}.*{{% /examples %}}`)
	fence := regexp.MustCompile("(?ms)^```(.*?)\n.*?^```$")
	for _, name := range pages(t) {
		if !strings.HasPrefix(name, "provider") {
			continue
		}
		prose := examples.ReplaceAllString(read(t, filepath.Join(root, name)), "")
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
	if err := json.Unmarshal([]byte(read(t, root+"/schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	page := read(t, root+"/docs/installation-configuration.md")
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

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
