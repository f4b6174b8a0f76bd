package examples

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// These tests run the programs of the page on where a token goes. The stand-ins for the other providers record what they are given, and
// compare as the real ones do.

// plugins are the versions of the plugins that the packages for a language ask for.
var plugins = map[string]map[string]string{
	"yaml": {
		"bitwarden": "1.0.0", "command": "1.0.0", "doppler": "1.0.0", "github": "1.0.0", "kubernetes": "1.0.0", "oci": "1.0.0",
		"docker-build": "1.0.0",
	},
	"typescript": {
		"command": "1.2.1", "doppler": "0.9.0", "github": "6.15.0", "kubernetes": "4.34.2", "oci": "4.20.0", "docker-build": "0.0.22",
	},
	"python": {
		"command": "1.2.1", "doppler": "0.9.0", "github": "6.15.0", "kubernetes": "4.34.2", "oci": "4.20.0", "docker-build": "0.0.22",
	},
	"csharp": {"docker-build": "0.0.22"},
	"go": {
		"command": "1.2.1", "doppler": "1.0.0", "github": "1.0.0", "kubernetes": "4.23.0", "oci": "1.0.0", "docker-build": "0.0.22",
	},
}

// pageLanguages are the languages of the page.
var pageLanguages = []language{yaml, typeScript, python, goLanguage}

// newPageProgram returns one of the programs of the page, in a folder below testdata/where/LANGUAGE, with the stand-ins.
func newPageProgram(t *testing.T, l language, folder string) *project {
	t.Helper()
	p := newProjectFrom(t, "tests/examples/testdata/where/"+l.name, l)
	if l.name == goLanguage.name {
		generateGoSDKs(t, p.dir)
	}
	p.dir = filepath.Join(p.dir, folder)
	for name, version := range plugins[l.name] {
		p.installStandIn(name, version)
	}
	if l.name == goLanguage.name {
		p.buildOnce("program", "go", "build", "-o", "program", ".")
	}
	return p
}

// generateGoSDKs writes the SDKs that go.mod takes from the folder sdks, because they are not available as modules.
func generateGoSDKs(t *testing.T, folder string) {
	t.Helper()
	standIn := standIn(t)
	generator := filepath.Join(toolchain.Root, "tests", "examples", "testdata", "gosdk", "main.go")
	generated := toolchain.Cached(t, "go-sdks", standIn+read(t, generator), func(to string) {
		for name, module := range map[string]string{
			"doppler": "github.com/pulumiverse/pulumi-doppler/sdk", "github": "github.com/pulumi/pulumi-github/sdk/v6",
			"oci": "github.com/pulumi/pulumi-oci/sdk/v4",
		} {
			schema := filepath.Join(to, name+".json")
			write(t, schema, toolchain.Run(t, to, nil, standIn, "schema", name))
			toolchain.Run(t, toolchain.Root, nil, "go", "-C", "tools/codegen", "run", "-trimpath", generator, schema, filepath.Join(to, name, "go", name))
			write(t, filepath.Join(to, name, "go.mod"), "module "+module+"\n\ngo 1.21\n")
		}
	})
	require.NoError(t, os.Symlink(generated, filepath.Join(folder, "sdks")))
}

// newWhere returns the program with all that takes a token, with an empty stack.
func newWhere(t *testing.T, l language, configuration map[string]string) *project {
	t.Helper()
	p := newPageProgram(t, l, "")
	all := map[string]string{
		"userId": p.users[0], "compartmentId": "ocid1.compartment.oc1..aaaa", "vaultId": "ocid1.vault.oc1.phx.aaaa.aaaa",
		"keyId": "ocid1.key.oc1.phx.aaaa.aaaa", "users": `{"carol": "` + p.users[1] + `"}`, "rotation": "first",
		"kubernetes:enableSecretMutable": "true",
	}
	for name, value := range configuration {
		all[name] = value
	}
	p.newStack("dev", all)
	return p
}

// received returns the arguments that each resource was given, by the name of the resource, as plaintext. They must not be printed.
func (p *project) received() map[string]map[string]any {
	p.t.Helper()
	exported, err := backend.ExportSecrets(p.state, p.stack)
	require.NoError(p.t, err)
	var state struct {
		Deployment struct {
			Resources []struct {
				URN    resource.URN
				Inputs map[string]any
			}
		}
	}
	require.NoError(p.t, json.Unmarshal(exported, &state))
	received := map[string]map[string]any{}
	for _, r := range state.Deployment.Resources {
		received[r.URN.Name()], _ = inClear(p.t, r.Inputs).(map[string]any)
	}
	return received
}

// inClear replaces each secret in a value with its plaintext.
func inClear(t *testing.T, value any) any {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		if plaintext, ok := value["plaintext"].(string); ok && value[resource.SigKey] == resource.SecretSig {
			var within any
			require.NoError(t, json.Unmarshal([]byte(plaintext), &within))
			return inClear(t, within)
		}
		for name, element := range value {
			value[name] = inClear(t, element)
		}
	case []any:
		for i, element := range value {
			value[i] = inClear(t, element)
		}
	}
	return value
}

// done matches what Pulumi prints of a resource that it has changed.
var done = regexp.MustCompile(`(?m)^ [-+~]+ +(\S+) (\S+) (created|updated|replaced|deleted) `)

// operations runs "pulumi up" and returns what it has done, by the name of the resource. What stays the same is left out.
func (p *project) operations(arguments ...string) map[string]string {
	p.t.Helper()
	operations := map[string]string{}
	for _, match := range done.FindAllStringSubmatch(p.pulumi(append([]string{"up", "--yes", "--skip-preview"}, arguments...)...), -1) {
		if name := match[2]; operations[name] != "replaced" {
			operations[name] = match[3]
		}
	}
	return operations
}

func TestWhereTheTokenGoes(t *testing.T) {
	t.Parallel()
	for _, l := range pageLanguages {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			p := newWhere(t, l, nil)
			p.pulumi("up", "--yes")
			p.requireReceived(l)
			p.requireNoChanges()

			// A rotation updates all of them in place.
			want := map[string]string{"token": "updated"}
			for name := range p.received() {
				if _, takes := takers[name]; takes {
					want[name] = "updated"
				}
			}
			assert.Equal(t, want, p.operations("--config", "rotation=second"))
			p.requireReceived(l)
			requireNoValueBelow(t, p.state)
			assert.Equal(t, 2, len(p.oci.Tokens(p.users[0])))
			p.pulumi("destroy", "--yes", "--skip-preview")
			assert.NoFileExists(t, filepath.Join(p.dir, "ocir-password"))
			assert.Empty(t, p.tokens())
		})
	}
}

// TestSecretsOfKubernetesAreReplaced has the provider for Kubernetes as it is without the setting that the page asks for.
func TestSecretsOfKubernetesAreReplaced(t *testing.T) {
	t.Parallel()
	p := newWhere(t, yaml, map[string]string{"kubernetes:enableSecretMutable": "false"})
	p.pulumi("up", "--yes", "--skip-preview")
	done := p.operations("--config", "rotation=second")
	assert.Equal(t, "replaced", done["pullSecret"])
	assert.Equal(t, "replaced", done["jenkinsSecret"])
	assert.Equal(t, "updated", done["vaultSecret"])
}

// TestThePageShowsThesePrograms requires that all code on the page is from the programs, with another indentation.
func TestThePageShowsThesePrograms(t *testing.T) {
	t.Parallel()
	page := read(t, filepath.Join(toolchain.Root, "docs", "guides", "where-the-token-goes.md"))
	for _, l := range pageLanguages {
		var programs []string
		for _, folder := range []string{"", "whole"} {
			programs = append(programs, withoutIndentation(read(t, filepath.Join("testdata", "where", l.name, folder, l.main))))
		}
		shown := regexp.MustCompile("(?ms)^```"+l.name+"\n(.*?)^```$").FindAllStringSubmatch(page, -1)
		assert.Greater(t, len(shown), 8, l.name)
		for _, code := range shown {
			if strings.HasPrefix(code[1], "controller:") {
				continue // the values of a chart
			}
			assert.True(t, slices.ContainsFunc(programs, func(program string) bool {
				return strings.Contains(program, withoutIndentation(code[1]))
			}), "the programs have no such code:\n%s", code[1])
		}
	}
}

// TestTheMovePagesShowTheProgram requires that what the pages on moving make of a program is in the program with user, group, policy and
// token.
func TestTheMovePagesShowTheProgram(t *testing.T) {
	t.Parallel()
	for page, l := range map[string]language{"move-from-pulumi-oci": typeScript, "move-from-terraform": yaml} {
		_, section, found := strings.Cut(read(t, filepath.Join(toolchain.Root, "docs", "guides", page+".md")), "## What the program no longer needs\n")
		require.True(t, found, page)
		_, diff, found := strings.Cut(section, "```diff\n")
		require.True(t, found, page)
		diff, _, _ = strings.Cut(diff, "```\n")
		program := withoutIndentation(read(t, filepath.Join("testdata", "where", l.name, "whole", l.main)))
		shown := 0
		for line := range strings.Lines(diff) {
			if !strings.HasPrefix(line, "-") {
				shown++
				assert.Contains(t, program, withoutIndentation(line[1:]), page)
			}
		}
		assert.Greater(t, shown, 10, page)
	}
}

// withoutIndentation returns text without empty lines and white space at the beginning of lines.
func withoutIndentation(text string) string {
	return regexp.MustCompile(`(?m)^\s+`).ReplaceAllString("\n"+text, "")
}

// TestPageProgramsAreStrictAndFormatted checks the programs as strictly as the examples. They use the real packages, as far as these can be
// had.
func TestPageProgramsAreStrictAndFormatted(t *testing.T) {
	t.Parallel()
	t.Run("typescript", func(t *testing.T) {
		t.Parallel()
		p := newPageProgram(t, typeScript, "")
		execute(t, p.dir, p.env, "node", "node_modules/typescript/bin/tsc", "--noEmit")
		execute(t, ".", os.Environ(), "node", toolchain.NodeModules(t, "tests/examples/testdata/typescript")+"/prettier/bin/prettier.cjs",
			"--check", p.dir)
	})
	t.Run("python", func(t *testing.T) {
		t.Parallel()
		p := newPageProgram(t, python, "")
		requireStrict(t, p.in("whole"))
		require.NoError(t, os.RemoveAll(filepath.Join(p.dir, "whole")))
		requireStrict(t, p)
	})
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		p := newPageProgram(t, goLanguage, "")
		assert.Empty(t, execute(t, p.dir, p.env, "gofmt", "-l", "-s", "main.go", "whole"), "not formatted")
		execute(t, p.dir, p.env, "go", "vet", "./...")
	})
}

// in returns the program in a folder, with the same packages for Python.
func (p *project) in(folder string) *project {
	p.t.Helper()
	within := *p
	within.dir = filepath.Join(p.dir, folder)
	require.NoError(p.t, os.Symlink(filepath.Join(p.dir, "venv"), filepath.Join(within.dir, "venv")))
	return &within
}

// takers says which argument of each resource has the password.
var takers = map[string]func(inputs map[string]any) any{
	"pullSecret":      func(inputs map[string]any) any { return inputs["stringData"].(map[string]any)[".dockerconfigjson"] },
	"vaultSecret":     func(inputs map[string]any) any { return inputs["secretContent"].(map[string]any)["content"] },
	"dopplerSecret":   func(inputs map[string]any) any { return inputs["value"] },
	"bitwardenSecret": func(inputs map[string]any) any { return inputs["value"] },
	"ciVariable":      func(inputs map[string]any) any { return inputs["value"] },
	"jenkinsSecret":   func(inputs map[string]any) any { return inputs["stringData"].(map[string]any)["password"] },
	"file":            func(inputs map[string]any) any { return inputs["stdin"] },
}

// requireReceived requires that all resources were given the password of the current token.
func (p *project) requireReceived(l language) {
	t := p.t
	t.Helper()
	tokens := p.oci.Tokens(p.users[0])
	password := tokens[len(tokens)-1].Value
	received := p.received()
	for name, find := range takers {
		inputs := received[name]
		if name == "bitwardenSecret" && l.name != yaml.name {
			assert.Nil(t, inputs, "there is no SDK for it")
			continue
		}
		require.NotNil(t, inputs, name)
		var want any
		switch name {
		case "pullSecret":
			login, err := json.Marshal(map[string]any{"auths": map[string]any{
				strings.TrimPrefix(p.url, "http://"): map[string]any{"auth": []byte(p.names[0] + ":" + password)},
			}})
			require.NoError(t, err)
			require.True(t, jsonEqual(t, string(login), find(inputs).(string)), "the pull secret is another login")
			continue
		case "vaultSecret":
			want = base64.StdEncoding.EncodeToString([]byte(password))
		default:
			want = password
		}
		require.True(t, want == find(inputs), "%s was given another password", name)
	}
	file := filepath.Join(p.dir, "ocir-password")
	require.True(t, read(t, file) == password, "the file has another password")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	if l.name != yaml.name { // Pulumi YAML has no loops.
		assert.Len(t, p.oci.Tokens(p.users[1]), 1, "carol is in the map of users")
	}
}

func jsonEqual(t *testing.T, one, other string) bool {
	t.Helper()
	var decoded [2]any
	for i, text := range []string{one, other} {
		require.NoError(t, json.Unmarshal([]byte(text), &decoded[i]))
	}
	return assert.ObjectsAreEqual(decoded[0], decoded[1])
}
