package examples

import (
	"os"
	"os/exec"
	"path/filepath"
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
			if l.name == cSharp.name {
				needPackage(t, "Pulumi.DockerBuild")
			}
			p := newProject(t, name, l)
			p.installStandIn("docker-build", plugins[l.name]["docker-build"])
			switch l.name {
			case goLanguage.name:
				p.buildOnce("program", "go", "build", "-o", "program", ".")
			case cSharp.name:
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

// needPackage skips a test if the machine says where all its packages for .NET are, and this one is not among them.
func needPackage(t *testing.T, name string) {
	t.Helper()
	cSharp.need(t)
	source := os.Getenv("RestoreSources")
	if source == "" {
		return
	}
	packages, err := os.ReadDir(source)
	require.NoError(t, err)
	if !slices.ContainsFunc(packages, func(file os.DirEntry) bool {
		return strings.HasPrefix(strings.ToLower(file.Name()), strings.ToLower(name)+".")
	}) {
		t.Skip(name + " is not among the packages for .NET in RestoreSources")
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
