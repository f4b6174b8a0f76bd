package examples

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/ocir"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// imageType is the resource that pushes.
const imageType = "docker-build:index:Image"

// TestPushImageExample pushes an image without an auth token, again in the same hour, and again after it.
func TestPushImageExample(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]language{
		"push-image-yaml": yaml, "push-image-typescript": typeScript, "push-image-python": python, "push-image-go": goLanguage,
		"push-image-csharp": cSharp,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, name, l)
			p.installStandIn("docker-build", plugins[l.name]["docker-build"])
			switch l.name {
			case goLanguage.name:
				p.buildOnce("program", "go", "build", "-o", "program", ".")
			case cSharp.name:
				p.findDockerBuild()
				p.buildOnce("program/PushImage.dll", "dotnet", "build", "--nologo", "--output", "program")
			}
			ocir.Start(t, p.oci, p.url)
			p.newStack("dev", map[string]string{})
			p.pulumi("up", "--yes")
			ref := p.outputs()["image"]
			assert.Regexp(t, `^`+strings.TrimPrefix(p.url, "http://")+`/`+namespace+`/hello:?[a-z]*@sha256:[0-9a-f]{64}$`, ref, "it is no secret")
			assert.Equal(t, 2, p.calls("GetAccessToken"), "one in the preview, and one in the update")

			// The password of the next run is another one, which is no change.
			p.requireNoChanges()
			p.pulumi("refresh", "--yes", "--expect-no-changes")

			// After the hour the next run has a login, and the one in the state has none.
			p.ahead.Add(int64(time.Hour))
			p.requireNoChanges()
			write(t, filepath.Join(p.dir, "app", "hello.txt"), "hello again\n")
			p.pulumi("up", "--yes", "--skip-preview")
			assert.NotEqual(t, ref, p.outputs()["image"])
			p.requireNoChanges()

			assert.Zero(t, p.calls("CreateAuthToken"))
			assert.Empty(t, p.tokens())
			requireNoValueBelow(t, p.state)
			p.pulumi("destroy", "--yes", "--skip-preview")
		})
	}
}

// findDockerBuild lets NuGet find Pulumi.DockerBuild, if the machine says where all its packages for .NET are and this one is not among
// them. It is then generated as Pulumi generates it: by Pulumi's generator, from the schema of the version that the example asks for.
func (p *project) findDockerBuild() {
	p.t.Helper()
	t, name := p.t, "Pulumi.DockerBuild"
	source := os.Getenv("RestoreSources")
	if source == "" {
		return
	}
	here, err := os.ReadDir(source)
	require.NoError(t, err)
	if slices.ContainsFunc(here, func(file os.DirEntry) bool { return strings.HasPrefix(file.Name(), strings.ToLower(name)+".") }) {
		return
	}
	wanted := regexp.MustCompile(`Include="` + name + `" Version="(.*)"`).FindStringSubmatch(read(t, filepath.Join(p.dir, "PushImage.csproj")))
	require.NotNil(t, wanted)
	folder := toolchain.Cached(t, "docker-build-dotnet", wanted[1], func(folder string) {
		printed, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "github.com/pulumi/pulumi-docker-build@v"+wanted[1]).Output()
		require.NoError(t, err)
		var module struct{ Dir string }
		require.NoError(t, json.Unmarshal(printed, &module))
		var schema map[string]any
		require.NoError(t, json.Unmarshal([]byte(read(t, filepath.Join(module.Dir, "provider/cmd/pulumi-resource-docker-build/schema.json"))), &schema))
		// The generator downloads the logo.
		logo := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(toolchain.Root, "tools", "codegen"))))
		defer logo.Close()
		schema["version"], schema["logoUrl"] = wanted[1], logo.URL+"/logo.png"
		// It is built with the Pulumi that our SDK is built with. The newest needs more packages.
		schema["language"].(map[string]any)["csharp"].(map[string]any)["packageReferences"] = map[string]any{"Pulumi": "[3.76.1,4)"}
		complete, err := json.Marshal(schema)
		require.NoError(t, err)
		write(t, filepath.Join(folder, "schema.json"), string(complete))
		toolchain.Run(t, folder, []string{"PULUMI_HOME=" + t.TempDir()}, "pulumi", "package", "gen-sdk", "schema.json", "--language", "dotnet", "--out", "sdk")
		toolchain.Run(t, folder, p.env, "dotnet", "pack", "sdk/dotnet", "--nologo", "--configuration", "Release", "--output", folder,
			"-property:GeneratePackageOnBuild=false") // With it, "dotnet pack" packs without having built: github.com/dotnet/sdk/issues/24318.
	})
	for i, variable := range p.env {
		if strings.HasPrefix(variable, "RestoreAdditionalProjectSources=") {
			p.env[i] += ";" + folder
		}
	}
}

// TestARefreshAfterTheHourKeepsTheImage refreshes with the login in the state, which has expired. Running the program does not change that,
// because the login is the image's and not a provider's.
func TestARefreshAfterTheHourKeepsTheImage(t *testing.T) {
	t.Parallel()
	p := newProject(t, "push-image-yaml", yaml)
	p.installStandIn("docker-build", "1.0.0")
	ocir.Start(t, p.oci, p.url)
	p.newStack("dev", map[string]string{})
	p.pulumi("up", "--yes", "--skip-preview")
	p.ahead.Add(int64(time.Hour))
	for _, program := range []string{"--run-program=false", "--run-program"} {
		printed := p.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", program)
		assert.Contains(t, printed, "unable to verify image tags")
		assert.Len(t, p.checkpoints(imageType), 1)
	}
	requireNoValueBelow(t, p.state)
}

// TestARunnerThatMustNotSign runs the program of the page on logins for such a machine, which has no credentials of OCI and not this
// provider, with an auth token that another stack has created.
func TestARunnerThatMustNotSign(t *testing.T) {
	t.Parallel()
	page := read(t, filepath.Join(toolchain.Root, "docs", "guides", "logins.md"))
	_, program, found := strings.Cut(page, "```yaml\nname: push-from-a-runner\n")
	require.True(t, found)
	program, _, _ = strings.Cut(program, "```\n")
	p := newProject(t, "push-image-yaml", yaml)
	p.installStandIn("docker-build", "1.0.0")
	registry := ocir.Start(t, p.oci, p.url)
	write(t, filepath.Join(p.dir, yaml.main), "name: push-from-a-runner\n"+program)
	require.NoError(t, os.RemoveAll(filepath.Join(p.home, "plugins", "resource-ociauthtoken-v"+toolchain.Version(t))))
	p.env = append(p.env, "OCI_CLI_CONFIG_FILE="+filepath.Join(p.home, "none"))
	p.newStack("dev", map[string]string{"server": registry.Host, "namespace": namespace, "username": p.names[0]})
	p.pulumi("config", "set", "--secret", "password", p.oci.AddToken(p.users[0], "pushes images").Value)
	p.pulumi("up", "--yes")
	require.Len(t, p.checkpoints(imageType), 1)
	p.requireNoChanges()
	for _, request := range p.oci.Journal() {
		assert.Equal(t, "RegistryLogin", request.Operation, "nothing is signed")
	}
	requireNoValueBelow(t, p.state)
}

// TestAPushWithoutAPolicyIsRefused has a caller who may pull only.
func TestAPushWithoutAPolicyIsRefused(t *testing.T) {
	t.Parallel()
	p := newProject(t, "push-image-yaml", yaml)
	p.installStandIn("docker-build", "1.0.0")
	ocir.Start(t, p.oci, p.url)
	p.oci.LimitRepositories(p.users[0], "pull")
	p.newStack("dev", map[string]string{})
	command := exec.CommandContext(t.Context(), "pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
	command.Dir, command.Env = p.dir, p.env
	printed, err := command.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(printed), "UNAUTHORIZED")
	requireNoValue(t, "pulumi up", string(printed))
	assert.Equal(t, 1, p.calls("GetAccessToken"))
}
