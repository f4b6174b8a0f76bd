package pages

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// elsewhere lists the names on the pages that are not in the code of this repository, by whom they belong to.
var elsewhere = map[string]string{
	"Pulumi":       "PULUMI_DEBUG_GRPC additionalSecretOutputs HTTP_PROXY jsonStringify json_dumps JSONMarshal toJSON",
	"the operator": "resyncFrequencySeconds continueResyncOnCommitMatch",
	"Kubernetes":   "ImagePullBackOff",
	"Kafka":        "PLAIN SASL_SSL",
	"HTTP":         "Authentication",
	"Maven":        "Dfile DpomFile",
	"NuGet":        "RestoreAdditionalProjectSources",
	"Terraform":    "time_sleep create_before_destroy required_providers IdentityAuthToken IdentityDomainsAuthToken",
	"OCI's providers": "secretName vaultId plaintextValue OCI_custom_cert_location OCI_use_obo_token TF_VAR_domain_name_override " +
		"accept_local_certs CLIENT_HOST_OVERRIDES",
	"OCI's SDKs and CLI": "OCI_CLI_ENDPOINT OCI_DEFAULT_REALM OCI_REGION_METADATA OCI_RESOURCE_PRINCIPAL_VERSION " +
		"instance_obo_user resource_principal oke_workload_identity",
	"the examples": "WORK vX Y tokenExchange",
}

var (
	span      = regexp.MustCompile("`([^`\n]+)`")
	name      = regexp.MustCompile(`[A-Za-z_]\w*`)
	distinct  = regexp.MustCompile(`[A-Z_]`) // Names without it are words, which the code has anyway.
	target    = regexp.MustCompile(`\bmake ([a-z]+(?: [a-z]+)*)`)
	plainWord = regexp.MustCompile(`^[a-z-]+$`)
	file      = regexp.MustCompile(`^[\w.*-]+(?:/[\w.*-]+)*/?$`)
)

// prose returns the pages that people read, by their paths, without the blocks of code.
func prose(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, name := range toolchain.Files(t, "*.md", ":!tools/docs", ":!CHANGELOG.md", ":!sdk", ":!tests/examples/testdata") {
		pages[name] = fence.ReplaceAllString(toolchain.ReadFile(t, name), "")
	}
	return pages
}

// isForDevelopers reports whether a page is for who works on the provider. Such pages name tests, too.
func isForDevelopers(page string) bool {
	return page == "CONTRIBUTING.md" || strings.HasPrefix(page, "docs/internals/")
}

// TestNamesOnPagesAreInTheCode fails if a property, a variable, an error code or the like is renamed, and a page still has the old name.
func TestNamesOnPagesAreInTheCode(t *testing.T) {
	t.Parallel()
	namesIn := func(files []string) map[string]bool {
		names := map[string]bool{}
		for _, path := range files {
			for _, match := range name.FindAllString(toolchain.ReadFile(t, path), -1) {
				names[match] = true
			}
		}
		return names
	}
	code := namesIn(toolchain.Files(t, ":!*.md", ":!*_test.go", ":!tests", ":!sdk", ":!docs", ":!tools/docs", ":!*go.sum", ":!*.png"))
	tests := namesIn(toolchain.Files(t, "*_test.go"))
	others, used := strings.Fields(strings.Join(slices.Collect(maps.Values(elsewhere)), " ")), map[string]bool{}
	for page, text := range prose(t) {
		for _, span := range span.FindAllStringSubmatch(text, -1) {
			if isFile(span[1]) {
				continue // TestFilesAndTargetsOnPagesExist
			}
			for _, name := range name.FindAllString(span[1], -1) {
				used[name] = true
				known := code[name] || slices.Contains(others, name) || isForDevelopers(page) && tests[name]
				if distinct.MatchString(name) && !known {
					t.Errorf("%s: the code has no %s, which `%s` names. If it is the name of something else, write it down in elsewhere", page, name, span[1])
				}
			}
		}
	}
	for _, name := range others {
		assert.True(t, used[name], "no page names %s", name)
	}
}

// TestFilesAndTargetsOnPagesExist looks at paths in this repository, at tests, and at the targets of the Makefile.
func TestFilesAndTargetsOnPagesExist(t *testing.T) {
	t.Parallel()
	targets := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^([a-z]+):`).FindAllStringSubmatch(toolchain.ReadFile(t, "Makefile"), -1) {
		targets[match[1]] = true
	}
	tests, found := testNames(t), 0
	files := map[string]bool{}
	for _, name := range toolchain.Files(t) {
		files[path.Base(name)] = true
	}
	for page, text := range prose(t) {
		for _, span := range span.FindAllStringSubmatch(text, -1) {
			switch {
			case strings.HasPrefix(span[1], "Test"):
				assert.True(t, tests[span[1]], "%s: there is no %s", page, span[1])
			case isFile(span[1]) && strings.Contains(span[1], "/"):
				matches, err := filepath.Glob(filepath.Join(toolchain.Root, span[1]))
				require.NoError(t, err)
				assert.NotEmpty(t, matches, "%s: there is no %s", page, span[1])
			case isFile(span[1]):
				assert.True(t, files[span[1]], "%s: there is no %s", page, span[1])
			}
		}
		for _, match := range target.FindAllStringSubmatch(strings.Join(commands(t, page), "\n"), -1) {
			for target := range strings.FieldsSeq(match[1]) {
				found++
				assert.True(t, targets[target], "%s: the Makefile has no target %s", page, target)
			}
		}
		for _, line := range commands(t, page) {
			line, _, _ = strings.Cut(line, " #")
			words := strings.Fields(line)
			if strings.HasPrefix(line, "go run ./rotate-all ") {
				for _, flag := range regexp.MustCompile(` --?(\w+)`).FindAllStringSubmatch(line, -1) {
					assert.Contains(t, folder(t, "examples/automation-go/rotate-all"), `"`+flag[1]+`"`, "%s: %s", page, line)
				}
			}
			if !strings.HasPrefix(line, "go test ") {
				continue
			}
			assert.True(t, isThere(words[2]), "%s: %s", page, line)
			for i, word := range words {
				switch {
				case word == "-run":
					assert.True(t, tests[words[i+1]], "%s: there is no %s", page, words[i+1])
				case strings.HasPrefix(word, "-simulation."):
					assert.Contains(t, folder(t, words[2]), `"`+strings.TrimPrefix(word, "-")+`"`, "%s: %s", page, line)
				}
			}
		}
	}
	assert.NotZero(t, found)
	for _, name := range regexp.MustCompile(`[\w/-]+\.(?:go|md)\b`).FindAllString(toolchain.ReadFile(t, "provider/doc.go"), -1) {
		assert.True(t, files[path.Base(name)], "provider/doc.go: there is no %s", name)
	}
}

// TestREADMEListsWhatThereIs fails if README's list lacks a resource or a function.
func TestREADMEListsWhatThereIs(t *testing.T) {
	t.Parallel()
	var schema struct{ Resources, Functions map[string]any }
	require.NoError(t, json.Unmarshal([]byte(toolchain.ReadFile(t, "schema.json")), &schema))
	readme := toolchain.ReadFile(t, "README.md")
	for _, tokens := range []map[string]any{schema.Resources, schema.Functions} {
		require.NotEmpty(t, tokens)
		for token := range tokens {
			name := token[strings.LastIndex(token, ":")+1:]
			assert.Contains(t, readme, "\n| [`"+name+"`]("+registry+"api-docs/"+strings.ToLower(name)+"/) | ")
		}
	}
}

// TestTheMapOfTheCodeIsRight checks that the folders in CONTRIBUTING.md exist, and that it lists each folder with code.
func TestTheMapOfTheCodeIsRight(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(toolchain.ReadFile(t, "CONTRIBUTING.md"), "\n## A map of the code\n")
	line := regexp.MustCompile(`(?m)^(\S+)  `)
	paths := line.FindAllStringSubmatch(fence.FindString(section), -1)
	require.NotEmpty(t, paths)
	var listed []string
	for _, path := range paths {
		before, alternatives, _ := strings.Cut(path[1], "{")
		alternatives, after, _ := strings.Cut(alternatives, "}")
		for alternative := range strings.SplitSeq(alternatives, ",") {
			folder := before + alternative + after
			assert.True(t, isThere(folder), "there is no %s", path[1])
			listed = append(listed, folder)
		}
	}
	for _, name := range toolchain.Files(t, "cmd/", "internal/", "provider/", "tests/", "tools/") {
		if parts := strings.SplitN(name, "/", 3); len(parts) == 3 && parts[1] != "testdata" {
			folder := parts[0] + "/" + parts[1]
			assert.True(t, slices.ContainsFunc(listed, func(is string) bool { return strings.HasPrefix(is, folder+"/") }), "the map has no %s", folder)
		}
	}
}

// folder returns the text of the Go files in a folder.
func folder(t *testing.T, path string) string {
	t.Helper()
	var text strings.Builder
	for _, name := range toolchain.Files(t, strings.TrimPrefix(path, "./")+"/*.go") {
		text.WriteString(toolchain.ReadFile(t, name))
	}
	return text.String()
}

// isFile reports whether code on a page is a file or folder of this repository: a path from its root, or the name of a file in Go.
func isFile(span string) bool {
	top, _, nested := strings.Cut(span, "/")
	return file.MatchString(span) && (nested && top[0] != '.' && isThere(top) || strings.HasSuffix(span, ".go"))
}

func isThere(path string) bool {
	_, err := os.Stat(filepath.Join(toolchain.Root, path))
	return err == nil
}

// commands returns the lines for the shell on a page: those of its blocks, and the code in its sentences.
func commands(t *testing.T, page string) []string {
	t.Helper()
	text := toolchain.ReadFile(t, page)
	var lines []string
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		if block[1] == "sh" {
			lines = append(lines, strings.Split(strings.ReplaceAll(block[2], "\\\n", " "), "\n")...)
		}
	}
	for _, span := range span.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		lines = append(lines, strings.ReplaceAll(span[1], `\|`, "|"))
	}
	return lines
}

// TestQuotedErrorsAreThoseOfTheCode looks at the errors by which a person finds a section or a row.
func TestQuotedErrorsAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, name := range toolchain.Files(t, "provider/*.go", "internal/*.go", ":!*_test.go") {
		code.WriteString(toolchain.ReadFile(t, name))
	}
	texts := regexp.MustCompile(`"\s*\+\s*"`).ReplaceAllString(code.String(), "")
	quoted := regexp.MustCompile(`(?m)^(?:##+ |\| )"(.*?)"`)
	found := 0
	for page, text := range prose(t) {
		for _, match := range quoted.FindAllStringSubmatch(text, -1) {
			for part := range strings.SplitSeq(match[1], ": ") {
				found++
				if !strings.Contains(texts, part) {
					t.Errorf("%s: no error says %q", page, part)
				}
			}
		}
	}
	assert.Greater(t, found, 3)
}

// TestPulumiKnowsTheCommandsOnPages asks the pulumi command for its commands and their flags.
func TestPulumiKnowsTheCommandsOnPages(t *testing.T) {
	t.Parallel()
	toolchain.Need(t, "pulumi")
	environment := append(os.Environ(), "PATH="+toolchain.Path(), "PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_HOME="+t.TempDir(), "PULUMI_EXPERIMENTAL=true")
	known := map[string]string{}
	help := func(words ...string) string {
		of := strings.Join(words, " ")
		if _, asked := known[of]; !asked {
			command := exec.CommandContext(t.Context(), "env", append(append([]string{"pulumi"}, words...), "--help")...)
			command.Env = environment
			output, err := command.CombinedOutput()
			require.NoError(t, err, "%s\n%s", of, output)
			known[of] = string(output)
		}
		return known[of]
	}
	command := regexp.MustCompile(`(?:^|[ (])pulumi( [^|&;()]*)`)
	for page := range prose(t) {
		for _, line := range commands(t, page) {
			line, _, _ = strings.Cut(line, " #")
			for _, match := range command.FindAllStringSubmatch(line, -1) {
				var path []string
				text, words := help(), true
				for word := range strings.FieldsSeq(match[1]) {
					if strings.HasPrefix(word, "-") {
						flag, _, _ := strings.Cut(word, "=")
						// The flags of "pulumi do" are those of the resource: TestReadmesCommandWithoutAProgram.
						if len(path) == 0 || path[0] != "do" {
							assert.True(t, knowsFlag(text, flag), "%s: pulumi %s has no %s: %s", page, strings.Join(path, " "), flag, line)
						}
						continue
					}
					// If a command does not know a word, its help is about the command alone.
					if words = words && strings.Contains(text, "ommands:\n") && plainWord.MatchString(word); words {
						if deeper := help(append(path, word)...); deeper != text {
							path, text = append(path, word), deeper
							continue
						}
						words = false
					}
					assert.NotEmpty(t, path, "%s: pulumi has no command %s: %s", page, word, line)
				}
			}
		}
	}
	assert.Greater(t, len(known), 10)
}

// knowsFlag reports whether a help text lists a flag.
func knowsFlag(help, flag string) bool {
	return regexp.MustCompile(`(?m)^ +(-\w, )?` + regexp.QuoteMeta(flag) + `\b`).MatchString(help)
}

// TestFragmentsInYAMLHaveTheFieldsOfTheSchema checks the parts of programs on the pages. Whole programs are also run.
func TestFragmentsInYAMLHaveTheFieldsOfTheSchema(t *testing.T) {
	t.Parallel()
	var schema struct {
		Resources map[string]struct {
			Properties      map[string]any
			InputProperties map[string]any
			RequiredInputs  []string
		}
		Functions map[string]struct {
			Inputs, Outputs struct {
				Properties map[string]any
				Required   []string
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(toolchain.ReadFile(t, "schema.json")), &schema))
	type resource struct {
		Type       string
		Properties map[string]any
	}
	found := 0
	for page := range prose(t) {
		for _, block := range fence.FindAllStringSubmatch(toolchain.ReadFile(t, page), -1) {
			var program struct {
				Resources map[string]resource
				Variables map[string]any
			}
			if block[1] != "yaml" || yaml.NewDecoder(bytes.NewBufferString(block[2])).Decode(&program) != nil {
				continue
			}
			outputs := map[string]map[string]any{}
			for name, r := range program.Resources {
				known, ours := schema.Resources[strings.Replace(r.Type, "ociauthtoken:", "ociauthtoken:index:", 1)]
				if !ours {
					continue
				}
				found++
				outputs[name] = known.Properties
				for property := range r.Properties {
					assert.Contains(t, known.InputProperties, property, "%s: %s", page, name)
				}
				for _, property := range known.RequiredInputs {
					assert.Contains(t, r.Properties, property, "%s: %s", page, name)
				}
			}
			for name, value := range program.Variables {
				variable, _ := value.(map[string]any)
				invoke, _ := variable["fn::invoke"].(map[string]any)
				function, _ := invoke["function"].(string)
				known, ours := schema.Functions[strings.Replace(function, "ociauthtoken:", "ociauthtoken:index:", 1)]
				if !ours {
					continue
				}
				found++
				outputs[name] = known.Outputs.Properties
				arguments, _ := invoke["arguments"].(map[string]any)
				for property := range arguments {
					assert.Contains(t, known.Inputs.Properties, property, "%s: %s", page, name)
				}
				for _, property := range known.Inputs.Required {
					assert.Contains(t, arguments, property, "%s: %s", page, name)
				}
			}
			for _, use := range regexp.MustCompile(`\$\{(\w+)\.(\w+)`).FindAllStringSubmatch(block[2], -1) {
				if known, ours := outputs[use[1]]; ours {
					assert.Contains(t, known, use[2], "%s: %s", page, use[0])
				}
			}
		}
	}
	assert.Greater(t, found, 10)
}

// TestEachPromiseNamesItsTests looks at the tables of docs/internals/promises.md. A row names the tests that hold it, or the line after the
// table does. TestFilesAndTargetsOnPagesExist looks up their names.
func TestEachPromiseNamesItsTests(t *testing.T) {
	t.Parallel()
	tables := regexp.MustCompile(`(?m)(?:^\|.*\n)+\n.*\n`).FindAllString(toolchain.ReadFile(t, "docs/internals/promises.md"), -1)
	assert.Greater(t, len(tables), 5)
	for _, table := range tables {
		lines := strings.Split(strings.TrimSpace(table), "\n")
		last := lines[len(lines)-1]
		for _, row := range lines[2 : len(lines)-2] { // without the heading and the line after the table
			if !strings.Contains(row, "`Test") && !strings.HasPrefix(last, "Tests: `Test") {
				t.Errorf("no test is named for %s", row)
			}
		}
	}
}

// TestVersionsOnPagesAreThoseThatAreNeeded compares the versions that a person must have with the files that say so.
func TestVersionsOnPagesAreThoseThatAreNeeded(t *testing.T) {
	t.Parallel()
	for _, version := range []struct{ onPages, file, inFile string }{
		{`\bGo (1\.\d+)`, "go.mod", `(?m)^go (1\.\d+)`},
		{`\bPulumi (3\.\d+) or newer`, "tools/toolchain.sh", `(?m)^oldest_pulumi=(3\.\d+)`},
		{`\btested with 3\.258 and (3\.\d+)`, "tools/pulumi/go.mod", `pulumi/pkg/v3 v(3\.\d+)`},
		{`\bJDK (\d+) or newer`, "examples/java/pom.xml", `<maven\.compiler\.release>(\d+)<`},
	} {
		needed, found := regexp.MustCompile(version.inFile).FindStringSubmatch(toolchain.ReadFile(t, version.file)), 0
		require.NotNil(t, needed, version.file)
		for page, text := range prose(t) {
			for _, match := range regexp.MustCompile(version.onPages).FindAllStringSubmatch(text, -1) {
				found++
				assert.Equal(t, needed[1], match[1], "%s: %s", page, version.onPages)
			}
		}
		assert.NotZero(t, found, version.onPages)
	}
}
