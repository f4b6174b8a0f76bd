// Package moving runs the pages on moving tokens from other tools, and back, command by command.
package moving

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests follow the pages about moving to this provider. They run the commands on the pages with the pulumi and the terraform
// command, from states that OCI's own providers wrote.

// step is a numbered section of a page, which a person does in one go.
type step struct {
	title string
	// edits maps each line to remove from a program to the one that replaces it, from the blocks in the form of a diff.
	edits [][2]string
	// commands holds the blocks for the shell, in order.
	commands string
}

var (
	heading = regexp.MustCompile(`(?m)^(##+) (.*)$`)
	fence   = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	number  = regexp.MustCompile(`^\d+\. `)
)

// readSteps reads the steps of a page: those of the move, and those of the way back, which are a level deeper.
func readSteps(t *testing.T, name string) (there, back []step) {
	t.Helper()
	page := []byte(toolchain.ReadFile(t, "docs/"+name))
	headings := heading.FindAllStringSubmatchIndex(string(page), -1)
	for i, at := range headings {
		level, title := page[at[2]:at[3]], string(page[at[4]:at[5]])
		end := len(page)
		if i+1 < len(headings) {
			end = headings[i+1][0]
		}
		blocks := fence.FindAllStringSubmatch(string(page[at[1]:end]), -1)
		if title == "What the program no longer needs" { // TestTheMovePagesShowTheProgram in tests/examples reads it.
			continue
		}
		if !number.MatchString(title) {
			require.Empty(t, blocks, "%s: no test runs what %q shows", name, title)
			continue
		}
		s := step{title: title}
		for _, block := range blocks {
			switch block[1] {
			case "sh":
				s.commands += block[2]
			case "diff":
				s.edits = append(s.edits, readDiff(block[2])...)
			default:
				t.Fatalf("%s: %q shows something in %s", name, title, block[1])
			}
		}
		if len(level) == 2 {
			there = append(there, s)
		} else {
			back = append(back, s)
		}
	}
	require.NotEmpty(t, there)
	require.NotEmpty(t, back)
	return there, back
}

// readDiff pairs each line that a diff removes with the line that replaces it.
func readDiff(diff string) [][2]string {
	var pairs [][2]string
	var out string
	for line := range strings.Lines(diff) {
		switch line[0] {
		case '-':
			out = line[1:]
		case '+':
			pairs = append(pairs, [2]string{out, line[1:]})
		}
	}
	return pairs
}

// move is a project whose tokens will move.
type move struct {
	*harness.CLI
	owners []string
	// member is the owner of the tokens of an identity domain.
	member string
	// moving holds the tokens by their names in the recorded state.
	moving map[string]emulator.Token
	// refused is the file in which the stand-in for the plugin of @pulumi/oci records the writes that it refused.
	refused string
	// source is the file of the program, in the project's folder.
	source string
	// temporary is the folder for temporary files, and tools the folder that is first on PATH.
	temporary, tools string
}

// newMove creates as many users and tokens as the recorded state has. owners says which of the users has which token: 0 is a user of an
// identity domain.
func newMove(t *testing.T, owners map[string]int) *move {
	t.Helper()
	tools := t.TempDir()
	m := &move{
		CLI:    harness.NewCLIWithoutStack(harness.NewWorldWith(t, emulator.Config{Domains: []string{"sales"}})),
		moving: map[string]emulator.Token{}, refused: filepath.Join(tools, "refused"), temporary: t.TempDir(),
		source: "Pulumi.yaml",
	}
	m.owners, m.member = []string{m.User}, m.OCI.Users()[1].ID
	for name, owner := range owners {
		if owner == 0 {
			m.moving[name] = m.OCI.AddToken(m.member, name)
			continue
		}
		for len(m.owners) < owner {
			m.owners = append(m.owners, m.OCI.AddUser("someone").ID)
		}
		m.moving[name] = m.OCI.AddToken(m.owners[owner-1], name)
	}

	if _, err := exec.LookPath("jq"); err != nil {
		link(t, tools, "jq", gojq(t))
	}
	// The files that the pages download are in the repository.
	require.NoError(t, os.WriteFile(filepath.Join(tools, "curl"), []byte(`#!/bin/sh
url=https://raw.githubusercontent.com/ociauthtoken/pulumi-ociauthtoken/v`+toolchain.Version(t)+`
case "$1 $2" in "-fsSLO $url/"*) cp "`+toolchain.Root+`/${2#"$url/"}" . ;; *) echo "not in the repository: $*" >&2; exit 22 ;; esac
`), 0o700))
	// Reading these programs makes Go run the test again when one of them has changed.
	programs, err := filepath.Glob(filepath.Join(toolchain.Root, "migrate", "*.jq"))
	require.NoError(t, err)
	for _, program := range programs {
		_, err := os.ReadFile(program)
		require.NoError(t, err)
	}
	m.Env = append(m.Env, "TMPDIR="+m.temporary, "OCI_PLUGIN_JOURNAL="+m.refused, "PULUMI_SKIP_CONFIRMATIONS=true",
		"PATH="+tools+":"+ociPlugin(t)+":"+toolchain.Path())
	m.tools = tools
	return m
}

// recorded returns a recorded state with the users and tokens of this world.
func (m *move) recorded(name string) string {
	m.T.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(m.T, err)
	inJSON := func(value string) string {
		quoted, err := json.Marshal(value)
		require.NoError(m.T, err)
		return string(quoted)
	}
	replacements := []string{"{member}", m.member, "{domain}", m.OCI.Domains()[0].URL}
	for i, user := range m.owners {
		replacements = append(replacements, "{user "+string(rune('1'+i))+"}", user)
	}
	for name, token := range m.moving {
		value := inJSON(token.Value)
		replacements = append(replacements,
			"{id "+name+"}", token.ID,
			"{SCIM id "+name+"}", token.SCIMID,
			"{time "+name+"}", token.TimeCreated.UTC().String(),
			"{created "+name+"}", created(token),
			`"{value `+name+`}"`, value,
			`"{secret `+name+`}"`, inJSON(value))
	}
	filled := strings.NewReplacer(replacements...).Replace(string(text))
	require.NotRegexp(m.T, `\{(user|member|domain|id|SCIM id|time|created|value|secret)[ }]`, filled)
	return filled
}

// created returns when a token was created, as an identity domain says it.
func created(token emulator.Token) string {
	return token.TimeCreated.UTC().Format("2006-01-02T15:04:05.000Z")
}

// shell runs the commands of a page unchanged. Neither their output nor the files that they leave behind may contain a value.
func (m *move) shell(commands string) (printed string, err error) {
	m.T.Helper()
	command := exec.Command("bash", "-euo", "pipefail", "-c", commands)
	command.Dir, command.Env = m.Dir, m.Env
	output, err := command.CombinedOutput()
	harness.RequireNoValue(m.T, string(output))
	m.requireNoFileHasValue(m.Dir)
	m.requireNoFileHasValue(m.temporary)
	return string(output), err
}

func (m *move) requireNoFileHasValue(folder string) {
	m.T.Helper()
	require.NoError(m.T, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		assert.NotContains(m.T, string(content), harness.Canary, path)
		return err
	}))
}

// inDomain matches a token of an identity domain in a program in YAML, up to its description. inThisProvider is what it becomes.
var inDomain = regexp.MustCompile(`oci:Identity:DomainsAuthToken
    properties:
      idcsEndpoint: (.*)
      schemas: .*
      user: \{ ocid: (.*) \}
`)

const inThisProvider = `ociauthtoken:AuthToken
    properties:
      domainUrl: $1
      userId: $2
`

// follow follows a step: it edits the program, and runs the commands.
func (m *move) follow(s step) {
	m.T.Helper()
	m.edit(func(program string) string {
		for _, edit := range s.edits {
			program = strings.ReplaceAll(program, edit[0], edit[1])
		}
		if len(s.edits) > 0 { // The page says in words how the arguments change.
			program = inDomain.ReplaceAllString(program, inThisProvider)
		}
		return program
	})
	printed, err := m.shell(s.commands)
	require.NoError(m.T, err, "%s\n%s", s.title, printed)
	m.requireUntouched()
}

func (m *move) edit(change func(program string) string) {
	m.T.Helper()
	program, err := os.ReadFile(filepath.Join(m.Dir, m.source))
	require.NoError(m.T, err)
	m.Write(m.source, change(string(program)))
}

// state returns the stack's state by URN, with its secrets as plaintext.
func (m *move) state() map[string]stateResource {
	m.T.Helper()
	exported, err := backend.ExportSecrets(m.State, m.Stack)
	require.NoError(m.T, err)
	var stack struct {
		Deployment struct{ Resources []stateResource }
	}
	require.NoError(m.T, json.Unmarshal(exported, &stack))
	resources := map[string]stateResource{}
	for _, resource := range stack.Deployment.Resources {
		// A refresh adds what has no value, as null.
		maps.DeleteFunc(resource.Outputs, func(_ string, value any) bool { return value == nil })
		resources[resource.URN] = resource
	}
	return resources
}

type stateResource struct {
	URN, Type, ID, Parent, Provider string
	Protect                         bool
	Outputs                         map[string]any
}

// value returns the value of the token, and whether it is a secret.
func (r stateResource) value(t *testing.T) (value string, secret bool) {
	t.Helper()
	if plain, ok := r.Outputs["token"].(string); ok {
		return plain, false
	}
	wrapped, ok := r.Outputs["token"].(map[string]any)
	require.True(t, ok, "%s has no value", r.URN)
	require.NoError(t, json.Unmarshal([]byte(wrapped["plaintext"].(string)), &value))
	return value, true
}

const (
	oldTokenType       = "oci:Identity/authToken:AuthToken"
	oldDomainTokenType = "oci:Identity/domainsAuthToken:DomainsAuthToken"
	newTokenType       = "ociauthtoken:index:AuthToken"
)

// newTokens returns the tokens of this provider in the state, by OCID.
func newTokens(resources map[string]stateResource) map[string]stateResource {
	return tokensIn(resources, newTokenType)
}

// oldTokens returns the tokens of @pulumi/oci in the state, by OCID.
func oldTokens(resources map[string]stateResource) map[string]stateResource {
	return tokensIn(resources, oldTokenType, oldDomainTokenType)
}

func tokensIn(resources map[string]stateResource, kinds ...string) map[string]stateResource {
	tokens := map[string]stateResource{}
	for _, resource := range resources {
		if !slices.Contains(kinds, resource.Type) {
			continue
		}
		id := resource.ID
		if resource.Type == oldDomainTokenType {
			id, _ = resource.Outputs["ocid"].(string)
		}
		tokens[id] = resource
	}
	return tokens
}

// requireUntouched requires that OCI got no request that changes anything, that the values in the state work, and that each is recorded
// at least once.
func (m *move) requireUntouched() {
	m.T.Helper()
	require.Zero(m.T, m.Writes(), "calls that write")
	refused, _ := os.ReadFile(m.refused)
	require.Empty(m.T, string(refused), "what @pulumi/oci was told to write")
	for name, token := range m.moving {
		require.True(m.T, m.OCI.Authenticate(token.UserID, token.Value), name)
	}
	m.requireValues()
}

// requireValues requires that the stack's values are those that authenticate.
func (m *move) requireValues() {
	m.T.Helper()
	resources := m.state()
	old, moved := oldTokens(resources), newTokens(resources)
	for name, token := range m.moving {
		recorded := 0
		for _, tokens := range []map[string]stateResource{old, moved} {
			if resource, ok := tokens[token.ID]; ok {
				value, _ := resource.value(m.T)
				assert.True(m.T, m.OCI.Authenticate(token.UserID, value), name)
				recorded++
			}
		}
		assert.Positive(m.T, recorded, "%s is in nobody's hands", name)
	}
}

// requireRefreshFindsNothing refreshes the stack, and requires that the tokens in the state stay the same. It compares them itself,
// because Pulumi does not report changes of outputs alone.
func (m *move) requireRefreshFindsNothing() {
	m.T.Helper()
	before := newTokens(m.state())
	m.Must("refresh", "--yes", "--skip-preview", "--expect-no-changes")
	assert.Equal(m.T, before, newTokens(m.state()))
}

// requireDestroyRevokesWhatMoved destroys the tokens, which the program no longer protects, and requires that nothing else is deleted.
func (m *move) requireDestroyRevokesWhatMoved() {
	m.T.Helper()
	left := m.OCI.AddToken(m.owners[0], "not moved")
	m.Must("up", "--yes", "--skip-preview")
	m.Must("destroy", "--yes", "--skip-preview", "--target", "**"+newTokenType+"::**", "--target-dependents")
	assert.Equal(m.T, len(m.moving), m.Calls("DeleteAuthToken"))
	for _, user := range append(m.owners, m.member) {
		for _, token := range m.OCI.Tokens(user) {
			assert.Equal(m.T, left.ID, token.ID, "only what was moved is revoked")
		}
	}
	assert.Zero(m.T, m.Calls("CreateAuthToken")+m.Calls("UpdateAuthToken"))
}

// ociPlugin returns the folder with the stand-in for the plugin of @pulumi/oci.
func ociPlugin(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(toolchain.Root, "tests", "pulumi-resource-oci", "main.go"))
	require.NoError(t, err)
	return toolchain.Cached(t, "pulumi-resource-oci", string(source), func(folder string) {
		toolchain.Run(t, toolchain.Root, nil, "go", "build", "-o", folder, "./tests/pulumi-resource-oci")
	})
}

// gojq returns the path of the jq written in Go.
func gojq(t *testing.T) string {
	t.Helper()
	module := filepath.Join(toolchain.Root, "tools", "moving")
	pinned, err := os.ReadFile(filepath.Join(module, "go.mod"))
	require.NoError(t, err)
	return filepath.Join(toolchain.Cached(t, "gojq", string(pinned), func(folder string) {
		toolchain.Run(t, module, nil, "go", "build", "-o", folder, "github.com/itchyny/gojq/cmd/gojq")
	}), "gojq")
}

// link makes a program available under a name, in a folder on PATH.
func link(t *testing.T, folder, name, program string) {
	t.Helper()
	require.NoError(t, os.Symlink(program, filepath.Join(folder, name)))
}

// importStack replaces the state of the stack by the text, which contains secrets as plaintext.
func (m *move) importStack(state string) {
	m.T.Helper()
	command := m.Command("stack", "import")
	command.Stdin = strings.NewReader(state)
	printed, err := command.CombinedOutput()
	harness.RequireNoValue(m.T, string(printed))
	require.NoError(m.T, err, string(printed))
}

// copied returns a copy of the project and its stack, with the same OCI.
func (m *move) copied() *move {
	m.T.Helper()
	const files = "PULUMI_BACKEND_URL=file://"
	other, otherWorld := *m.CLI, *m.World
	copied := *m
	copied.CLI, copied.World = &other, &otherWorld
	copied.Dir, copied.temporary = filepath.Join(m.T.TempDir(), "project"), m.T.TempDir()
	require.NoError(m.T, os.CopyFS(copied.Dir, os.DirFS(m.Dir)))
	copied.Env = slices.Clone(m.Env)
	for i, variable := range copied.Env {
		if folder, ok := strings.CutPrefix(variable, files); ok {
			stacks := m.T.TempDir()
			require.NoError(m.T, os.CopyFS(stacks, os.DirFS(folder)))
			copied.Env[i], copied.State = files+stacks, stacks
		}
	}
	copied.Env = append(copied.Env, "TMPDIR="+copied.temporary)
	return &copied
}

// in returns the same move for a subtest.
func (m *move) in(t *testing.T) *move {
	other, otherWorld := *m.CLI, *m.World
	otherWorld.T = t
	other.World = &otherWorld
	moved := *m
	moved.CLI = &other
	return &moved
}
