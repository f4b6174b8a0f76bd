package moving

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// jqs returns the jq commands that the programs are run with: the one written in Go, and the one that the machine has.
func jqs(t *testing.T) map[string]string {
	t.Helper()
	commands := map[string]string{"gojq": gojq(t)}
	if found, err := exec.LookPath("jq"); err == nil {
		commands["jq"] = found
	}
	return commands
}

// runJQ runs a program from migrate/.
func runJQ(jq, program, input string, args ...string) (string, error) {
	command := exec.Command(jq, append([]string{"-f", filepath.Join(toolchain.Root, "migrate", program+".jq")}, args...)...)
	command.Stdin = strings.NewReader(input)
	var complaint strings.Builder
	command.Stderr = &complaint
	output, err := command.Output()
	if err != nil {
		return complaint.String(), err
	}
	return string(output), nil
}

// importFile is what "pulumi import --file" reads.
type importFile struct {
	NameTable map[string]string
	Resources []importEntry
}

type importEntry struct {
	Type, Name, LogicalName, ID, Parent, Provider, PluginDownloadURL string
	Inputs, Outputs                                                  map[string]any
}

const theSignature = "4dabf18193072939515e22adb298388d"

func secretJSON(value string) map[string]any {
	quoted, _ := json.Marshal(value)
	return map[string]any{theSignature: "1b47061264138c4ac30d75fd1eb44270", "plaintext": string(quoted)}
}

func stackWith(resources ...map[string]any) string {
	text, _ := json.Marshal(map[string]any{"version": 3, "deployment": map[string]any{"resources": resources}})
	return string(text)
}

const (
	stackURN    = "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s"
	oldURN      = "urn:pulumi:s::p::oci:Identity/authToken:AuthToken::"
	oldProvider = "urn:pulumi:s::p::pulumi:providers:oci::"
)

// oldToken returns a token in the state of @pulumi/oci, with changes.
func oldToken(name string, changes map[string]any) map[string]any {
	resource := map[string]any{
		"urn": oldURN + name, "type": oldTokenType, "custom": true, "id": "ocid1.credential.oc1.." + name,
		"parent": stackURN, "provider": oldProvider + "default_4_20_0::0b2c",
		"inputs": map[string]any{"__defaults": []any{}, "userId": "ocid1.user.oc1..u", "description": "for " + name},
		"outputs": map[string]any{
			"__meta": "{}", "userId": "ocid1.user.oc1..u", "description": "for " + name, "token": "value of " + name,
			"state": "ACTIVE", "inactiveState": nil, "timeCreated": "2024-05-17 08:15:30.12 +0000 UTC", "timeExpires": nil,
		},
	}
	maps.Copy(resource, changes)
	return resource
}

func TestImportFileFromPulumiOCI(t *testing.T) {
	t.Parallel()
	component := "urn:pulumi:s::p::my:index:Team::core"
	for name, c := range map[string]struct {
		resources []map[string]any
		args      []string
		want      func(t *testing.T, file importFile)
		complaint string
	}{
		"of an identity domain": {
			resources: []map[string]any{oldToken("ci", map[string]any{
				"urn": "urn:pulumi:s::p::oci:Identity/domainsAuthToken:DomainsAuthToken::ci", "type": "oci:Identity/domainsAuthToken:DomainsAuthToken",
				"id": "idcsEndpoint/https%3A%2F%2Fidcs-0.example/authTokens/0a1b",
				"inputs": map[string]any{
					"idcsEndpoint": "https://idcs-0.example", "schemas": []any{"urn:x"}, "user": map[string]any{"ocid": "ocid1.user.oc1..u"},
				},
				"outputs": map[string]any{
					"idcsEndpoint": "https://idcs-0.example", "ocid": "ocid1.credential.oc1..ci", "token": "v", "description": "d",
					"user": map[string]any{"ocid": "ocid1.user.oc1..u", "value": "2c3d"}, "expiresOn": "2030-01-31T00:00:00Z",
					"metas": []any{map[string]any{"created": "2024-05-17T08:15:30.123Z"}},
				},
			})},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				require.Len(t, file.Resources, 1)
				inputs := map[string]any{
					"userId": "ocid1.user.oc1..u", "description": "d", "domainUrl": "https://idcs-0.example", "timeExpires": "2030-01-31T00:00:00Z",
				}
				assert.Equal(t, "ocid1.credential.oc1..ci", file.Resources[0].ID)
				assert.Equal(t, inputs, file.Resources[0].Inputs)
				outputs := maps.Clone(inputs)
				outputs["token"], outputs["state"], outputs["timeCreated"] = secretJSON("v"), "", "2024-05-17T08:15:30.123Z"
				assert.Equal(t, outputs, file.Resources[0].Outputs)
			},
		},
		"a value in clear becomes a secret": {
			resources: []map[string]any{oldToken("ci", nil)},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				assert.Equal(t, []importEntry{{
					Type: newTokenType, Name: oldURN + "ci", LogicalName: "ci", ID: "ocid1.credential.oc1..ci",
					PluginDownloadURL: "github://api.github.com/ociauthtoken/pulumi-ociauthtoken",
					Inputs:            map[string]any{"userId": "ocid1.user.oc1..u", "description": "for ci"},
					Outputs: map[string]any{
						"userId": "ocid1.user.oc1..u", "description": "for ci", "token": secretJSON("value of ci"),
						"state": "ACTIVE", "timeCreated": "2024-05-17T08:15:30.120Z",
					},
				}}, file.Resources)
				assert.Empty(t, file.NameTable)
			},
		},
		"a value that is a secret stays one": {
			resources: []map[string]any{oldToken("ci", map[string]any{"outputs": map[string]any{"token": secretJSON(`"\`)}})},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				assert.Equal(t, secretJSON(`"\`), file.Resources[0].Outputs["token"])
			},
		},
		"a description that is a secret stays one": {
			resources: []map[string]any{oldToken("ci", map[string]any{
				"inputs": map[string]any{"userId": "u", "description": secretJSON("hidden")},
			})},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				assert.Equal(t, secretJSON("hidden"), file.Resources[0].Inputs["description"])
				assert.Equal(t, secretJSON("hidden"), file.Resources[0].Outputs["description"])
			},
		},
		"punctuation and letters beyond ASCII stay what they are": {
			resources: []map[string]any{oldToken("ci", map[string]any{"outputs": map[string]any{"token": "ü<&>\"'\\\u007f{}"}})},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				var value string
				plaintext := file.Resources[0].Outputs["token"].(map[string]any)["plaintext"].(string)
				require.NoError(t, json.Unmarshal([]byte(plaintext), &value))
				assert.Equal(t, "ü<&>\"'\\\u007f{}", value)
			},
		},
		"without a description, or with null, it is empty": {
			resources: []map[string]any{
				oldToken("a", map[string]any{"inputs": map[string]any{"userId": "u"}, "outputs": map[string]any{"token": "v"}}),
				oldToken("b", map[string]any{"inputs": map[string]any{"userId": "u", "description": nil}}),
			},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				assert.Empty(t, file.Resources[0].Inputs["description"])
				assert.Contains(t, file.Resources[0].Inputs, "description")
			},
		},
		"after an import of their own there is no value": {
			resources: []map[string]any{oldToken("ci", map[string]any{"outputs": map[string]any{"token": nil}})},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				assert.NotContains(t, file.Resources[0].Outputs, "token")
			},
		},
		"times with and without fractions": {
			resources: []map[string]any{oldToken("ci", map[string]any{"outputs": map[string]any{
				"timeCreated": "2024-05-17 08:15:30 +0000 UTC", "timeExpires": "2030-05-17 08:15:30.123456 +0000 UTC",
			}})},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				assert.Equal(t, "2024-05-17T08:15:30.000Z", file.Resources[0].Outputs["timeCreated"])
				assert.Equal(t, "2030-05-17T08:15:30.123Z", file.Resources[0].Outputs["timeExpires"])
			},
		},
		"a token in a component stays there, and its name may hold colons": {
			resources: []map[string]any{
				{"urn": component, "type": "my:index:Team", "parent": stackURN},
				oldToken("", map[string]any{
					"urn": "urn:pulumi:s::p::my:index:Team$" + oldTokenType + "::ci::two", "parent": component,
				}),
			},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				assert.Equal(t, map[string]string{component: component}, file.NameTable)
				assert.Equal(t, component, file.Resources[0].Parent)
				assert.Equal(t, "ci::two", file.Resources[0].LogicalName)
			},
		},
		"a token below another goes with it": {
			resources: []map[string]any{
				oldToken("a", nil),
				oldToken("b", map[string]any{"parent": oldURN + "a"}),
			},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				assert.Empty(t, file.NameTable)
				assert.Equal(t, file.Resources[0].Name, file.Resources[1].Parent)
			},
		},
		"an explicit provider comes along, once, with what both packages know": {
			resources: []map[string]any{
				{
					"urn": oldProvider + "ci", "type": "pulumi:providers:oci", "id": "1",
					"inputs": map[string]any{
						"region": "us-phoenix-1", "privateKey": "key", "privateKeyPassword": secretJSON("pass"),
						"disableAutoRetries": true, "version": "4.20.0",
					},
				},
				{"urn": oldProvider + "unused", "type": "pulumi:providers:oci", "id": "2", "inputs": map[string]any{}},
				oldToken("ci", map[string]any{"provider": oldProvider + "ci::1"}),
				oldToken("b", map[string]any{"provider": oldProvider + "ci::1"}),
			},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				require.Len(t, file.Resources, 3)
				assert.Equal(t, "pulumi:providers:ociauthtoken", file.Resources[0].Type)
				assert.Equal(t, "ci", file.Resources[0].LogicalName)
				assert.Equal(t, map[string]any{
					"region": "us-phoenix-1", "privateKey": secretJSON("key"), "privateKeyPassword": secretJSON("pass"),
				}, file.Resources[0].Inputs)
				assert.Equal(t, file.Resources[0].Name, file.Resources[1].Provider)
				assert.Equal(t, file.Resources[0].Name, file.Resources[2].Provider)
			},
		},
		"what was only read is left": {
			resources: []map[string]any{oldToken("a", map[string]any{"external": true}), oldToken("b", nil)},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				require.Len(t, file.Resources, 1)
				assert.Equal(t, "b", file.Resources[0].LogicalName)
			},
		},
		"a choice by URN": {
			resources: []map[string]any{oldToken("a", nil), oldToken("b", nil)},
			args:      []string{"--arg", "only", "::b$"},
			want: func(t *testing.T, file importFile) {
				t.Helper()
				require.Len(t, file.Resources, 1)
				assert.Equal(t, "b", file.Resources[0].LogicalName)
			},
		},
		"a value that is still encrypted": {
			resources: []map[string]any{oldToken("ci", map[string]any{
				"outputs": map[string]any{"token": map[string]any{theSignature: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}},
			})},
			complaint: "the value of " + oldURN + "ci is encrypted: export the stack with --show-secrets",
		},
		"a token that waits for its deletion": {
			resources: []map[string]any{oldToken("a", nil), oldToken("a", map[string]any{"delete": true})},
			complaint: "finish the deletion of " + oldURN + "a first",
		},
		"no token":       {resources: []map[string]any{}, complaint: "no auth token of @pulumi/oci"},
		"no such choice": {resources: []map[string]any{oldToken("a", nil)}, args: []string{"--arg", "only", "x$"}, complaint: "none whose URN matches"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for which, jq := range jqs(t) {
				output, err := runJQ(jq, "from-pulumi-oci", stackWith(c.resources...), c.args...)
				if c.complaint != "" {
					require.Error(t, err, which)
					assert.Contains(t, output, c.complaint, which)
					continue
				}
				require.NoError(t, err, "%s: %s", which, output)
				var file importFile
				require.NoError(t, json.Unmarshal([]byte(output), &file))
				c.want(t, file)
			}
		})
	}
}

// terraformState returns a state with one resource for each set of attributes.
func terraformState(resources ...map[string]any) string {
	text, _ := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "l", "outputs": map[string]any{}, "resources": resources,
	})
	return string(text)
}

// terraformTokens returns a resource of Terraform with an instance for each key. The key of a resource without keys is nil.
func terraformTokens(module, name string, keys ...any) map[string]any {
	var instances []any
	for _, key := range keys {
		instance := map[string]any{"schema_version": 0, "attributes": map[string]any{
			"id": "id", "user_id": "u", "description": "d", "token": "v", "state": "ACTIVE", "inactive_state": nil,
			"time_created": "2024-05-17 08:15:30.12 +0000 UTC", "time_expires": nil,
		}}
		if key != nil {
			instance["index_key"] = key
		}
		instances = append(instances, instance)
	}
	resource := map[string]any{
		"mode": "managed", "type": "oci_identity_auth_token", "name": name, "instances": instances,
		"provider": `provider["registry.terraform.io/oracle/oci"]`,
	}
	if module != "" {
		resource["module"] = module
	}
	return resource
}

func TestImportFileFromTerraform(t *testing.T) {
	t.Parallel()
	deposed := terraformTokens("", "ci", nil)
	deposed["instances"].([]any)[0].(map[string]any)["deposed"] = "0a1b2c3d"
	bare := terraformTokens("", "ci", nil)
	bare["instances"].([]any)[0].(map[string]any)["attributes"] = map[string]any{
		"id": "id", "user_id": "u", "description": nil, "token": nil, "state": "ACTIVE", "time_created": "2024-05-17 08:15:30 +0000 UTC",
	}
	data := terraformTokens("", "ci", nil)
	data["mode"] = "data"
	inDomain := terraformTokens("module.m", "ci", nil)
	inDomain["type"] = "oci_identity_domains_auth_token"
	inDomain["instances"].([]any)[0].(map[string]any)["attributes"] = map[string]any{
		"id": "idcsEndpoint/https%3A%2F%2Fidcs-0.example/authTokens/0a1b", "ocid": "ocid1.credential.oc1..ci", "description": "d",
		"token": "v", "idcs_endpoint": "https://idcs-0.example", "expires_on": "2030-01-31T00:00:00Z", "status": "ACTIVE",
		"user": []any{map[string]any{"ocid": "ocid1.user.oc1..u", "value": "2c3d", "name": "u"}},
		"meta": []any{map[string]any{"created": "2024-05-17T08:15:30.123Z", "resource_type": "AuthToken"}},
	}
	withoutOCID := terraformTokens("", "old", nil)
	withoutOCID["type"] = "oci_identity_domains_auth_token"
	withoutOCID["instances"].([]any)[0].(map[string]any)["attributes"] = map[string]any{
		"id": "idcsEndpoint/https://idcs-0.example/authTokens/0a1b", "ocid": nil, "token": "v", "idcs_endpoint": "https://idcs-0.example",
		"user": []any{map[string]any{"ocid": "ocid1.user.oc1..u"}}, "expires_on": nil,
	}
	nothing := terraformTokens("", "none", nil)
	nothing["instances"] = nil
	flat, null := terraformTokens("", "flat", nil), terraformTokens("", "null", nil)
	null["instances"].([]any)[0].(map[string]any)["attributes"] = nil
	flat["instances"] = []any{map[string]any{"schema_version": 0, "attributes_flat": map[string]any{"id": "id"}}}
	lacking := func(attribute string) map[string]any {
		token := terraformTokens("", "ci", nil)
		token["type"] = "oci_identity_domains_auth_token"
		attributes := maps.Clone(inDomain["instances"].([]any)[0].(map[string]any)["attributes"].(map[string]any))
		delete(attributes, attribute)
		token["instances"].([]any)[0].(map[string]any)["attributes"] = attributes
		return token
	}
	noUser := terraformTokens("", "ci", nil)
	delete(noUser["instances"].([]any)[0].(map[string]any)["attributes"].(map[string]any), "user_id")
	for name, c := range map[string]struct {
		resources []map[string]any
		args      []string
		names     []string
		id        string // of the first one
		outputs   map[string]any
		complaint string
	}{
		"of an identity domain": {
			resources: []map[string]any{inDomain}, names: []string{"m-ci"}, id: "ocid1.credential.oc1..ci",
			outputs: map[string]any{
				"userId": "ocid1.user.oc1..u", "description": "d", "token": secretJSON("v"), "domainUrl": "https://idcs-0.example",
				"timeExpires": "2030-01-31T00:00:00Z", "timeCreated": "2024-05-17T08:15:30.123Z", "state": "",
			},
		},
		"of an identity domain, without an OCID": {
			resources: []map[string]any{withoutOCID}, names: []string{"old"}, id: "0a1b",
			outputs: map[string]any{
				"userId": "ocid1.user.oc1..u", "description": "", "token": secretJSON("v"), "domainUrl": "https://idcs-0.example", "state": "",
			},
		},
		"plain": {
			resources: []map[string]any{terraformTokens("", "ci", nil)}, names: []string{"ci"},
			outputs: map[string]any{
				"userId": "u", "description": "d", "token": secretJSON("v"), "state": "ACTIVE", "timeCreated": "2024-05-17T08:15:30.120Z",
			},
		},
		"count and for_each": {
			resources: []map[string]any{terraformTokens("", "n", 0, 1), terraformTokens("", "each", "west side", "a/b")},
			names:     []string{"n-0", "n-1", "each-west-side", "each-a-b"},
		},
		"modules": {
			resources: []map[string]any{terraformTokens(`module.a["x.y"].module.b`, "this", nil), terraformTokens("module.c[3]", "this", "k")},
			names:     []string{"a-x-y-b-this", "c-3-this-k"},
		},
		"addresses that come to one name are numbered": {
			resources: []map[string]any{terraformTokens("", "each", "a b", "a-b", "a.b"), terraformTokens("", "each-a-b", nil)},
			names:     []string{"each-a-b", "each-a-b-2", "each-a-b-3", "each-a-b-4"},
		},
		"without a value and a description": {
			resources: []map[string]any{bare}, names: []string{"ci"},
			outputs: map[string]any{"userId": "u", "description": "", "state": "ACTIVE", "timeCreated": "2024-05-17T08:15:30.000Z"},
		},
		"a choice by address": {
			resources: []map[string]any{terraformTokens("", "each", "a", "b"), terraformTokens("module.m", "each", "b")},
			args:      []string{"--arg", "only", `^oci_identity_auth_token.each\["b"\]$`},
			names:     []string{"each-b"},
		},
		"data sources are left": {resources: []map[string]any{data, terraformTokens("", "b", nil)}, names: []string{"b"}},
		"a replacement that is not finished": {
			resources: []map[string]any{deposed}, complaint: "finish the replacement of oci_identity_auth_token.ci first",
		},
		"no instances": {resources: []map[string]any{nothing, terraformTokens("", "b", nil)}, names: []string{"b"}},
		"no attributes": {
			resources: []map[string]any{null}, complaint: `the state has no attributes of oci_identity_auth_token.null: run "terraform apply -refresh-only"`,
		},
		"attributes of an old Terraform": {
			resources: []map[string]any{flat}, complaint: `the state has no attributes of oci_identity_auth_token.flat: run "terraform apply -refresh-only"`,
		},
		"in a domain, without a user": {
			resources: []map[string]any{lacking("user")}, complaint: "the state does not say whose oci_identity_domains_auth_token.ci is",
		},
		"in a domain, without its URL": {
			resources: []map[string]any{lacking("idcs_endpoint")}, complaint: "the state has no idcs_endpoint of oci_identity_domains_auth_token.ci",
		},
		"without a user": {resources: []map[string]any{noUser}, complaint: "the state does not say whose oci_identity_auth_token.ci is"},
		"no token":       {complaint: "the state has no oci_identity_auth_token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for which, jq := range jqs(t) {
				output, err := runJQ(jq, "from-terraform", terraformState(c.resources...), c.args...)
				if c.complaint != "" {
					require.Error(t, err, which)
					assert.Contains(t, output, c.complaint, which)
					continue
				}
				require.NoError(t, err, "%s: %s", which, output)
				var file importFile
				require.NoError(t, json.Unmarshal([]byte(output), &file))
				var names []string
				for _, entry := range file.Resources {
					names = append(names, entry.Name)
					assert.Equal(t, newTokenType, entry.Type)
				}
				assert.Equal(t, c.names, names, which)
				if c.outputs != nil {
					assert.Equal(t, c.outputs, file.Resources[0].Outputs, which)
				}
				if c.id != "" {
					assert.Equal(t, c.id, file.Resources[0].ID, which)
				}
			}
		})
	}
}

func TestAddressesOfTokensThatHaveMoved(t *testing.T) {
	t.Parallel()
	state := terraformState(terraformTokens("module.m", "each", "it's"), terraformTokens("", "other", nil))
	state = strings.Replace(state, `"id":"id"`, `"id":"moved"`, 1)
	for which, jq := range jqs(t) {
		for ids, want := range map[string]string{
			"x\nmoved\ny": `'module.m.oci_identity_auth_token.each["it'\''s"]'`, "": "",
		} {
			output, err := runJQ(jq, "from-terraform", state, "-r", "--arg", "moved", ids)
			require.NoError(t, err, "%s: %s", which, output)
			assert.Equal(t, want, strings.TrimSpace(output), which)
		}
	}
}

// newToken returns a token in the state of this provider, with changes.
func newToken(name string, changes map[string]any) map[string]any {
	resource := map[string]any{
		"urn": "urn:pulumi:s::p::" + newTokenType + "::" + name, "type": newTokenType, "custom": true,
		"id": "ocid1.credential.oc1.." + name, "parent": stackURN,
		"provider": "urn:pulumi:s::p::pulumi:providers:ociauthtoken::default::0b2c",
		"inputs":   map[string]any{"userId": "ocid1.user.oc1..u", "description": "for " + name},
		"outputs": map[string]any{
			"userId": "ocid1.user.oc1..u", "description": "for " + name, "token": secretJSON("value of " + name),
			"state": "ACTIVE", "timeCreated": "2024-05-17T08:15:30.120Z",
		},
	}
	maps.Copy(resource, changes)
	return resource
}

// onceRotating returns an AuthToken that an alias has made of a RotatingAuthToken, whose first token is revoked.
func onceRotating() map[string]any {
	resource := newToken("ci", nil)
	resource["id"] = "ocid1.credential.oc1..revoked"
	resource["outputs"].(map[string]any)["tokenId"] = "ocid1.credential.oc1..live"
	return resource
}

func TestImportFileBackToPulumiOCI(t *testing.T) {
	t.Parallel()
	const provider = "urn:pulumi:s::p::pulumi:providers:ociauthtoken::home"
	state := stackWith(
		map[string]any{
			"urn": provider, "type": "pulumi:providers:ociauthtoken", "id": "1",
			"inputs": map[string]any{"region": "us-phoenix-1", "endpoint": "http://127.0.0.1", "privateKey": secretJSON("key")},
		},
		newToken("ci", map[string]any{"provider": provider + "::1"}),
		newToken("bare", map[string]any{"outputs": map[string]any{"timeCreated": "2024-05-17T08:15:30.000Z"}}),
	)
	for which, jq := range jqs(t) {
		output, err := runJQ(jq, "to-pulumi-oci", state)
		require.NoError(t, err, "%s: %s", which, output)
		var file importFile
		require.NoError(t, json.Unmarshal([]byte(output), &file))
		assert.Equal(t, []importEntry{
			{
				Type: "pulumi:providers:oci", Name: provider, LogicalName: "home",
				Inputs: map[string]any{"region": "us-phoenix-1", "privateKey": secretJSON("key")},
			},
			{
				Type: oldTokenType, Name: "urn:pulumi:s::p::" + newTokenType + "::ci", LogicalName: "ci",
				ID: "ocid1.credential.oc1..ci", Provider: provider,
				Inputs: map[string]any{"userId": "ocid1.user.oc1..u", "description": "for ci"},
				Outputs: map[string]any{
					"userId": "ocid1.user.oc1..u", "description": "for ci", "token": secretJSON("value of ci"), "state": "ACTIVE",
					"timeCreated": "2024-05-17 08:15:30.12 +0000 UTC",
				},
			},
			{
				Type: oldTokenType, Name: "urn:pulumi:s::p::" + newTokenType + "::bare", LogicalName: "bare",
				ID:     "ocid1.credential.oc1..bare",
				Inputs: map[string]any{"userId": "ocid1.user.oc1..u", "description": "for bare"},
				Outputs: map[string]any{
					"userId": "ocid1.user.oc1..u", "description": "for bare", "timeCreated": "2024-05-17 08:15:30 +0000 UTC",
				},
			},
		}, file.Resources, which)

		output, err = runJQ(jq, "to-pulumi-oci", stackWith(onceRotating()))
		require.NoError(t, err, "%s: %s", which, output)
		require.NoError(t, json.Unmarshal([]byte(output), &file))
		assert.Equal(t, "ocid1.credential.oc1..live", file.Resources[0].ID, which)

		output, err = runJQ(jq, "to-pulumi-oci", stackWith(newToken("ci", map[string]any{
			"inputs": map[string]any{"domainUrl": "https://x"},
		})))
		require.Error(t, err, which)
		assert.Contains(t, output, "@pulumi/oci has another resource for identity domains", which)
	}
}

func TestTerraformStateFromStack(t *testing.T) {
	t.Parallel()
	attributes := func(name string) map[string]any {
		return map[string]any{
			"id": "ocid1.credential.oc1.." + name, "user_id": "ocid1.user.oc1..u", "description": "for " + name,
			"token": "value of " + name, "state": "ACTIVE", "inactive_state": nil,
			"time_created": "2024-05-17 08:15:30.12 +0000 UTC", "time_expires": nil, "timeouts": nil,
		}
	}
	live := attributes("ci")
	live["id"] = "ocid1.credential.oc1..live"
	imported := terraformTokens("module.m", "it", "k")
	imported["instances"].([]any)[0].(map[string]any)["attributes"] = map[string]any{"id": "ocid1.credential.oc1..ci", "token": nil}
	other := terraformTokens("", "ci", nil)
	random, hashicorp := terraformTokens("", "id", nil), terraformTokens("module.m", "network", nil)
	random["type"], random["provider"] = "random_id", `provider["registry.terraform.io/hashicorp/random"]`
	hashicorp["type"], hashicorp["provider"] = "oci_core_vcn", `module.m.provider["registry.terraform.io/hashicorp/oci"].home`
	for name, c := range map[string]struct {
		state     string // Terraform's state
		stack     string
		args      []string
		want      map[string]map[string]any // by address
		provider  string                    // of the last resource
		serial    float64
		complaint string
	}{
		"the provider of the state": {
			state: terraformState(hashicorp), stack: stackWith(newToken("ci", nil)), serial: 8,
			want:     map[string]map[string]any{"module.m.network": nil, "ci": attributes("ci")},
			provider: `provider["registry.terraform.io/hashicorp/oci"]`,
		},
		"the provider that is named": {
			stack: stackWith(newToken("ci", nil)), args: []string{"--arg", "provider", "hashicorp/oci"}, serial: 1,
			want: map[string]map[string]any{"ci": attributes("ci")}, provider: `provider["registry.terraform.io/hashicorp/oci"]`,
		},
		"the provider that is named with its registry": {
			state: terraformState(hashicorp), stack: stackWith(newToken("ci", nil)), serial: 8,
			args:     []string{"--arg", "provider", "registry.opentofu.org/oracle/oci"},
			want:     map[string]map[string]any{"module.m.network": nil, "ci": attributes("ci")},
			provider: `provider["registry.opentofu.org/oracle/oci"]`,
		},
		"no provider in the state": {
			state: terraformState(random), stack: stackWith(newToken("ci", nil)), serial: 8,
			want: map[string]map[string]any{"id": nil, "ci": attributes("ci")}, provider: `provider["registry.terraform.io/oracle/oci"]`,
		},
		"an empty state": {
			stack: stackWith(newToken("ci", nil), newToken("2 words", nil)), serial: 1,
			want: map[string]map[string]any{"ci": attributes("ci"), "_2-words": attributes("2 words")},
		},
		"a state with other resources": {
			state: terraformState(terraformTokens("module.m", "ci", nil)), stack: stackWith(newToken("ci", nil)), serial: 8,
			want: map[string]map[string]any{"module.m.ci": nil, "ci": attributes("ci")},
		},
		"a token that was imported gets its value": {
			state: terraformState(imported), stack: stackWith(newToken("ci", nil)), serial: 8,
			want: map[string]map[string]any{"module.m.it": attributes("ci")},
		},
		"a token whose id a refresh would correct": {
			stack: stackWith(onceRotating()), serial: 1, want: map[string]map[string]any{"ci": live},
		},
		"an address that is taken": {
			state: terraformState(other), stack: stackWith(newToken("ci", nil)),
			complaint: "the Terraform state has another oci_identity_auth_token.ci",
		},
		"a value that is still encrypted": {
			stack: stackWith(newToken("ci", map[string]any{
				"outputs": map[string]any{"token": map[string]any{theSignature: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}},
			})),
			complaint: "is encrypted: export the stack with --show-secrets",
		},
		"a token of an identity domain": {
			stack:     stackWith(newToken("ci", map[string]any{"inputs": map[string]any{"domainUrl": "https://x"}})),
			complaint: "Terraform has another resource for identity domains",
		},
		"no token": {stack: stackWith(oldToken("ci", nil)), complaint: "the stack has no auth token of this provider"},
		"no stack": {state: terraformState(other), complaint: "there is no output of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for which, jq := range jqs(t) {
				output, err := runJQ(jq, "to-terraform", c.state+c.stack, append([]string{"-s"}, c.args...)...)
				if c.complaint != "" {
					require.Error(t, err, which)
					assert.Contains(t, output, c.complaint, which)
					continue
				}
				require.NoError(t, err, "%s: %s", which, output)
				var state struct {
					Serial    float64
					Lineage   string
					Resources []struct {
						Module, Name, Provider string
						Instances              []struct{ Attributes map[string]any }
					}
				}
				require.NoError(t, json.Unmarshal([]byte(output), &state))
				got := map[string]map[string]any{}
				for _, resource := range state.Resources {
					address := strings.TrimPrefix(resource.Module+"."+resource.Name, ".")
					got[address] = resource.Instances[0].Attributes
					if c.want[address] == nil {
						got[address] = nil
					}
				}
				assert.Equal(t, c.want, got, which)
				if c.provider != "" {
					assert.Equal(t, c.provider, state.Resources[len(state.Resources)-1].Provider, which)
				}
				assert.InDelta(t, c.serial, state.Serial, 0, which)
				assert.NotEmpty(t, state.Lineage, which)
			}
		})
	}
}

func TestImportFileOfTokenMadeByHand(t *testing.T) {
	t.Parallel()
	args := []string{"-R", "--arg", "name", "ci", "--arg", "user", "u", "--arg", "id", "t", "--arg", "description", "by hand"}
	for which, jq := range jqs(t) {
		for _, input := range []string{"a\"\\<b", "a\"\\<b\n", "a\"\\<b\r\n"} {
			output, err := runJQ(jq, "by-hand", input, args...)
			require.NoError(t, err, "%s: %s", which, output)
			var file importFile
			require.NoError(t, json.Unmarshal([]byte(output), &file))
			assert.Equal(t, secretJSON("a\"\\<b")["plaintext"], reencoded(t, file.Resources[0].Outputs["token"]), which)
		}
		output, err := runJQ(jq, "by-hand", "value", append(args, "--arg", "domainUrl", "https://x", "--arg", "timeExpires", "2030")...)
		require.NoError(t, err, "%s: %s", which, output)
		var file importFile
		require.NoError(t, json.Unmarshal([]byte(output), &file))
		assert.Equal(t, map[string]any{"userId": "u", "description": "by hand", "domainUrl": "https://x", "timeExpires": "2030"},
			file.Resources[0].Inputs, which)

		output, err = runJQ(jq, "by-hand", "\n", args...)
		require.Error(t, err, which)
		assert.Contains(t, output, "standard input holds no value", which)
	}
}

// reencoded returns the plaintext of a secret as Go encodes it in JSON, because jq and Go escape differently.
func reencoded(t *testing.T, secret any) string {
	t.Helper()
	var value string
	require.NoError(t, json.Unmarshal([]byte(secret.(map[string]any)["plaintext"].(string)), &value))
	return secretJSON(value)["plaintext"].(string)
}

// TestProgramsRefuseTheWrongInput checks that no program treats the wrong kind of input as an empty one.
func TestProgramsRefuseTheWrongInput(t *testing.T) {
	t.Parallel()
	stack := stackWith(oldToken("ci", nil))
	terraform := terraformState(terraformTokens("", "ci", nil))
	for program, input := range map[string]string{"from-pulumi-oci": terraform, "from-terraform": stack, "to-pulumi-oci": terraform} {
		for which, jq := range jqs(t) {
			output, err := runJQ(jq, program, input)
			require.Error(t, err, "%s %s", which, program)
			assert.Contains(t, output, "this is not the output of", which)
		}
	}
}

// TestEveryProgramIsTested fails if there is a program that no test runs.
func TestEveryProgramIsTested(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(filepath.Join(toolchain.Root, "migrate"))
	require.NoError(t, err)
	var programs []string
	for _, file := range files {
		programs = append(programs, file.Name())
	}
	slices.Sort(programs)
	assert.Equal(t, []string{"by-hand.jq", "from-pulumi-oci.jq", "from-terraform.jq", "to-pulumi-oci.jq", "to-terraform.jq"}, programs)
}
