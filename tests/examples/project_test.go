package examples

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/backend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/tests/toolchain"
)

// project is a copy of an example with its dependencies installed, and an empty stack.
type project struct {
	*world
	dir string
	env []string
	// state is the folder of the backend, and stack the selected stack.
	state, stack string
	// home is PULUMI_HOME, the folder in which Pulumi looks for plugins.
	home string
}

// newProject copies examples/NAME.
func newProject(t *testing.T, name string, l language) *project {
	t.Helper()
	return newProjectFrom(t, "examples/"+name, l)
}

// newProjectFrom copies a program from a folder of the repository.
func newProjectFrom(t *testing.T, folder string, l language) *project {
	t.Helper()
	l.need(t)
	p := &project{world: newWorld(t), dir: copyOf(t, folder), state: t.TempDir(), home: t.TempDir()}
	path := filepath.Join(toolchain.Root, ".toolchain", "bin") + string(os.PathListSeparator) + os.Getenv("PATH")
	p.env = append([]string{
		"PATH=" + path,
		"HOME=" + t.TempDir(), "TMPDIR=" + os.TempDir(), "LANG=C.UTF-8",
		"PULUMI_HOME=" + p.home, "PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"GOGC=" + os.Getenv("GOGC"),
		"OCI_CLI_CONFIG_FILE=" + p.ociConfig,
	}, backend.Environment(p.state)...)
	if l.install != nil {
		p.env = append(p.env, l.install(t, p.dir, path)...)
	}
	toolchain.Install(t, p.home)
	return p
}

// withoutPlugin makes the machine one on which Pulumi has not run yet. Pulumi downloads the plugin from a server that offers a release.
func (p *project) withoutPlugin() *toolchain.Downloads {
	p.t.Helper()
	downloads := toolchain.ServeRelease(p.t)
	require.NoError(p.t, os.RemoveAll(p.home))
	p.env = append(p.env, downloads.Environment...)
	return downloads
}

// copyOf copies a folder of the repository to one from which its relative paths into the repository work.
func copyOf(t *testing.T, folder string) string {
	t.Helper()
	repository := filepath.Join(t.TempDir(), "repository")
	require.NoError(t, os.Mkdir(repository, 0o750))
	require.NoError(t, os.Symlink(filepath.Join(toolchain.Root, "sdk"), filepath.Join(repository, "sdk")))
	dir := filepath.Join(repository, folder)
	for _, file := range filesOf(t, folder) {
		write(t, filepath.Join(dir, file), read(t, filepath.Join(toolchain.Root, folder, file)))
	}
	return dir
}

// filesOf returns the files in a folder of the repository that git does not ignore.
func filesOf(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	for _, file := range toolchain.Files(t, folder+"/") {
		files = append(files, strings.TrimPrefix(file, folder+"/"))
	}
	return files
}

// newStack creates an empty stack with a configuration.
func (p *project) newStack(name string, configuration map[string]string) {
	p.t.Helper()
	p.stack = name
	p.env = append(p.env, "PULUMI_STACK="+name)
	configuration["ociauthtoken:endpoint"] = p.url
	require.NoError(p.t, backend.NewStack(p.state, p.dir, name, configuration))
}

// pulumi runs a pulumi command, and returns everything that it printed.
func (p *project) pulumi(arguments ...string) string {
	p.t.Helper()
	return execute(p.t, p.dir, p.env, "pulumi", append(arguments, "--non-interactive")...)
}

// requireNoChanges requires that the program, the state and OCI agree.
func (p *project) requireNoChanges() {
	p.t.Helper()
	p.pulumi("preview", "--diff", "--expect-no-changes")
}

// outputs returns the stack's outputs as Pulumi shows them, without absent ones.
func (p *project) outputs() map[string]any {
	p.t.Helper()
	stacks := p.checkpoints("pulumi:pulumi:Stack")
	require.Len(p.t, stacks, 1)
	outputs := map[string]any{}
	for name, value := range stacks[0].Outputs {
		if _, isSecret := value.(map[string]any); isSecret {
			value = "[secret]"
		}
		if value != nil {
			outputs[name] = value
		}
	}
	return outputs
}

// secret returns an output as plaintext. It must not be printed.
func (p *project) secret(name string) string {
	p.t.Helper()
	outputs, err := backend.Outputs(p.state, p.stack)
	require.NoError(p.t, err)
	value, ok := outputs[name].(string)
	require.True(p.t, ok, "the stack has no output %s, or it is no text", name)
	return value
}

// checkpoint is a resource in the state.
type checkpoint struct {
	Type, ID string
	Outputs  map[string]any
}

// checkpoints returns all resources of a type.
func (p *project) checkpoints(kind string) []checkpoint {
	p.t.Helper()
	var exported struct {
		Deployment struct{ Resources []checkpoint }
	}
	text, err := backend.Export(p.state, p.stack)
	require.NoError(p.t, err)
	requireNoValue(p.t, "the state", string(text))
	require.NoError(p.t, json.Unmarshal(text, &exported))
	return slices.DeleteFunc(exported.Deployment.Resources, func(c checkpoint) bool { return c.Type != kind })
}
