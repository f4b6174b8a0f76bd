package examples

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/emulator"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
)

const authTokenType = "ociauthtoken:index:AuthToken"

// TestExampleFromUpToDestroy runs the example in YAML through everything that can happen to a token. In other languages, it tests only
// what differs: which resources the program declares, and which outputs it exports. Each runs on a machine without the plugin, which
// pulumi downloads from a release.
func TestExampleFromUpToDestroy(t *testing.T) {
	t.Parallel()
	inEachLanguage(t, func(t *testing.T, l language) {
		p := newProject(t, l.name, l)
		alice, carol := p.users[0], p.users[1]
		const description = `docker login, "quoted", wörter: #{}`
		configuration := map[string]string{"userId": alice}
		if l.name != yaml.name {
			configuration["description"] = description
		}
		p.newStack("dev", configuration)
		downloads := p.withoutPlugin()

		if l.name == yaml.name {
			p.pulumi("install")
		}
		p.pulumi("up", "--yes")
		downloads.RequireInstalled(p.home)
		token := p.onlyToken(alice)
		p.requireHandedOn(token)

		if l.name == yaml.name {
			assert.Equal(t, "docker login from CI", token.Description)
			first := token
			// A new description, changed in place.
			p.pulumi("config", "set", "description", description)
			p.pulumi("up", "--yes", "--diff", "--skip-preview")
			token = p.onlyToken(alice)
			assert.Equal(t, first.ID, token.ID)
			p.requireHandedOn(first)
			p.requireNoChanges()
			// Another user gets another token.
			p.pulumi("config", "set", "userId", carol)
			p.pulumi("up", "--yes", "--diff", "--skip-preview")
			assert.NotEqual(t, first.Value, p.onlyToken(carol).Value)
			assert.Equal(t, 2, p.calls("CreateAuthToken"))
			p.pulumi("refresh", "--yes", "--expect-no-changes")
			p.requireNoChanges()
			token = p.onlyToken(carol)
			p.requireHandedOn(token)
		}
		assert.Equal(t, description, token.Description)

		// The example exports a login.
		registry := ocir.Start(t, p.oci, p.url)
		machine := registry.Machine(p.secret("dockerConfig"))
		machine.RequireLoggedIn()
		if l.name == yaml.name {
			p.pulumi("destroy", "--yes", "--skip-preview")
			assert.Empty(t, p.tokens())
			machine.RequireRefused()
			requireNoValueBelow(t, p.state)
		}
	})
}

// requireHandedOn requires that the stack's outputs are those of the token, and that its value is a secret everywhere.
func (p *project) requireHandedOn(token emulator.Token) {
	p.t.Helper()
	assert.Equal(p.t, map[string]any{
		"tokenId": token.ID, "tokenState": "ACTIVE", "token": "[secret]", "dockerConfig": "[secret]",
	}, p.outputs())

	assert.True(p.t, token.Value == p.secret("token"), "the value is not that of the token")
	name := p.names[slices.Index(p.users[:], token.UserID)]
	auth := base64.StdEncoding.EncodeToString([]byte(name + ":" + token.Value))
	require.Contains(p.t, auth, canaryInBase64, "a leak would not be found")
	var config any
	require.NoError(p.t, json.Unmarshal([]byte(p.secret("dockerConfig")), &config))
	logins := map[string]any{"auths": map[string]any{strings.TrimPrefix(p.url, "http://"): map[string]any{"auth": auth}}}
	assert.True(p.t, reflect.DeepEqual(logins, config), "the configuration is not that of the token")

	// The program does not mark it as a secret. It is encrypted all the same, in the resource and in the outputs of the stack.
	resources, stacks := p.checkpoints(authTokenType), p.checkpoints("pulumi:pulumi:Stack")
	require.Len(p.t, resources, 1)
	require.Len(p.t, stacks, 1)
	for _, property := range []any{
		resources[0].Outputs["token"], stacks[0].Outputs["token"], stacks[0].Outputs["dockerConfig"],
	} {
		encrypted, ok := property.(map[string]any)
		require.True(p.t, ok, "the checkpoint has a value in clear")
		assert.Equal(p.t, "1b47061264138c4ac30d75fd1eb44270", encrypted["4dabf18193072939515e22adb298388d"])
		assert.NotEmpty(p.t, encrypted["ciphertext"])
	}
	requireNoValueBelow(p.t, p.state)
}

// TestExampleTakesOverAnImportedToken imports a token under the name that the example has for it. If the language host can generate
// code, the generated code runs instead of the example.
func TestExampleTakesOverAnImportedToken(t *testing.T) {
	t.Parallel()
	inEachLanguage(t, func(t *testing.T, l language) {
		p := newProject(t, l.name, l)
		live := p.oci.AddToken(p.users[0], "by hand")
		p.newStack("dev", map[string]string{"userId": live.UserID, "description": "by hand"})
		generated := filepath.Join(t.TempDir(), "generated")

		printed, err := try(t, p.dir, p.env, "pulumi", "import", authTokenType, "registryToken",
			"users/"+live.UserID+"/authTokens/"+live.ID, "--yes", "--skip-preview", "--protect=false", "--out", generated, "--non-interactive")
		code := ""
		if err == nil {
			code = read(t, generated)
		} else {
			// The import has succeeded before the code is generated.
			require.Contains(t, printed, "unknown method GenerateProgram", printed)
			t.Logf("this machine's language host for %s generates no code: that was left out", l.name)
		}
		// The token has no value to log in with, and the example says so.
		printed, err = try(t, p.dir, p.env, "pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
		require.Error(t, err)
		assert.Contains(t, strings.Join(strings.Fields(printed), " "), "a token that was imported has no value")
		assert.Zero(t, p.calls("RegistryLogin"))

		if code != "" {
			if l.adopt != nil {
				code = l.adopt(code)
			}
			write(t, filepath.Join(p.dir, l.main), code)
			p.requireNoChanges()
		}
		assert.Equal(t, []emulator.Token{live}, p.tokens())
		if l.name == yaml.name {
			p.pulumi("destroy", "--yes", "--skip-preview")
			assert.Empty(t, p.tokens())
		}
	})
}

// TestGetTakesBothFormsOfTheID runs the programs in testdata/get, each in a copy of the example. It also tests what they get for the
// value of a token, which the state does not have.
func TestGetTakesBothFormsOfTheID(t *testing.T) {
	t.Parallel()
	inEachLanguage(t, func(t *testing.T, l language) {
		p := newProject(t, l.name, l)
		l.put(t, p.dir, "get")
		live := p.oci.AddToken(p.users[1], "by hand")
		p.newStack("dev", map[string]string{
			"long": "users/" + live.UserID + "/authTokens/" + live.ID, "short": live.UserID + "/" + live.ID,
		})

		p.pulumi("up", "--yes", "--skip-preview")
		want := map[string]any{
			"longDescription": "by hand", "longState": "ACTIVE", "shortDescription": "by hand", "shortUserId": live.UserID,
		}
		if is, ok := absent[l.name]; ok {
			want["longTokenIs"] = is
		}
		if l.name == goLanguage.name {
			want["longToken"] = ""
		}
		assert.Equal(t, want, p.outputs())
		found := p.checkpoints(authTokenType)
		require.Len(t, found, 2)
		for _, token := range found {
			assert.Equal(t, live.ID, token.ID)
			assert.NotContains(t, token.Outputs, "token")
		}
		if l.name == yaml.name {
			p.requireNoChanges()
			p.pulumi("destroy", "--yes", "--skip-preview")
		}
		assert.Equal(t, []emulator.Token{live}, p.tokens(), "what was only looked up stays")
	})
}

// absent is what a program in each language gets for the token of a resource that was imported, as the program itself prints it. A
// program in YAML cannot ask.
var absent = map[string]string{goLanguage.name: `""`, typeScript.name: "undefined", python.name: "None", java.name: "null", cSharp.name: "null"}

// put replaces the program in a copy of an example with one in testdata.
func (l language) put(t *testing.T, dir, name string) {
	t.Helper()
	write(t, filepath.Join(dir, l.main), read(t, filepath.Join("testdata", name, l.name, filepath.Base(l.main))))
	if l.name != yaml.name { // the project file declares the configuration of the example
		project, _, _ := strings.Cut(read(t, filepath.Join(dir, "Pulumi.yaml")), "\nconfig:\n")
		write(t, filepath.Join(dir, "Pulumi.yaml"), strings.TrimSpace(project)+"\n")
	}
}
