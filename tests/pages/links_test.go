package pages

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

const (
	onGitHub = "https://github.com/ociauthtoken/pulumi-ociauthtoken/"
	registry = "https://www.pulumi.com/registry/packages/ociauthtoken/"
)

var (
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence     = regexp.MustCompile("(?ms)^ *```(\\w*)\n(.*?)^ *```$")
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	shortcode = regexp.MustCompile(`\{\{[<%]`)
	pageName  = regexp.MustCompile(`\bdocs/[\w./-]*\.md(?:#[\w-]+)?`)
)

// TestLinksLeadSomewhere follows the links of every page to the files and headings of this repository. The pages that the Registry and
// the SDKs show have absolute links. No link leads to the source of such a page, which is full of the Registry's instructions.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	generated := map[string]bool{}
	for _, name := range pages(t) {
		generated[name] = true
	}
	found := 0
	for _, name := range toolchain.Files(t, "*.md", ".github/ISSUE_TEMPLATE/*", ":!tools/docs") { // The pages are made from tools/docs.
		elsewhere := generated[name] && !strings.HasPrefix(name, "docs/guides/")
		for _, match := range link.FindAllStringSubmatch(fence.ReplaceAllString(toolchain.ReadFile(t, name), ""), -1) {
			target, fragment, _ := strings.Cut(match[1], "#")
			switch {
			case strings.HasPrefix(target, registry):
				target = registryPage(t, strings.TrimPrefix(target, registry))
			case strings.HasPrefix(target, onGitHub+"blob/main/"), strings.HasPrefix(target, onGitHub+"tree/main/"):
				target = target[len(onGitHub+"blob/main/"):]
				requireReadable(t, name, target)
			case strings.Contains(target, "://"):
				continue
			case elsewhere:
				t.Errorf("%s: %s leads nowhere where the page is shown: links must be absolute", name, match[1])
				continue
			case target == "":
				target = name
			default:
				target = path.Join(path.Dir(name), target)
				requireReadable(t, name, target)
			}
			found++
			requireHeading(t, name, target, fragment)
		}
	}
	assert.Greater(t, found, 50)
}

// TestNamesOfPagesAreRight looks at the pages that code and its messages name.
func TestNamesOfPagesAreRight(t *testing.T) {
	t.Parallel()
	found := 0
	for _, name := range toolchain.Files(t, "*.go", "*.sh", "*.yaml", "*.yml", "*.ts", "*.py", "*.jq", "Makefile", ":!sdk", ":!tools/codegen") {
		for _, page := range pageName.FindAllString(toolchain.ReadFile(t, name), -1) {
			target, fragment, _ := strings.Cut(page, "#")
			found++
			requireHeading(t, name, target, fragment)
		}
	}
	assert.NotZero(t, found)
}

// requireReadable requires that GitHub shows a file as it is meant.
func requireReadable(t *testing.T, name, target string) {
	t.Helper()
	if path.Ext(target) == ".md" && shortcode.MatchString(toolchain.ReadFile(t, target)) {
		t.Errorf("%s: GitHub shows %s with the Registry's instructions: link to the Registry", name, target)
	}
}

// requireHeading requires that a file or folder exists, and has the heading that a fragment names.
func requireHeading(t *testing.T, name, target, fragment string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(toolchain.Root, target)); err != nil {
		t.Errorf("%s: there is no %s", name, target)
		return
	}
	if fragment == "" {
		return
	}
	known := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(fence.ReplaceAllString(toolchain.ReadFile(t, target), ""), -1) {
		known[anchor(match[1])] = true
	}
	assert.True(t, known[fragment], "%s: %s has no heading for #%s", name, target, fragment)
}

// anchor returns the name that GitHub and the Registry give a heading.
func anchor(heading string) string {
	return strings.ReplaceAll(regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// registryPage returns the file in this repository that the Registry shows at a path.
func registryPage(t *testing.T, shown string) string {
	t.Helper()
	shown = strings.TrimSuffix(shown, "/")
	if member, ok := strings.CutPrefix(shown, "api-docs/"); ok {
		for _, name := range pages(t) {
			if strings.HasPrefix(name, "provider/") && path.Base(name) == member+".md" {
				return name
			}
		}
	}
	if shown == "" {
		shown = "_index"
	}
	return "docs/" + shown + ".md"
}
