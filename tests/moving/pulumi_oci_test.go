package moving

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/harness"
)

// newPulumiOCIMove returns a stack as @pulumi/oci leaves it, and its program. Besides the tokens of the recorded state, the stack has
// a token below a group, a token of an identity domain, and a secret in a vault that contains the value of another token.
func newPulumiOCIMove(t *testing.T) *move {
	t.Helper()
	m := newMove(t, map[string]int{"other": 1, "ci": 2, "deploy": 2, "nested": 3, "sales": 0})
	m.Write("Pulumi.yaml", `name: moving
runtime: yaml
resources:
  home:
    type: pulumi:providers:oci
    properties:
      region: us-phoenix-1
  other:
    type: oci:Identity:AuthToken
    properties:
      userId: `+m.owners[0]+`
      description: other
    options:
      provider: ${home}
      additionalSecretOutputs: [token]
  ci:
    type: oci:Identity:AuthToken
    properties:
      userId: `+m.owners[1]+`
      description: ci
  deploy:
    type: oci:Identity:AuthToken
    properties:
      userId: `+m.owners[1]+`
      description: deploy
    options:
      protect: true
  team:
    type: oci:Identity:Group
    properties:
      description: team
  nested:
    type: oci:Identity:AuthToken
    properties:
      userId: `+m.owners[2]+`
      description: nested
    options:
      parent: ${team}
  sales:
    type: oci:Identity:DomainsAuthToken
    properties:
      idcsEndpoint: `+m.OCI.Domains()[0].URL+`
      schemas: [ "`+schemaOfDomainTokens+`" ]
      user: { ocid: `+m.member+` }
      description: sales
  vault:
    type: oci:Vault:Secret
    properties:
      secretName: registry
      secretContent: ${ci.token}
outputs:
  password: ${ci.token}
`)
	m.NewStack("prod")

	var state map[string]any
	require.NoError(t, json.Unmarshal([]byte(m.recorded("pulumi-oci.json")), &state))
	deployment := state["deployment"].(map[string]any)
	deployment["resources"] = append(deployment["resources"].([]any), m.around()...)
	text, err := json.Marshal(state)
	require.NoError(t, err)
	m.importStack(string(text))
	return m
}

const schemaOfDomainTokens = "urn:ietf:params:scim:schemas:oracle:idcs:authToken"

// around returns the resources that are added to the recorded ones.
func (m *move) around() []any {
	const of = "urn:pulumi:prod::moving::"
	const provider = of + "pulumi:providers:oci::default::a0f65df8-539f-40ee-8312-31f962365983"
	nested, ci, sales := m.moving["nested"], m.moving["ci"], m.moving["sales"]
	given := map[string]any{
		"idcsEndpoint": m.OCI.Domains()[0].URL, "schemas": []any{schemaOfDomainTokens}, "user": map[string]any{"ocid": m.member}, "description": "sales",
	}
	known := maps.Clone(given)
	maps.Copy(known, map[string]any{
		"ocid": sales.ID, "token": sales.Value, "status": "", "expiresOn": nil,
		"user":  map[string]any{"ocid": m.member, "value": "0123456789abcdef0123456789abcdef", "name": "sales"},
		"metas": []any{map[string]any{"created": created(sales), "resourceType": "AuthToken"}},
	})
	content := map[string]any{"secretName": "registry", "secretContent": ci.Value}
	return []any{
		map[string]any{
			"urn": of + "oci:Identity/group:Group::team", "type": "oci:Identity/group:Group", "custom": true, "id": "team",
			"parent": of + "pulumi:pulumi:Stack::moving-prod", "provider": provider,
			"inputs": map[string]any{"description": "team"}, "outputs": map[string]any{"description": "team"},
		},
		map[string]any{
			"urn": of + "oci:Identity/group:Group$" + oldTokenType + "::nested", "type": oldTokenType, "custom": true, "id": nested.ID,
			"parent": of + "oci:Identity/group:Group::team", "provider": provider,
			"inputs": map[string]any{"userId": nested.UserID, "description": "nested"},
			"outputs": map[string]any{
				"userId": nested.UserID, "description": "nested", "token": nested.Value, "state": "ACTIVE",
				"timeCreated": nested.TimeCreated.UTC().String(),
			},
		},
		map[string]any{
			"urn": of + oldDomainTokenType + "::sales", "type": oldDomainTokenType, "custom": true, "id": sales.SCIMID,
			"parent": of + "pulumi:pulumi:Stack::moving-prod", "provider": provider, "inputs": given, "outputs": known,
		},
		map[string]any{
			"urn": of + "oci:Vault/secret:Secret::vault", "type": "oci:Vault/secret:Secret", "custom": true, "id": "vault",
			"parent": of + "pulumi:pulumi:Stack::moving-prod", "provider": provider, "inputs": content, "outputs": content,
			"dependencies":         []any{of + oldTokenType + "::ci"},
			"propertyDependencies": map[string]any{"secretContent": []any{of + oldTokenType + "::ci"}},
		},
	}
}

func TestMoveFromPulumiOCI(t *testing.T) {
	t.Parallel()
	m := newPulumiOCIMove(t)
	there, _ := readSteps(t, "guides/move-from-pulumi-oci.md")
	m.requireUntouched()
	for _, step := range there {
		m.follow(step)
	}
	resources := m.state()
	assert.Empty(t, oldTokens(resources))
	moved := newTokens(resources)
	require.Len(t, moved, len(m.moving))
	for _, token := range moved {
		_, secret := token.value(t)
		assert.True(t, secret, token.URN)
	}
	const of = "urn:pulumi:prod::moving::"
	assert.Contains(t, moved[m.moving["other"].ID].Provider, of+"pulumi:providers:ociauthtoken::home::")
	assert.Equal(t, of+"oci:Identity/group:Group::team", moved[m.moving["nested"].ID].Parent)
	assert.True(t, moved[m.moving["deploy"].ID].Protect, "the program protects it")
	assert.False(t, moved[m.moving["ci"].ID].Protect, "the program does not protect it")
	assert.NotContains(t, m.Must("stack", "export"), harness.Canary)

	// An explicit provider does not read the endpoint from the stack's configuration.
	m.edit(func(program string) string {
		return strings.ReplaceAll(program, "region: us-phoenix-1\n", "region: us-phoenix-1\n      endpoint: "+m.URL+"\n")
	})
	m.Must("up", "--yes", "--skip-preview")
	m.requireRefreshFindsNothing()
	m.requireUntouched()
	m.edit(func(program string) string { return strings.ReplaceAll(program, "protect: true", "protect: false") })
	m.requireDestroyRevokesWhatMoved()
}

// TestMoveFromPulumiOCIStops stops the move after each step, runs the commands that a person should not run at that point, and then
// continues. It also goes back from each of these points.
func TestMoveFromPulumiOCIStops(t *testing.T) {
	t.Parallel()
	m := newPulumiOCIMove(t)
	program, err := os.ReadFile(filepath.Join(m.Dir, "Pulumi.yaml"))
	require.NoError(t, err)
	there, back := readSteps(t, "guides/move-from-pulumi-oci.md")
	stopped := map[string]*move{}
	protect := there[1]
	for i, step := range there {
		if step.title == "3. Import the tokens" {
			// An import that stops after one of the tokens.
			_, err := m.shell(strings.Replace(step.commands, "jq -f", "jq --arg only '::ci$' -f", 1))
			require.NoError(t, err)
			require.Len(t, newTokens(m.state()), 1)
		}
		m.follow(step)
		if i == 0 || i == len(there)-1 {
			continue
		}
		if step.title != "5. Update all but the old resources" {
			// destroy also deletes what depends on the tokens, so it runs on a copy.
			printed, err := m.copied().Run("destroy", "--yes", "--skip-preview", "--suppress-outputs")
			require.Error(t, err, "destroy after step %s\n%s", step.title, printed)
			m.requireUntouched()
		}
		printed, err := m.Run("up", "--yes", "--skip-preview", "--suppress-outputs")
		assert.Equal(t, step.title == "2. Protect the old resources", err == nil, "up after step %s\n%s", step.title, printed)
		m.requireUntouched()
		m.follow(protect)
		if i > 2 { // the step before changes only the program, which is written anew on the way back
			stopped[step.title] = m.copied()
		}
		m.follow(step)
	}
	assert.Empty(t, oldTokens(m.state()))
	stopped["the end"] = m

	for title, m := range stopped {
		t.Run("back after "+title, func(t *testing.T) {
			t.Parallel()
			m := m.in(t)
			restored, stays := string(program), []string(nil)
			if title == "the end" { // Tokens of identity domains cannot move back.
				restored, stays = inDomain.ReplaceAllString(restored, inThisProvider), []string{m.moving["sales"].ID}
			}
			for _, step := range back {
				if step.title == "3. Change the program back" {
					m.Write("Pulumi.yaml", restored)
				}
				step.commands = strings.Replace(step.commands, "jq -f", "jq --arg only '::(other|ci|deploy|nested)$' -f", 1)
				m.follow(step)
			}
			resources := m.state()
			assert.Equal(t, stays, slices.Collect(maps.Keys(newTokens(resources))))
			assert.Len(t, oldTokens(resources), len(m.moving)-len(stays))
		})
	}
}

// TestMovePartFromPulumiOCI moves one token, as the page describes, and leaves the others where they are. The secrets of the stack are
// under a passphrase. In the other tests, their key is kept in Vault.
func TestMovePartFromPulumiOCI(t *testing.T) {
	t.Parallel()
	m := newPulumiOCIMove(t)
	m.Must("stack", "change-secrets-provider", "passphrase")
	there, _ := readSteps(t, "guides/move-from-pulumi-oci.md")
	for _, step := range there {
		step.edits = nil
		switch step.title {
		case "3. Import the tokens":
			step.commands = strings.Replace(step.commands, "jq -f", "jq --arg only '::ci$' -f", 1)
		case "4. Change the program":
			m.edit(func(program string) string {
				return strings.Replace(program, "  ci:\n    type: oci:Identity:AuthToken\n", "  ci:\n    type: ociauthtoken:AuthToken\n", 1)
			})
		}
		m.follow(step)
	}
	resources := m.state()
	assert.Len(t, newTokens(resources), 1)
	assert.Contains(t, newTokens(resources), m.moving["ci"].ID)
	assert.Len(t, oldTokens(resources), len(m.moving)-1)
}
