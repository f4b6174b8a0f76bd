package moving

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// terraformMove is a Pulumi project, together with a Terraform configuration whose tokens will move to it.
type terraformMove struct {
	*move
	folder  string // of the configuration
	backend string // of the configuration; "" means a local one
}

// tokensInHCL is the configuration that the recorded state comes from. Without its provider it cannot be planned, but the commands
// that read and change the state accept it.
const tokensInHCL = `
resource "oci_identity_auth_token" "ci" {
  user_id     = "{user 1}"
  description = "docker login from CI"
}
`

const emptyProgram = "name: moved\nruntime: yaml\n"

// newTerraformMove puts the recorded state into the backend that the configuration names. "" means a local one.
func newTerraformMove(t *testing.T, backend string) *terraformMove {
	t.Helper()
	m := &terraformMove{backend: backend, move: newMove(t, map[string]int{
		"docker login from CI": 1, "number 0": 2, "number 1": 2, "east": 1, "west side": 3, "in a module": 4, "in a domain": 0,
	})}
	m.folder = filepath.Join(filepath.Dir(m.Dir), "terraform")
	if _, err := exec.LookPath("terraform"); err != nil {
		toolchain.Need(t, "tofu")
		tofu, err := exec.LookPath("tofu")
		if err != nil {
			tofu = filepath.Join(toolchain.Root, ".toolchain", "bin", "tofu")
		}
		link(t, m.tools, "terraform", tofu)
	}
	require.NoError(t, os.Mkdir(m.folder, 0o700))
	m.configure(tokensInHCL)
	// Only loopback is called.
	m.Env = append(m.Env, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color")
	m.Write("Pulumi.yaml", emptyProgram)
	m.NewStack("prod")

	if backend != "" {
		m.configure("")
		m.terraform("", "init")
		m.configure(tokensInHCL)
	}
	m.terraform(m.recorded("terraform.tfstate"), "state", "push", "-")
	return m
}

func (m *terraformMove) configure(resources string) {
	m.T.Helper()
	configuration := strings.ReplaceAll(resources, "{user 1}", m.owners[0])
	if m.backend != "" {
		configuration = "terraform {\n  " + m.backend + "\n}\n" + configuration
	}
	require.NoError(m.T, os.WriteFile(filepath.Join(m.folder, "main.tf"), []byte(configuration), 0o600))
}

// terraform runs terraform in the folder of the configuration and returns what it printed. That may contain values.
func (m *terraformMove) terraform(input string, args ...string) string {
	m.T.Helper()
	command := exec.Command("env", append([]string{"terraform", "-chdir=" + m.folder}, args...)...)
	command.Env, command.Stdin = m.Env, strings.NewReader(input)
	var complaint strings.Builder
	command.Stderr = &complaint
	output, err := command.Output()
	require.NoError(m.T, err, "terraform %s: %s", strings.Join(args, " "), complaint.String())
	return string(output)
}

// addGenerated copies the definitions that an import has generated to the program, as a person does.
func (m *terraformMove) addGenerated() {
	m.T.Helper()
	generated, err := os.ReadFile(filepath.Join(m.Dir, "tokens.txt"))
	require.NoError(m.T, err)
	m.edit(func(program string) string { return program + string(generated) })
}

// stateServer is a backend for Terraform over HTTP, with one state.
func stateServer(t *testing.T) (backend string) {
	t.Helper()
	var mu sync.Mutex
	var state []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.Method == http.MethodPost:
			state, _ = io.ReadAll(r.Body)
		case state == nil:
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write(state)
		}
	}))
	t.Cleanup(server.Close)
	return `backend "http" { address = "` + server.URL + `/state" }`
}

// TestMoveFromTerraform has a remote backend. In the other tests it is a local one.
func TestMoveFromTerraform(t *testing.T) {
	t.Parallel()
	m := newTerraformMove(t, stateServer(t))
	there, _ := readSteps(t, "guides/move-from-terraform.md")
	for _, step := range there {
		m.followInTerraform(step)
	}
	assert.Len(t, newTokens(m.state()), len(m.moving))
	assert.NotContains(t, m.Must("stack", "export"), harness.Canary)
	m.requireRefreshFindsNothing()
	assert.NotContains(t, m.terraform("", "state", "pull"), "auth_token")
	m.terraform("", "init")
	assert.Contains(t, m.terraform("", "plan"), "No changes")
	m.requireNoFileHasValue(m.folder)

	m.requireDestroyRevokesWhatMoved()
}

// followInTerraform follows a step, does what the page leaves to the person, and checks that no value is lost.
func (m *terraformMove) followInTerraform(s step) {
	m.T.Helper()
	switch s.title {
	case "3. Add the tokens to the program":
		m.addGenerated()
	case "5. Take the tokens out of Terraform's configuration":
		m.configure("")
	case "6. Unprotect the tokens":
		m.edit(func(program string) string { return strings.ReplaceAll(program, "protect: true", "protect: false") })
	case "3. Change the programs":
		m.configure(tokensInHCL)
		m.Write("Pulumi.yaml", emptyProgram)
	}
	printed, err := m.shell(s.commands)
	require.NoError(m.T, err, "%s\n%s", s.title, printed)
	m.requireInGoodHands()
}

// requireInGoodHands requires that OCI got no request that changes anything, and that every value is in one of the states and works.
func (m *terraformMove) requireInGoodHands() {
	m.T.Helper()
	require.Zero(m.T, m.Writes(), "calls that write")
	pulumi, terraform := newTokens(m.state()), m.terraformValues()
	for name, token := range m.moving {
		hands := 0
		if resource, ok := pulumi[token.ID]; ok {
			value, secret := resource.value(m.T)
			assert.True(m.T, secret, name)
			assert.True(m.T, m.OCI.Authenticate(token.UserID, value), name)
			hands++
		}
		if value, ok := terraform[token.ID]; ok {
			assert.True(m.T, m.OCI.Authenticate(token.UserID, value), name)
			hands++
		}
		assert.Positive(m.T, hands, "%s is in nobody's hands", name)
	}
}

// TestMoveFromTerraformStops stops the move after each step, runs the commands that a person should not run at that point, and goes
// back.
func TestMoveFromTerraformStops(t *testing.T) {
	t.Parallel()
	there, back := readSteps(t, "guides/move-from-terraform.md")
	m := newTerraformMove(t, "")
	before := m.terraformState()
	stopped := map[string]*terraformMove{}
	for i, step := range there {
		m.followInTerraform(step)
		if i == 0 {
			continue
		}
		stopped[step.title] = m.copied()
		if step.title != there[len(there)-1].title {
			for _, accident := range []string{"up", "destroy"} {
				// Whether it fails depends on whether the program has the tokens yet.
				_, _ = m.copied().Run(accident, "--yes", "--skip-preview")
				m.requireInGoodHands()
			}
		}
		if i < 3 {
			// A repeated import has nothing to do.
			printed, err := m.copied().shell(there[1].commands)
			require.NoError(t, err, printed)
		}
	}
	for title, stop := range stopped {
		t.Run("back after "+title, func(t *testing.T) {
			t.Parallel()
			m := &terraformMove{move: stop.in(t), folder: stop.folder}
			want, stays := maps.Clone(before), m.moving["in a domain"].ID
			if len(m.terraformState()) == len(before) {
				m.Write("Pulumi.yaml", emptyProgram)
				m.followInTerraform(back[len(back)-1])
				assert.Empty(t, newTokens(m.state()))
			} else {
				for _, step := range back {
					// The page says to leave out tokens of identity domains.
					step.commands = strings.Replace(step.commands, "-f to-terraform.jq", "--arg only '::(ci|counted-.|each-.*|team-this)$' -f to-terraform.jq", 1)
					m.followInTerraform(step)
				}
				m.terraform("", "state", "mv", "oci_identity_auth_token.each-west-side", `oci_identity_auth_token.each["west side"]`)
				delete(want, stays)
				assert.Equal(t, []string{stays}, slices.Collect(maps.Keys(newTokens(m.state()))), "what has not moved stays")
			}
			assert.Equal(t, want, m.terraformState(), "every attribute is what it was")
		})
	}
}

// TestPulumiForgetsTokensThatSomethingDependsOn runs the last command of the way back to Terraform.
func TestPulumiForgetsTokensThatSomethingDependsOn(t *testing.T) {
	t.Parallel()
	m := newTerraformMove(t, "")
	other := m.AddUser("other")
	program := func(token, options string) string {
		return "name: moved\nruntime: yaml\nresources:\n" + token + "  dependent:\n    type: ociauthtoken:RotatingAuthToken\n" +
			"    properties: { userId: " + other + ", description: other }\n" + options
	}
	m.Write("Pulumi.yaml", program("  token:\n    type: ociauthtoken:AuthToken\n    properties: { userId: "+m.AddUser("another")+", description: ci }\n",
		"    options: { dependsOn: [ \"${token}\" ] }\n"))
	without := program("", "")
	m.Must("up", "--yes", "--skip-preview")
	require.Len(t, newTokens(m.state()), 1)
	m.OCI.ResetJournal()

	_, back := readSteps(t, "guides/move-from-terraform.md")
	for _, step := range back {
		printed, err := m.shell(step.commands)
		require.NoError(t, err, printed)
	}
	assert.Empty(t, newTokens(m.state()))
	m.Write("Pulumi.yaml", without)
	m.Must("preview", "--expect-no-changes")
	assert.Zero(t, m.Writes())
}

// copied returns a copy of the project and its stack, and of the configuration and its state, with the same OCI.
func (m *terraformMove) copied() *terraformMove {
	m.T.Helper()
	copied := &terraformMove{move: m.move.copied(), backend: m.backend}
	copied.folder = filepath.Join(filepath.Dir(copied.Dir), "terraform")
	require.NoError(m.T, os.CopyFS(copied.folder, os.DirFS(m.folder)))
	return copied
}

// terraformValues returns the values in Terraform's state, by the token's OCID.
func (m *terraformMove) terraformValues() map[string]string {
	m.T.Helper()
	values := map[string]string{}
	for id, attributes := range m.terraformState() {
		values[id], _ = attributes["token"].(string)
	}
	return values
}

// terraformState returns the attributes of the tokens in Terraform's state, by the token's OCID.
func (m *terraformMove) terraformState() map[string]map[string]any {
	m.T.Helper()
	var state struct {
		Resources []struct {
			Instances []struct{ Attributes map[string]any }
		}
	}
	if pulled := m.terraform("", "state", "pull"); pulled != "" {
		require.NoError(m.T, json.Unmarshal([]byte(pulled), &state))
	}
	tokens := map[string]map[string]any{}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			id, _ := instance.Attributes["ocid"].(string) // of a token in an identity domain
			if id == "" {
				id = instance.Attributes["id"].(string)
			}
			tokens[id] = instance.Attributes
		}
	}
	return tokens
}
